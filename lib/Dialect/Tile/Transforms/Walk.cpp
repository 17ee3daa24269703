//===- Walk.cpp - The loops over KV tiles ---------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Walk.h"

#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace attn::tile;

/// The innermost loops, one behind the other, whose steps have an `OpT`. A loop
/// over query tiles has a walk in it.
template <typename OpT>
static Walk findLoops(KernelOp kernel) {
  Walk walk;
  kernel.walk<WalkOrder::PreOrder>([&](scf::ForOp loop) {
    Block *step = loop.getBody();
    if (step->getOps<OpT>().empty() || !step->getOps<scf::ForOp>().empty())
      return WalkResult::advance();
    bool continues = walk.loops.empty() || walk.last() == loop.getLowerBound();
    if (!continues)
      return WalkResult::interrupt();
    walk.loops.push_back(loop);
    return WalkResult::skip();
  });
  return walk;
}

Walk Walk::find(KernelOp kernel) { return findLoops<CopyAsyncOp>(kernel); }

Walk Walk::findProducts(KernelOp kernel) { return findLoops<DotOp>(kernel); }

OpBuilder Walk::prologue(KernelOp kernel, int64_t groups) {
  scf::ForOp loop = loops.front();
  DominanceInfo dominance(kernel);
  for (auto wait : loop->getBlock()->getOps<WaitCopiesOp>()) {
    if (!wait->isBeforeInBlock(loop) ||
        !dominance.properlyDominates(first(), wait) ||
        !dominance.properlyDominates(last(), wait))
      continue;
    wait.setPending(wait.getPending() + groups);
    return OpBuilder(wait);
  }
  return OpBuilder(loop);
}

void Walk::emitIfThere(OpBuilder &builder, Location loc, Value tile,
                       function_ref<void(OpBuilder &)> body) {
  Value isThere = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::slt, tile, last());
  auto guard = scf::IfOp::create(builder, loc, isThere, /*withElse=*/false);
  OpBuilder inner = guard.getThenBodyBuilder();
  body(inner);
}

SmallVector<Operation *> attn::tile::synchronousCopies(scf::ForOp loop) {
  SmallVector<Operation *> ops;
  for (Operation &op : *loop.getBody())
    if (isa<CopyAsyncOp, CommitCopiesOp, WaitCopiesOp>(op))
      ops.push_back(&op);
  return ops;
}

void attn::tile::cloneCopy(OpBuilder &builder, CopyAsyncOp copy,
                           scf::ForOp loop, Value tile, Value dest) {
  IRMapping mapping;
  mapping.map(loop.getInductionVar(), tile);
  mapping.map(copy.getDest(), dest);
  std::function<void(Value)> materialise = [&](Value value) {
    Operation *def = value.getDefiningOp();
    if (!def || def->getBlock() != loop.getBody() || mapping.contains(value))
      return;
    for (Value operand : def->getOperands())
      materialise(operand);
    builder.clone(*def, mapping);
  };
  for (Value index : copy.getIndices())
    materialise(index);
  builder.clone(*copy, mapping);
}
