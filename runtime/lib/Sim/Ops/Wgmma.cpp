//===- Wgmma.cpp - wgmma --------------------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operands are widened to f32 matrices: A as [k][64], B as [k][N], the result
// of a warp as [16][N]. Shared memory is read when the operation is done, not
// when it is issued: what was overwritten in between shows.
//
// A descriptor gives, in units of 16 bytes, the start and two strides:
// "leading" (LBO) and "stride" (SBO). S is the swizzle's span. The chunk of 16
// bytes with row or column mn and step c along k (K-major), or with eight of
// them and k (MN-major), is at
//
//   K-major, swizzled    mn/8 SBO + mn%8 S + 16 c
//   K-major              mn/8 SBO + mn%8 16 + c LBO
//   MN-major, swizzled   mn/n LBO + mn%n es + k%8 S + k/8 SBO      n = S/es
//   MN-major             mn/8 SBO + k%8 16 + k/8 LBO
//
//===----------------------------------------------------------------------===//

#include "Machine/Cluster.h"
#include "Machine/TensorMap.h"
#include "Ops/Blocks.h"
#include "Ops/Collective.h"
#include "Ops/Fp8.h"
#include "Ops/Park.h"
#include "Ops/Product.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

constexpr unsigned kRows = 64, kWarpRows = 16, kMaxColumns = 256,
                   kMaxDepth = 32;

using Element = Widened;

/// What the form says, kept in Op::imm.
struct Shape {
  Element a, b;
  bool fromRegisters, toHalf, aIsMnMajor, bIsMnMajor, negates;
  uint16_t columns() const { return columnsBy8 * 8; }
  uint8_t columnsBy8;

  unsigned bytes() const {
    return a == Element::Tf32                         ? 4
           : a == Element::E4m3 || a == Element::E5m2 ? 1
                                                      : 2;
  }
  unsigned depth() const { return 32 / bytes(); }
  unsigned accumulators() const { return columns() / (toHalf ? 4 : 2); }
};
static_assert(sizeof(Shape) == 8, "fits Op::imm");

Shape shapeOf(const Op &op) { return bitCast<Shape>(op.imm); }

/// Where f32 accumulators can stay in their registers.
#if defined(__AVX2__) && defined(__FMA__)
constexpr bool kMultipliesInRegisters = true;
#else
constexpr bool kMultipliesInRegisters = false;
#endif

/// Operands of an operation, widened. For products in registers the columns of
/// B are in the order of pairs of them: of eight the even ones first.
struct Matrices {
  alignas(64) float a[kMaxDepth][kRows];
  alignas(64) float b[kMaxDepth][kMaxColumns];
  alignas(64) float c[kWarpRows][kMaxColumns];
};

//===----------------------------------------------------------------------===//
// Operands in shared memory
//===----------------------------------------------------------------------===//

struct Descriptor {
  uint32_t start, leading, stride;
  unsigned swizzle; // bytes, 0 for none
  bool hasBaseOffset;

  explicit Descriptor(uint64_t bits)
      : start(field(bits, 0)), leading(field(bits, 16)),
        stride(field(bits, 32)), swizzle(bits >> 62 ? 256u >> (bits >> 62) : 0),
        hasBaseOffset(bits >> 49 & 7) {}

private:
  static uint32_t field(uint64_t bits, unsigned at) {
    return static_cast<uint32_t>(bits >> at & 0x3fff) << 4;
  }
};

/// Where the chunks of an operand are. K-major, one is of a row or column and a
/// step along k; MN-major, of eight of them and one k. An offset is the sum of
/// one for each of the two.
class Chunks {
public:
  Chunks(uint64_t bits, bool isMnMajor, unsigned bytes, unsigned count);
  uint32_t at(unsigned mn, unsigned k) const {
    return swizzled(offsets[mn] + steps[k], swizzle);
  }

  unsigned across, along; // how many of each
  unsigned swizzle;

private:
  uint32_t offsets[kMaxColumns], steps[16];
};

