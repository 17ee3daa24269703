//===- OverlapDots.cpp - Scores are multiplied while values are -----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   for %t = %first to %last           if %first < %last {
//       (%acc, …) {                      … p, … of tile %first
//     %s = dot %q, %k(t)                 for %t = %first + 1 to %last
//     … p and the scale of %acc              (%acc, %p, …) {
//     %acc1 = mul %acc, scale     =>       %s = dot %q, %k(t) async
//     %r = dot p, %v(t), %acc1             %r = dot %p, %v(t - 1), %acc async
//     yield %r, …                          wait for %s; … p and the scale
//   }                                      wait for %r
//                                          %acc1 = mul %r, scale
//                                          yield %acc1, p, …
//                                        }
//                                        dot %p, %v(last), %acc
//                                      }
//
// So while the softmax of a step waits for nothing but its scores, the tensor
// cores multiply the values of the step before it. The walk's loops keep their
// order; the first tile is taken by itself, with the last loop's masks, which
// are right for any tile.
//
//===----------------------------------------------------------------------===//

#include "Walk.h"

#include "attn/Dialect/Tile/Transforms/Passes.h"
#include "mlir/IR/IRMapping.h"

namespace attn::tile {
#define GEN_PASS_DEF_OVERLAPDOTS
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn::tile;

namespace {

struct OverlapDots : public attn::tile::impl::OverlapDotsBase<OverlapDots> {
  void runOnOperation() override;
};

/// The parts of a step of the walk.
struct Step {
  static FailureOr<Step> find(scf::ForOp loop);

  BlockArgument accumulator() const { return loop.getRegionIterArgs().front(); }
  /// The step's use of the rings.
  Value use() const { return awaitKey.getUse(); }

  mutable scf::ForOp loop;
  mutable DotOp scores, values;
  mutable AwaitOp awaitKey, awaitValue;
  mutable ReleaseOp releaseKey, releaseValue;
  /// Operations before the scores; between the products; and of the latter,
  /// those that make the operands of the second product.
  SmallVector<Operation *> before, softmax, operands;
};

/// What a step leaves: the loop's values, with an accumulator that lacks the
/// product of `weights` and the step's values.
struct State {
  SmallVector<Value> carried;
  Value weights;
};

/// Rewrites the loops of one walk.
class Overlapper {
public:
  Overlapper(Walk &walk, ArrayRef<Step> steps)
      : walk(walk), steps(steps), loc(walk.loops.front().getLoc()) {}
  void run();

private:
  SmallVector<Value> emitWalk(OpBuilder &builder);
  State emitFirst(OpBuilder &builder, const Step &step);
  State emitLoop(OpBuilder &builder, const Step &step, State state);
  State emitStep(OpBuilder &builder, const Step &step, Value tile,
                 const State &state);
  Value emitLast(OpBuilder &builder, const Step &step, const State &state);

  void begin(const Step &step, Value tile, ValueRange carried);
  void cloneAll(OpBuilder &builder, ArrayRef<Operation *> ops) {
    for (Operation *op : ops)
      builder.clone(*op, mapping);
  }
  DotOp emitValues(OpBuilder &builder, const Step &step, const State &state,
                   Value use);
  State finish(OpBuilder &builder, const Step &step);
  Value plus(OpBuilder &builder, Value index, int64_t offset) {
    return arith::AddIOp::create(
        builder, loc, index,
        arith::ConstantIndexOp::create(builder, loc, offset));
  }

