//===- PipelineLoads.cpp - Copies of the next KV tiles in flight ----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   scf.for %t = %first to %last {          copy tile %first to slot 0; commit
//     tile.copy_async %K[f(%t)] to %b       scf.for %t = %first to %last {
//     tile.commit_copies             =>       tile.wait_copies pending = 0
//     tile.wait_copies pending = 0            if %t + 1 < %last: copy it to the
//     … %b …                                    next slot
//   }                                         tile.commit_copies
//                                             … %b[(%t - %first) mod 2] …
//                                           }
//
// A copy started in one loop of the walk may be used in the next one.
//
//===----------------------------------------------------------------------===//

#include "Walk.h"

#include "attn/Dialect/Tile/Transforms/Passes.h"
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
  LogicalResult makeRings(Walk &walk);
  void emitPrologue(Walk &walk);
  void rewriteBody(Walk &walk, scf::ForOp loop);
  Value slotOf(OpBuilder &builder, Location loc, Walk &walk, Value tile);

  int64_t stages = 0;
  llvm::SmallSetVector<Value, 4> rings;
};

} // namespace

/// (tile - first) mod stages.
Value PipelineLoads::slotOf(OpBuilder &builder, Location loc, Walk &walk,
                            Value tile) {
  Value step = arith::SubIOp::create(builder, loc, tile, walk.first());
  Value count = arith::ConstantIndexOp::create(builder, loc, stages);
  return arith::RemUIOp::create(builder, loc, step, count);
}

/// Every buffer that the walk copies into becomes a ring.
LogicalResult PipelineLoads::makeRings(Walk &walk) {
  for (scf::ForOp loop : walk.loops)
    for (auto copy : loop.getBody()->getOps<CopyAsyncOp>()) {
      auto alloc = copy.getDest().getDefiningOp<AllocOp>();
      if (!alloc)
        return copy.emitOpError("expected a whole buffer as destination");
      rings.insert(alloc.getResult());
    }
  for (Value ring : rings) {
    auto type = cast<SharedType>(ring.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape.insert(shape.begin(), stages);
    ring.setType(SharedType::get(&getContext(), shape, type.getElementType(),
                                 type.getSwizzle()));
  }
  return success();
}

/// Starts the first `stages - 1` copies.
void PipelineLoads::emitPrologue(Walk &walk) {
  scf::ForOp loop = walk.loops.front();
  Location loc = loop.getLoc();
  OpBuilder builder = walk.prologue(getOperation(), stages - 1);
  for (int64_t stage = 0; stage < stages - 1; ++stage) {
    Value offset = arith::ConstantIndexOp::create(builder, loc, stage);
    Value tile = arith::AddIOp::create(builder, loc, walk.first(), offset);
    walk.emitIfThere(builder, loc, tile, [&](OpBuilder &body) {
      for (auto copy : loop.getBody()->getOps<CopyAsyncOp>()) {
        Value slot = SlotOp::create(body, loc, copy.getDest(), offset);
        cloneCopy(body, copy, loop, tile, slot);
      }
    });
    CommitCopiesOp::create(builder, loc);
  }
}

void PipelineLoads::rewriteBody(Walk &walk, scf::ForOp loop) {
  Location loc = loop.getLoc();
  SmallVector<CopyAsyncOp> copies(loop.getBody()->getOps<CopyAsyncOp>());
  SmallVector<Operation *> synchronous = synchronousCopies(loop);

  auto builder = OpBuilder::atBlockBegin(loop.getBody());
  WaitCopiesOp::create(builder, loc, stages - 2);
  Value ahead = arith::ConstantIndexOp::create(builder, loc, stages - 1);
  Value next =
      arith::AddIOp::create(builder, loc, loop.getInductionVar(), ahead);
  walk.emitIfThere(builder, loc, next, [&](OpBuilder &body) {
    Value nextSlot = slotOf(body, loc, walk, next);
    for (CopyAsyncOp copy : copies)
      cloneCopy(body, copy, loop, next,
                SlotOp::create(body, loc, copy.getDest(), nextSlot));
  });
  CommitCopiesOp::create(builder, loc);

  Value slot = slotOf(builder, loc, walk, loop.getInductionVar());
  for (Value ring : rings) {
    Value current = SlotOp::create(builder, loc, ring, slot);
    ring.replaceUsesWithIf(current, [&](OpOperand &use) {
      return use.getOwner()->getBlock() == loop.getBody() &&
             !isa<SlotOp>(use.getOwner());
    });
  }
  for (Operation *op : llvm::reverse(synchronous))
    op->erase();
}

void PipelineLoads::runOnOperation() {
  rings.clear();
  ScheduleAttr schedule = getOperation().getAttentionSchedule();
  stages = schedule ? schedule.getStages() : 1;
  if (stages == 1)
    return;
  Walk walk = Walk::find(getOperation());
  if (walk.loops.empty())
    return;
  if (failed(makeRings(walk)))
    return signalPassFailure();
  emitPrologue(walk);
  for (scf::ForOp loop : walk.loops)
    rewriteBody(walk, loop);
}
