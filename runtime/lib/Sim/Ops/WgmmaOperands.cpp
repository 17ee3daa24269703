//===- WgmmaOperands.cpp - Where wgmma reads and writes -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Cluster.h"
#include "Ops/Fp8.h"
#include "Ops/Wgmma.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace wgmma {

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

namespace {

/// Reads an operand of an operation chunk by chunk.
class OperandReader {
public:
  OperandReader(Cta &cta, const WgmmaOp &wgmma, const SharedOperand &from)
      : cta(cta), wgmma(wgmma), isMnMajor(from.isMnMajor),
        inPairs(from.inPairs),
        chunks(from.descriptor, from.isMnMajor, from.bytes, from.count) {}

  /// out[k][mn], `stride` floats between the rows.
  void read(Element element, float *out, unsigned stride);

private:
  const uint32_t *chunk(uint32_t at);
  void complain(uint32_t at);
  void checkSwizzle(uint32_t at);
  template <typename H>
  void readHalves(float *out, unsigned stride);

  Cta &cta;
  const WgmmaOp &wgmma;
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
  Event event{EventKind::WgmmaMisuse, wgmma.warp, wgmma.op, ~0u};
  event.detail = what + std::to_string(at);
  cta.emit(event);
}

/// Warns if a tensor copy put the data there in another swizzle.
void OperandReader::checkSwizzle(uint32_t at) {
  unsigned tag = cta.shared.swizzles[at / SharedMemory::kSwizzled];
  if (!tag || tag == chunks.swizzle + 1 || complained)
    return;
  complained = true;
  Event event{EventKind::WgmmaMisuse, wgmma.warp, wgmma.op, ~0u};
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

} // namespace

void readShared(Cta &cta, const WgmmaOp &wgmma, const SharedOperand &from,
                Element element, float *out, unsigned stride) {
  OperandReader(cta, wgmma, from).read(element, out, stride);
}

//===----------------------------------------------------------------------===//
// Operands in registers
//===----------------------------------------------------------------------===//

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

} // namespace wgmma

} // namespace attnrt::sim::ATTNRT_SIM_ISA