Chunks::Chunks(uint64_t bits, bool isMnMajor, unsigned bytes, unsigned count) {
  Descriptor from(bits);
  swizzle = from.swizzle;
  if (!isMnMajor) {
    across = count;
    along = 2; // 32 bytes
    uint32_t row = swizzle ? swizzle : 16;
    for (unsigned mn = 0; mn < across; ++mn)
      offsets[mn] = from.start + mn / 8 * from.stride + mn % 8 * row;
    steps[0] = 0;
    steps[1] = swizzle ? 16 : from.leading;
    return;
  }
  across = count / 8;
  along = 32 / bytes;
  unsigned panel = swizzle ? swizzle / 16 : 1; // chunks
  for (unsigned mn = 0; mn < across; ++mn)
    offsets[mn] = from.start + mn % panel * 16 +
                  mn / panel * (swizzle ? from.leading : from.stride);
  for (unsigned k = 0; k < along; ++k)
    steps[k] = k % 8 * (swizzle ? swizzle : 16) +
               k / 8 * (swizzle ? from.stride : from.leading);
}

/// Reads an operand of an operation chunk by chunk.
class OperandReader {
public:
  OperandReader(Cta &cta, const TensorOp &tensor, uint64_t descriptor,
                bool isMnMajor, unsigned bytes, unsigned count,
                bool inPairs = false)
      : cta(cta), tensor(tensor), isMnMajor(isMnMajor), inPairs(inPairs),
        chunks(descriptor, isMnMajor, bytes, count) {}

  /// out[k][mn], `stride` floats between the rows.
  void read(Element element, float *out, unsigned stride);

private:
  const uint32_t *chunk(uint32_t at);
  void complain(uint32_t at);
  void checkSwizzle(uint32_t at);
  template <typename H>
  void readHalves(float *out, unsigned stride);

  Cta &cta;
  const TensorOp &tensor;
  /// Where row or column `mn` goes.
  unsigned placeOf(unsigned mn) const {
    return inPairs ? (mn & ~7u) + (mn & 1) * 4 + (mn & 7) / 2 : mn;
  }

  bool isMnMajor, inPairs;
  Chunks chunks;
  bool complained = false;
};

void OperandReader::complain(uint32_t at) {
  if (complained)
    return;
  complained = true;
  const SharedMemory &shared = cta.shared;
  std::string what = "wgmma reads outside shared variables, at address ";
  if (at >= kSharedBase && at + 16 <= shared.end) {
    uint8_t worst = shadow::kReady;
    for (unsigned b = 0; b < 16; ++b)
      worst =
          shared.state[at + b] == shadow::kReady ? worst : shared.state[at + b];
    if (worst == shadow::kFresh)
      what = "wgmma reads bytes that were never written, at address ";
    else if (worst & shadow::kPending)
      what = "wgmma reads where a copy in flight writes, at address ";
    else if (worst & shadow::kLanded)
      what = "wgmma reads what a cp.async brought, without a barrier since its "
             "wait, at address ";
    else if (worst == shadow::kBarrier)
      what = "wgmma reads an mbarrier, at address ";
  }
  Event event{EventKind::TensorMisuse, tensor.warp, tensor.op, ~0u};
  event.detail = what + std::to_string(at);
  cta.emit(event);
}

/// What a copy of a tensor has put there is in its order.
void OperandReader::checkSwizzle(uint32_t at) {
  unsigned tag = cta.shared.swizzles[at / SharedMemory::kSwizzled];
  if (!tag || tag == chunks.swizzle + 1 || complained)
    return;
  complained = true;
  Event event{EventKind::TensorMisuse, tensor.warp, tensor.op, ~0u};
  event.forgiven = true;
  event.detail = "wgmma reads address " + std::to_string(at) +
                 " in a swizzle of " + std::to_string(chunks.swizzle) +
                 " bytes, and a copy wrote it in one of " +
                 std::to_string(tag - 1);
  cta.emit(event);
}

