//===- Fragments.h - Matrices in the registers of a warp --------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_OPS_FRAGMENTS_H
#define ATTNRT_SIM_OPS_FRAGMENTS_H

#include "Ops/Lanes.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

/// Elements that are computed with as integers or as f64.
enum class Element : uint8_t {
  U8,
  S8,
  U4,
  S4,
  B1,
  F64,
  F16,
  BF16,
  TF32,
  F32,
  S32
};
unsigned bitsOf(Element element);

/// "m16n8k32".
struct MatrixShape {
  unsigned m = 0, n = 0, k = 0;
};
MatrixShape shapeOf(const Match &match);
/// Matrices of integers, and what to do with their products.
struct IntegerProduct {
  int32_t a[32][256], b[256][32]; // by row
  int32_t c[32][32];
  MatrixShape shape;
  bool saturates = false;
  enum : uint8_t { Times, Xor, And } how = Times;
  void run();
};

/// Element `e` of the word.
int32_t integerAt(Element element, uint32_t word, unsigned e);

/// Undefined operands are reported; `first` is the first that is read.
void demandOperands(Warp &warp, const Op &op, uint32_t mask, unsigned first);

} // namespace attnrt::sim::ATTNRT_SIM_ISA

#endif // ATTNRT_SIM_OPS_FRAGMENTS_H
