//===- ExpandWalks.cpp - Walks become loops -------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %r = walk from %a init(%i)        %s = scf.for %t = %a to %b iter_args(%c =
//   %i)
//       to %b (%t, %c) { … }     =>       { … }
//       to %d (%t, %c) { … }          %r = scf.for %t = %b to %d iter_args(%c =
//       %s)
//                                         { … }
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/Transforms/Passes.h"

namespace attn::tile {
#define GEN_PASS_DEF_EXPANDWALKS
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn::tile;

namespace {

struct ExpandWalks : public attn::tile::impl::ExpandWalksBase<ExpandWalks> {
  void runOnOperation() override;
};

} // namespace

/// The segment's first tile that has not been walked before.
static Value emitLower(OpBuilder &builder, WalkOp walk, unsigned segment) {
  Value lower = walk.getLower(segment);
  if (walk.getSkip() == 0)
    return lower;
  Location loc = walk.getLoc();
  Value behind = arith::AddIOp::create(
      builder, loc, walk.getFirst(),
      arith::ConstantIndexOp::create(builder, loc, walk.getSkip()));
  return arith::MaxSIOp::create(builder, loc, lower, behind);
}

static void expand(WalkOp walk) {
  OpBuilder builder(walk);
  Location loc = walk.getLoc();
  SmallVector<Value> carried(walk.getInits());
  for (unsigned i = 0; i < walk.getNumSegments(); ++i) {
    Value lower = emitLower(builder, walk, i);
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    auto loop =
        scf::ForOp::create(builder, loc, lower, walk.getUpper(i), one, carried);
    Block *step = walk.getStep(i), *body = loop.getBody();
    if (carried.empty())
      body->getTerminator()->erase();
    for (auto [from, to] :
         llvm::zip(step->getArguments(), body->getArguments()))
      from.replaceAllUsesWith(to);
    body->getOperations().splice(body->end(), step->getOperations());
    auto yield = cast<YieldOp>(body->getTerminator());
    OpBuilder inner(yield);
    scf::YieldOp::create(inner, yield.getLoc(), yield.getValues());
    yield.erase();
    carried.assign(loop.result_begin(), loop.result_end());
  }
  walk.replaceAllUsesWith(carried);
  walk.erase();
}

void ExpandWalks::runOnOperation() {
  SmallVector<WalkOp> walks;
  getOperation().walk([&](Operation *op) {
    op->removeAttr(kComputedFirstAttr);
    if (auto walk = dyn_cast<WalkOp>(op))
      walks.push_back(walk);
  });
  for (WalkOp walk : walks)
    expand(walk);
}
