//===- SoftmaxBuilder.h - What kernels of a softmax share -------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_SOFTMAXBUILDER_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_SOFTMAXBUILDER_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Tile/IR/Tile.h"

namespace attn {

/// Of each row of a tile, over some of its keys:
///
///   max   the largest score, -inf without a kept key,
///   sums  sum of exp(s - max), as one or as several partial sums,
///   acc   sum of exp(s - max) * v.
struct SoftmaxState {
  mlir::Value acc, max, sums;
};

/// Scores stay unscaled: scale * log2(e) is the factor of the FMA in front of
/// exp2.
class SoftmaxBuilder {
public:
  /// `columns` of values, at least as many as there are.
  SoftmaxBuilder(tile::KernelOp kernel, SdpaOp op, int64_t columns);

protected:
  /// Normalises, rounds and stores the accumulators; `total` is the sum of each
  /// row.
  void emitOutput(SoftmaxState state, mlir::Value total, mlir::Value memref,
                  mlir::ValueRange indices);
  void emitLse(SoftmaxState state, mlir::Value total, mlir::Value memref,
               mlir::ValueRange indices);
  /// The maximum as exponents can be relative to it: 0 for a row without a kept
  /// key, so that exp2(-inf - 0) = 0 takes the place of exp2(-inf + inf).
  mlir::Value emitOrigin(mlir::Value max);
  /// exp(max - origin), where `shift` is what stands for -origin.
  mlir::Value emitRescale(mlir::Value max, mlir::Value shift);

  /// The memref as [batch, head, length, features].
  mlir::Value bhsd(mlir::Value memref);
  /// A memref of query rows in this layout as [batch, head, length, …], or, where
  /// heads share a tile, [batch, key head, length, head of the group, …].
  mlir::Value queryRows(mlir::Value memref, Layout layout);
  mlir::Value dim(mlir::Value memref, int64_t index);
  mlir::Value index(int64_t value);
  mlir::RankedTensorType type(int64_t tileRows, int64_t columns,
                              mlir::Type of) {
    return mlir::RankedTensorType::get({tileRows, columns}, of);
  }
  mlir::Value splat(float value, int64_t tileRows, int64_t columns);
  mlir::Value broadcast(mlir::Value vector, int64_t columns);
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  mlir::Value multiply(mlir::Value a, mlir::Value b);
  /// The exponent of two that a row's maximum stands for, rounded.
  mlir::Value inLog2(mlir::Value max);
  mlir::Value exp2(mlir::Value value);

  /// What a masked score is under `masked_row(uniform)`: far below any score,
  /// and a power of two, so that its product with log2(e) is the same in the
  /// FMA and outside.
  static constexpr float kUniformScore = -0x1p100f;

  mlir::OpBuilder builder;
  mlir::Location loc;
  SdpaOp op;
  int64_t rows, columns;
  mlir::Type element, f32;
  /// Of a tile in the view of `queryRows`; null where its rows are of one head.
  mlir::DenseI64ArrayAttr box;

  /// True where the scale cannot be the factor of the FMA: it would change the
  /// order of scores (zero, negative), lose bits (subnormal), or scale the
  /// score that stands for a masked one.
  bool scalesFirst;
  /// Factors of scores: to exponents of two, and to natural logarithms.
  float toLog2, toLn;
};

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_SOFTMAXBUILDER_H
