//===- Wmma.h - wmma: fragments that only wmma reads ----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which element a thread has is not said by the ISA, so it is chosen here:
// elements by row, one for each lane in turn. A fragment with more room than
// elements has them several times. Words of 4 or 1 bits are moved as they are.
//
//===----------------------------------------------------------------------===//
#ifndef ATTNRT_SIM_OPS_WMMA_H
#define ATTNRT_SIM_OPS_WMMA_H

#include "Ops/Fragments.h"
#include "Ops/Product.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {
namespace wmma {

enum class Part : uint8_t { A, B, C };

/// What op.imm2 says of a load or store, or of a product.
struct Form {
  MatrixShape shape;
  Element type, typeB, typeC, typeD;
  Part part;
  bool byColumn, saturates;
  uint8_t how, target;
};

inline int64_t packed(const Form &f) {
  return int64_t(f.shape.m) | int64_t(f.shape.n) << 8 |
         int64_t(f.shape.k) << 16 | int64_t(f.type) << 26 |
         int64_t(f.typeB) << 30 | int64_t(f.typeC) << 34 |
         int64_t(f.typeD) << 38 | int64_t(f.part) << 42 |
         int64_t(f.byColumn) << 44 | int64_t(f.saturates) << 45 |
         int64_t(f.how) << 46 | int64_t(f.target) << 48;
}

inline Form formOf(const Op &op) {
  uint64_t b = static_cast<uint64_t>(op.imm2);
  auto element = [&](unsigned at) { return Element(b >> at & 0xf); };
  return {
      {unsigned(b & 0xff), unsigned(b >> 8 & 0xff), unsigned(b >> 16 & 0x3ff)},
      element(26),
      element(30),
      element(34),
      element(38),
      Part(b >> 42 & 3),
      (b >> 44 & 1) != 0,
      (b >> 45 & 1) != 0,
      uint8_t(b >> 46 & 3),
      uint8_t(b >> 48 & 7)};
}

/// How a fragment lies in registers: units of one element, or of the elements
/// of one word where they are smaller than a byte.
struct Layout {
  unsigned rows, columns; // in units
  unsigned unitBits, perUnit;
  bool transposed; // B in words: a row is a column of the matrix

  Layout(const Form &form, Part part, Element element) {
    const MatrixShape &s = form.shape;
    rows = part == Part::B ? s.k : s.m;
    columns = part == Part::A ? s.k : s.n;
    unsigned bits = bitsOf(element);
    transposed = bits < 8 && part == Part::B;
    if (transposed)
      std::swap(rows, columns);
    unitBits = bits < 8 ? 32 : bits;
    perUnit = unitBits / bits;
    columns /= perUnit;
  }
  unsigned units() const { return rows * columns; }
  unsigned perRegister() const { return unitBits < 32 ? 32 / unitBits : 1; }
  /// The unit that a lane has in one of its slots.
  unsigned unitAt(unsigned slot, unsigned lane) const {
    return slot * 32 % units() + lane;
  }
};

Step loadFragment(Warp &warp, const Op &op, uint32_t mask);
Step storeFragment(Warp &warp, const Op &op, uint32_t mask);

} // namespace wmma
} // namespace attnrt::sim::ATTNRT_SIM_ISA

#endif // ATTNRT_SIM_OPS_WMMA_H