const uint32_t *OperandReader::chunk(uint32_t at) {
  static const uint32_t zeros[4] = {};
  const SharedMemory &shared = cta.shared;
  constexpr uint64_t kReady = 0x0101010101010101u;
  if (at < kSharedBase || at + 16 > shared.end) {
    complain(at);
    return zeros;
  }
  uint64_t states[2];
  std::memcpy(states, &shared.state[at], 16);
  if (states[0] != kReady || states[1] != kReady)
    complain(at);
  if (shared.hasSwizzles)
    checkSwizzle(at);
  return reinterpret_cast<const uint32_t *>(&shared.data[at]);
}

template <typename H>
void OperandReader::readHalves(float *out, unsigned stride) {
  if (isMnMajor) {
    for (unsigned k = 0; k < chunks.along; ++k)
      for (unsigned mn = 0; mn < chunks.across; ++mn) {
        float *to = out + k * stride + 8 * mn;
        widenRow<H>(chunk(chunks.at(mn, k)), to);
        if (inPairs)
          splitPairs(to);
      }
    return;
  }
  for (unsigned k = 0; k < chunks.along; ++k)
    for (unsigned mn = 0; mn < chunks.across; mn += 8) {
      alignas(32) float block[8][8];
      for (unsigned i = 0; i < 8; ++i)
        widenRow<H>(chunk(chunks.at(mn + i, k)), block[placeOf(i)]);
      transposeInto(block, out + 8 * k * stride + mn, stride);
    }
}

void OperandReader::read(Element element, float *out, unsigned stride) {
  if (element == Element::Half)
    return readHalves<Half>(out, stride);
  if (element == Element::Bhalf)
    return readHalves<Bhalf>(out, stride);
  unsigned perChunk = element == Element::Tf32 ? 4 : 16;
  for (unsigned k = 0; k < chunks.along; ++k)
    for (unsigned mn = 0; mn < chunks.across; ++mn) {
      const uint32_t *words = chunk(chunks.at(mn, k));
      const auto *small = reinterpret_cast<const uint8_t *>(words);
      for (unsigned i = 0; i < perChunk; ++i)
        out[(k * perChunk + i) * stride + placeOf(mn)] =
            element == Element::Tf32   ? tf32(words[i])
            : element == Element::E4m3 ? E4m3::widen(small[i])
                                       : E5m2::widen(small[i]);
    }
}

//===----------------------------------------------------------------------===//
// Operands in registers
//===----------------------------------------------------------------------===//

/// The warp's sixteen rows of A, as mma.sync has them.
void readFragment(Warp &warp, const uint16_t *rows, Element element,
                  unsigned firstRow, Matrices &m) {
  for (unsigned r = 0; r < 4; ++r)
    for (unsigned lane = 0; lane < 32; ++lane) {
      uint32_t word = warp.row(rows[r])[lane];
      unsigned row = firstRow + lane / 4 + 8 * (r & 1), t = lane % 4;
      if (element == Element::Tf32) {
        m.a[t + 4 * (r >> 1)][row] = tf32(word);
        continue;
      }
      unsigned per =
          element == Element::Half || element == Element::Bhalf ? 2 : 4;
      for (unsigned e = 0; e < per; ++e) {
        unsigned k = per * t + e + per * 4 * (r >> 1);
        uint16_t half = static_cast<uint16_t>(word >> (16 * (e & 1)));
        uint8_t byte = static_cast<uint8_t>(word >> (8 * e));
        m.a[k][row] = element == Element::Half    ? halfToFloat(half)
                      : element == Element::Bhalf ? bhalfToFloat(half)
                      : element == Element::E4m3  ? E4m3::widen(byte)
                                                  : E5m2::widen(byte);
      }
    }
}

/// The lanes of an accumulator, whether its operation is in flight or not.
uint32_t *valuesOf(Warp &warp, uint16_t row) {
  return warp.tensor.valuesOf(row, warp.row(row));
}

