//===- Walks.cpp - Copies of walks over tiles -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Walks.h"

#include "attn/Dialect/Tile/Analysis/Effects.h"
#include "attn/Dialect/Tile/Analysis/Slices.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace attn::tile;

SmallVector<CopyAsyncOp> attn::tile::copiesOf(Block &step) {
  return llvm::to_vector(step.getOps<CopyAsyncOp>());
}

static bool areAlike(CopyAsyncOp a, BlockArgument tileOfA, CopyAsyncOp b,
                     BlockArgument tileOfB) {
  if (a.getSource() != b.getSource() || a.getDest() != b.getDest() ||
      a->getAttrDictionary() != b->getAttrDictionary() ||
      a.getIndices().size() != b.getIndices().size())
    return false;
  std::pair<Value, Value> tiles(tileOfA, tileOfB);
  return llvm::all_of(llvm::zip(a.getIndices(), b.getIndices()),
                      [&](auto indices) {
                        return isComputedAlike(std::get<0>(indices),
                                               std::get<1>(indices), tiles);
                      });
}

bool attn::tile::copiesAreAlike(WalkOp walk) {
  SmallVector<CopyAsyncOp> first = copiesOf(*walk.getStep(0));
  for (unsigned i = 1; i < walk.getNumSegments(); ++i) {
    SmallVector<CopyAsyncOp> others = copiesOf(*walk.getStep(i));
    if (first.size() != others.size())
      return false;
    for (auto [a, b] : llvm::zip(first, others))
      if (!areAlike(a, walk.getTile(0), b, walk.getTile(i)))
        return false;
  }
  return true;
}

/// True if `op` has a region in which copies are started or waited for.
static bool copiesWithin(Operation &op) {
  return op
      .walk([&](Operation *inner) {
        bool copies = inner != &op &&
                      (hasEffectOn<MemoryEffects::Write, AsyncCopies>(inner));
        return copies ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Collects what `value`, of a step, is computed from in front of the walk.
static void collectOuter(Value value, Region &step,
                         llvm::SmallSetVector<Value, 8> &outer) {
  if (!step.isAncestor(value.getParentRegion())) {
    outer.insert(value);
    return;
  }
  if (Operation *op = value.getDefiningOp())
    for (Value operand : op->getOperands())
      collectOuter(operand, step, outer);
}

OpBuilder attn::tile::prologueOf(WalkOp walk, int64_t groups) {
  DominanceInfo dominance(walk->getParentOfType<KernelOp>());
  llvm::SmallSetVector<Value, 8> needed;
  needed.insert(walk.getFirst());
  needed.insert(walk.getLast());
  for (CopyAsyncOp copy : copiesOf(*walk.getStep(0)))
    for (Value index : copy.getIndices())
      collectOuter(index, walk.getSegments().front(), needed);
  WaitCopiesOp earliest;
  for (Operation *op = walk->getPrevNode(); op; op = op->getPrevNode()) {
    if (copiesWithin(*op))
      break;
    auto wait = dyn_cast<WaitCopiesOp>(op);
    if (wait && llvm::all_of(needed, [&](Value value) {
          return dominance.properlyDominates(value, wait);
        }))
      earliest = wait;
  }
  if (!earliest)
    return OpBuilder(walk);
  earliest.setPending(earliest.getPending() + groups);
  return OpBuilder(earliest);
}

void attn::tile::emitIfThere(OpBuilder &builder, WalkOp walk, Value tile,
                             function_ref<void(OpBuilder &)> body) {
  Location loc = walk.getLoc();
  Value isThere = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                                        tile, walk.getLast());
  auto guard = scf::IfOp::create(builder, loc, isThere, /*withElse=*/false);
  OpBuilder inner = guard.getThenBodyBuilder();
  body(inner);
}

Value attn::tile::emitUse(OpBuilder &builder, WalkOp walk, Value tile) {
  return arith::SubIOp::create(builder, walk.getLoc(), tile, walk.getFirst());
}

void attn::tile::cloneCopy(OpBuilder &builder, CopyAsyncOp copy, WalkOp walk,
                           Value tile, Value dest) {
  IRMapping mapping;
  unsigned segment = *walk.getSegmentOf(copy->getBlock());
  mapping.map(walk.getTile(segment), tile);
  mapping.map(copy.getDest(), dest);
  for (Value index : copy.getIndices())
    materialise(builder, index, walk.getSegments()[segment], mapping);
  builder.clone(*copy, mapping);
}

SmallVector<Operation *> attn::tile::copyingOpsOf(Block &step) {
  SmallVector<Operation *> ops;
  for (Operation &op : step)
    if (hasEffectOn<MemoryEffects::Write, AsyncCopies>(&op))
      ops.push_back(&op);
  return ops;
}

void attn::tile::remarkMissed(Operation *op, StringRef pass, StringRef what,
                              StringRef reason) {
  remark::missed(op->getLoc(), remark::RemarkOpts::name(what).category(pass))
      << reason;
}
