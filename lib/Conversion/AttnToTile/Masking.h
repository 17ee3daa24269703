//===- Masking.h - Masks on tiles of scores ---------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_MASKING_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_MASKING_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Tile/IR/Tile.h"

namespace attn {

/// Where a tile of scores lies in the index space. All values are `index`. Row r
/// is of head `head` + r % heads and query `firstQuery` + r / heads.
struct TilePosition {
  mlir::Value batch, head;
  mlir::Value firstQuery, firstKey;
  mlir::Value queryLength, keyLength;
  int64_t heads = 1;
};

/// The `keep` region of an attention on a tile: `tensor<MxNxi1>`. Each of its
/// operations becomes one on scalars, on a row or column vector, or on the
/// tile, whichever its operands need. Positions fit 32 bits, as lengths are
/// below 2^30.
mlir::Value emitKeepTile(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::Region &keep, const TilePosition &position,
                         int64_t rows, int64_t columns);

/// Columns before the end of the keys: `tensor<MxNxi1>`.
mlir::Value emitInsideTile(mlir::OpBuilder &builder, mlir::Location loc,
                           const TilePosition &position, int64_t rows,
                           int64_t columns);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_MASKING_H
