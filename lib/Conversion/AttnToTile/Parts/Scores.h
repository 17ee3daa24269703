//===- Scores.h - Scores of a tile of queries and keys ----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_SCORES_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_SCORES_H

#include "RegionTiles.h"
#include "Softmax.h"

namespace attn {

/// Products of `rows` queries, a tile or one in shared memory, and keys. A
/// row's columns outside of `needed` are undefined.
mlir::Value emitProducts(TileBuilder &b, mlir::Value query, mlir::Value key,
                         int64_t rows, std::optional<KeysOfRows> needed);

/// The scores of these products, in the units that the softmax has them in.
/// `key` is the index of each column, or of all: it is asked for where the
/// score has a region.
mlir::Value emitScores(TileBuilder &b, const ScoreScale &scale,
                       RegionTiles &regions, mlir::Value products,
                       mlir::Value key);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_SCORES_H