/// Columns 8j to 8j + 7 of row g + 8h are words 4g to 4g + 3 of registers
/// 4j + 2h and the next (f32), or of register 2j + h (f16).
void readAccumulators(Warp &warp, const uint16_t *rows, const Shape &shape,
                      Matrices &m) {
  for (unsigned j = 0; j < shape.columnsBy8; ++j)
    for (unsigned h = 0; h < 2; ++h) {
      if (shape.toHalf) {
        for (unsigned g = 0; g < 8; ++g)
          widenRow<Half>(valuesOf(warp, rows[2 * j + h]) + 4 * g,
                         &m.c[g + 8 * h][8 * j]);
        continue;
      }
      const uint32_t *even = valuesOf(warp, rows[4 * j + 2 * h]);
      const uint32_t *odd = valuesOf(warp, rows[4 * j + 2 * h + 1]);
      for (unsigned g = 0; g < 8; ++g) {
        uint32_t *to = reinterpret_cast<uint32_t *>(&m.c[g + 8 * h][8 * j]);
        for (unsigned t = 0; t < 4; ++t) {
          to[2 * t] = even[4 * g + t];
          to[2 * t + 1] = odd[4 * g + t];
        }
      }
    }
}

void writeAccumulators(Warp &warp, const uint16_t *rows, const Shape &shape,
                       const Matrices &m) {
  for (unsigned j = 0; j < shape.columnsBy8; ++j)
    for (unsigned h = 0; h < 2; ++h)
      for (unsigned g = 0; g < 8; ++g) {
        const float *from = &m.c[g + 8 * h][8 * j];
        if (shape.toHalf) {
          uint32_t *to = valuesOf(warp, rows[2 * j + h]) + 4 * g;
          for (unsigned t = 0; t < 4; ++t)
            to[t] = uint32_t(floatToHalf(from[2 * t + 1])) << 16 |
                    floatToHalf(from[2 * t]);
          continue;
        }
        uint32_t *even = valuesOf(warp, rows[4 * j + 2 * h]) + 4 * g;
        uint32_t *odd = valuesOf(warp, rows[4 * j + 2 * h + 1]) + 4 * g;
        for (unsigned t = 0; t < 4; ++t) {
          even[t] = bitCast<uint32_t>(from[2 * t]);
          odd[t] = bitCast<uint32_t>(from[2 * t + 1]);
        }
      }
}

//===----------------------------------------------------------------------===//
// The product
//===----------------------------------------------------------------------===//

#if defined(__AVX2__) && defined(__FMA__)
/// Products of four rows of a with eight columns of b from n on, and with eight
/// more where there are.
inline void sumProducts(const Matrices &m, unsigned row, unsigned n, bool whole,
                        unsigned depth, __m256 (&sum)[4][2]) {
  for (auto &of : sum)
    of[0] = of[1] = _mm256_setzero_ps();
  for (unsigned k = 0; k < depth; ++k) {
    __m256 low = _mm256_load_ps(&m.b[k][n]);
    __m256 high = _mm256_load_ps(&m.b[k][n + 8 * whole]);
    for (unsigned i = 0; i < 4; ++i) {
      __m256 a = _mm256_broadcast_ss(&m.a[k][row + i]);
      sum[i][0] = _mm256_fmadd_ps(a, low, sum[i][0]);
      sum[i][1] = _mm256_fmadd_ps(a, high, sum[i][1]);
    }
  }
}
#endif

/// c += a·b for the warp's rows. As in the tensor cores, the products of one
/// operation are summed before c is added.
void multiplyFast(Matrices &m, unsigned firstRow, unsigned columns,
                  unsigned depth) {
#if defined(__AVX2__) && defined(__FMA__)
  for (unsigned r = 0; r < kWarpRows; r += 4)
    for (unsigned n = 0; n < columns; n += 16) {
      bool whole = n + 8 < columns;
      __m256 sum[4][2];
      sumProducts(m, firstRow + r, n, whole, depth, sum);
      for (unsigned i = 0; i < 4; ++i)
        for (unsigned part = 0; part < 1u + whole; ++part) {
          float *to = &m.c[r + i][n + 8 * part];
          _mm256_store_ps(to, _mm256_add_ps(_mm256_load_ps(to), sum[i][part]));
        }
    }
#else
  for (unsigned r = 0; r < kWarpRows; ++r)
    for (unsigned n = 0; n < columns; ++n) {
      float sum = 0;
      for (unsigned k = 0; k < depth; ++k)
        sum = __builtin_fmaf(m.a[k][firstRow + r], m.b[k][n], sum);
      m.c[r][n] += sum;
    }
#endif
}

