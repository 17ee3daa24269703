//===- CaptureChecks.cpp - Checks of the sizes of captured tensors --------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CaptureChecks.h"

#include "Checks.h"
#include "attn/Dialect/Attn/Transforms/IndexIntervals.h"

using namespace mlir;
using namespace attn;

namespace {

/// Checks the indices of one region.
class IndexChecker {
public:
  IndexChecker(HostBuilder &b, AttentionOp op, Block &body,
               const FunctionLowering &lowering)
      : b(b), op(op), body(body), lowering(lowering),
        intervals(b, op.getLoc(), [this](Value leaf) { return of(leaf); }) {}

  void check(CaptureOp capture);

private:
  IndexInterval of(Value leaf);
  Value sizeOf(Value leaf);
  Value isEmpty();
  void checkBounds(CaptureOp capture, int64_t dim, const Twine &name);
  void checkDim(CaptureOp capture, int64_t dim);

  HostBuilder &b;
  AttentionOp op;
  Block &body;
  const FunctionLowering &lowering;
  IndexIntervals intervals;
};

} // namespace

namespace {

/// An index that regions are given: the operand and the dimension whose size it
/// counts to, and what messages call that.
struct Extent {
  Value operand;
  int64_t dim;
  StringRef name;
};

} // namespace

static Extent extentOf(AttentionOp op, BlockArgument index) {
  unsigned count = index.getOwner()->getNumArguments();
  switch (count - index.getArgNumber()) {
  case 4:
    return {op.getQuery(), op.batchDim(), "the batch"};
  case 3:
    return {op.getQuery(), op.headDim(), "the heads of query"};
  case 2:
    return {op.getQuery(), op.lengthDim(), "the length of query"};
  default:
    return {op.getKey(), op.lengthDim(), "the length of key"};
  }
}

/// How many values an index has, or the length itself.
Value IndexChecker::sizeOf(Value leaf) {
  if (leaf.getDefiningOp<QueryLengthOp>())
    return b.dim(op.getQuery(), op.lengthDim());
  if (leaf.getDefiningOp<KeyLengthOp>())
    return b.dim(op.getKey(), op.lengthDim());
  Extent extent = extentOf(op, cast<BlockArgument>(leaf));
  return b.dim(extent.operand, extent.dim);
}

IndexInterval IndexChecker::of(Value leaf) {
  Value size = sizeOf(leaf);
  if (!isa<BlockArgument>(leaf))
    return {size, size};
  return {b.constant(0), arith::SubIOp::create(b, size, b.constant(1))};
}

/// Without scores, nothing is read.
Value IndexChecker::isEmpty() {
  Value empty;
  for (BlockArgument argument : body.getArguments().take_back(4)) {
    Value none =
        b.compare(arith::CmpIPredicate::eq, sizeOf(argument), b.constant(0));
    empty = empty ? arith::OrIOp::create(b, empty, none).getResult() : none;
  }
  return empty;
}

void IndexChecker::checkBounds(CaptureOp capture, int64_t dim,
                               const Twine &name) {
  Value size = b.dim(capture.getSource(), dim);
  Value index = capture.getIndices()[dim];
  Value least = b.constant(0), most = b.constant(0);
  if (hasExactInterval(index, body)) {
    IndexInterval interval = intervals.of(index);
    least = interval.low;
    most = interval.high;
  }
  Value isInside = arith::AndIOp::create(
      b, b.compare(arith::CmpIPredicate::sge, least, b.constant(0)),
      b.compare(arith::CmpIPredicate::slt, most, size));
  assertThat(b, arith::OrIOp::create(b, isEmpty(), isInside),
             "expected dimension " + Twine(dim) + " of " + name +
                 " to hold every index that the operands give");
}

/// The tensor of a clause has the sizes of the operands; others have to be
/// large enough.
void IndexChecker::checkDim(CaptureOp capture, int64_t dim) {
  std::optional<StringRef> clause = capture.getClause();
  std::string name = clause.value_or("capture").str() + " (" +
                     lowering.nameOf(capture.getSource()) + ")";
  auto index = dyn_cast<BlockArgument>(capture.getIndices()[dim]);
  if (!clause || !index)
    return checkBounds(capture, dim, name);
  Extent extent = extentOf(op, index);
  Value isEqual = b.compare(arith::CmpIPredicate::eq,
                            b.dim(capture.getSource(), dim), sizeOf(index));
  assertThat(b, isEqual,
             "expected dimension " + Twine(dim) + " of " + name + " to be " +
                 extent.name);
}

void IndexChecker::check(CaptureOp capture) {
  for (int64_t dim = 0; dim < int64_t(capture.getIndices().size()); ++dim)
    checkDim(capture, dim);
}

void attn::emitCaptureChecks(HostBuilder &b, AttentionOp op,
                             const FunctionLowering &lowering) {
  for (Region *region : {&op.getScore(), &op.getKeep()}) {
    if (region->empty())
      continue;
    IndexChecker checker(b, op, region->front(), lowering);
    for (auto capture : region->getOps<CaptureOp>())
      checker.check(capture);
  }
  if (!op.getSinks())
    return;
  Value isEqual = b.compare(arith::CmpIPredicate::eq, b.dim(op.getSinks(), 0),
                            b.dim(op.getQuery(), op.headDim()));
  assertThat(b, isEqual,
             "expected sinks (" + lowering.nameOf(op.getSinks()) +
                 ") to have one element for each head of query");
}
