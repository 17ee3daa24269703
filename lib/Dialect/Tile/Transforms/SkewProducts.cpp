//===- SkewProducts.cpp - Products of two steps run together --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   walk from %first to %last             if %first < %last {
//       (%t, %acc, …) {                     … p, … of tile %first
//     %s = dot %q, %k(t)                    walk … skip = 1 (%t, %acc, …, %p) {
//     … p and the scale of %acc               %s = dot %q, %k(t) async
//     %acc1 = mul %acc, scale       =>        %r = dot %p, %v(t - 1), %acc
//     async %r = dot p, %v(t), %acc1                wait for %s; … p and the
//     scale
//        stage = 1                            wait for %r
//     yield %r, …                             %acc1 = mul %r, scale
//   }                                         yield %acc1, …, p
//                                           }
//                                           dot %p, %v(last - 1), %acc
//                                         }
//
// So while the softmax of a step waits for nothing but its scores, the tensor
// cores multiply the values of the step before it. What the delayed products
// need of their own step is carried to the next one where it is a tile, and
// made anew where it says which slot or use; what makes such tiles, and nothing
// else, stands behind the waits. The first tile is taken by itself, with the
// last segment's step, which is right for any tile.
//
//===----------------------------------------------------------------------===//

#include "InFlight.h"
#include "StepPlan.h"
#include "Walks.h"

#include "attn/Dialect/Tile/Analysis/Slices.h"
#include "attn/Dialect/Tile/Transforms/Passes.h"
#include "mlir/IR/IRMapping.h"

namespace attn::tile {
#define GEN_PASS_DEF_SKEWPRODUCTS
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn::tile;

namespace {

struct SkewProducts : public attn::tile::impl::SkewProductsBase<SkewProducts> {
  void runOnOperation() override;

private:
  void skew(WalkOp walk);
};

/// The values that a step leaves: the walk's carried values, with accumulators
/// that still lack the step's products of stage 1, and the other operands of
/// these products.
struct State {
  SmallVector<Value> carried, crossing;
};

/// Rewrites one walk.
class Skewer {
public:
  Skewer(WalkOp walk, ArrayRef<StepPlan> plans)
      : walk(walk), plans(plans), loc(walk.getLoc()) {}
  void run();

private:
  SmallVector<Value> emitWalked(OpBuilder &builder);
  State emitFirst(OpBuilder &builder, const StepPlan &plan);
  State emitSteps(OpBuilder &builder, State state);
  State emitStep(OpBuilder &builder, const StepPlan &plan, Value tile,
                 const State &state);
  SmallVector<Value> emitLast(OpBuilder &builder, const StepPlan &plan,
                              const State &state);

  void begin(const StepPlan &plan, Value tile, ValueRange carried);
  void emitDelayed(OpBuilder &builder, const StepPlan &plan, const State &state,
                   IRMapping &delayed);
  void waitForAll(OpBuilder &builder, const StepPlan &plan,
                  const IRMapping &delayed);
  void emitReleases(OpBuilder &builder, const StepPlan &plan,
                    const IRMapping &delayed);
  void waitFor(OpBuilder &builder, const StepPlan &plan, DotOp product,
               ArrayRef<std::pair<Value, int64_t>> computed = {});
  void emitNow(OpBuilder &builder, const StepPlan &plan, Operation &op);
  IRMapping mapBefore(OpBuilder &builder, const StepPlan &plan);
  State finish(OpBuilder &builder, const StepPlan &plan);
  Value plus(OpBuilder &builder, Value index, int64_t offset) {
    return arith::AddIOp::create(
        builder, loc, index,
        arith::ConstantIndexOp::create(builder, loc, offset));
  }

