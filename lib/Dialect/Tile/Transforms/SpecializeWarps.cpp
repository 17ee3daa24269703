//===- SpecializeWarps.cpp - Some warps copy, others compute --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   copy_async %Q[…] to %q                 roles produce {
//   commit; wait                             fetch %Q[…] to %q signals %qf[0]
//   for %t = %first to %last {               for %t = %first to %last {
//     copy_async %K[f(%t)] to %k               acquire %ke[%n]
//     commit; wait                  =>         fetch %K[f(%t)] to %k[%n mod 2]
//     … dot %q, %k …                             signals %kf[%n]
//   }                                        }
//                                          } consume {
//                                            await %qf[0]
//                                            for %t = %first to %last {
//                                              await %kf[%n]
//                                              … dot %q, %k[%n mod 2] …
//                                              release %ke[%n]
//                                            }
//                                          }
//
// with %n = %t - %first. Each buffer has barriers of its own, so that a tile of
// keys can be refilled while values are still read.
//
// Where a CTA takes one query tile after the other, both programs have that
// loop, and count the uses of the rings through it.
//
//===----------------------------------------------------------------------===//

#include "Walk.h"

#include "attn/Dialect/Tile/Transforms/Passes.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"

namespace attn::tile {
#define GEN_PASS_DEF_SPECIALIZEWARPS
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn::tile;

namespace {

/// A buffer that producers fill and consumers empty.
struct Channel {
  Value buffer;
  SharedType tile;   // what a slot holds when it is full
  Value full, empty; // barriers
};

/// Uses of the rings before a query tile: of the query's, and of the walk's.
struct Uses {
  Value query, walk;
};

struct SpecializeWarps
    : public attn::tile::impl::SpecializeWarpsBase<SpecializeWarps> {
  void runOnOperation() override;

private:
  void makeChannels();
  void makeChannel(Value buffer, SharedType place, int64_t slots);
  Uses countUses();
  void emitProducer(Block &block);
  void emitFetches(OpBuilder &builder, Uses uses, IRMapping &mapping);
  void emitFetch(OpBuilder &builder, CopyAsyncOp copy, Value use,
                 IRMapping &mapping);
  void rewriteConsumer(Uses uses);
  void rewriteStep(scf::ForOp loop, Value usesBefore);
  void awaitCopy(CopyAsyncOp copy, Value use);

  Walk walk;
  SmallVector<CopyAsyncOp> once; // before the walk
  scf::ForOp tiles;              // over query tiles; null where there is one
  Region *body = nullptr;        // the kernel's
  llvm::MapVector<Value, Channel> channels; // by buffer
};

} // namespace

static Value constantIndex(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

/// Clones what `value` is computed from, as far as it stands in `region`.
static void materialise(OpBuilder &builder, Value value, Region &region,
                        IRMapping &mapping) {
  Operation *def = value.getDefiningOp();
  if (!def || mapping.contains(value) ||
      !region.isAncestor(def->getParentRegion()))
    return;
  for (Value operand : def->getOperands())
    materialise(builder, operand, region, mapping);
  builder.clone(*def, mapping);
}

//===----------------------------------------------------------------------===//
// Channels
//===----------------------------------------------------------------------===//

/// The type of a place for either tile, row for row: as wide as the wider, in
/// panels that divide both.
static SharedType placeFor(SharedType a, SharedType b) {
  SharedType wider = a.getColumns() < b.getColumns() ? b : a;
  return SharedType::get(a.getContext(), wider.getShape(),
                         a.getElementType(),
                         std::min(a.getSwizzle(), b.getSwizzle()));
}

static SharedType withSwizzle(SharedType tile, int64_t swizzle) {
  return SharedType::get(tile.getContext(), tile.getShape(),
                         tile.getElementType(), swizzle);
}

/// A ring of `slots` in the place of `buffer`, of which each can hold `place`.
void SpecializeWarps::makeChannel(Value buffer, SharedType place,
                                  int64_t slots) {
  if (channels.contains(buffer))
    return;
  auto tile = withSwizzle(cast<SharedType>(buffer.getType()),
                          place.getSwizzle());
  SmallVector<int64_t> shape(place.getShape());
  shape.insert(shape.begin(), slots);
  buffer.setType(SharedType::get(&getContext(), shape, place.getElementType(),
                                 place.getSwizzle()));
  OpBuilder builder(&getContext());
  builder.setInsertionPointAfterValue(buffer);
  auto barriers = BarriersType::get(&getContext(), slots);
  auto make = [&](int64_t arrivals) -> Value {
    return AllocBarriersOp::create(builder, buffer.getLoc(), barriers, arrivals,
                                   IntegerAttr());
  };
  int64_t consumers = getOperation().getSchedule().getWarps();
  channels[buffer] = {buffer, tile, make(1), make(consumers)};
}

/// Buffers become rings. What is sent leaves from the query's place.
void SpecializeWarps::makeChannels() {
  ScheduleAttr schedule = getOperation().getSchedule();
  for (CopyAsyncOp copy : once) {
    SharedType place = copy.getDest().getType();
    getOperation().walk([&](PutOp put) {
      place = placeFor(place, put.getDest().getType());
    });
    makeChannel(copy.getDest(), place, 1 + schedule.getPrefetch());
  }
  for (scf::ForOp loop : walk.loops)
    for (auto copy : loop.getBody()->getOps<CopyAsyncOp>())
      makeChannel(copy.getDest(), copy.getDest().getType(),
                  schedule.getStages());
}

/// Slot of use `use` of a ring, as a tile of that type.
static Value slotOf(OpBuilder &builder, Location loc, Value ring, Value use,
                    SharedType tile) {
  int64_t slots = cast<SharedType>(ring.getType()).getSlots();
  Value index = arith::RemUIOp::create(builder, loc, use,
                                       constantIndex(builder, loc, slots));
  Value slot = SlotOp::create(builder, loc, ring, index);
  if (slot.getType() == tile)
    return slot;
  return ReuseOp::create(builder, loc, tile, slot);
}

/// Uses behind a query tile whose walk is [first, last).
static SmallVector<Value> emitUsesBehind(OpBuilder &builder, Location loc,
                                         Uses uses, Value first, Value last) {
  Value steps = arith::SubIOp::create(builder, loc, last, first);
  steps = arith::MaxSIOp::create(builder, loc, steps,
                                 constantIndex(builder, loc, 0));
  return {arith::AddIOp::create(builder, loc, uses.query,
                                constantIndex(builder, loc, 1)),
          arith::AddIOp::create(builder, loc, uses.walk, steps)};
}

/// The loop over query tiles carries them; one tile is the first.
Uses SpecializeWarps::countUses() {
  scf::ForOp loop = walk.loops.front();
  Location loc = loop.getLoc();
  IRRewriter rewriter(&getContext());
  if (!tiles) {
    rewriter.setInsertionPointToStart(loop->getBlock());
    Value none = constantIndex(rewriter, loc, 0);
    return {none, none};
  }
  rewriter.setInsertionPoint(tiles);
  Value none = constantIndex(rewriter, loc, 0);
  auto yield = [&](OpBuilder &builder, Location loc,
                   ArrayRef<BlockArgument> counts) {
    return emitUsesBehind(builder, loc, {counts[0], counts[1]}, walk.first(),
                          walk.last());
  };
  auto counting = tiles.replaceWithAdditionalYields(
      rewriter, {none, none}, /*replaceInitOperandUsesInLoop=*/false, yield);
  tiles = cast<scf::ForOp>(counting->getOperation());
  return {tiles.getRegionIterArg(0), tiles.getRegionIterArg(1)};
}

//===----------------------------------------------------------------------===//
// Producers
//===----------------------------------------------------------------------===//

void SpecializeWarps::emitFetch(OpBuilder &builder, CopyAsyncOp copy, Value use,
                                IRMapping &mapping) {
  Location loc = copy.getLoc();
  Channel &channel = channels[copy.getDest()];
  AcquireOp::create(builder, loc, channel.empty, use);
  Value slot = slotOf(builder, loc, channel.buffer, use, channel.tile);
  SmallVector<Value> operands = {copy.getSource()};
  llvm::append_range(operands, copy.getIndices());
  for (Value &operand : operands) {
    materialise(builder, operand, *body, mapping);
    operand = mapping.lookupOrDefault(operand);
  }
  FetchOp::create(builder, loc, operands.front(),
                  ArrayRef(operands).drop_front(), slot, channel.full, use,
                  copy.getBoxAttr());
}

/// Whatever loop a tile is used in, it is copied the same way.
void SpecializeWarps::emitFetches(OpBuilder &builder, Uses uses,
                                  IRMapping &mapping) {
  scf::ForOp loop = walk.loops.front();
  Location loc = loop.getLoc();
  for (CopyAsyncOp copy : once)
    emitFetch(builder, copy, uses.query, mapping);
  for (Value bound : {walk.first(), walk.last()})
    materialise(builder, bound, *body, mapping);
  Value first = mapping.lookupOrDefault(walk.first());
  auto fetches = scf::ForOp::create(builder, loc, first,
                                    mapping.lookupOrDefault(walk.last()),
                                    constantIndex(builder, loc, 1));
  mapping.map(loop.getInductionVar(), fetches.getInductionVar());
  auto inner = OpBuilder::atBlockBegin(fetches.getBody());
  Value step =
      arith::SubIOp::create(inner, loc, fetches.getInductionVar(), first);
  Value use = arith::AddIOp::create(inner, loc, uses.walk, step);
  for (auto copy : loop.getBody()->getOps<CopyAsyncOp>())
    emitFetch(inner, copy, use, mapping);
}

void SpecializeWarps::emitProducer(Block &block) {
  auto builder = OpBuilder::atBlockBegin(&block);
  Location loc = walk.loops.front().getLoc();
  Value none = constantIndex(builder, loc, 0);
  IRMapping mapping;
  if (!tiles)
    return emitFetches(builder, {none, none}, mapping);
  for (Value bound : {tiles.getLowerBound(), tiles.getUpperBound(),
                      tiles.getStep()})
    materialise(builder, bound, *body, mapping);
  auto loop = scf::ForOp::create(
      builder, loc, mapping.lookupOrDefault(tiles.getLowerBound()),
      mapping.lookupOrDefault(tiles.getUpperBound()),
      mapping.lookupOrDefault(tiles.getStep()), ValueRange{none, none});
  mapping.map(tiles.getInductionVar(), loop.getInductionVar());
  auto inner = OpBuilder::atBlockBegin(loop.getBody());
  Uses uses = {loop.getRegionIterArg(0), loop.getRegionIterArg(1)};
  emitFetches(inner, uses, mapping);
  scf::YieldOp::create(
      inner, loc,
      emitUsesBehind(inner, loc, uses, mapping.lookupOrDefault(walk.first()),
                     mapping.lookupOrDefault(walk.last())));
}

//===----------------------------------------------------------------------===//
// Consumers
//===----------------------------------------------------------------------===//

/// The wait that follows becomes one for the barrier.
void SpecializeWarps::awaitCopy(CopyAsyncOp copy, Value use) {
  auto commit = cast<CommitCopiesOp>(copy->getNextNode());
  auto wait = cast<WaitCopiesOp>(commit->getNextNode());
  OpBuilder builder(wait);
  AwaitOp::create(builder, wait.getLoc(), channels[copy.getDest()].full, use);
  wait.erase();
  commit.erase();
  copy.erase();
}

static Operation *lastReader(Value buffer, Block *block) {
  Operation *last = nullptr;
  for (Operation *user : buffer.getUsers())
    if (user->getBlock() == block && isa<DotOp>(user) &&
        (!last || last->isBeforeInBlock(user)))
      last = user;
  return last;
}

static void replaceInDots(Value buffer, Value slot, Block *block) {
  buffer.replaceUsesWithIf(slot, [&](OpOperand &operand) {
    Operation *user = operand.getOwner();
    return isa<DotOp>(user) && (!block || user->getBlock() == block);
  });
}

/// Warps are done with a slot behind the last product that reads it.
static void releaseBehind(Operation *reader, Value empty, Value use) {
  OpBuilder builder(reader->getBlock(), std::next(Block::iterator(reader)));
  ReleaseOp::create(builder, reader->getLoc(), empty, use);
}

void SpecializeWarps::rewriteStep(scf::ForOp loop, Value usesBefore) {
  Location loc = loop.getLoc();
  Block *step = loop.getBody();
  auto builder = OpBuilder::atBlockBegin(step);
  Value use = arith::SubIOp::create(builder, loc, loop.getInductionVar(),
                                    walk.first());
  use = arith::AddIOp::create(builder, loc, usesBefore, use);
  SmallVector<CopyAsyncOp> copies(step->getOps<CopyAsyncOp>());
  for (CopyAsyncOp copy : copies) {
    Channel channel = channels[copy.getDest()];
    releaseBehind(lastReader(channel.buffer, step), channel.empty, use);
    replaceInDots(channel.buffer,
                  slotOf(builder, loc, channel.buffer, use, channel.tile),
                  step);
    awaitCopy(copy, use);
  }
}

/// Results go where the query was: nobody but the warp that writes a row there
/// has read it.
static void putInPlace(PutOp put, Value query, Value use) {
  auto alloc = put.getDest().getDefiningOp<AllocOp>();
  auto type = withSwizzle(put.getDest().getType(),
                          cast<SharedType>(query.getType()).getSwizzle());
  OpBuilder builder(put);
  Value place = slotOf(builder, put.getLoc(), query, use, type);
  alloc.getResult().replaceAllUsesWith(place);
  alloc.erase();
}

void SpecializeWarps::rewriteConsumer(Uses uses) {
  for (scf::ForOp loop : walk.loops)
    rewriteStep(loop, uses.walk);
  Block *tile = walk.loops.front()->getBlock();
  for (CopyAsyncOp copy : once) {
    Location loc = copy.getLoc();
    Channel channel = channels[copy.getDest()];
    OpBuilder builder(copy);
    replaceInDots(channel.buffer,
                  slotOf(builder, loc, channel.buffer, uses.query,
                         channel.tile),
                  nullptr);
    tile->walk([&](PutOp put) {
      putInPlace(put, channel.buffer, uses.query);
    });
    awaitCopy(copy, uses.query);
    if (!tiles)
      continue; // nobody waits for it
    // At the end, as results may leave from its place.
    builder.setInsertionPoint(tile->getTerminator());
    ReleaseOp::create(builder, loc, channel.empty, uses.query);
  }
}

void SpecializeWarps::runOnOperation() {
  KernelOp kernel = getOperation();
  channels.clear();
  walk = Walk::find(kernel);
  if (!kernel.isSpecialized() || walk.loops.empty())
    return;
  body = &kernel.getBody();
  Block *tile = walk.loops.front()->getBlock();
  tiles = dyn_cast<scf::ForOp>(tile->getParentOp());
  once.assign(tile->getOps<CopyAsyncOp>().begin(),
              tile->getOps<CopyAsyncOp>().end());
  makeChannels();
  Uses uses = countUses();

  Block &program = body->front();
  OpBuilder builder(program.getTerminator());
  auto roles = RolesOp::create(builder, kernel.getLoc());
  Block &producer = roles.getProducer().emplaceBlock();
  Block &consumer = roles.getConsumer().emplaceBlock();
  for (Operation &op : llvm::make_early_inc_range(program.without_terminator()))
    if (!isa<AllocOp, AllocBarriersOp, RolesOp>(op))
      op.moveBefore(&consumer, consumer.end());
  emitProducer(producer);
  rewriteConsumer(uses);
}
