//===- TileOrder.cpp - Which query tiles a CTA computes -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileOrder.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

TileIndex attn::tileOfGrid(TileBuilder &b, Value blocks, Value heads) {
  Value block = BlockIdOp::create(b, GridDim::x);
  if (blocks) {
    Value allHeads = b.div(block, blocks);
    block = b.rem(block, blocks);
    Value head = b.rem(allHeads, heads);
    return {block, head, b.div(allHeads, heads)};
  }
  Value head = BlockIdOp::create(b, GridDim::y);
  Value batch = BlockIdOp::create(b, GridDim::z);
  return {block, head, batch};
}

/// Whether the tiles of this section go from the longest to the shortest, as
/// those of the last one do.
static Value emitIsFalling(TileBuilder &b, Value headsLeft, Value section) {
  Value sectionsBehind = b.div(b.sub(headsLeft, b.index(1)), section);
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                               b.rem(sectionsBehind, b.index(2)), b.index(0));
}

TileIndex attn::tileInOrder(TileBuilder &b, const TileCounts &counts,
                            TileOrder order, Value tile) {
  Value allHeads = b.mul(counts.heads, counts.batches);
  Value perSection = b.mul(counts.blocks, counts.section);
  Value firstHead = b.mul(b.div(tile, perSection), counts.section);
  Value inSection = b.rem(tile, perSection);
  Value block, head;
  if (order != TileOrder::ByHead) {
    Value left = b.sub(allHeads, firstHead);
    Value heads = arith::MinUIOp::create(b, counts.section, left);
    Value lastBlock = b.sub(counts.blocks, b.index(1));
    Value rising = b.div(inSection, heads);
    block = b.sub(lastBlock, rising);
    if (order == TileOrder::Alternating)
      block = arith::SelectOp::create(b, emitIsFalling(b, left, counts.section),
                                      block, rising);
    head = b.rem(inSection, heads);
  } else {
    block = b.rem(inSection, counts.blocks);
    head = b.div(inSection, counts.blocks);
  }
  head = b.add(firstHead, head);
  Value headOfBatch = b.rem(head, counts.heads);
  return {block, headOfBatch, b.div(head, counts.heads)};
}

void attn::emitTileLoop(TileBuilder &b, const TileCounts &counts,
                        TileOrder order,
                        function_ref<void(TileIndex)> emitTile) {
  Value allHeads = b.mul(counts.heads, counts.batches);
  Value firstTile = BlockIdOp::create(b, GridDim::x);
  Value end = b.mul(counts.blocks, allHeads);
  auto loop =
      scf::ForOp::create(b, firstTile, end, GridDimOp::create(b, GridDim::x));
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(loop.getBody());
  emitTile(tileInOrder(b, counts, order, loop.getInductionVar()));
}
