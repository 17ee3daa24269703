//===- StepPlan.cpp - Which operations of a step run one step later -------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "StepPlan.h"

#include "attn/Dialect/Tile/Analysis/Effects.h"
#include "attn/Dialect/Tile/Analysis/Slices.h"

using namespace mlir;
using namespace attn::tile;

//===----------------------------------------------------------------------===//
// Dependences
//===----------------------------------------------------------------------===//

SmallVector<Value> StepPlan::buffersOf(DotOp dot) {
  SmallVector<Value> buffers;
  for (Value operand : {dot.getA(), dot.getB()})
    if (isa<SharedType>(operand.getType()))
      buffers.push_back(bufferOf(operand));
  return buffers;
}

/// Returns the ring of which an operation frees a slot; null for all other
/// operations.
static Value releasedRing(Operation *op) {
  if (!hasEffectOn<MemoryEffects::Write, ChannelBarriers>(op) ||
      hasEffectOn<MemoryEffects::Read, ChannelBarriers>(op))
    return {};
  for (Value operand : op->getOperands())
    if (auto channel = operand.getDefiningOp<ChannelOp>())
      return channel.getRing();
  return {};
}

/// Returns the ring for a slot of which an operation waits; null for all other
/// operations.
static Value awaitedRing(Operation *op) {
  if (!hasEffectOn<MemoryEffects::Read, ChannelBarriers>(op))
    return {};
  for (Value operand : op->getOperands())
    if (auto channel = operand.getDefiningOp<ChannelOp>())
      return channel.getRing();
  return {};
}

bool StepPlan::dependsOn(Operation *op, DotOp dot) {
  SmallVector<Value> buffers = buffersOf(dot);
  bool depends = false;
  op->walk([&](Operation *inner) {
    depends |= llvm::is_contained(inner->getOperands(), dot.getResult());
    depends |= llvm::is_contained(buffers, releasedRing(inner));
    for (Value written : buffersWrittenBy(inner))
      depends |= llvm::is_contained(buffers, written);
  });
  return depends;
}

/// True if `op`'s operands are computed, within its block, from `value`.
static bool isComputedFrom(Operation *op, const DenseSet<Value> &values) {
  Block *block = op->getBlock();
  SmallVector<Operation *> work = {op};
  DenseSet<Operation *> seen;
  while (!work.empty()) {
    Operation *current = work.pop_back_val();
    if (!seen.insert(current).second)
      continue;
    for (Value operand : current->getOperands()) {
      if (values.contains(operand))
        return true;
      Operation *def = operand.getDefiningOp();
      if (def && def->getBlock() == block)
        work.push_back(def);
    }
  }
  return false;
}

//===----------------------------------------------------------------------===//
// The parts of a step
//===----------------------------------------------------------------------===//

/// * products of stages 0 and 1, of either at least one, in the step itself;
/// * the result of one of stage 1 is carried to the next step, and nothing
/// else.
bool StepPlan::findProducts(StringRef &reason) {
  auto decline = [&](StringRef why) {
    reason = why;
    return false;
  };
  SmallVector<DotOp> all;
  step->walk([&](DotOp dot) { all.push_back(dot); });
  DenseSet<Value> results;
  for (DotOp dot : all) {
    if (dot->getBlock() != step)
      return decline("a product stands in a loop or branch of the step");
    if (dot.getStage() > 1)
      return decline("a product is of a stage above 1");
    if (dot.getStage() == 0) {
      if (!isComputedFrom(dot, results))
        lastOfWave = dot;
      results.insert(dot.getResult());
      now.push_back(dot);
      continue;
    }
    auto use = dot->use_begin();
    if (!dot->hasOneUse() || use->getOwner() != step->getTerminator())
      return decline("the result of a product of stage 1 is used in its step");
    carriedAs.push_back(use->getOperandNumber());
    later.push_back(dot);
  }
  if (now.empty() || later.empty())
    return decline("the step has products of one stage only");
  return true;
}

/// A wait belongs to the first stage that reads the slot, a release to the
/// last.
void StepPlan::delayBarriers() {
  for (Operation &op : *step) {
    bool isRead = false, isReadNow = false, isReadLater = false;
    Value ring = awaitedRing(&op);
    bool isWait = !!ring;
    if (!ring)
      ring = releasedRing(&op);
    for (Operation &reader : *step) {
      if (!ring || !llvm::is_contained(buffersReadBy(&reader), ring))
        continue;
      bool isLater = llvm::is_contained(later, &reader);
      (isLater ? isReadLater : isReadNow) = isRead = true;
    }
    if (llvm::is_contained(later, &op) ||
        (isRead && isReadLater && !(isWait && isReadNow)))
      delayed.insert(&op);
  }
}

/// A slot that products of stage 1 read is still full when the next step waits
/// for its own tiles. If a ring has one slot, no tile that the step waits for
/// may be that slot's next tile, or be fetched behind it.
bool StepPlan::hasRoom() const {
  for (Operation *op : delayed) {
    Value ring = releasedRing(op);
    if (!ring || cast<SharedType>(ring.getType()).getSlots() > 1)
      continue;
    bool isFetchedBefore = false;
    for (Operation &other : *step) {
      isFetchedBefore |= awaitedRing(&other) == ring;
      if (isFetchedBefore && awaitedRing(&other) && !delayed.contains(&other))
        return false;
    }
  }
  return true;
}

static bool makesTiles(Operation *op) {
  return llvm::any_of(op->getResultTypes(), llvm::IsaPred<RankedTensorType>);
}

/// Finds the operations that only delayed operations need. Tiles are carried to
/// these; everything else is cheap to compute again.
void StepPlan::findFeeding() {
  DenseSet<Operation *> users(delayed.begin(), delayed.end());
  SmallVector<Operation *> feeding = feedsOnly(users, *step, [](Operation *op) {
    return op->hasAttr(kComputedFirstAttr);
  });
  for (Operation *op : llvm::reverse(feeding)) {
    bool feedsTiles = llvm::any_of(
        op->getUsers(), [&](Operation *user) { return late.contains(user); });
    if (makesTiles(op) || feedsTiles)
      late.insert(op);
    else
      skipped.insert(op);
  }
  SmallVector<Operation *> inOrder(late.takeVector());
  late.insert(inOrder.rbegin(), inOrder.rend());
}

void StepPlan::findCrossing() {
  for (DotOp dot : later)
    for (Value operand : {dot.getA(), dot.getB()})
      if (isa<RankedTensorType>(operand.getType()) &&
          operand.getParentBlock() == step)
        crossing.insert(operand);
  for (Operation &op : *step) {
    Attribute first = op.getAttr(kComputedFirstAttr);
    if (!first)
      continue;
    auto share = dyn_cast<IntegerAttr>(first);
    for (Value result : op.getResults())
      computedFirst.emplace_back(result, share ? share.getInt() : 100);
  }
}

FailureOr<StepPlan> StepPlan::make(WalkOp walk, unsigned segment,
                                   StringRef &reason) {
  StepPlan plan;
  plan.walk = walk;
  plan.segment = segment;
  plan.step = walk.getStep(segment);
  if (!plan.findProducts(reason))
    return failure();
  plan.delayBarriers();
  if (!plan.hasRoom()) {
    reason = "a tile for products of stage 1 has one slot only";
    return failure();
  }
  plan.findFeeding();
  plan.findCrossing();
  return plan;
}
