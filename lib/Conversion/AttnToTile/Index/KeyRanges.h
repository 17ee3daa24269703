//===- KeyRanges.h - Which key tiles a query tile needs ---------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_INDEX_KEYRANGES_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_INDEX_KEYRANGES_H

#include "BlockLists.h"

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// A tile of queries: [firstQuery, firstQuery + queries), cut at `queryLength`.
struct QueryTile {
  mlir::Value batch, head, firstQuery;
  int64_t queries;
  mlir::Value queryLength, keyLength;
};

/// A tile of keys: [firstKey, firstKey + keys), cut at `keyLength`.
struct KeyTile {
  mlir::Value batch, head, firstKey;
  int64_t keys;
  mlir::Value queryLength, keyLength;
};

/// The key tiles of a walk, by their numbers in it. Those in [full, fullEnd)
/// need no mask; [first, full) and [fullEnd, last) do. From `gap` on, which is
/// null where the walk leaves none out, `skipped` tiles lie between.
struct KeyRange {
  mlir::Value first, full, fullEnd, last;
  mlir::Value gap, skipped;
  /// Where the tiles are listed, and how many of these need a mask. They come
  /// first.
  BlockList list;
  mlir::Value partialTiles;
};

/// The tiles of a list.
KeyRange emitListedTiles(TileBuilder &b, const BlockList &list);

/// The first key of a tile of the walk.
mlir::Value emitFirstKey(TileBuilder &b, const KeyRange &range,
                         mlir::Value tile, int64_t keys);

/// Whether the walk has the tile of this number, counted from the first key of
/// all and not in the walk.
mlir::Value emitVisits(TileBuilder &b, const KeyRange &range, mlir::Value tile);

/// Rounds the keys that the attention's `range` gives for the queries to whole
/// tiles of `keys`.
KeyRange emitKeyRange(TileBuilder &b, AttentionOp op, const QueryTile &tile,
                      int64_t keys);

/// The same for the queries that `query_range` gives for the keys: tiles of
/// queries.
KeyRange emitQueryRange(TileBuilder &b, SdpaGradOp op, const KeyTile &tile,
                        int64_t queries);

/// An equal share of the tiles for each of `splits` CTAs, none for the last
/// ones where there are few.
KeyRange emitShare(TileBuilder &b, KeyRange range, mlir::Value split,
                   mlir::Value splits);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_INDEX_KEYRANGES_H
