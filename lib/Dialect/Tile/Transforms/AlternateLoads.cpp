//===- AlternateLoads.cpp - One tile is copied while another is used ------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   tile.walk from %first to %last (%t) {   copy K of tile %first; commit
//     copy K of tile %t; commit; wait       tile.walk from %first to %last (%t)
//     { … dot with K …                          wait; copy V of tile %t; commit
//     copy V of tile %t; commit; wait   =>    … dot with K …
//     … dot with V …                          wait
//   }                                         if %t + 1 < %last: copy its K
//                                             commit
//                                             … dot with V …
//                                           }
//
// Each operand has one buffer, and the next one is copied while one is used. It
// costs a barrier for each of them where a ring of two stages costs one, and
// half the shared memory.
//
//===----------------------------------------------------------------------===//

#include "Walks.h"

#include "attn/Dialect/Tile/Analysis/Effects.h"
#include "attn/Dialect/Tile/Transforms/Passes.h"

namespace attn::tile {
#define GEN_PASS_DEF_ALTERNATELOADS
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn::tile;

namespace {

struct AlternateLoads
    : public attn::tile::impl::AlternateLoadsBase<AlternateLoads> {
  void runOnOperation() override;

private:
  bool canAlternate(WalkOp walk);
  void rewriteStep(WalkOp walk, unsigned segment);
};

} // namespace

/// True if the step is done with each copied tile before it reads the next.
static bool readsInTurn(Block &step) {
  Operation *done = nullptr;
  for (CopyAsyncOp copy : copiesOf(step)) {
    Value buffer = bufferOf(copy.getDest());
    Operation *first = firstReader(buffer, step);
    if (!first || (done && !done->isBeforeInBlock(first)))
      return false;
    done = lastReader(buffer, step);
  }
  return true;
}

/// Declines, with a remark, where no tile is free while another is used.
bool AlternateLoads::canAlternate(WalkOp walk) {
  SmallVector<CopyAsyncOp> copies = copiesOf(*walk.getStep(0));
  if (copies.empty() || walk.getStages() != 1)
    return false;
  auto decline = [&](StringRef reason) {
    remarkMissed(walk, getArgument(), "NotAlternated", reason);
    return false;
  };
  if (copies.size() == 1)
    return decline("a step copies one tile only");
  llvm::SmallDenseSet<Value> buffers;
  for (CopyAsyncOp copy : copies)
    if (!buffers.insert(bufferOf(copy.getDest())).second)
      return decline("a step copies two tiles to one buffer");
  if (!copiesAreAlike(walk))
    return decline("segments copy different tiles");
  for (Region &segment : walk.getSegments())
    if (!readsInTurn(segment.front()))
      return decline("a step reads a tile again when it has read the next one");
  return true;
}

/// While a tile is used, the next one of the step is copied, and behind the
/// last one the first of the next step.
void AlternateLoads::rewriteStep(WalkOp walk, unsigned segment) {
  Location loc = walk.getLoc();
  Block &step = *walk.getStep(segment);
  Value tile = walk.getTile(segment);
  SmallVector<CopyAsyncOp> copies = copiesOf(step);
  SmallVector<Operation *> readers;
  for (CopyAsyncOp copy : copies)
    readers.push_back(lastReader(bufferOf(copy.getDest()), step));
  SmallVector<Operation *> synchronous = copyingOpsOf(step);

  OpBuilder builder(&step, step.begin());
  for (size_t i = 0; i < copies.size(); ++i) {
    if (i > 0)
      builder.setInsertionPointAfter(readers[i - 1]);
    WaitCopiesOp::create(builder, loc, 0);
    if (i + 1 < copies.size()) {
      cloneCopy(builder, copies[i + 1], walk, tile, copies[i + 1].getDest());
    } else {
      Value one = arith::ConstantIndexOp::create(builder, loc, 1);
      Value next = arith::AddIOp::create(builder, loc, tile, one);
      emitIfThere(builder, walk, next, [&](OpBuilder &body) {
        cloneCopy(body, copies[0], walk, next, copies[0].getDest());
      });
    }
    CommitCopiesOp::create(builder, loc);
  }
  for (Operation *op : llvm::reverse(synchronous))
    op->erase();
}

void AlternateLoads::runOnOperation() {
  SmallVector<WalkOp> walks;
  getOperation().walk([&](WalkOp walk) {
    if (canAlternate(walk))
      walks.push_back(walk);
  });
  for (WalkOp walk : walks) {
    CopyAsyncOp first = copiesOf(*walk.getStep(0)).front();
    OpBuilder builder = prologueOf(walk, /*groups=*/1);
    emitIfThere(builder, walk, walk.getFirst(), [&](OpBuilder &body) {
      cloneCopy(body, first, walk, walk.getFirst(), first.getDest());
    });
    CommitCopiesOp::create(builder, walk.getLoc());
    for (unsigned i = 0; i < walk.getNumSegments(); ++i)
      rewriteStep(walk, i);
  }
}
