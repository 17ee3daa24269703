//===- PipelineLoads.cpp - Copies of the next tiles in flight -------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   tile.walk from %first to %last (%t) {   copy tile %first to slot 0; commit
//     tile.copy_async %K[f(%t)] to %b       tile.walk from %first to %last (%t)
//     { tile.commit_copies             =>       tile.wait_copies pending = 0
//     tile.wait_copies pending = 0            if %t + 1 < %last: copy it to the
//     … %b …                                    next slot
//   }                                         tile.commit_copies
//                                             … %b[%t - %first] …
//                                           }
//
// A copy started in one segment of the walk may be used in the next one.
//
//===----------------------------------------------------------------------===//

#include "Walks.h"

#include "attn/Dialect/Tile/Transforms/Passes.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace attn::tile {
#define GEN_PASS_DEF_PIPELINELOADS
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn::tile;

namespace {

struct PipelineLoads
    : public attn::tile::impl::PipelineLoadsBase<PipelineLoads> {
  void runOnOperation() override;

private:
  bool canPipeline(WalkOp walk);
  void makeRings(ArrayRef<WalkOp> walks);
  void emitPrologue(WalkOp walk);
  void rewriteStep(WalkOp walk, unsigned segment);
};

} // namespace

/// Declines, with a remark, where copies cannot be started before their step.
bool PipelineLoads::canPipeline(WalkOp walk) {
  if (copiesOf(*walk.getStep(0)).empty() || walk.getStages() == 1)
    return false;
  auto decline = [&](StringRef reason) {
    remarkMissed(walk, getArgument(), "NotPipelined", reason);
    return false;
  };
  if (!copiesAreAlike(walk))
    return decline("segments copy different tiles");
  for (CopyAsyncOp copy : copiesOf(*walk.getStep(0)))
    if (!copy.getDest().getDefiningOp<AllocOp>() ||
        copy.getDest().getType().isRing())
      return decline("a copy does not fill a whole buffer");
  return true;
}

/// Every buffer that a walk copies into becomes a ring, with room for what any
/// of the walks that use it has in flight.
void PipelineLoads::makeRings(ArrayRef<WalkOp> walks) {
  llvm::MapVector<Value, int64_t> slots;
  for (WalkOp walk : walks)
    for (CopyAsyncOp copy : copiesOf(*walk.getStep(0))) {
      int64_t &most = slots[copy.getDest()];
      most = std::max<int64_t>(most, walk.getStages());
    }
  for (auto [ring, count] : slots) {
    auto type = cast<SharedType>(ring.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape.insert(shape.begin(), count);
    ring.setType(SharedType::get(&getContext(), shape, type.getElementType(),
                                 type.getSwizzle()));
  }
}

/// Starts the first `stages - 1` copies.
void PipelineLoads::emitPrologue(WalkOp walk) {
  Location loc = walk.getLoc();
  int64_t ahead = walk.getStages() - 1;
  OpBuilder builder = prologueOf(walk, ahead);
  for (int64_t use = 0; use < ahead; ++use) {
    Value offset = arith::ConstantIndexOp::create(builder, loc, use);
    Value tile = arith::AddIOp::create(builder, loc, walk.getFirst(), offset);
    emitIfThere(builder, walk, tile, [&](OpBuilder &body) {
      for (CopyAsyncOp copy : copiesOf(*walk.getStep(0)))
        cloneCopy(body, copy, walk, tile,
                  SlotOp::create(body, loc, copy.getDest(), offset));
    });
    CommitCopiesOp::create(builder, loc);
  }
}

void PipelineLoads::rewriteStep(WalkOp walk, unsigned segment) {
  Location loc = walk.getLoc();
  Block &step = *walk.getStep(segment);
  SmallVector<CopyAsyncOp> copies = copiesOf(step);
  llvm::SmallSetVector<Value, 4> rings;
  for (CopyAsyncOp copy : copies)
    rings.insert(copy.getDest());
  SmallVector<Operation *> synchronous = copyingOpsOf(step);

  OpBuilder builder(&step, step.begin());
  WaitCopiesOp::create(builder, loc, walk.getStages() - 2);
  Value ahead =
      arith::ConstantIndexOp::create(builder, loc, walk.getStages() - 1);
  Value next =
      arith::AddIOp::create(builder, loc, walk.getTile(segment), ahead);
  emitIfThere(builder, walk, next, [&](OpBuilder &body) {
    Value use = emitUse(body, walk, next);
    for (CopyAsyncOp copy : copies)
      cloneCopy(body, copy, walk, next,
                SlotOp::create(body, loc, copy.getDest(), use));
  });
  CommitCopiesOp::create(builder, loc);

  Value use = emitUse(builder, walk, walk.getTile(segment));
  for (Value ring : rings) {
    Value current = SlotOp::create(builder, loc, ring, use);
    ring.replaceUsesWithIf(current, [&](OpOperand &operand) {
      Operation *user = operand.getOwner();
      return step.findAncestorOpInBlock(*user) && !isa<SlotOp>(user);
    });
  }
  for (Operation *op : llvm::reverse(synchronous))
    op->erase();
}

void PipelineLoads::runOnOperation() {
  SmallVector<WalkOp> walks;
  getOperation().walk([&](WalkOp walk) {
    if (canPipeline(walk))
      walks.push_back(walk);
  });
  makeRings(walks);
  for (WalkOp walk : walks) {
    emitPrologue(walk);
    for (unsigned i = 0; i < walk.getNumSegments(); ++i)
      rewriteStep(walk, i);
  }
}
