//===- Consumers.cpp - The program of warps that compute ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Walks.h"
#include "WarpPrograms.h"

#include "attn/Dialect/Tile/Analysis/Effects.h"

using namespace mlir;
using namespace attn::tile;

/// Carries counts through a loop around places.
void ConsumerWriter::countLoop(scf::ForOp loop, UseCounts &counts) {
  SmallVector<unsigned> counters = plan.countersWithin(loop, StringAttr());
  if (counters.empty())
    return;
  IRRewriter rewriter(loop->getContext());
  rewriter.setInsertionPoint(loop);
  SmallVector<Value> inits = counts.get(rewriter, loop.getLoc(), counters);
  UseCounts inLoop = counts;
  auto yield = [&](OpBuilder &builder, Location loc,
                   ArrayRef<BlockArgument> carried) {
    for (auto [counter, argument] : llvm::zip(counters, carried))
      inLoop.set(counter, argument);
    countUses(*builder.getInsertionBlock(), inLoop);
    return inLoop.get(builder, loc, counters);
  };
  unsigned results = loop.getNumResults();
  auto counting =
      cast<scf::ForOp>(loop.replaceWithAdditionalYields(
                               rewriter, inits,
                               /*replaceInitOperandUsesInLoop=*/false, yield)
                           ->getOperation());
  for (auto [i, counter] : llvm::enumerate(counters))
    counts.set(counter, counting.getResult(results + i));
}

void ConsumerWriter::countUses(Block &block, UseCounts &counts) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      countLoop(loop, counts);
      continue;
    }
    auto walk = dyn_cast<WalkOp>(op);
    for (unsigned counter : plan.countersAt(&op, StringAttr())) {
      OpBuilder builder(&op);
      usesBefore[{&op, counter}] = counts.get(builder, op.getLoc(), counter);
      if (walk)
        counts.add(counter, walk.getFirst(), walk.getLast());
      else
        counts.add(counter);
    }
  }
}

/// The waits that cover copies become waits for their barriers.
LogicalResult ConsumerWriter::awaitCopies(Block &block) {
  SmallVector<SmallVector<CopyAsyncOp>> groups(1); // the last one is open
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto copy = dyn_cast<CopyAsyncOp>(op)) {
      groups.back().push_back(copy);
    } else if (isa<CommitCopiesOp>(op)) {
      groups.emplace_back();
      op.erase();
    } else if (auto wait = dyn_cast<WaitCopiesOp>(op)) {
      OpBuilder builder(wait);
      size_t inFlight = wait.getPending() + 1;
      size_t done = groups.size() > inFlight ? groups.size() - inFlight : 0;
      for (auto &group : MutableArrayRef(groups).take_front(done))
        for (CopyAsyncOp copy : group) {
          AwaitOp::create(builder, wait.getLoc(),
                          plan.channelOf(copy).op.getFull(), useOf[copy]);
          copy.erase();
        }
      groups.erase(groups.begin(), groups.begin() + done);
      wait.erase();
    }
  }
  for (auto &group : groups)
    if (!group.empty())
      return group.front().emitOpError(
          "expected a wait behind the copy, in its block");
  return success();
}

/// Replaces the buffer by slots for what reads it between `from` and `to`,
/// operations of one block; a null `to` is the block's end.
static void replaceReads(Value ring, Value slot, Operation *from,
                         Operation *to) {
  Block *block = from->getBlock();
  ring.replaceUsesWithIf(slot, [&](OpOperand &use) {
    Operation *user = use.getOwner(),
              *top = block->findAncestorOpInBlock(*user);
    return top && !isa<CopyAsyncOp, SlotOp>(user) &&
           !top->isBeforeInBlock(from) && (!to || top->isBeforeInBlock(to));
  });
}

