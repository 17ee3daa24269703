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
//   walk from %first to %last (%t) {         for %t = %first to %last {
//     copy_async %K[f(%t)] to %k               acquire %ke[%n]
//     commit; wait                  =>         fetch %K[f(%t)] to %k[%n]
//     … dot %q, %k …                             signals %kf[%n]
//   }                                        }
//                                          } consume {
//                                            await %qf[0]
//                                            walk from %first to %last (%t) {
//                                              await %kf[%n]
//                                              … dot %q, %k[%n] …
//                                              release %ke[%n]
//                                            }
//                                          }
//
// with %n = %t - %first. Each buffer is a channel with barriers of its own, so that
// a tile of keys can be refilled while values are still read. Copies of each role
// are a program of their own.
//
// Where copies stand in loops, the programs have those, and count the uses of
// channels through them.
//
//===----------------------------------------------------------------------===//

#include "CopyPlan.h"
#include "Walks.h"

#include "attn/Dialect/Tile/Analysis/Effects.h"
#include "attn/Dialect/Tile/Analysis/Slices.h"
#include "attn/Dialect/Tile/Transforms/Passes.h"
#include "mlir/IR/IRMapping.h"

namespace attn::tile {
#define GEN_PASS_DEF_SPECIALIZEWARPS
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn::tile;

namespace {

struct SpecializeWarps
    : public attn::tile::impl::SpecializeWarpsBase<SpecializeWarps> {
  void runOnOperation() override;
};

/// Uses of channels up to some place of a program, by counter. They are added up
/// where somebody asks.
class UseCounts {
public:
  UseCounts(size_t counters, Value none)
      : counts(counters, none), pending(counters) {}

  /// Uses in front of what comes next.
  Value get(OpBuilder &builder, Location loc, unsigned counter);
  void set(unsigned counter, Value count) { counts[counter] = count; }
  /// One more use of a slot.
  void add(unsigned counter) { pending[counter].emplace_back(); }
  /// One for each tile of [first, last).
  void add(unsigned counter, Value first, Value last) {
    pending[counter].emplace_back(first, last);
  }

private:
  SmallVector<Value> counts;
  /// Tiles of walks; none for a single use.
  SmallVector<SmallVector<std::pair<Value, Value>>> pending;
};

/// Writes the program of the warps that fetch the tiles of one role.
class ProducerWriter {
public:
  ProducerWriter(CopyPlan &plan, StringAttr role, Region &body, Location loc)
      : plan(plan), role(role), body(body), loc(loc) {}
  void write(Block &from, OpBuilder &builder, UseCounts &counts);

private:
  bool isMine(CopyAsyncOp copy) { return plan.channelOf(copy).role == role; }
  void writeLoop(scf::ForOp loop, OpBuilder &builder, UseCounts &counts);
  void writeWalk(WalkOp walk, OpBuilder &builder, UseCounts &counts);
  void writeFetches(WalkOp walk, unsigned segment, Value from, Value to,
                    OpBuilder &builder, UseCounts &counts);
  void writeFetch(CopyAsyncOp copy, Value use, OpBuilder &builder);
  Value toProducer(Value value, OpBuilder &builder) {
    return materialise(builder, value, body, mapping);
  }

  CopyPlan &plan;
  StringAttr role;
  Region &body; // of the consumers
  Location loc;
  IRMapping mapping;
};

/// Makes the kernel's own program that of the consumers.
class ConsumerWriter {
public:
  explicit ConsumerWriter(CopyPlan &plan) : plan(plan) {}
  void countUses(Block &block, UseCounts &counts);
  LogicalResult write();

private:
  void countLoop(scf::ForOp loop, UseCounts &counts);
  LogicalResult writeStep(WalkOp walk, unsigned segment);
  LogicalResult writeOnce(CopyAsyncOp copy);
  LogicalResult awaitCopies(Block &block);

