//===- Dropout.h - Weights that are dropped at random -----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_DROPOUT_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_DROPOUT_H

#include "TileBuilder.h"

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// The rows and keys of a tile of weights, i32 each: entry and head are numbers
/// or column vectors, queries a column, keys a number or a row vector.
struct WeightPlaces {
  mlir::Value batch, head, query, key;
};

/// The dropout of one attention. The factor of the weights that are left is the
/// epilogue's.
class Dropout {
public:
  /// Makes the key of this call from seed and offset, which are memrefs; both
  /// are null where nothing is dropped.
  Dropout(TileBuilder &b, AttentionOp op, mlir::Value seed, mlir::Value offset);

  bool dropsAny() const { return threshold != 0; }
  /// The weights, with zeros in place of those that are dropped. Where keys are
  /// a row vector, they count from a multiple of `counted`.
  mlir::Value emit(mlir::Value weights, const WeightPlaces &places,
                   int64_t counted = 1);

private:
  TileBuilder &b;
  int64_t threshold;
  mlir::Value key[2];
};

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_DROPOUT_H