  WalkOp walk;
  ArrayRef<StepPlan> plans; // of the walk's segments
  Location loc;
  IRMapping mapping; // of the step that is being written
  InFlight inFlight;
  DenseSet<Operation *> released;
};

} // namespace

//===----------------------------------------------------------------------===//
// Parts of a step
//===----------------------------------------------------------------------===//

void Skewer::begin(const StepPlan &plan, Value tile, ValueRange carried) {
  mapping.clear();
  inFlight = InFlight();
  released.clear();
  mapping.map(walk.getTile(plan.segment), tile);
  for (auto [argument, value] :
       llvm::zip(walk.getCarried(plan.segment), carried))
    mapping.map(argument, value);
}

/// Index values of the step before, which the delayed operations need.
IRMapping Skewer::mapBefore(OpBuilder &builder, const StepPlan &plan) {
  BlockArgument tile = walk.getTile(plan.segment);
  Region &segment = walk.getSegments()[plan.segment];
  IRMapping before;
  auto map = [&](Value value) {
    if (!value.getType().isIndex() || before.contains(value) ||
        !segment.isAncestor(value.getParentRegion()))
      return;
    std::optional<int64_t> growth = growthPerStep(value, tile);
    if (growth && mapping.contains(value)) {
      before.map(value, plus(builder, mapping.lookup(value), -*growth));
      return;
    }
    if (!before.contains(tile))
      before.map(tile, plus(builder, mapping.lookup(tile), -1));
    materialise(builder, value, segment, before);
  };
  for (Operation *op : plan.delayed) {
    for (Value operand : op->getOperands())
      if (Operation *def = operand.getDefiningOp())
        if (isa<SharedType>(operand.getType()) && def->getBlock() == plan.step)
          llvm::for_each(def->getOperands(), map);
    llvm::for_each(op->getOperands(), map);
  }
  return before;
}

/// Starts the delayed products of a state. `delayed` says what their step's
/// index values are.
void Skewer::emitDelayed(OpBuilder &builder, const StepPlan &plan,
                         const State &state, IRMapping &delayed) {
  Region &segment = walk.getSegments()[plan.segment];
  for (auto [value, carried] : llvm::zip(plan.crossing, state.crossing))
    delayed.map(value, carried);
  for (auto [i, position] : llvm::enumerate(plan.carriedAs)) {
    Value accumulator = plan.accumulatorOf(i);
    if (!llvm::is_contained(plan.later, accumulator.getDefiningOp()))
      delayed.map(accumulator, state.carried[position]);
  }
  for (Operation *op : plan.delayed)
    for (Value operand : op->getOperands())
      if (!isa<RankedTensorType>(operand.getType()))
        materialise(builder, operand, segment, delayed);
  for (Operation *op : plan.delayed) {
    if (isa<ReleaseOp>(op))
      continue; // behind the wait
    Operation *clone = builder.clone(*op, delayed);
    auto dot = dyn_cast<DotOp>(clone);
    if (!dot)
      continue;
    dot.setAsync(true);
    dot.setStage(0);
    inFlight.start(cast<DotOp>(op), dot);
  }
}

/// Slots that no product in flight reads any more.
void Skewer::emitReleases(OpBuilder &builder, const StepPlan &plan,
                          const IRMapping &delayed) {
  SmallVector<DotOp> running = inFlight.notWaitedFor();
  for (Operation *op : plan.delayed) {
    bool isRead = llvm::any_of(running, [&](DotOp product) {
      return StepPlan::dependsOn(op, product);
    });
    if (!isa<ReleaseOp>(op) || isRead || !released.insert(op).second)
      continue;
    IRMapping copy(delayed);
    builder.clone(*op, copy);
  }
}

/// The result of a product of stage 1 is the value that the step was given.
void Skewer::waitFor(OpBuilder &builder, const StepPlan &plan, DotOp product,
                     ArrayRef<std::pair<Value, int64_t>> computed) {
  Value ready = inFlight.wait(builder, product, computed);
  auto later = llvm::find(plan.later, product);
  if (later == plan.later.end()) {
    mapping.map(product.getResult(), ready);
    return;
  }
  unsigned position = plan.carriedAs[later - plan.later.begin()];
  mapping.map(walk.getCarried(plan.segment)[position], ready);
}

void Skewer::waitForAll(OpBuilder &builder, const StepPlan &plan,
                        const IRMapping &delayed) {
  SmallVector<std::pair<Value, int64_t>> computed;
  for (auto [value, share] : plan.computedFirst)
    if (Value mapped = mapping.lookupOrNull(value))
      computed.emplace_back(mapped, share);
  for (DotOp product : inFlight.notWaitedFor()) {
    waitFor(builder, plan, product, computed);
    computed.clear();
    emitReleases(builder, plan, delayed);
  }
}

/// Accumulators are rescaled and weights are rounded only when products no
/// longer need the registers of the previous ones.
State Skewer::finish(OpBuilder &builder, const StepPlan &plan) {
  for (Operation *op : plan.late)
    builder.clone(*op, mapping);
  State state;
  for (Value value : plan.step->getTerminator()->getOperands())
    state.carried.push_back(mapping.lookupOrDefault(value));
  for (auto [i, position] : llvm::enumerate(plan.carriedAs))
    state.carried[position] = mapping.lookupOrDefault(plan.accumulatorOf(i));
  for (Value value : plan.crossing)
    state.crossing.push_back(mapping.lookupOrDefault(value));
  return state;
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

State Skewer::emitFirst(OpBuilder &builder, const StepPlan &plan) {
  begin(plan, walk.getFirst(), walk.getInits());
  for (Operation &op : plan.step->without_terminator())
    if (plan.runsNow(&op))
      builder.clone(op, mapping);
  return finish(builder, plan);
}

/// An operation of the step itself. Products are only started.
void Skewer::emitNow(OpBuilder &builder, const StepPlan &plan, Operation &op) {
  Operation *clone = builder.clone(op, mapping);
  auto dot = dyn_cast<DotOp>(clone);
  if (!dot)
    return;
  dot.setAsync(true);
  inFlight.start(cast<DotOp>(op), dot);
}

/// Returns true if the operation reads a carried value that is the result of a
/// product of stage 1: it is there once that product is done.
static bool usesCarried(Operation &op, WalkOp walk, const StepPlan &plan,
                        DotOp product) {
  auto later = llvm::find(plan.later, product);
  if (later == plan.later.end())
    return false;
  unsigned position = plan.carriedAs[later - plan.later.begin()];
  Value given = walk.getCarried(plan.segment)[position];
  return op
      .walk([&](Operation *inner) {
        return llvm::is_contained(inner->getOperands(), given)
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

State Skewer::emitStep(OpBuilder &builder, const StepPlan &plan, Value tile,
                       const State &state) {
  begin(plan, tile, state.carried);
  IRMapping delayed;
  for (Operation &op : plan.step->without_terminator()) {
    if (!plan.runsNow(&op))
      continue;
    for (DotOp product : inFlight.notWaitedFor())
      if (!inFlight.isWaitedFor(product) &&
          (StepPlan::dependsOn(&op, product) ||
           usesCarried(op, walk, plan, product)))
        waitFor(builder, plan, product);
    emitNow(builder, plan, op);
    if (&op != plan.lastOfWave)
      continue;
    delayed = mapBefore(builder, plan);
    emitDelayed(builder, plan, state, delayed);
  }
  waitForAll(builder, plan, delayed);
  return finish(builder, plan);
}

/// The walk's own tiles, without the first one.
State Skewer::emitSteps(OpBuilder &builder, State state) {
  SmallVector<Value> inits(state.carried);
  llvm::append_range(inits, state.crossing);
  auto skewed = WalkOp::create(builder, loc, walk.getFirst(), walk.getBounds(),
                               inits, walk.getStages());
  skewed.setSkip(walk.getSkip() + 1);
  skewed.setTurnsAttr(walk.getTurnsAttr());
  size_t carried = state.carried.size();
  for (const StepPlan &plan : plans) {
    auto inner = OpBuilder::atBlockBegin(skewed.getStep(plan.segment));
    ValueRange given = skewed.getCarried(plan.segment);
    State next = emitStep(inner, plan, skewed.getTile(plan.segment),
                          {SmallVector<Value>(given.take_front(carried)),
                           SmallVector<Value>(given.drop_front(carried))});
    llvm::append_range(next.carried, next.crossing);
    YieldOp::create(inner, loc, next.carried);
  }
  ValueRange results = skewed.getResults();
  return {SmallVector<Value>(results.take_front(carried)),
          SmallVector<Value>(results.drop_front(carried))};
}

/// The carried values with the products that are still missing.
SmallVector<Value> Skewer::emitLast(OpBuilder &builder, const StepPlan &plan,
                                    const State &state) {
  begin(plan, plus(builder, walk.getLast(), -1), state.carried);
  IRMapping delayed;
  delayed.map(walk.getTile(plan.segment),
              mapping.lookup(walk.getTile(plan.segment)));
  emitDelayed(builder, plan, state, delayed);
  waitForAll(builder, plan, delayed);
  SmallVector<Value> results;
  for (BlockArgument argument : walk.getCarried(plan.segment))
    results.push_back(mapping.lookup(argument));
  return results;
}

//===----------------------------------------------------------------------===//
// Walks
//===----------------------------------------------------------------------===//

SmallVector<Value> Skewer::emitWalked(OpBuilder &builder) {
  State state = emitFirst(builder, plans.back());
  state = emitSteps(builder, state);
  return emitLast(builder, plans.back(), state);
}

void Skewer::run() {
  OpBuilder builder(walk);
  Value isWalked = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::slt, walk.getFirst(), walk.getLast());
  auto walked = scf::IfOp::create(builder, loc, walk.getResultTypes(), isWalked,
                                  /*withElseRegion=*/true);
  auto then = OpBuilder::atBlockBegin(walked.thenBlock());
  scf::YieldOp::create(then, loc, emitWalked(then));
  auto otherwise = OpBuilder::atBlockBegin(walked.elseBlock());
  scf::YieldOp::create(otherwise, loc, walk.getInits());
  walk.replaceAllUsesWith(walked.getResults());
  walk.erase();
}

static bool hasDelayedProducts(WalkOp walk) {
  return walk
      .walk([](DotOp dot) {
        return dot.getStage() != 0 ? WalkResult::interrupt()
                                   : WalkResult::advance();
      })
      .wasInterrupted();
}

/// True if steps carry alike in all segments.
static bool carryAlike(const StepPlan &a, const StepPlan &b) {
  auto types = [](const StepPlan &plan) {
    return llvm::map_to_vector(plan.crossing,
                               [](Value value) { return value.getType(); });
  };
  return a.carriedAs == b.carriedAs && types(a) == types(b);
}

void SkewProducts::skew(WalkOp walk) {
  auto decline = [&](StringRef reason) {
    remarkMissed(walk, getArgument(), "NotSkewed", reason);
  };
  if (!getOperation().isSpecialized())
    return decline("products are not started and waited for without warps that "
                   "only copy");
  SmallVector<StepPlan, 0> plans;
  StringRef reason;
  for (unsigned i = 0; i < walk.getNumSegments(); ++i) {
    FailureOr<StepPlan> plan = StepPlan::make(walk, i, reason);
    if (failed(plan))
      return decline(reason);
    if (i != 0 && !carryAlike(plans.front(), *plan))
      return decline("segments carry different tiles to the next step");
    plans.push_back(*plan);
  }
  Skewer(walk, plans).run();
}

void SkewProducts::runOnOperation() {
  SmallVector<WalkOp> walks;
  getOperation().walk([&](WalkOp walk) {
    if (hasDelayedProducts(walk))
      walks.push_back(walk);
  });
  for (WalkOp walk : walks)
    skew(walk);
}
