//===- KeyRanges.cpp - Which key tiles a query tile needs -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KeyRanges.h"

#include "attn/Dialect/Attn/Transforms/RegionUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace attn;

/// Keys: begin, full begin, full end, end, and those of a gap.
static SmallVector<Value> emitKeys(TileBuilder &b, AttentionOp op,
                                   const QueryTile &tile) {
  Value end = b.add(tile.firstQuery, b.index(tile.queries));
  end = b.min(end, tile.queryLength);
  SmallVector<Value> keys = {b.index(0), b.index(0), tile.keyLength,
                             tile.keyLength};
  if (op.getRange().empty())
    return keys;
  return inlineMaskRegion(b, op.getRange(),
                          {tile.batch, tile.head, tile.firstQuery, end},
                          tile.queryLength, tile.keyLength);
}

/// Takes the tiles [begin, end) out of the first masked run. Those behind them
/// have lower numbers in the walk.
static void leaveOut(TileBuilder &b, KeyRange &range, Value begin, Value end) {
  range.gap = b.clamp(begin, range.first, range.full);
  range.skipped = b.sub(b.clamp(end, range.gap, range.full), range.gap);
  for (Value *bound : {&range.full, &range.fullEnd, &range.last})
    *bound = b.sub(*bound, range.skipped);
}

/// Queries, in the same order.
static SmallVector<Value> emitQueries(TileBuilder &b, SdpaGradOp op,
                                      const KeyTile &tile) {
  Value end = b.add(tile.firstKey, b.index(tile.keys));
  end = b.min(end, tile.keyLength);
  if (op.getQueryRange().empty())
    return {b.index(0), b.index(0), tile.queryLength, tile.queryLength};
  return inlineMaskRegion(b, op.getQueryRange(),
                          {tile.batch, tile.head, tile.firstKey, end},
                          tile.queryLength, tile.keyLength);
}

/// Rounds the bounds to whole tiles of `keys`.
static KeyRange emitTiles(TileBuilder &b, ValueRange bounds, int64_t keys) {
  auto tilesBefore = [&](Value key) { return b.div(key, b.index(keys)); };
  auto tilesThrough = [&](Value key) {
    return tilesBefore(b.add(key, b.index(keys - 1)));
  };
  KeyRange range;
  range.first = tilesBefore(bounds[0]);
  range.last = tilesThrough(bounds[3]);
  // Where nothing is masked before the full tiles, both bounds of the first
  // segment are one value, and its loop folds away.
  range.full = matchPattern(bounds[1], m_Zero())
                   ? range.first
                   : b.clamp(tilesThrough(bounds[1]), range.first, range.last);
  range.fullEnd = b.clamp(tilesBefore(bounds[2]), range.full, range.last);
  if (bounds.size() > 4)
    leaveOut(b, range, tilesThrough(bounds[4]), tilesBefore(bounds[5]));
  return range;
}

KeyRange attn::emitKeyRange(TileBuilder &b, AttentionOp op,
                            const QueryTile &tile, int64_t keys) {
  return emitTiles(b, emitKeys(b, op, tile), keys);
}

KeyRange attn::emitQueryRange(TileBuilder &b, SdpaGradOp op,
                              const KeyTile &tile, int64_t queries) {
  return emitTiles(b, emitQueries(b, op, tile), queries);
}

KeyRange attn::emitListedTiles(TileBuilder &b, const BlockList &list) {
  Value partial = list.partialTiles(b);
  Value all = b.add(partial, list.fullTiles(b));
  KeyRange range;
  range.first = b.index(0);
  range.full = partial;
  range.fullEnd = range.last = all;
  range.list = list;
  range.partialTiles = partial;
  return range;
}

Value attn::emitFirstKey(TileBuilder &b, const KeyRange &range, Value tile,
                         int64_t keys) {
  if (range.list.memory)
    tile = range.list.tileAt(b, tile, range.partialTiles);
  if (range.gap) {
    Value isBehind =
        arith::CmpIOp::create(b, arith::CmpIPredicate::sge, tile, range.gap);
    Value skipped =
        arith::SelectOp::create(b, isBehind, range.skipped, b.index(0));
    tile = b.add(tile, skipped);
  }
  return b.mul(tile, b.index(keys));
}

Value attn::emitVisits(TileBuilder &b, const KeyRange &range, Value tile) {
  auto isWithin = [&](Value first, Value end) -> Value {
    Value isBehind =
        arith::CmpIOp::create(b, arith::CmpIPredicate::sge, tile, first);
    Value isBefore =
        arith::CmpIOp::create(b, arith::CmpIPredicate::slt, tile, end);
    return arith::AndIOp::create(b, isBehind, isBefore);
  };
  if (!range.gap)
    return isWithin(range.first, range.last);
  Value afterGap = b.add(range.gap, range.skipped);
  return arith::OrIOp::create(
      b, isWithin(range.first, range.gap),
      isWithin(afterGap, b.add(range.last, range.skipped)));
}

KeyRange attn::emitShare(TileBuilder &b, KeyRange range, Value split,
                         Value splits) {
  Value tiles = b.sub(range.last, range.first);
  tiles = b.max(tiles, b.index(0));
  Value others = b.sub(splits, b.index(1));
  Value share = b.div(b.add(tiles, others), splits);
  Value before = b.mul(split, share);
  Value from = b.add(range.first, before);
  from = b.min(from, range.last);
  Value to = b.add(from, share);
  to = b.min(to, range.last);
  Value full = range.full == range.first ? from : b.clamp(range.full, from, to);
  KeyRange part = range;
  part.first = from;
  part.full = full;
  part.fullEnd = b.clamp(range.fullEnd, full, to);
  part.last = to;
  return part;
}