#if defined(__AVX2__) && defined(__FMA__)
/// The same, of f32 and with c in registers. Copying it would take as long as
/// the product.
void multiplyInRegisters(Warp &warp, const uint16_t *rows, const Shape &shape,
                         bool accumulates, Matrices &m, unsigned firstRow) {
  unsigned depth = shape.depth(), columnsBy8 = shape.columnsBy8;
  for (unsigned j = 0; j < columnsBy8; j += 2)
    for (unsigned r = 0; r < kWarpRows; r += 4) {
      bool whole = j + 1 < columnsBy8;
      __m256 sum[4][2];
      sumProducts(m, firstRow + r, 8 * j, whole, depth, sum);
      for (unsigned part = 0; part < 1u + whole; ++part) {
        const uint16_t *pair = rows + 4 * (j + part) + 2 * (r / 8);
        uint32_t *even = valuesOf(warp, pair[0]) + r % 8 * 4;
        uint32_t *odd = valuesOf(warp, pair[1]) + r % 8 * 4;
        for (unsigned i = 0; i < 4; ++i) {
          __m256 c = accumulates ? loadPair(even + 4 * i, odd + 4 * i)
                                 : _mm256_setzero_ps();
          storePair(_mm256_add_ps(c, sum[i][part]), even + 4 * i, odd + 4 * i);
        }
      }
    }
}
#else
void multiplyInRegisters(Warp &, const uint16_t *, const Shape &, bool,
                         Matrices &, unsigned) {}
#endif

void multiplyInMatrices(Warp &warp, const uint16_t *rows, const Shape &shape,
                        bool accumulates, Matrices &m, unsigned firstRow) {
  if (accumulates)
    readAccumulators(warp, rows, shape, m);
  else
    for (auto &row : m.c)
      std::memset(row, 0, shape.columns() * sizeof(float));
  unsigned columns = shape.columns(), depth = shape.depth();
  if (warp.cta.launch.arithmetic == Arithmetic::Exact)
    multiplyExact({m.a[0] + firstRow, 1, kRows, m.b[0], kMaxColumns, m.c[0],
                   kMaxColumns, kWarpRows, columns, depth},
                  coreOfWgmma(shape.a, shape.b,
                              shape.toHalf ? Element::Half : Element::Single));
  else
    multiplyFast(m, firstRow, columns, depth);
  writeAccumulators(warp, rows, shape, m);
}

