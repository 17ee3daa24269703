//===- Wgmma.h - Operands and results of wgmma ---------------- -*- C++ -*-===//
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

#ifndef ATTNRT_SIM_OPS_WGMMA_H
#define ATTNRT_SIM_OPS_WGMMA_H

#include "Machine/TensorMap.h"
#include "Ops/Blocks.h"
#include "Ops/Product.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace wgmma {

constexpr unsigned kRows = 64, kWarpRows = 16, kMaxColumns = 256,
                   kMaxDepth = 32;

using Element = Widened;

/// The shape that the form gives, kept in Op::imm.
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

inline Shape shapeOf(const Op &op) { return bitCast<Shape>(op.imm); }

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

/// What a product reads in shared memory, widened to out[k][mn] with `stride`
/// floats between the rows; `inPairs`, with eight columns in the order of
/// pairs.
struct SharedOperand {
  uint64_t descriptor;
  bool isMnMajor;
  unsigned bytes; // of an element
  unsigned count; // rows of A, columns of B
  bool inPairs = false;
};
void readShared(Cta &cta, const WgmmaOp &wgmma, const SharedOperand &from,
                Element element, float *out, unsigned stride);

/// The warp's sixteen rows of A, as mma.sync has them.
void readFragment(Warp &warp, const uint16_t *rows, Element element,
                  unsigned firstRow, Matrices &m);

/// The lanes of an accumulator, whether its operation is in flight or not.
inline uint32_t *valuesOf(Warp &warp, uint16_t row) {
  return warp.wgmma.valuesOf(row, warp.row(row));
}

void readAccumulators(Warp &warp, const uint16_t *rows, const Shape &shape,
                      Matrices &m);
void writeAccumulators(Warp &warp, const uint16_t *rows, const Shape &shape,
                       const Matrices &m);

/// The whole operation, of all four warps.
void execute(Cta &cta, const WarpGroup &group, WgmmaOp &wgmma);

} // namespace wgmma

} // namespace attnrt::sim::ATTNRT_SIM_ISA

#endif // ATTNRT_SIM_OPS_WGMMA_H
