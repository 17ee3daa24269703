//===- QueryTiles.cpp - The query tiles of a key tile ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QueryTiles.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace attn;

/// Bounds that are one value stay so: the segment between them folds away.
QueryTiles::QueryTiles(TileBuilder &b, const KeyRange &ofHead, Value firstHead,
                       Value heads, int64_t queries)
    : b(b), range(ofHead), firstHead(firstHead), heads(heads),
      queries(queries) {
  begins.push_back(b.index(0));
  const Value ofSegments[] = {range.first, range.full, range.fullEnd,
                              range.last};
  for (auto [begin, end] :
       llvm::zip(ArrayRef(ofSegments), ArrayRef(ofSegments).drop_front())) {
    Value tiles = begin == end ? Value() : b.mul(heads, b.sub(end, begin));
    begins.push_back(tiles ? b.add(begins.back(), tiles) : begins.back());
  }
}

QueryTilePlace QueryTiles::place(Value tile) {
  Value base = begins[0], first = range.first, end = range.full;
  auto choose = [&](Value begin, Value ofFirst, Value ofEnd) {
    Value isBehind =
        arith::CmpIOp::create(b, arith::CmpIPredicate::sge, tile, begin);
    base = arith::SelectOp::create(b, isBehind, begin, base);
    first = arith::SelectOp::create(b, isBehind, ofFirst, first);
    end = arith::SelectOp::create(b, isBehind, ofEnd, end);
  };
  choose(begins[1], range.full, range.fullEnd);
  choose(begins[2], range.fullEnd, range.last);
  Value number = b.sub(tile, base);
  Value tilesOfHead = b.max(b.sub(end, first), b.index(1));
  Value head = b.div(number, tilesOfHead);
  Value ofHead = b.add(first, b.rem(number, tilesOfHead));
  return {b.add(firstHead, head), emitFirstKey(b, range, ofHead, queries)};
}

KeyRange attn::emitAllTiles(TileBuilder &b, Value queryLength,
                            int64_t queries) {
  KeyRange range;
  range.first = range.full = range.fullEnd = b.index(0);
  range.last =
      b.div(b.add(queryLength, b.index(queries - 1)), b.index(queries));
  return range;
}
