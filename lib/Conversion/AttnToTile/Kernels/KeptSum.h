//===- KeptSum.h - The weighted sum of kept values --------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_KEPTSUM_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_KEPTSUM_H

#include "../Index/Sequences.h"
#include "../Parts/RegionTiles.h"
#include "../Parts/Softmax.h"

namespace attn {

/// The weighted sum of the values of a query tile's rows, as the walk over its
/// keys leaves it, without the masked values that were not finite.
class KeptSum {
public:
  /// The keys from `first` to before `end`; `setRows` gives the regions the
  /// rows that see them, `leave` what dropout leaves of the weights of a key.
  struct Keys {
    mlir::Value first, end;
    llvm::function_ref<void()> setRows;
    llvm::function_ref<mlir::Value(mlir::Value weights, mlir::Value key)> leave;
  };

  /// `partialSums` is the number of sums that a row is added up in. Where a
  /// tile is unrolled, code grows with its columns.
  KeptSum(TileBuilder &b, SdpaOp op, const ScoreScale &scale,
          RegionTiles &regions, int64_t rows, int64_t partialSums,
          bool isUnrolled, Sequences &sequences, mlir::Value batch,
          mlir::Value firstQuery);

  /// Returns the accumulators of `state`, which has seen `keys`.
  mlir::Value emit(const SoftmaxState &state, const Keys &keys);

private:
  /// How a key counts in each row.
  struct Part {
    mlir::Value takesPart, weight;
  };

  mlir::Value emitIsLost(const SoftmaxState &state);
  mlir::Value emitScore(mlir::Value key);
  Part emitPart(mlir::Value key, mlir::Value kept, mlir::Value max);
  mlir::Value emitAdded(mlir::Value key, mlir::Value column, const Part &part,
                        mlir::Value sum);
  mlir::Value emitColumns(const Keys &keys, mlir::Value max, mlir::Value column,
                          int64_t columns);
  mlir::Value emitAllColumns(const Keys &keys, const SoftmaxState &state);
  mlir::Value vector(float value) { return b.splat(value, rows, 1); }

  TileBuilder &b;
  SdpaOp op;
  const ScoreScale &scale;
  RegionTiles &regions;
  OnlineSoftmax softmax;
  int64_t rows, partialSums;
  bool isUnrolled;
  Sequences &sequences;
  mlir::Value batch, firstQuery;
};

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_KEPTSUM_H
