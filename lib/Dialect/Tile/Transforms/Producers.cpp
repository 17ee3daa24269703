//===- Producers.cpp - Programs of warps that copy ------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Walks.h"
#include "WarpPrograms.h"

#include "attn/Dialect/Tile/Analysis/Slices.h"

using namespace mlir;
using namespace attn::tile;

static Value constantIndex(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

SmallVector<Value> UseCounts::get(OpBuilder &builder, Location loc,
                                  ArrayRef<unsigned> counters) {
  SmallVector<SmallVector<Value>> uses(counters.size());
  for (auto [i, counter] : llvm::enumerate(counters))
    for (auto [first, last] : pending[counter]) {
      Value count = constantIndex(builder, loc, first ? 0 : 1);
      if (first)
        count = arith::MaxSIOp::create(
            builder, loc, arith::SubIOp::create(builder, loc, last, first),
            count);
      uses[i].push_back(count);
    }
  SmallVector<Value> results;
  for (auto [i, counter] : llvm::enumerate(counters)) {
    for (Value count : uses[i])
      counts[counter] =
          arith::AddIOp::create(builder, loc, counts[counter], count);
    pending[counter].clear();
    results.push_back(counts[counter]);
  }
  return results;
}

Value attn::tile::slotOf(OpBuilder &builder, Location loc,
                         const CopyPlan::Channel &channel, Value use,
                         SharedType tile) {
  ChannelOp op = channel.op;
  Value slot = SlotOp::create(builder, loc, op.getRing(), use);
  if (slot.getType() == tile)
    return slot;
  return ReuseOp::create(builder, loc, tile, slot);
}

void ProducerWriter::writeFetch(CopyAsyncOp copy, Value use,
                                OpBuilder &builder) {
  CopyPlan::Channel &channel = plan.channelOf(copy);
  Location at = copy.getLoc();
  AcquireOp::create(builder, at, channel.op.getEmpty(), use);
  Value slot = slotOf(builder, at, channel, use, channel.tile);
  Value source = toProducer(copy.getSource(), builder);
  SmallVector<Value> indices;
  for (Value index : copy.getIndices())
    indices.push_back(toProducer(index, builder));
  FetchOp::create(builder, at, source, indices, slot, channel.op.getFull(), use,
                  copy.getBoxAttr());
}

/// A loop over the tiles [from, to), which are copied as `segment` does.
void ProducerWriter::writeFetches(WalkOp walk, unsigned segment, Value from,
                                  Value to, OpBuilder &builder,
                                  UseCounts &counts) {
  SmallVector<CopyAsyncOp> copies = copiesOf(*walk.getStep(segment));
  SmallVector<Value> before(plan.counters.size());
  for (unsigned counter : plan.countersAt(walk, role))
    before[counter] = counts.get(builder, loc, counter);
  auto fetches = scf::ForOp::create(builder, loc, from, to,
                                    constantIndex(builder, loc, 1));
  mapping.map(walk.getTile(segment), fetches.getInductionVar());
  auto inner = OpBuilder::atBlockBegin(fetches.getBody());
  Value step = arith::SubIOp::create(inner, loc, fetches.getInductionVar(),
                                     mapping.lookupOrDefault(walk.getFirst()));
  SmallVector<Value> uses(plan.counters.size());
  for (CopyAsyncOp copy : copies) {
    if (!isMine(copy))
      continue;
    Value &use = uses[plan.channelOf(copy).counter];
    if (!use)
      use = arith::AddIOp::create(inner, loc,
                                  before[plan.channelOf(copy).counter], step);
    writeFetch(copy, use, inner);
  }
}

/// One loop where all segments copy alike.
void ProducerWriter::writeWalk(WalkOp walk, OpBuilder &builder,
                               UseCounts &counts) {
  bool isAlike = copiesAreAlike(walk);
  Value first = toProducer(walk.getFirst(), builder);
  Value last = toProducer(walk.getLast(), builder);
  if (isAlike)
    writeFetches(walk, 0, first, last, builder, counts);
  for (unsigned i = 0; i < walk.getNumSegments() && !isAlike; ++i)
    writeFetches(walk, i, toProducer(walk.getLower(i), builder),
                 toProducer(walk.getUpper(i), builder), builder, counts);
  for (unsigned counter : plan.countersAt(walk, role))
    counts.add(counter, first, last);
}

void ProducerWriter::writeLoop(scf::ForOp loop, OpBuilder &builder,
                               UseCounts &counts) {
  SmallVector<unsigned> counters = plan.countersWithin(loop, role);
  if (counters.empty())
    return;
  SmallVector<Value> bounds, inits;
  for (Value bound :
       {loop.getLowerBound(), loop.getUpperBound(), loop.getStep()})
    bounds.push_back(toProducer(bound, builder));
  llvm::append_range(inits, counts.get(builder, loc, counters));
  auto mine =
      scf::ForOp::create(builder, loc, bounds[0], bounds[1], bounds[2], inits);
  mapping.map(loop.getInductionVar(), mine.getInductionVar());
  UseCounts inLoop = counts;
  for (auto [i, counter] : llvm::enumerate(counters)) {
    inLoop.set(counter, mine.getRegionIterArg(i));
    counts.set(counter, mine.getResult(i));
  }
  auto inner = OpBuilder::atBlockBegin(mine.getBody());
  write(*loop.getBody(), inner, inLoop);
  scf::YieldOp::create(inner, loc, inLoop.get(inner, loc, counters));
}

void ProducerWriter::write(Block &from, OpBuilder &builder, UseCounts &counts) {
  for (Operation &op : from) {
    if (auto loop = dyn_cast<scf::ForOp>(op))
      writeLoop(loop, builder, counts);
    if (auto walk = dyn_cast<WalkOp>(op))
      if (!plan.countersAt(walk, role).empty())
        writeWalk(walk, builder, counts);
    auto copy = dyn_cast<CopyAsyncOp>(op);
    if (!copy || !isMine(copy))
      continue;
    unsigned counter = plan.channelOf(copy).counter;
    writeFetch(copy, counts.get(builder, loc, counter), builder);
    counts.add(counter);
  }
}
