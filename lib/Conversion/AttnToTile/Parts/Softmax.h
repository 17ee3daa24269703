//===- Softmax.h - The softmax of rows, tile by tile ------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_SOFTMAX_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_SOFTMAX_H

#include "TileBuilder.h"

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// Partial sums of a row: one for each of the lanes that share it.
inline constexpr int64_t kPartialSums = 4;

/// For each row of a tile, over some of its keys:
///
///   max   the largest score, `ScoreScale::lowest` without a key that weighs
///         anything,
///   sums  sum of exp(s - max), one value or several partial sums,
///   acc   sum of exp(s - max) * v.
struct SoftmaxState {
  mlir::Value acc, max, sums;
};

/// Says how scores become exponents. Scores stay unscaled: scale * log2(e) is
/// the factor of the FMA in front of exp2.
struct ScoreScale {
  explicit ScoreScale(SdpaOp op);

  /// The score of a masked key under `masked_row(uniform)`: far below any
  /// score, and a power of two, so that its product with log2(e) is the same in
  /// the FMA and outside.
  static constexpr float kUniformScore = -0x1p100f;

  float scale;
  bool isUniform;
  /// True where the scale cannot be the factor of the FMA: it would change the
  /// order of scores (zero, negative), lose bits (subnormal), or scale the
  /// score that stands for a masked one. A score region is given scores that
  /// are scaled anyway, and what it multiplies them by at last is the factor.
  bool scalesFirst;
  /// Factors of scores: to exponents of two, and to natural logarithms.
  float toLog2, toLn;
  /// Maxima start here: below any score, but finite as an exponent of two, so
  /// that scores of -inf weigh exp2(-inf - finite) = 0 before any other is
  /// seen.
  float lowest;
};

/// A step of the softmax: the new maximum, the factor of what was summed up
/// before, and the weights exp(s - max) of the tile.
struct SoftmaxStep {
  mlir::Value max, rescale, weights;
};

/// The softmax over a walk of tiles of scores.
class OnlineSoftmax {
public:
  /// `first` percent of a step's exponentials are computed before late products
  /// are waited for.
  OnlineSoftmax(TileBuilder &b, const ScoreScale &scale, int64_t rows,
                int64_t first = 100)
      : b(b), scale(scale), rows(rows), first(first) {}

  /// No key yet: `columns` values and `partialSums` sums in each row.
  SoftmaxState initialState(int64_t columns, int64_t partialSums);
  /// Adds a tile of scores, any of which may be -inf.
  SoftmaxStep addScores(mlir::Value runningMax, mlir::Value scores,
                        bool isMasked);
  /// exp(scores - max), for one score in each row.
  mlir::Value weightOf(mlir::Value scores, mlir::Value max);
  mlir::Value addSums(mlir::Value sums, const SoftmaxStep &step);
  mlir::Value rescaled(mlir::Value acc, const SoftmaxStep &step);
  /// The state over the keys of both.
  SoftmaxState merge(SoftmaxState state, SoftmaxState part);

private:
  /// Replaces the maximum of a row without a key by 0. No weight depends on it;
  /// masked steps have it because ptxas spills in a few of them otherwise.
  mlir::Value emptyAsZero(mlir::Value max);
  /// Replaces accumulators by 0 where all keys that they sum are masked and the
  /// row keeps another: their weight is 0, but they may not be finite.
  mlir::Value withoutMasked(mlir::Value acc, mlir::Value max,
                            mlir::Value rowMax);
  /// -max in exponents of two.
  mlir::Value shiftOf(mlir::Value max);
  /// exp(max - origin), where `shift` is -origin in exponents of two.
  mlir::Value rescaleOf(mlir::Value max, mlir::Value shift);

  TileBuilder &b;
  ScoreScale scale;
  int64_t rows, first;
};

/// The maximum of a row in exponents of two, rounded.
mlir::Value emitLog2(TileBuilder &b, const ScoreScale &scale, mlir::Value max);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_SOFTMAX_H
