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

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// The index space of a tile of scores. Entries and heads are i32 scalars or
/// column vectors, queries a column and keys a row vector of i32. Lengths are
/// `index`.
struct ScoreIndices {
  mlir::Value batch, head, query, key;
  mlir::Value queryLength, keyLength;
};

/// The `keep` region of an attention on a tile: `tensor<MxNxi1>`. Each of its
/// operations becomes one on scalars, on a row or column vector, or on the
/// tile, whichever its operands need. Positions fit 32 bits, as lengths are
/// below 2^30.
mlir::Value emitKeepTile(TileBuilder &b, mlir::Region &keep,
                         const ScoreIndices &indices, int64_t rows,
                         int64_t columns);

/// Columns [first, end) of a tile of scores, `tensor<Mx1xi32>` each: a row
/// keeps no key outside of them. They may lie outside of the tile.
struct KeysOfRows {
  mlir::Value first, end;
};

/// What the `range` region says of each row, in a tile whose columns start at
/// `firstKey`.
KeysOfRows emitKeysOfRows(TileBuilder &b, mlir::Region &range,
                          const ScoreIndices &indices, mlir::Value firstKey,
                          int64_t rows);

/// Columns before the end of the keys: `tensor<MxNxi1>`. `key` holds the index
/// of each column.
mlir::Value emitInsideTile(TileBuilder &b, mlir::Value key,
                           mlir::Value keyLength, int64_t rows);

/// Replaces scores where `kept` is false.
mlir::Value emitMaskedScores(TileBuilder &b, mlir::Value kept,
                             mlir::Value scores, float masked);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_MASK_H
