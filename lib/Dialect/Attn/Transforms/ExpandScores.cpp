//===- ExpandScores.cpp - Turns the clauses of scores into a region -------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   attn.sdpa %q, %k, %v softcap(30.0)
// becomes
//   attn.sdpa %q, %k, %v score { 30 * tanh(s * (1 / 30)) }
//
// In the order of the clauses: softcap, biases, and the score region of the
// user's.
//
//===----------------------------------------------------------------------===//

#include "IndexMath.h"
#include "ScoreSlope.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"
#include <cmath>

namespace attn {
#define GEN_PASS_DEF_EXPANDSCORES
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;

namespace {

/// Writes the score region of one op from its clauses.
class ScoreExpander {
public:
  explicit ScoreExpander(AttentionOp op);
  void expand();

private:
  template <typename OpT, typename... Args>
  Value make(Args &&...args) {
    return OpT::create(builder, op.getLoc(), std::forward<Args>(args)...);
  }
  Value number(float value) {
    return make<arith::ConstantOp>(builder.getF32FloatAttr(value));
  }
  void expandSoftcap();
  void expandAlibi();
  void expandRelativeBias();
  void expandBias();
  void inlineRegion(Block &before);
  Value toFloat(Value index);
  Value readCapture(StringRef clause, TypedValue<RankedTensorType> tensor,
                    ValueRange indices);
  Value emitBucket(Value distance, int64_t buckets);
  void dropClauses();

  AttentionOp op;
  OpBuilder builder;
  Block *block;
  IndexMath math;
  Value score, batch, head, query, key;
};

} // namespace

/// The block of the clauses, before the one of the user's.
static Block *addScoreBlock(OpBuilder &builder, AttentionOp op) {
  SmallVector<Type> types(5, builder.getIndexType());
  types.front() = builder.getF32Type();
  return addRegionBlock(builder, op.getLoc(), op.getScore(), types);
}

ScoreExpander::ScoreExpander(AttentionOp op)
    : op(op), builder(op.getContext()), block(addScoreBlock(builder, op)),
      math(builder, op.getLoc()), score(block->getArgument(0)),
      batch(block->getArgument(1)), head(block->getArgument(2)),
      query(block->getArgument(3)), key(block->getArgument(4)) {}

/// c * tanh(s / c)
void ScoreExpander::expandSoftcap() {
  if (!op.getSoftcap())
    return;
  float cap = op.getSoftcap()->convertToFloat();
  Value part = make<arith::MulFOp>(score, number(1.0f / cap));
  score = make<arith::MulFOp>(make<math::TanhOp>(part), number(cap));
}

/// Exact below 2^24, and positions beyond are rounded.
Value ScoreExpander::toFloat(Value index) {
  Value word = make<arith::IndexCastOp>(builder.getI32Type(), index);
  return make<arith::SIToFPOp>(builder.getF32Type(), word);
}

/// s - slope * |p - j|
void ScoreExpander::expandAlibi() {
  if (!op.getAlibi())
    return;
  Value position = emitPosition(math, op, query);
  Value distance = make<arith::SubFOp>(toFloat(position), toFloat(key));
  Value slope = readCapture("alibi", op.getAlibi(), head);
  Value bias = make<arith::MulFOp>(make<math::AbsFOp>(distance), slope);
  score = make<arith::SubFOp>(score, bias);
}

/// The bucket of a distance of at least 0: one each for the first half of them,
/// and from there on as many as their logarithm has it. The least distance of
/// each bucket is computed here, so that no kernel rounds a logarithm.
Value ScoreExpander::emitBucket(Value distance, int64_t buckets) {
  int64_t exact = buckets / 2;
  double ratio = double(op.getMaxDistanceOrDefault()) / exact;
  Value bucket = math.min(distance, math.constant(exact));
  for (int64_t i = 1; i < buckets - exact; ++i) {
    double least = exact * std::pow(ratio, double(i) / (buckets - exact));
    auto bound = static_cast<int64_t>(std::ceil(least - 1e-9));
    Value isBeyond =
        math.compare(arith::CmpIPredicate::sge, distance, math.constant(bound));
    bucket = math.select(isBeyond, math.constant(exact + i), bucket);
  }
  return bucket;
}

/// s + table[bucket(j - p), h]
void ScoreExpander::expandRelativeBias() {
  if (!op.getRelativeBias())
    return;
  int64_t buckets = op.getRelativeBias().getType().getDimSize(0);
  Value position = emitPosition(math, op, query);
  Value before = math.sub(position, key);
  Value bucket;
  if (op.getBidirectional()) {
    Value behind = math.sub(key, position);
    bucket = emitBucket(math.max(before, behind), buckets / 2);
    Value isBehind =
        math.compare(arith::CmpIPredicate::sgt, behind, math.zero());
    bucket =
        math.select(isBehind, math.addConstant(bucket, buckets / 2), bucket);
  } else {
    bucket = emitBucket(math.max(before, math.zero()), buckets);
  }
  score = make<arith::AddFOp>(
      score,
      readCapture("relative_bias", op.getRelativeBias(), {bucket, head}));
}

void ScoreExpander::expandBias() {
  if (!op.getBias())
    return;
  SmallVector<Value> indices = {batch, head, query, key};
  for (auto [index, size] :
       llvm::zip(indices, op.getBias().getType().getShape()))
    if (size == 1)
      index = math.zero();
  score =
      make<arith::AddFOp>(score, readCapture("bias", op.getBias(), indices));
}

/// An element as an f32.
Value ScoreExpander::readCapture(StringRef clause,
                                 TypedValue<RankedTensorType> tensor,
                                 ValueRange indices) {
  Type element = tensor.getType().getElementType();
  Value value =
      captureOfClause(builder, op, clause, tensor, indices).getResult();
  return element.isF32() ? value
                         : make<arith::ExtFOp>(builder.getF32Type(), value);
}

void ScoreExpander::dropClauses() {
  op.removeSoftcapAttr();
  op.removeMaxDistanceAttr();
  op.setBidirectional(false);
  op.getAlibiMutable().clear();
  op.getRelativeBiasMutable().clear();
  op.getBiasMutable().clear();
}

/// Moves what the user's region does behind the clauses.
void ScoreExpander::inlineRegion(Block &before) {
  SmallVector<Value> arguments = {score, batch, head, query, key};
  for (auto [argument, value] :
       llvm::zip_equal(before.getArguments(), arguments))
    argument.replaceAllUsesWith(value);
  block->getOperations().splice(block->end(), before.getOperations());
  before.erase();
}

void ScoreExpander::expand() {
  expandSoftcap();
  expandAlibi();
  expandRelativeBias();
  expandBias();
  dropClauses();
  if (Block *before = block->getNextNode())
    inlineRegion(*before);
  else
    YieldOp::create(builder, op.getLoc(), score);
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {

struct ExpandScores : public attn::impl::ExpandScoresBase<ExpandScores> {
  void runOnOperation() override {
    getOperation()->walk([](AttentionOp op) {
      if (op.hasScoreClause())
        ScoreExpander(op).expand();
      auto grad = dyn_cast<SdpaGradOp>(op.getOperation());
      if (grad && !grad.getScore().empty() && grad.getSlope().empty())
        deriveSlope(grad);
    });
  }
};

} // namespace
