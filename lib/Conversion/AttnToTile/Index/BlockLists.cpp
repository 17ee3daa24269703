//===- BlockLists.cpp - Lists of key tiles in memory ----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BlockLists.h"

using namespace mlir;
using namespace attn;

Value BlockList::at(TileBuilder &b, Value place) const {
  Value number = tile::ElementOp::create(
      b, memory, ValueRange{entry, head, queryTile, place});
  return arith::IndexCastOp::create(b, b.getIndexType(), number);
}

Value BlockList::tileAt(TileBuilder &b, Value tile, Value partialTiles) const {
  Value isPartial =
      arith::CmpIOp::create(b, arith::CmpIPredicate::slt, tile, partialTiles);
  Value last = b.sub(b.dim(memory, /*dimension=*/3), b.index(1));
  Value fromBack = b.sub(last, b.sub(tile, partialTiles));
  Value fromFront = b.add(tile, b.index(kBlockCounts));
  return at(b, arith::SelectOp::create(b, isPartial, fromFront, fromBack));
}
