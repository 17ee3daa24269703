//===- Mask.h - Masks on tiles of scores ------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_MASK_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_MASK_H

#include "TileBuilder.h"

namespace attn {

/// Columns [first, end) of a tile of scores, `tensor<Mx1xi32>` each, for each
/// of its rows, with first <= end. They may lie outside of the tile. A `first`
/// that is null is no bound.
struct KeysOfRows {
  mlir::Value first, end;
};

/// Whether a column lies within the bounds of its row: `tensor<MxNxi1>`.
mlir::Value emitWithin(TileBuilder &b, const KeysOfRows &keys, int64_t columns);

/// Lets products compute, or read, only these columns of scores.
void boundProducts(llvm::ArrayRef<tile::DotOp> ofScores,
                   llvm::ArrayRef<tile::DotOp> ofWeights,
                   const KeysOfRows &keys);

/// Replaces scores where `kept` is false.
mlir::Value emitMaskedScores(TileBuilder &b, mlir::Value kept,
                             mlir::Value scores, float masked);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_MASK_H