  Walk &walk;
  ArrayRef<Step> steps; // of the walk's loops
  Location loc;
  IRMapping mapping;
};

} // namespace

FailureOr<Step> Step::find(scf::ForOp loop) {
  Block *body = loop.getBody();
  SmallVector<DotOp> dots(body->getOps<DotOp>());
  SmallVector<AwaitOp> awaits(body->getOps<AwaitOp>());
  SmallVector<ReleaseOp> releases(body->getOps<ReleaseOp>());
  if (dots.size() != 2 || awaits.size() != 2 || releases.size() != 2)
    return failure();
  Step step;
  step.loop = loop;
  std::tie(step.scores, step.values) = std::tie(dots[0], dots[1]);
  std::tie(step.awaitKey, step.awaitValue) = std::tie(awaits[0], awaits[1]);
  std::tie(step.releaseKey, step.releaseValue) =
      std::tie(releases[0], releases[1]);
  auto rounding = step.values.getA().getDefiningOp<arith::TruncFOp>();
  auto rescaling = step.values.getAcc().getDefiningOp<arith::MulFOp>();
  if (!rounding || !rescaling || rescaling.getLhs() != step.accumulator() ||
      body->getTerminator()->getOperand(0) != step.values.getResult())
    return failure();
  if (auto factor = rescaling.getRhs().getDefiningOp<BroadcastOp>())
    step.operands.push_back(factor);
  step.operands.append({rescaling, rounding});
  for (Operation &op : body->without_terminator()) {
    if (op.isBeforeInBlock(step.scores))
      step.before.push_back(&op);
    else if (op.isBeforeInBlock(step.values) && &op != step.scores &&
             &op != step.awaitValue && &op != step.releaseKey &&
             !llvm::is_contained(step.operands, &op))
      step.softmax.push_back(&op);
  }
  return step;
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

void Overlapper::begin(const Step &step, Value tile, ValueRange carried) {
  mapping.clear();
  mapping.map(step.loop.getInductionVar(), tile);
  mapping.map(step.loop.getRegionIterArgs(), carried);
}

/// Starts the product of a state's weights and the values of use `use`.
DotOp Overlapper::emitValues(OpBuilder &builder, const Step &step,
                             const State &state, Value use) {
  Value ring = step.values.getB().getDefiningOp<SlotOp>().getRing();
  int64_t slots = cast<SharedType>(ring.getType()).getSlots();
  Value index = arith::RemUIOp::create(
      builder, loc, use, arith::ConstantIndexOp::create(builder, loc, slots));
  Value slot = SlotOp::create(builder, loc, ring, index);
  AwaitOp::create(builder, step.awaitValue.getLoc(),
                  step.awaitValue.getBarriers(), use);
  return DotOp::create(builder, step.values.getLoc(), state.weights, slot,
                       state.carried.front(), /*transpose_b=*/false,
                       /*async=*/true);
}

/// The accumulator is rescaled, and weights are rounded, when no product needs
/// the registers of the ones before any more.
State Overlapper::finish(OpBuilder &builder, const Step &step) {
  cloneAll(builder, step.operands);
  State state;
  for (Value value : step.loop.getBody()->getTerminator()->getOperands())
    state.carried.push_back(mapping.lookupOrDefault(value));
  state.carried.front() = mapping.lookup(step.values.getAcc());
  state.weights = mapping.lookup(step.values.getA());
  return state;
}

State Overlapper::emitFirst(OpBuilder &builder, const Step &step) {
  begin(step, walk.first(), walk.loops.front().getInitArgs());
  cloneAll(builder, step.before);
  cloneAll(builder, {step.scores, step.releaseKey});
  cloneAll(builder, step.softmax);
  return finish(builder, step);
}

State Overlapper::emitStep(OpBuilder &builder, const Step &step, Value tile,
                           const State &state) {
  begin(step, tile, state.carried);
  cloneAll(builder, step.before);
  auto scores = cast<DotOp>(builder.clone(*step.scores, mapping));
  scores.setAsync(true);
  Value before = plus(builder, mapping.lookup(step.use()), -1);
  DotOp values = emitValues(builder, step, state, before);

  Value ready = WaitDotsOp::create(builder, scores.getLoc(), scores,
                                   ValueRange(), /*pending=*/1);
  mapping.map(step.scores.getResult(), ready);
  cloneAll(builder, {step.releaseKey});
  cloneAll(builder, step.softmax);
  // Every weight is in a sum.
  SmallVector<Value> sums;
  for (Operation *op : step.softmax)
    if (isa<FoldOp>(op))
      sums.push_back(mapping.lookup(op->getResult(0)));
  Value accumulator = WaitDotsOp::create(builder, values.getLoc(), values, sums,
                                         /*pending=*/0);
  mapping.map(step.accumulator(), accumulator);
  ReleaseOp::create(builder, step.releaseValue.getLoc(),
                    step.releaseValue.getBarriers(), before);
  return finish(builder, step);
}

/// The loop's own tiles, without the first one of the walk.
State Overlapper::emitLoop(OpBuilder &builder, const Step &step, State state) {
  Value second = plus(builder, walk.first(), 1);
  Value from = arith::MaxSIOp::create(
      builder, loc, step.loop.getLowerBound(), second);
  SmallVector<Value> inits(state.carried);
  inits.push_back(state.weights);
  auto loop =
      scf::ForOp::create(builder, loc, from, step.loop.getUpperBound(),
                         step.loop.getStep(), inits);
  auto inner = OpBuilder::atBlockBegin(loop.getBody());
  ValueRange carried = loop.getRegionIterArgs();
  State next = emitStep(inner, step, loop.getInductionVar(),
                        {SmallVector<Value>(carried.drop_back()),
                         carried.back()});
  next.carried.push_back(next.weights);
  scf::YieldOp::create(inner, loc, next.carried);
  SmallVector<Value> results(loop.getResults());
  Value weights = results.pop_back_val();
  return {results, weights};
}

/// The accumulator with the product that is still missing.
Value Overlapper::emitLast(OpBuilder &builder, const Step &step,
                           const State &state) {
  begin(step, plus(builder, walk.last(), -1), state.carried);
  for (Operation *op : step.before)
    if (!isa<AwaitOp>(op))
      builder.clone(*op, mapping);
  Value use = mapping.lookup(step.use());
  DotOp values = emitValues(builder, step, state, use);
  Value accumulator = WaitDotsOp::create(builder, values.getLoc(), values,
                                         ValueRange(), /*pending=*/0);
  ReleaseOp::create(builder, step.releaseValue.getLoc(),
                    step.releaseValue.getBarriers(), use);
  return accumulator;
}

//===----------------------------------------------------------------------===//
// Walks
//===----------------------------------------------------------------------===//

SmallVector<Value> Overlapper::emitWalk(OpBuilder &builder) {
  State state = emitFirst(builder, steps.back());
  for (const Step &step : steps)
    state = emitLoop(builder, step, state);
  state.carried.front() = emitLast(builder, steps.back(), state);
  return state.carried;
}

void Overlapper::run() {
  scf::ForOp last = walk.loops.back();
  OpBuilder builder(last);
  Value isWalked = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::slt, walk.first(), walk.last());
  auto walked = scf::IfOp::create(builder, loc, last.getResultTypes(), isWalked,
                                  /*withElseRegion=*/true);
  auto then = OpBuilder::atBlockBegin(walked.thenBlock());
  scf::YieldOp::create(then, loc, emitWalk(then));
  auto otherwise = OpBuilder::atBlockBegin(walked.elseBlock());
  scf::YieldOp::create(otherwise, loc, walk.loops.front().getInitArgs());
  last.replaceAllUsesWith(walked.getResults());
  for (scf::ForOp loop : llvm::reverse(walk.loops))
    loop.erase();
}

void OverlapDots::runOnOperation() {
  KernelOp kernel = getOperation();
  bool isDone = false;
  kernel.walk([&](WaitDotsOp) { isDone = true; });
  if (!kernel.getSchedule().getOverlap() || isDone)
    return;
  Walk walk = Walk::findProducts(kernel);
  SmallVector<Step> steps;
  for (scf::ForOp loop : walk.loops) {
    FailureOr<Step> step = Step::find(loop);
    if (failed(step)) {
      loop.emitOpError("expected a product of the query and one of weights");
      return signalPassFailure();
    }
    steps.push_back(*step);
  }
  if (!steps.empty())
    Overlapper(walk, steps).run();
}
