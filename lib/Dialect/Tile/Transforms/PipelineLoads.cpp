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
// Masked and unmasked KV tiles are separate loops, so the walk over the tiles is
// a chain of loops, each of which begins where the one before it ends. A copy
// started in one loop may be used in the next one.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/Transforms/Passes.h"

#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

namespace attn::tile {
#define GEN_PASS_DEF_PIPELINELOADS
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn::tile;

namespace {

/// The chain of loops over KV tiles [first, last).
struct Walk {
  SmallVector<scf::ForOp> loops;
  Value first() { return loops.front().getLowerBound(); }
  Value last() { return loops.back().getUpperBound(); }
};

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

static bool copiesTiles(scf::ForOp loop) {
  return !loop.getBody()->getOps<CopyAsyncOp>().empty();
}

static Walk findWalk(KernelOp kernel) {
  Walk walk;
  for (auto loop : kernel.getBody().front().getOps<scf::ForOp>()) {
    if (!copiesTiles(loop))
      continue;
    if (!walk.loops.empty() && walk.last() != loop.getLowerBound())
      break;
    walk.loops.push_back(loop);
  }
  return walk;
}

/// Clones `copy` for tile `tile` into `slot`, with whatever its indices compute
/// from the loop's induction variable.
static void cloneCopy(OpBuilder &builder, CopyAsyncOp copy, scf::ForOp loop,
                      Value tile, Value slot) {
  IRMapping mapping;
  mapping.map(loop.getInductionVar(), tile);
  mapping.map(copy.getDest(), slot);
  std::function<void(Value)> materialise = [&](Value value) {
    Operation *def = value.getDefiningOp();
    if (!def || def->getBlock() != loop.getBody() || mapping.contains(value))
      return;
    for (Value operand : def->getOperands())
      materialise(operand);
    builder.clone(*def, mapping);
  };
  for (Value index : copy.getIndices())
    materialise(index);
  builder.clone(*copy, mapping);
}

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

/// Starts the first `stages - 1` copies: before the wait for tiles that are
/// loaded once, if there is one, so that they travel together.
void PipelineLoads::emitPrologue(Walk &walk) {
  scf::ForOp loop = walk.loops.front();
  Operation *where = loop;
  DominanceInfo dominance(getOperation());
  for (auto wait : loop->getBlock()->getOps<WaitCopiesOp>()) {
    if (!wait->isBeforeInBlock(loop) ||
        !dominance.properlyDominates(walk.first(), wait) ||
        !dominance.properlyDominates(walk.last(), wait))
      continue;
    where = wait;
    wait.setPending(wait.getPending() + stages - 1);
    break;
  }
  OpBuilder builder(where);
  Location loc = loop.getLoc();
  for (int64_t stage = 0; stage < stages - 1; ++stage) {
    Value offset = arith::ConstantIndexOp::create(builder, loc, stage);
    Value tile = arith::AddIOp::create(builder, loc, walk.first(), offset);
    Value isThere = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::slt, tile, walk.last());
    auto guard = scf::IfOp::create(builder, loc, isThere, /*withElse=*/false);
    auto body = guard.getThenBodyBuilder();
    for (auto copy : loop.getBody()->getOps<CopyAsyncOp>()) {
      Value slot = SlotOp::create(body, loc, copy.getDest(), offset);
      cloneCopy(body, copy, loop, tile, slot);
    }
    CommitCopiesOp::create(builder, loc);
  }
}

void PipelineLoads::rewriteBody(Walk &walk, scf::ForOp loop) {
  Location loc = loop.getLoc();
  SmallVector<CopyAsyncOp> copies(loop.getBody()->getOps<CopyAsyncOp>());
  SmallVector<Operation *> synchronous;
  for (Operation &op : *loop.getBody())
    if (isa<CopyAsyncOp, CommitCopiesOp, WaitCopiesOp>(op))
      synchronous.push_back(&op);

  auto builder = OpBuilder::atBlockBegin(loop.getBody());
  WaitCopiesOp::create(builder, loc, stages - 2);
  Value ahead = arith::ConstantIndexOp::create(builder, loc, stages - 1);
  Value next =
      arith::AddIOp::create(builder, loc, loop.getInductionVar(), ahead);
  Value isThere = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::slt, next, walk.last());
  auto guard = scf::IfOp::create(builder, loc, isThere, /*withElse=*/false);
  auto body = guard.getThenBodyBuilder();
  Value nextSlot = slotOf(body, loc, walk, next);
  for (CopyAsyncOp copy : copies)
    cloneCopy(body, copy, loop, next,
              SlotOp::create(body, loc, copy.getDest(), nextSlot));
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
  stages = getOperation().getSchedule().getStages();
  rings.clear();
  if (stages == 1)
    return;
  Walk walk = findWalk(getOperation());
  if (walk.loops.empty())
    return;
  if (failed(makeRings(walk)))
    return signalPassFailure();
  emitPrologue(walk);
  for (scf::ForOp loop : walk.loops)
    rewriteBody(walk, loop);
}
