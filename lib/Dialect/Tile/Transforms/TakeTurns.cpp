//===- TakeTurns.cpp - Warpgroups take turns ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   turns = 1                          turns = 2
//
//   %s = dot %q, %k async              take_turn
//   take_turn                          %s = dot %q, %k async
//   wait for %s                        %r = dot %p, %v, %acc async
//   … exponentials …                   pass_turn
//   pass_turn                          wait for %s
//   await %vf                          … exponentials …
//   dot p, %v, …                       wait for %r
//
// Either way one warpgroup multiplies while another is at its exponentials. Turns
// go round, 0, 1, 2, …, 0: all warpgroups of a CTA walk the same steps. The last
// one passes the turn before the first step; at the end, nobody takes the one
// that is left over.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/Transforms/Passes.h"

namespace attn::tile {
#define GEN_PASS_DEF_TAKETURNS
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn::tile;

namespace {

enum Turns { kNone, kExponentials, kProducts };

struct TakeTurns : public attn::tile::impl::TakeTurnsBase<TakeTurns> {
  void runOnOperation() override;
};

} // namespace

/// From before the wait for the scores, which nothing computed from them can
/// pass, to the next wait behind them. Every weight is in a sum.
static void bracketExponentials(Block &step) {
  DotOp dot = *step.getOps<DotOp>().begin();
  Location loc = dot.getLoc();
  OpBuilder builder(dot->getBlock(), std::next(Block::iterator(dot)));
  if (!dot.getAsync()) {
    dot.setAsync(true);
    auto wait = WaitDotsOp::create(builder, loc, dot, ValueRange(),
                                   /*pending=*/0);
    dot.getResult().replaceAllUsesExcept(wait.getResult(), wait);
  }
  auto ready = cast<WaitDotsOp>(*dot->user_begin());
  builder.setInsertionPoint(ready);
  TakeTurnOp::create(builder, loc);

  SmallVector<Value> sums;
  for (auto fold : step.getOps<FoldOp>())
    sums.push_back(fold.getResult());
  Operation *end = ready->getNextNode();
  while (!isa<AwaitOp, WaitDotsOp>(end))
    end = end->getNextNode();
  builder.setInsertionPoint(end);
  PassTurnOp::create(builder, loc, sums);
}

static void bracketProducts(Block &step) {
  SmallVector<DotOp> dots(step.getOps<DotOp>());
  OpBuilder builder(dots.front());
  TakeTurnOp::create(builder, dots.front().getLoc());
  builder.setInsertionPointAfter(dots.back());
  PassTurnOp::create(builder, dots.back().getLoc(), ValueRange());
}

/// So that the first warpgroup can take the first turn.
static void emitFirstPass(OpBuilder &builder, Location loc,
                          int64_t warpgroups) {
  Value isLast = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::eq,
      WarpgroupIdOp::create(builder, loc),
      arith::ConstantIndexOp::create(builder, loc, warpgroups - 1));
  auto guard = scf::IfOp::create(builder, loc, isLast, /*withElse=*/false);
  OpBuilder inner = guard.getThenBodyBuilder();
  PassTurnOp::create(inner, loc, ValueRange());
}

void TakeTurns::runOnOperation() {
  KernelOp kernel = getOperation();
  ScheduleAttr schedule = kernel.getSchedule();
  int64_t turns = schedule.getTurns();
  bool isDone = false;
  kernel.walk([&](PassTurnOp) { isDone = true; });
  if (turns == kNone || isDone)
    return;
  Location loc = kernel.getLoc();
  for (RolesOp roles : kernel.getBody().front().getOps<RolesOp>()) {
    Block &consumer = roles.getConsumer().front();
    auto builder = OpBuilder::atBlockBegin(&consumer);
    emitFirstPass(builder, loc, schedule.getWarpgroups());
  }
  kernel.walk([&](scf::ForOp loop) {
    if (loop.getBody()->getOps<DotOp>().empty())
      return;
    if (turns == kExponentials)
      bracketExponentials(*loop.getBody());
    else
      bracketProducts(*loop.getBody());
  });
}
