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
// with %n = %t - %first. Each buffer is a channel with barriers of its own, so
// that a tile of keys can be refilled while values are still read. Copies of
// each role are a program of their own.
//
// Where copies stand in loops, the programs have those, and count the uses of
// channels through them.
//
//===----------------------------------------------------------------------===//

#include "Walks.h"
#include "WarpPrograms.h"

#include "attn/Dialect/Tile/Analysis/Effects.h"
#include "attn/Dialect/Tile/Transforms/Passes.h"

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

} // namespace

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

static bool allocates(Operation &op) {
  return hasEffectOn<MemoryEffects::Allocate, SharedMemory>(&op);
}

/// Moves the kernel's program into the consumers' region and adds regions for
/// the other programs.
static RolesOp makeRoles(KernelOp kernel, CopyPlan &plan) {
  Block &program = kernel.getBody().front();
  OpBuilder builder(program.getTerminator());
  SmallVector<Attribute> names(plan.roles.begin(), plan.roles.end());
  auto roles =
      RolesOp::create(builder, kernel.getLoc(), builder.getArrayAttr(names));
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
  auto emitNone = [&]() -> Value {
    return arith::ConstantIndexOp::create(builder, loc, 0);
  };
  UseCounts counts(plan->counters.size(), emitNone());
  consumer.countUses(program, counts);

  RolesOp roles = makeRoles(kernel, *plan);
  for (auto [role, region] : llvm::zip(plan->roles, roles.getProducers())) {
    builder.setInsertionPointToStart(&region.front());
    UseCounts mine(plan->counters.size(), emitNone());
    ProducerWriter(*plan, role, roles.getConsumer(), loc)
        .write(roles.getConsumer().front(), builder, mine);
  }
  if (failed(consumer.write()))
    signalPassFailure();
}
