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
  Value full, empty; // barriers
  bool isQuery;      // filled once, before the walk
};

struct SpecializeWarps
    : public attn::tile::impl::SpecializeWarpsBase<SpecializeWarps> {
  void runOnOperation() override;

private:
  void makeChannels(Walk &walk, ArrayRef<CopyAsyncOp> once);
  void emitProducer(Block &block, Walk &walk, ArrayRef<CopyAsyncOp> once);
  void emitFetch(OpBuilder &builder, CopyAsyncOp copy, Value use,
                 IRMapping &mapping);
  void rewriteConsumer(Walk &walk, ArrayRef<CopyAsyncOp> once);
  void rewriteStep(Walk &walk, scf::ForOp loop);
  void awaitCopy(CopyAsyncOp copy, Value use);
  void reuseQuery(PutOp put);

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

/// Buffers of the walk become rings.
void SpecializeWarps::makeChannels(Walk &walk, ArrayRef<CopyAsyncOp> once) {
  ScheduleAttr schedule = getOperation().getSchedule();
  auto add = [&](CopyAsyncOp copy, int64_t slots, bool isQuery) {
    Value buffer = copy.getDest();
    if (channels.contains(buffer))
      return;
    auto type = cast<SharedType>(buffer.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape.insert(shape.begin(), slots);
    buffer.setType(SharedType::get(&getContext(), shape, type.getElementType(),
                                   type.getSwizzle()));
    OpBuilder builder(&getContext());
    builder.setInsertionPointAfterValue(buffer);
    auto barriers = BarriersType::get(&getContext(), slots);
    auto make = [&](int64_t arrivals) -> Value {
      return AllocBarriersOp::create(builder, copy.getLoc(), barriers, arrivals,
                                     IntegerAttr());
    };
    channels[buffer] = {buffer, make(1), make(schedule.getWarps()), isQuery};
  };
  for (CopyAsyncOp copy : once)
    add(copy, 1, /*isQuery=*/true);
  for (scf::ForOp loop : walk.loops)
    for (auto copy : loop.getBody()->getOps<CopyAsyncOp>())
      add(copy, schedule.getStages(), /*isQuery=*/false);
}

/// Slot of use `use` of a ring.
static Value slotOf(OpBuilder &builder, Location loc, Value ring, Value use) {
  int64_t slots = cast<SharedType>(ring.getType()).getSlots();
  Value index = arith::RemUIOp::create(builder, loc, use,
                                       constantIndex(builder, loc, slots));
  return SlotOp::create(builder, loc, ring, index);
}

//===----------------------------------------------------------------------===//
// Producers
//===----------------------------------------------------------------------===//

void SpecializeWarps::emitFetch(OpBuilder &builder, CopyAsyncOp copy, Value use,
                                IRMapping &mapping) {
  Location loc = copy.getLoc();
  Channel &channel = channels[copy.getDest()];
  AcquireOp::create(builder, loc, channel.empty, use);
  Value slot = slotOf(builder, loc, channel.buffer, use);
  Region &region = *copy->getParentOfType<RolesOp>()->getParentRegion();
  SmallVector<Value> operands = {copy.getSource()};
  llvm::append_range(operands, copy.getIndices());
  for (Value &operand : operands) {
    materialise(builder, operand, region, mapping);
    operand = mapping.lookupOrDefault(operand);
  }
  FetchOp::create(builder, loc, operands.front(),
                  ArrayRef(operands).drop_front(), slot, channel.full, use);
}

/// Whatever loop a tile is used in, it is copied the same way.
void SpecializeWarps::emitProducer(Block &block, Walk &walk,
                                   ArrayRef<CopyAsyncOp> once) {
  auto builder = OpBuilder::atBlockBegin(&block);
  scf::ForOp loop = walk.loops.front();
  Location loc = loop.getLoc();
  Region &region = *loop->getParentOfType<RolesOp>()->getParentRegion();
  IRMapping mapping;
  for (CopyAsyncOp copy : once)
    emitFetch(builder, copy, constantIndex(builder, loc, 0), mapping);

  for (Value bound : {walk.first(), walk.last()})
    materialise(builder, bound, region, mapping);
  Value first = mapping.lookupOrDefault(walk.first());
  auto fetches = scf::ForOp::create(builder, loc, first,
                                    mapping.lookupOrDefault(walk.last()),
                                    constantIndex(builder, loc, 1));
  builder.setInsertionPointToStart(fetches.getBody());
  mapping.map(loop.getInductionVar(), fetches.getInductionVar());
  Value use =
      arith::SubIOp::create(builder, loc, fetches.getInductionVar(), first);
  for (auto copy : loop.getBody()->getOps<CopyAsyncOp>())
    emitFetch(builder, copy, use, mapping);
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

void SpecializeWarps::rewriteStep(Walk &walk, scf::ForOp loop) {
  Location loc = loop.getLoc();
  auto builder = OpBuilder::atBlockBegin(loop.getBody());
  Value use = arith::SubIOp::create(builder, loc, loop.getInductionVar(),
                                    walk.first());
  SmallVector<CopyAsyncOp> copies(loop.getBody()->getOps<CopyAsyncOp>());
  for (CopyAsyncOp copy : copies) {
    Channel channel = channels[copy.getDest()];
    Operation *reader = lastReader(channel.buffer, loop.getBody());
    awaitCopy(copy, use);
    builder.setInsertionPointAfter(reader);
    ReleaseOp::create(builder, reader->getLoc(), channel.empty, use);
    builder.setInsertionPointToStart(loop.getBody());
    builder.setInsertionPointAfterValue(use);
    Value slot = slotOf(builder, loc, channel.buffer, use);
    channel.buffer.replaceUsesWithIf(slot, [&](OpOperand &operand) {
      return operand.getOwner()->getBlock() == loop.getBody() &&
             isa<DotOp>(operand.getOwner());
    });
  }
}

void SpecializeWarps::rewriteConsumer(Walk &walk, ArrayRef<CopyAsyncOp> once) {
  for (scf::ForOp loop : walk.loops)
    rewriteStep(walk, loop);
  for (CopyAsyncOp copy : once) {
    OpBuilder builder(copy);
    Value buffer = copy.getDest();
    Value use = constantIndex(builder, copy.getLoc(), 0);
    Value slot = slotOf(builder, copy.getLoc(), buffer, use);
    buffer.replaceUsesWithIf(slot, [&](OpOperand &operand) {
      return isa<DotOp>(operand.getOwner());
    });
    awaitCopy(copy, use);
  }
}

/// Results go where the query was, if they fit: nobody but the warp that writes
/// a row there has read it.
void SpecializeWarps::reuseQuery(PutOp put) {
  auto alloc = put.getDest().getDefiningOp<AllocOp>();
  SharedType type = put.getDest().getType();
  for (auto &[buffer, channel] : channels) {
    auto ring = cast<SharedType>(buffer.getType());
    if (!channel.isQuery || ring.getRows() != type.getRows() ||
        ring.getSwizzle() != type.getSwizzle() ||
        ring.getSlotBytes() < type.getBytes())
      continue;
    OpBuilder builder(put);
    Value slot = slotOf(builder, put.getLoc(), buffer,
                        constantIndex(builder, put.getLoc(), 0));
    alloc.getResult().replaceAllUsesWith(
        ReuseOp::create(builder, put.getLoc(), type, slot));
    alloc.erase();
    return;
  }
}

void SpecializeWarps::runOnOperation() {
  KernelOp kernel = getOperation();
  channels.clear();
  if (!kernel.isSpecialized())
    return;
  Walk walk = Walk::find(kernel);
  if (walk.loops.empty())
    return;
  Block &body = kernel.getBody().front();
  SmallVector<CopyAsyncOp> once(body.getOps<CopyAsyncOp>());
  makeChannels(walk, once);

  OpBuilder builder(body.getTerminator());
  auto roles = RolesOp::create(builder, kernel.getLoc());
  Block &producer = roles.getProducer().emplaceBlock();
  Block &consumer = roles.getConsumer().emplaceBlock();
  for (Operation &op : llvm::make_early_inc_range(body.without_terminator()))
    if (!isa<AllocOp, AllocBarriersOp, RolesOp>(op))
      op.moveBefore(&consumer, consumer.end());
  emitProducer(producer, walk, once);
  rewriteConsumer(walk, once);
  kernel.walk([&](PutOp put) { reuseQuery(put); });
}
