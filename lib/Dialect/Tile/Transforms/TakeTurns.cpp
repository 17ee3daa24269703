//===- TakeTurns.cpp - Warpgroups take turns ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   turns<results, groups = [0]>       turns<products, groups = [0, 1]>
//
//   %s = dot %q, %k async              take_turn
//   take_turn                          %s = dot %q, %k async
//   wait for %s                        %r = dot %p, %v, %acc async
//   … exponentials …                   pass_turn
//   pass_turn                          wait for %s
//   await %vf                          … exponentials …
//   dot p, %v, …                       wait for %r
//
// Either way one warpgroup multiplies while another is at its exponentials.
// Turns go round, 0, 1, 2, …, 0: all warpgroups of a CTA walk the same steps.
// The last one passes the turn before the first step; at the end, nobody takes
// the one that is left over.
//
//===----------------------------------------------------------------------===//

#include "Walks.h"

#include "attn/Dialect/Tile/Analysis/Effects.h"
#include "attn/Dialect/Tile/Transforms/Passes.h"

namespace attn::tile {
#define GEN_PASS_DEF_TAKETURNS
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn::tile;

namespace {

struct TakeTurns : public attn::tile::impl::TakeTurnsBase<TakeTurns> {
  void runOnOperation() override;
};

} // namespace

static SmallVector<DotOp> productsOf(Block &step, TurnsAttr turns) {
  SmallVector<DotOp> products;
  for (auto dot : step.getOps<DotOp>())
    if (turns.hasGroup(dot.getGroup()))
      products.push_back(dot);
  return products;
}

/// Makes the step only start `dot`, and returns the wait for it.
static Operation *splitWait(DotOp dot) {
  if (!dot.getAsync()) {
    OpBuilder builder(dot->getBlock(), std::next(Block::iterator(dot)));
    dot.setAsync(true);
    auto wait = WaitDotsOp::create(builder, dot.getLoc(), dot, ValueRange(),
                                   /*pending=*/0, DenseI64ArrayAttr());
    dot.getResult().replaceAllUsesExcept(wait.getResult(), wait);
  }
  return *dot->user_begin();
}

static SmallVector<Value> computedFirst(Block &step) {
  SmallVector<Value> values;
  for (Operation &op : step)
    if (op.hasAttr(kComputedFirstAttr))
      llvm::append_range(values, op.getResults());
  return values;
}

/// The turn lasts from before the wait for the first product, which nothing
/// that is computed from it can pass, to the next wait behind that for the last
/// product.
static void bracketResults(Block &step, MutableArrayRef<DotOp> products) {
  SmallVector<Operation *> waits;
  for (DotOp dot : products)
    waits.push_back(splitWait(dot));
  auto isBefore = [](Operation *a, Operation *b) {
    return a->isBeforeInBlock(b);
  };
  llvm::sort(waits, isBefore);
  OpBuilder builder(waits.front());
  TakeTurnOp::create(builder, products.front().getLoc());
  Operation *end = waits.back()->getNextNode();
  while (!isWait(end) && end != step.getTerminator())
    end = end->getNextNode();
  builder.setInsertionPoint(end);
  PassTurnOp::create(builder, products.front().getLoc(), computedFirst(step));
}

static void bracketProducts(MutableArrayRef<DotOp> products) {
  OpBuilder builder(products.front());
  TakeTurnOp::create(builder, products.front().getLoc());
  builder.setInsertionPointAfter(products.back());
  PassTurnOp::create(builder, products.back().getLoc(), ValueRange());
}

/// The last warpgroup passes a turn at the beginning, so that the first one can
/// take the first turn.
static void emitFirstPass(RolesOp roles, int64_t warpgroups) {
  auto builder = OpBuilder::atBlockBegin(&roles.getConsumer().front());
  Location loc = roles.getLoc();
  Value isLast = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::eq,
      WarpgroupIdOp::create(builder, loc),
      arith::ConstantIndexOp::create(builder, loc, warpgroups - 1));
  auto guard = scf::IfOp::create(builder, loc, isLast, /*withElse=*/false);
  OpBuilder inner = guard.getThenBodyBuilder();
  PassTurnOp::create(inner, loc, ValueRange());
}

/// Steps without a product of the groups take no turn, and then no step can.
static bool allHaveProducts(WalkOp walk, TurnsAttr turns) {
  return llvm::all_of(walk.getSegments(), [&](Region &segment) {
    return !productsOf(segment.front(), turns).empty();
  });
}

void TakeTurns::runOnOperation() {
  KernelOp kernel = getOperation();
  int64_t warpgroups = kernel.getCta().getWarpgroups();
  DenseSet<Operation *> inTurns;
  kernel.walk([&](WalkOp walk) {
    TurnsAttr turns = walk.getTurnsAttr();
    auto roles = walk->getParentOfType<RolesOp>();
    if (!turns)
      return;
    if (!roles || warpgroups < 2)
      return remarkMissed(walk, getArgument(), "NoTurns",
                          "only several warpgroups of consumers take turns");
    if (!allHaveProducts(walk, turns))
      return remarkMissed(walk, getArgument(), "NoTurns",
                          "a step has no product of these groups");
    walk.removeTurnsAttr();
    inTurns.insert(roles);
    for (Region &segment : walk.getSegments()) {
      SmallVector<DotOp> products = productsOf(segment.front(), turns);
      if (turns.getKind() == TurnKind::results)
        bracketResults(segment.front(), products);
      else
        bracketProducts(products);
    }
  });
  for (Operation *roles : inTurns)
    emitFirstPass(cast<RolesOp>(roles), warpgroups);
}