/// The whole operation, of all four warps.
void execute(Cta &cta, const WarpGroup &group, TensorOp &tensor) {
  static thread_local Matrices m;
  const Op &op = *tensor.op;
  Shape shape = shapeOf(op);
  const uint16_t *rows = &cta.launch.kernel.pool[op.list];
  bool inRegisters = kMultipliesInRegisters && !shape.toHalf &&
                     cta.launch.arithmetic == Arithmetic::Fast;
  OperandReader(cta, tensor, tensor.b, shape.bIsMnMajor, shape.bytes(),
                shape.columns(), inRegisters)
      .read(shape.b, m.b[0], kMaxColumns);
  if (!shape.fromRegisters)
    OperandReader(cta, tensor, tensor.a, shape.aIsMnMajor, shape.bytes(), kRows)
        .read(shape.a, m.a[0], kRows);
  for (unsigned w = 0; w < 4; ++w) {
    Warp &warp = *cta.warps[group.firstWarp + w];
    unsigned firstRow = kWarpRows * w;
    if (shape.fromRegisters)
      readFragment(warp, rows + shape.accumulators(), shape.a, firstRow, m);
    if (shape.negates)
      for (unsigned k = 0; k < shape.depth(); ++k)
        for (unsigned r = 0; r < kWarpRows; ++r)
          m.a[k][firstRow + r] = -m.a[k][firstRow + r];
    auto multiply = inRegisters ? multiplyInRegisters : multiplyInMatrices;
    multiply(warp, rows, shape, tensor.accumulates, m, firstRow);
    for (unsigned i = 0; i < shape.accumulators(); ++i)
      --warp.tensor.undone[rows[i]];
  }
  tensor.done = true;
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

bool misuse(Warp &warp, const Op &op, const std::string &detail) {
  Event event{EventKind::TensorMisuse, &warp, &op, warp.live};
  event.detail = detail;
  warp.cta.emit(event);
  return false;
}

WarpGroup *groupOf(Warp &warp, const Op &op) {
  size_t index = warp.index / 4;
  if (index < warp.cta.warpGroups.size())
    return &warp.cta.warpGroups[index];
  misuse(warp, op, "expected a warp of four that begin at a multiple of four");
  return nullptr;
}

/// The descriptor that all lanes give.
uint64_t descriptor(Warp &warp, const Op &op, uint16_t row) {
  demandDefined(warp, op, ~0u, warp.poison[row], "descriptor");
  const uint64_t *values = warp.row64(row);
  for (int i = 1; i < 32; ++i)
    if (values[i] != values[0]) {
      misuse(warp, op, "lanes disagree on a descriptor");
      break;
    }
  Descriptor from(values[0]);
  if (from.hasBaseOffset)
    misuse(warp, op, "expected a base offset of 0 in a descriptor");
  // Eight rows; a step along k stays in the first 128 bytes.
  if (from.start % (8 * std::max(from.swizzle, 16u)) / 128)
    misuse(warp, op,
           "the pattern of a swizzle of " + std::to_string(from.swizzle) +
               " bytes begins at address " + std::to_string(from.start) +
               "; expected a multiple of " + std::to_string(8 * from.swizzle));
  return values[0];
}

/// Registers since the last wgmma.fence, and those that are in use.
void checkRegisters(Warp &warp, const Op &op, const WarpGroup &group) {
  const uint16_t *rows = &warp.cta.launch.kernel.pool[op.list];
  unsigned results = shapeOf(op).accumulators();
  for (unsigned i = 0; i < op.count; ++i)
    if (warp.tensor.touched[rows[i]]) {
      misuse(warp, op,
             "a register of this wgmma was used since the last wgmma.fence, or "
             "there was none; expected wgmma.fence between");
      break;
    }
  for (unsigned i = results; i < op.count; ++i)
    if (warp.tensor.inFlight[rows[i]])
      if (const TensorOp *other =
              group.userOf(warp.cta, warp.index % 4, rows[i]);
          other && other->op != &op) {
        misuse(warp, op,
               "an operand is the result of a wgmma in flight, of line " +
                   std::to_string(other->op->line));
        break;
      }
}

/// Warps that wait for this one look again.
void wake(Cta &cta, const WarpGroup &group) {
  for (unsigned w = 0; w < 4; ++w)
    for (Fragment &fragment : cta.warps[group.firstWarp + w]->fragments)
      if (fragment.state == Fragment::AtWarpGroup)
        fragment.state = Fragment::Ready;
}

/// The operations of a warpgroup are done in order.
void executeThrough(Cta &cta, WarpGroup &group, const TensorOp &last) {
  for (TensorOp &tensor : group.operations()) {
    if (tensor.number > last.number)
      return;
    if (!tensor.done)
      execute(cta, group, tensor);
  }
}

/// What is done before anybody waits for it may be seen, too.
void showDone(Cta &cta, WarpGroup &group) {
  for (const TensorOp &tensor : group.operations()) {
    if (!tensor.done)
      continue;
    const uint16_t *rows = &cta.launch.kernel.pool[tensor.op->list];
    for (unsigned i = 0; i < shapeOf(*tensor.op).accumulators(); ++i)
      for (unsigned w = 0; w < 4; ++w) {
        Warp &warp = *cta.warps[group.firstWarp + w];
        if (!warp.tensor.undone[rows[i]])
          warp.tensor.unveil(rows[i], warp.row(rows[i]));
      }
  }
}

/// Says what the operation reads in shared memory.
void tellIssue(Warp &warp, const Op &op, const Shape &shape,
               const TensorOp &tensor) {
  if (!warp.cta.wants(EventKind::TensorIssue))
    return;
  static thread_local std::vector<uint32_t> chunks;
  chunks.clear();
  auto add = [&](uint64_t bits, bool isMnMajor, unsigned count) {
    Chunks from(bits, isMnMajor, shape.bytes(), count);
    for (unsigned k = 0; k < from.along; ++k)
      for (unsigned mn = 0; mn < from.across; ++mn) {
        uint32_t at = from.at(mn, k);
        if (at >= kSharedBase && at + 16 <= warp.cta.shared.end)
          chunks.push_back(at);
      }
  };
  add(tensor.b, shape.bIsMnMajor, shape.columns());
  if (!shape.fromRegisters)
    add(tensor.a, shape.aIsMnMajor, kRows);
  Event event{EventKind::TensorIssue, &warp, &op, warp.live};
  event.tensor = &tensor;
  event.chunks = &chunks;
  warp.cta.emit(event);
}

void issueFor(Warp &warp, const Op &op, WarpGroup &group) {
  Shape shape = shapeOf(op);
  const uint16_t *rows = &warp.cta.launch.kernel.pool[op.list];
  uint64_t a = shape.fromRegisters ? 0 : descriptor(warp, op, op.src[0]);
  unsigned next = shape.fromRegisters ? 0 : 1;
  uint64_t b = descriptor(warp, op, op.src[next]);
  const Predicate &scale = warp.preds[op.src[next + 1]];
  demandDefined(warp, op, ~0u, scale.poison, "condition");
  uint32_t accumulates = op.negated || op.negated2 ? ~scale.value : scale.value;
  if (accumulates && ~accumulates)
    misuse(warp, op, "lanes disagree on scale-d");
  checkRegisters(warp, op, group);
  uint32_t poison = 0;
  for (unsigned i = accumulates ? 0 : shape.accumulators(); i < op.count; ++i)
    poison |= warp.poison[rows[i]];
  demandDefined(warp, op, ~0u, poison, "wgmma operand");

  unsigned w = warp.index % 4;
  TensorOp &tensor = group.issue(w);
  if (tensor.issued == 1u << w) {
    tensor.op = &op;
    tensor.warp = &warp;
    tensor.a = a;
    tensor.b = b;
    tensor.accumulates = accumulates != 0;
  } else if (tensor.op != &op || tensor.a != a || tensor.b != b ||
             tensor.accumulates != (accumulates != 0)) {
    misuse(warp, op,
           "the warps of a warpgroup issue different wgmmas: expected "
           "that of line " +
               std::to_string(tensor.op->line) + " with the same descriptors");
  }
  for (unsigned i = 0; i < op.count; ++i)
    ++warp.tensor.inFlight[rows[i]];
  for (unsigned i = 0; i < shape.accumulators(); ++i) {
    ++warp.tensor.undone[rows[i]];
    warp.tensor.veil(rows[i], warp.row(rows[i]));
    // Whoever looks before the wait breaks another rule.
    warp.setPoison(rows[i], ~0u, 0);
  }
  warp.cta.cluster->note();
  if (tensor.issued != TensorOp::kAllWarps)
    return;
  wake(warp.cta, group);
  tellIssue(warp, op, shape, tensor);
  if (warp.cta.cluster->adversary.isEarly()) {
    executeThrough(warp.cta, group, tensor);
    showDone(warp.cta, group);
  }
}

Step issue(Warp &warp, const Op &op, uint32_t mask) {
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  if (WarpGroup *group = groupOf(warp, op))
    issueFor(warp, op, *group);
  return Step::Next;
}

Step fenceTensor(Warp &warp, const Op &op, uint32_t mask) {
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  warp.tensor.fence();
  return Step::Next;
}

Step commitTensor(Warp &warp, const Op &op, uint32_t mask) {
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  if (WarpGroup *group = groupOf(warp, op))
    group->commit(warp.index % 4);
  return Step::Next;
}

Step waitTensor(Warp &warp, const Op &op, uint32_t mask) {
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  WarpGroup *group = groupOf(warp, op);
  if (!group)
    return Step::Next;
  unsigned w = warp.index % 4;
  std::vector<TensorOp *> due = group->due(w, op.aux);
  for (const TensorOp *tensor : due)
    if (tensor->issued != TensorOp::kAllWarps)
      return park(warp, op, Fragment::AtWarpGroup);
  if (due.empty())
    return Step::Next;
  executeThrough(warp.cta, *group, *due.back());
  Event event{EventKind::TensorWait, &warp, &op, mask};
  for (TensorOp *tensor : due) {
    const Op &done = *tensor->op;
    const uint16_t *rows = &warp.cta.launch.kernel.pool[done.list];
    for (unsigned i = 0; i < done.count; ++i)
      if (!--warp.tensor.inFlight[rows[i]])
        warp.tensor.unveil(rows[i], warp.row(rows[i]));
    event.tensor = tensor;
    warp.cta.emit(event);
  }
  for (size_t i = 0, count = due.size(); i < count; ++i)
    group->markWaited(w);
  warp.cta.cluster->note();
  return Step::Next;
}

Element elementNamed(const Match &match, unsigned index) {
  if (match.types.size() > index + 1)
    switch (match.type(index + 1)) {
    case Type::F16:
      return Element::Half;
    case Type::BF16:
      return Element::Bhalf;
    default:
      return Element::Tf32;
    }
  unsigned seen = 0;
  for (std::string_view modifier : match.modifiers)
    if (modifier == "e4m3" || modifier == "e5m2")
      if (seen++ == index)
        return modifier == "e4m3" ? Element::E4m3 : Element::E5m2;
  return Element::E4m3;
}

/// The constants behind the predicate, first one first.
bool readConstants(const Op &op, bool hasTransposes, Shape &shape) {
  unsigned count = 2 + (hasTransposes ? (shape.fromRegisters ? 1 : 2) : 0);
  auto constant = [&](unsigned i) {
    return static_cast<int8_t>(op.aux >> (8 * (count - 1 - i)));
  };
  for (unsigned i = 0; i < count; ++i) {
    bool fine = i < 2 ? constant(i) == 1 || constant(i) == -1
                      : constant(i) == 0 || constant(i) == 1;
    if (!fine)
      return false;
  }
  shape.negates = (constant(0) < 0) != (constant(1) < 0);
  if (!hasTransposes)
    return true;
  shape.aIsMnMajor = !shape.fromRegisters && constant(2);
  shape.bIsMnMajor = constant(count - 1);
  return true;
}

} // namespace

bool bindTensor(const Match &match, Op &op) {
  if (match.has("fence"))
    return setHandler(op, fenceTensor);
  if (match.has("commit_group"))
    return setHandler(op, commitTensor);
  if (match.has("wait_group"))
    return setHandler(op, waitTensor);
  Shape shape = {};
  for (std::string_view modifier : match.modifiers)
    if (unsigned columns = wgmmaColumns(modifier))
      shape.columnsBy8 = static_cast<uint8_t>(columns / 8);
  shape.a = elementNamed(match, 0);
  shape.b = elementNamed(match, 1);
  shape.toHalf = match.type() == Type::F16;
  shape.fromRegisters = op.count > shape.accumulators();
  bool hasTransposes = shape.a == Element::Half || shape.a == Element::Bhalf;
  if (!readConstants(op, hasTransposes, shape))
    return false;
  op.imm = bitCast<int64_t>(shape);
  return setHandler(op, issue);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
