//===- AlternateLoads.cpp - One tile is copied while another is used ------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   scf.for %t = %first to %last {          copy K of tile %first; commit
//     copy K of tile %t; commit; wait       scf.for %t = %first to %last {
//     … dot with K …                          wait; copy V of tile %t; commit
//     copy V of tile %t; commit; wait   =>    … dot with K …
//     … dot with V …                          wait
//   }                                         if %t + 1 < %last: copy its K
//                                             commit
//                                             … dot with V …
//                                           }
//
// Each of the two has one buffer. It costs two barriers a step where a ring of
// two stages costs one, and half the shared memory.
//
//===----------------------------------------------------------------------===//

#include "Walk.h"

#include "attn/Dialect/Tile/Transforms/Passes.h"

namespace attn::tile {
#define GEN_PASS_DEF_ALTERNATELOADS
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn::tile;

namespace {

struct AlternateLoads
    : public attn::tile::impl::AlternateLoadsBase<AlternateLoads> {
  void runOnOperation() override;

private:
  void rewriteBody(Walk &walk, scf::ForOp loop);
};

} // namespace

/// Two copies into different buffers, which the loop's body reads.
static bool alternates(scf::ForOp loop) {
  SmallVector<CopyAsyncOp> copies(loop.getBody()->getOps<CopyAsyncOp>());
  return copies.size() == 2 && copies[0].getDest() != copies[1].getDest();
}

static Operation *lastReader(Value buffer, scf::ForOp loop) {
  Operation *last = nullptr;
  for (Operation *user : buffer.getUsers()) {
    bool reads = isa<DotOp, FragmentOp>(user);
    if (reads && user->getBlock() == loop.getBody() &&
        (!last || last->isBeforeInBlock(user)))
      last = user;
  }
  return last;
}

void AlternateLoads::rewriteBody(Walk &walk, scf::ForOp loop) {
  Location loc = loop.getLoc();
  SmallVector<Operation *> synchronous = synchronousCopies(loop);
  SmallVector<CopyAsyncOp> copies(loop.getBody()->getOps<CopyAsyncOp>());
  CopyAsyncOp now = copies[0], later = copies[1];
  Operation *reader = lastReader(now.getDest(), loop);

  auto builder = OpBuilder::atBlockBegin(loop.getBody());
  WaitCopiesOp::create(builder, loc, 0);
  cloneCopy(builder, later, loop, loop.getInductionVar(), later.getDest());
  CommitCopiesOp::create(builder, loc);

  builder.setInsertionPointAfter(reader);
  WaitCopiesOp::create(builder, loc, 0);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  Value next =
      arith::AddIOp::create(builder, loc, loop.getInductionVar(), one);
  walk.emitIfThere(builder, loc, next, [&](OpBuilder &body) {
    cloneCopy(body, now, loop, next, now.getDest());
  });
  CommitCopiesOp::create(builder, loc);
  for (Operation *op : llvm::reverse(synchronous))
    op->erase();
}

void AlternateLoads::runOnOperation() {
  if (getOperation().getSchedule().getStages() != 1)
    return;
  Walk walk = Walk::find(getOperation());
  if (walk.loops.empty() || !llvm::all_of(walk.loops, alternates))
    return;
  scf::ForOp loop = walk.loops.front();
  OpBuilder builder = walk.prologue(getOperation(), /*groups=*/1);
  CopyAsyncOp first = *loop.getBody()->getOps<CopyAsyncOp>().begin();
  walk.emitIfThere(builder, loop.getLoc(), walk.first(), [&](OpBuilder &body) {
    cloneCopy(body, first, loop, walk.first(), first.getDest());
  });
  CommitCopiesOp::create(builder, loop.getLoc());
  for (scf::ForOp each : walk.loops)
    rewriteBody(walk, each);
}