  CopyPlan &plan;
  DenseMap<std::pair<Operation *, unsigned>, Value> usesBefore; // a place
  DenseMap<Operation *, Value> useOf;                           // a copy
};

} // namespace

static constexpr llvm::StringLiteral kCopyOfStep =
    "expected a wait behind the copy, in its block";

static Value constantIndex(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

//===----------------------------------------------------------------------===//
// Channels
//===----------------------------------------------------------------------===//

Value UseCounts::get(OpBuilder &builder, Location loc, unsigned counter) {
  Value &count = counts[counter];
  for (auto [first, last] : pending[counter]) {
    Value uses = constantIndex(builder, loc, first ? 0 : 1);
    if (first)
      uses = arith::MaxSIOp::create(
          builder, loc, arith::SubIOp::create(builder, loc, last, first), uses);
    count = arith::AddIOp::create(builder, loc, count, uses);
  }
  pending[counter].clear();
  return count;
}

/// Buffers become rings with barriers.
static void makeChannels(CopyPlan &plan, CtaAttr cta) {
  for (auto &[_, channel] : plan.channels) {
    OpBuilder builder(channel.buffer);
    SmallVector<int64_t> shape(channel.place.getShape());
    shape.insert(shape.begin(), channel.slots);
    auto ring = SharedType::get(builder.getContext(), shape,
                                channel.place.getElementType(),
                                channel.place.getSwizzle());
    auto barriers = BarriersType::get(builder.getContext(), channel.slots);
    channel.op =
        ChannelOp::create(builder, channel.buffer.getLoc(), ring, barriers,
                          barriers, cta.getWarps(), DenseI64ArrayAttr());
    channel.buffer.getResult().replaceAllUsesWith(channel.op.getRing());
    channel.buffer.erase();
  }
}

/// The slot of use `use` of a channel, as a tile of that type.
static Value slotOf(OpBuilder &builder, Location loc,
                    const CopyPlan::Channel &channel, Value use,
                    SharedType tile) {
  Value slot = SlotOp::create(
      builder, loc, const_cast<ChannelOp &>(channel.op).getRing(), use);
  if (slot.getType() == tile)
    return slot;
  return ReuseOp::create(builder, loc, tile, slot);
}

//===----------------------------------------------------------------------===//
// Producers
//===----------------------------------------------------------------------===//

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
  for (Value bound : {loop.getLowerBound(), loop.getUpperBound(), loop.getStep()})
    bounds.push_back(toProducer(bound, builder));
  for (unsigned counter : counters)
    inits.push_back(counts.get(builder, loc, counter));
  auto mine = scf::ForOp::create(builder, loc, bounds[0], bounds[1], bounds[2],
                                 inits);
  mapping.map(loop.getInductionVar(), mine.getInductionVar());
  UseCounts inLoop = counts;
  for (auto [i, counter] : llvm::enumerate(counters)) {
    inLoop.set(counter, mine.getRegionIterArg(i));
    counts.set(counter, mine.getResult(i));
  }
  auto inner = OpBuilder::atBlockBegin(mine.getBody());
  write(*loop.getBody(), inner, inLoop);
  SmallVector<Value> yielded;
  for (unsigned counter : counters)
    yielded.push_back(inLoop.get(inner, loc, counter));
  scf::YieldOp::create(inner, loc, yielded);
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

//===----------------------------------------------------------------------===//
// Consumers
//===----------------------------------------------------------------------===//

/// Carries counts through a loop around places.
void ConsumerWriter::countLoop(scf::ForOp loop, UseCounts &counts) {
  SmallVector<unsigned> counters = plan.countersWithin(loop, StringAttr());
  if (counters.empty())
    return;
  IRRewriter rewriter(loop->getContext());
  rewriter.setInsertionPoint(loop);
  SmallVector<Value> inits;
  for (unsigned counter : counters)
    inits.push_back(counts.get(rewriter, loop.getLoc(), counter));
  UseCounts inLoop = counts;
  auto yield = [&](OpBuilder &builder, Location loc,
                   ArrayRef<BlockArgument> carried) {
    for (auto [counter, argument] : llvm::zip(counters, carried))
      inLoop.set(counter, argument);
    countUses(*builder.getInsertionBlock(), inLoop);
    SmallVector<Value> yielded;
    for (unsigned counter : counters)
      yielded.push_back(inLoop.get(builder, loc, counter));
    return yielded;
  };
  unsigned results = loop.getNumResults();
  auto counting = cast<scf::ForOp>(
      loop.replaceWithAdditionalYields(rewriter, inits,
                                       /*replaceInitOperandUsesInLoop=*/false,
                                       yield)
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
      return group.front().emitOpError(kCopyOfStep);
  return success();
}

/// Slots take the place of the buffer for what reads it between `from` and `to`,
/// operations of one block; null is its end.
static void replaceReads(Value ring, Value slot, Operation *from,
                         Operation *to) {
  Block *block = from->getBlock();
  ring.replaceUsesWithIf(slot, [&](OpOperand &use) {
    Operation *user = use.getOwner(), *top = block->findAncestorOpInBlock(*user);
    return top && !isa<CopyAsyncOp, SlotOp>(user) && !top->isBeforeInBlock(from) &&
           (!to || top->isBeforeInBlock(to));
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

/// Results go where an operand was.
static void putInPlace(PutOp put, const CopyPlan::Channel &channel, Value use) {
  auto alloc = put.getDest().getDefiningOp<AllocOp>();
  SharedType type =
      withSwizzle(put.getDest().getType(), channel.place.getSwizzle());
  OpBuilder builder(put);
  Value place = slotOf(builder, put.getLoc(), channel, use, type);
  alloc.getResult().replaceAllUsesWith(place);
  alloc.erase();
}

/// The slot is released at the end, as results may leave from its place, or before
/// it is filled again. Where it never is, nobody waits for that.
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

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

static bool allocates(Operation &op) {
  return hasEffectOn<MemoryEffects::Allocate, SharedMemory>(&op);
}

/// Moves the kernel's program into the consumers' and makes room for the others.
static RolesOp makeRoles(KernelOp kernel, CopyPlan &plan) {
  Block &program = kernel.getBody().front();
  OpBuilder builder(program.getTerminator());
  SmallVector<Attribute> names(plan.roles.begin(), plan.roles.end());
  auto roles = RolesOp::create(builder, kernel.getLoc(),
                               builder.getArrayAttr(names));
  Block &consumer = roles.getConsumer().front();
  for (Operation &op : llvm::make_early_inc_range(program.without_terminator()))
    if (&op != roles && !allocates(op))
      op.moveBefore(&consumer, consumer.end());
  return roles;
}

void SpecializeWarps::runOnOperation() {
  KernelOp kernel = getOperation();
  Block &program = kernel.getBody().front();
  if (!kernel.isSpecialized() || !program.getOps<RolesOp>().empty())
    return;
  FailureOr<CopyPlan> plan = CopyPlan::make(kernel);
  if (failed(plan))
    return signalPassFailure();
  if (plan->copies.empty())
    return remarkMissed(kernel, getArgument(), "NotSpecialized",
                        "no tile is copied to shared memory");
  makeChannels(*plan, kernel.getCta());
  auto builder = OpBuilder::atBlockBegin(&program);
  Location loc = placeOf(plan->copies.back())->getLoc();
  ConsumerWriter consumer(*plan);
  UseCounts counts(plan->counters.size(), constantIndex(builder, loc, 0));
  consumer.countUses(program, counts);

  RolesOp roles = makeRoles(kernel, *plan);
  for (auto [role, region] : llvm::zip(plan->roles, roles.getProducers())) {
    builder.setInsertionPointToStart(&region.front());
    UseCounts mine(plan->counters.size(), constantIndex(builder, loc, 0));
    ProducerWriter(*plan, role, roles.getConsumer(), loc)
        .write(roles.getConsumer().front(), builder, mine);
  }
  if (failed(consumer.write()))
    signalPassFailure();
}