/// Warps are done with a slot behind the last operation that reads it.
LogicalResult ConsumerWriter::writeStep(WalkOp walk, unsigned segment) {
  Location loc = walk.getLoc();
  Block &step = *walk.getStep(segment);
  auto builder = OpBuilder::atBlockBegin(&step);
  Value number = arith::SubIOp::create(builder, loc, walk.getTile(segment),
                                       walk.getFirst());
  SmallVector<Value> uses(plan.counters.size());
  for (CopyAsyncOp copy : copiesOf(step)) {
    CopyPlan::Channel &channel = plan.channelOf(copy);
    Value &use = uses[channel.counter];
    if (!use)
      use = arith::AddIOp::create(
          builder, loc, usesBefore.at({walk, channel.counter}), number);
    useOf[copy] = use;
    Operation *reader = lastReader(channel.op.getRing(), step);
    OpBuilder behind(&step, reader ? std::next(Block::iterator(reader))
                                   : Block::iterator(step.getTerminator()));
    ReleaseOp::create(behind, reader ? reader->getLoc() : loc,
                      channel.op.getEmpty(), use);
    Value slot = slotOf(builder, loc, channel, use, channel.tile);
    replaceReads(channel.op.getRing(), slot, &step.front(), nullptr);
  }
  return awaitCopies(step);
}

/// Results are written to the place of an operand.
static void putInPlace(PutOp put, const CopyPlan::Channel &channel, Value use) {
  auto alloc = put.getDest().getDefiningOp<AllocOp>();
  SharedType type =
      withSwizzle(put.getDest().getType(), channel.place.getSwizzle());
  OpBuilder builder(put);
  Value place = slotOf(builder, put.getLoc(), channel, use, type);
  alloc.getResult().replaceAllUsesWith(place);
  alloc.erase();
}

/// The slot is released at the end, as results may leave from its place, or
/// before it is filled again. Where it is never filled again, nobody waits for
/// the release.
LogicalResult ConsumerWriter::writeOnce(CopyAsyncOp copy) {
  Location loc = copy.getLoc();
  CopyPlan::Channel &channel = plan.channelOf(copy);
  Block *block = copy->getBlock();
  Operation *next = nullptr;
  for (Operation *place : channel.places)
    if (place->getBlock() == block && copy->isBeforeInBlock(place) &&
        (!next || place->isBeforeInBlock(next)))
      next = place;
  OpBuilder builder(copy);
  Value use = usesBefore.at({copy, channel.counter});
  useOf[copy] = use;
  Value slot = slotOf(builder, loc, channel, use, channel.tile);
  replaceReads(channel.op.getRing(), slot, copy, next);
  for (auto [put, place] : plan.puts)
    if (place == copy)
      putInPlace(cast<PutOp>(put), channel, use);
  bool isFilledAgain =
      channel.places.size() > 1 || isa<scf::ForOp>(block->getParentOp());
  if (!isFilledAgain)
    return success();
  builder.setInsertionPoint(next ? next : block->getTerminator());
  ReleaseOp::create(builder, loc, channel.op.getEmpty(), use);
  return success();
}

LogicalResult ConsumerWriter::write() {
  llvm::SmallSetVector<Block *, 4> blocks;
  SmallVector<CopyAsyncOp> once;
  llvm::SmallSetVector<Operation *, 4> walks;
  for (CopyAsyncOp copy : plan.copies) {
    if (isa<WalkOp>(placeOf(copy))) {
      walks.insert(placeOf(copy));
      continue;
    }
    once.push_back(copy);
    blocks.insert(copy->getBlock());
  }
  for (Operation *walk : walks)
    for (unsigned i = 0; i < cast<WalkOp>(walk).getNumSegments(); ++i)
      if (failed(writeStep(cast<WalkOp>(walk), i)))
        return failure();
  for (CopyAsyncOp copy : once)
    if (failed(writeOnce(copy)))
      return failure();
  return success(llvm::all_of(
      blocks, [&](Block *block) { return succeeded(awaitCopies(*block)); }));
}
