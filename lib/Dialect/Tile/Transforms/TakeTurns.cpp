//===- TakeTurns.cpp - Two warpgroups alternate ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   turns = 1                          turns = 2
//
//   %s = dot %q, %k                    take_turn
//   release %ke                        %s = dot %q, %k async
//   take_turn                          %r = dot %p, %v, %acc async
//   … exponentials …                   pass_turn
//   pass_turn                          wait for %s
//   await %vf                          … exponentials …
//   dot p, %v, …                       wait for %r
//
// Either way one warpgroup multiplies while the other is at its exponentials.
// The second one passes the turn before the first step; at the end, nobody takes
// the one that is left over.
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

static void takeBefore(Operation *op) {
  OpBuilder builder(op);
  TakeTurnOp::create(builder, op->getLoc());
}

static void passBefore(Operation *op) {
  OpBuilder builder(op);
  PassTurnOp::create(builder, op->getLoc());
}

/// From the release of the keys to the next wait.
static void bracketExponentials(Block &step) {
  ReleaseOp released = *step.getOps<ReleaseOp>().begin();
  Operation *end = released->getNextNode();
  while (!isa<AwaitOp, WaitDotsOp>(end))
    end = end->getNextNode();
  takeBefore(released->getNextNode());
  passBefore(end);
}

static void bracketProducts(Block &step) {
  SmallVector<DotOp> dots(step.getOps<DotOp>());
  takeBefore(dots.front());
  passBefore(dots.back()->getNextNode());
}

/// So that the first warpgroup can take the first turn.
static void emitFirstPass(OpBuilder &builder, Location loc) {
  Value isSecond = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::eq,
      WarpgroupIdOp::create(builder, loc),
      arith::ConstantIndexOp::create(builder, loc, 1));
  auto guard = scf::IfOp::create(builder, loc, isSecond, /*withElse=*/false);
  OpBuilder inner = guard.getThenBodyBuilder();
  PassTurnOp::create(inner, loc);
}

void TakeTurns::runOnOperation() {
  KernelOp kernel = getOperation();
  int64_t turns = kernel.getSchedule().getTurns();
  bool isDone = false;
  kernel.walk([&](PassTurnOp) { isDone = true; });
  if (turns == kNone || isDone)
    return;
  Location loc = kernel.getLoc();
  for (RolesOp roles : kernel.getBody().front().getOps<RolesOp>()) {
    Block &consumer = roles.getConsumer().front();
    auto builder = OpBuilder::atBlockBegin(&consumer);
    emitFirstPass(builder, loc);
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
