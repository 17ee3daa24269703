//===- ScoreSlope.cpp - The derivative of a score region ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   score { yield tanh(s * c) + t[h] }
// gives
//   slope { y = tanh(s * c); add_gradient 1, t[h]; yield (1 - y * y) * c }
//
// Each operation is copied, and behind it stands the derivative of its result
// by the score, where it depends on it. Derivatives by elements of tensors
// follow, one element after the other.
//
//===----------------------------------------------------------------------===//

#include "ScoreSlope.h"

#include "IndexMath.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace attn;

static constexpr double kLn2 = 0.6931471805599453;

/// Whether `Slope` has a rule for the operation.
static bool hasRule(Operation &op) {
  return isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp,
             arith::NegFOp, arith::SelectOp, arith::ExtFOp, arith::MaximumFOp,
             arith::MinimumFOp, math::AbsFOp, math::TanhOp, math::ExpOp,
             math::Exp2Op, math::LogOp, math::SqrtOp, math::SinOp, math::CosOp,
             math::FmaOp>(op);
}

// - What depends on the score, or on elements of tensors, has a derivative;
//   comparisons of elements have one of 0.
LogicalResult attn::checkDifferentiable(AttentionOp op) {
  if (op.getScore().empty())
    return success();
  Block &body = op.getScore().front();
  llvm::SmallDenseSet<Value> ofScore = {body.getArgument(0)}, ofElements;
  auto isOfScore = [&](Value value) { return ofScore.contains(value); };
  auto isOfElements = [&](Value value) { return ofElements.contains(value); };
  for (Operation &nested : body.without_terminator()) {
    Value result = nested.getResult(0);
    if (isa<CaptureOp>(nested) && isa<FloatType>(result.getType())) {
      ofElements.insert(result);
      continue;
    }
    bool dependsOnScore = llvm::any_of(nested.getOperands(), isOfScore);
    bool depends =
        dependsOnScore || llvm::any_of(nested.getOperands(), isOfElements);
    if (!depends || (isa<arith::CmpFOp>(nested) && !dependsOnScore))
      continue;
    bool isChosen =
        isa<arith::SelectOp>(nested) &&
        (isOfScore(nested.getOperand(0)) || isOfElements(nested.getOperand(0)));
    if (!hasRule(nested) || isChosen)
      return nested.emitOpError()
             << "of the score has no derivative; those with one are sums, "
                "products, quotients, `math.tanh` and the like";
    (dependsOnScore ? ofScore : ofElements).insert(result);
  }
  return success();
}

namespace {

/// Writes the slope region of one op.
class Slope {
public:
  Slope(OpBuilder &builder, Location loc) : builder(builder), loc(loc) {}
  void setSlope(Value value, Value slope) { slopes[value] = slope; }
  /// Of a value of the region; null where it is 0.
  Value of(Value value) const { return slopes.lookup(value); }
  /// That of the result of `op`, of which `copy` is the copy.
  void add(Operation &op, Operation &copy);
  Value number(double value) {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getF32FloatAttr(value));
  }

private:
  Value mul(Value a, Value b) { return make<arith::MulFOp>(a, b); }
  template <typename OpT, typename... Args>
  Value make(Args &&...args) {
    return OpT::create(builder, loc, std::forward<Args>(args)...);
  }
  Value sum(Value a, Value b) {
    return !a ? b : !b ? a : make<arith::AddFOp>(a, b);
  }
  Value product(Value value, Value slope) {
    return slope ? mul(value, slope) : Value();
  }
  Value orZero(Value slope) { return slope ? slope : number(0); }
  Value ofBinary(Operation &op, Operation &copy);
  Value ofChoice(Operation &op, Operation &copy);
  Value factorOf(Operation &op, Value x, Value y);

  OpBuilder &builder;
  Location loc;
  llvm::DenseMap<Value, Value> slopes;
};

} // namespace

/// dy/dx of y = f(x).
Value Slope::factorOf(Operation &op, Value x, Value y) {
  if (isa<math::TanhOp>(op))
    return make<arith::SubFOp>(number(1), mul(y, y));
  if (isa<math::ExpOp>(op))
    return y;
  if (isa<math::Exp2Op>(op))
    return mul(y, number(kLn2));
  if (isa<math::LogOp>(op))
    return make<arith::DivFOp>(number(1), x);
  if (isa<math::SqrtOp>(op))
    return make<arith::DivFOp>(number(0.5), y);
  if (isa<math::SinOp>(op))
    return make<math::CosOp>(x);
  if (isa<math::CosOp>(op))
    return make<arith::NegFOp>(make<math::SinOp>(x));
  return make<math::CopySignOp>(number(1), x); // of the magnitude
}

Value Slope::ofBinary(Operation &op, Operation &copy) {
  Value a = copy.getOperand(0), b = copy.getOperand(1);
  Value ofA = of(op.getOperand(0)), ofB = of(op.getOperand(1));
  if (isa<arith::AddFOp>(op))
    return sum(ofA, ofB);
  if (isa<arith::SubFOp>(op)) {
    if (!ofA)
      return make<arith::NegFOp>(ofB);
    return ofB ? make<arith::SubFOp>(ofA, ofB) : ofA;
  }
  if (isa<arith::MulFOp>(op))
    return sum(product(b, ofA), product(a, ofB));
  // (a' - y b') / b
  Value rest = product(copy.getResult(0), ofB);
  Value top = !rest ? ofA
              : ofA ? make<arith::SubFOp>(ofA, rest)
                    : make<arith::NegFOp>(rest);
  return make<arith::DivFOp>(top, b);
}

/// That of the larger, or of the smaller one.
Value Slope::ofChoice(Operation &op, Operation &copy) {
  auto predicate = isa<arith::MaximumFOp>(op) ? arith::CmpFPredicate::OGE
                                              : arith::CmpFPredicate::OLE;
  Value isFirst =
      make<arith::CmpFOp>(predicate, copy.getOperand(0), copy.getOperand(1));
  return make<arith::SelectOp>(isFirst, orZero(of(op.getOperand(0))),
                               orZero(of(op.getOperand(1))));
}

void Slope::add(Operation &op, Operation &copy) {
  if (isa<arith::CmpFOp>(op) ||
      llvm::none_of(op.getOperands(),
                    [&](Value operand) { return bool(of(operand)); }))
    return;
  Value slope;
  if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp>(op))
    slope = ofBinary(op, copy);
  else if (isa<arith::NegFOp>(op))
    slope = make<arith::NegFOp>(of(op.getOperand(0)));
  else if (isa<arith::ExtFOp>(op))
    slope = of(op.getOperand(0));
  else if (isa<arith::MaximumFOp, arith::MinimumFOp>(op))
    slope = ofChoice(op, copy);
  else if (isa<arith::SelectOp>(op))
    slope =
        make<arith::SelectOp>(copy.getOperand(0), orZero(of(op.getOperand(1))),
                              orZero(of(op.getOperand(2))));
  else if (isa<math::FmaOp>(op))
    slope = sum(sum(product(copy.getOperand(1), of(op.getOperand(0))),
                    product(copy.getOperand(0), of(op.getOperand(1)))),
                of(op.getOperand(2)));
  else
    slope = mul(factorOf(op, copy.getOperand(0), copy.getResult(0)),
                of(op.getOperand(0)));
  slopes[op.getResult(0)] = slope;
}

/// The derivative of the score by what `read` reads, of which there is a copy.
static void deriveByElement(OpBuilder &builder, CaptureOp read,
                            const IRMapping &copies) {
  Slope slope(builder, read.getLoc());
  slope.setSlope(read.getResult(), slope.number(1));
  Block &score = *read->getBlock();
  for (Operation &nested : score.without_terminator())
    if (read->isBeforeInBlock(&nested))
      slope.add(nested, *copies.lookup(&nested));
  Value derivative = slope.of(score.getTerminator()->getOperand(0));
  SmallVector<Value> indices =
      llvm::map_to_vector(read.getIndices(), [&](Value index) {
        return copies.lookupOrDefault(index);
      });
  AddGradientOp::create(builder, read.getLoc(),
                        derivative ? derivative : slope.number(0),
                        read.getSource(), indices);
}

void attn::deriveSlope(SdpaGradOp op) {
  OpBuilder builder(op.getContext());
  Block &score = op.getScore().front();
  Block *block = addRegionBlock(builder, op.getLoc(), op.getSlope(),
                                score.getArgumentTypes());
  IRMapping mapping;
  mapping.map(score.getArguments(), block->getArguments());
  Slope slope(builder, op.getLoc());
  slope.setSlope(score.getArgument(0), slope.number(1));
  for (Operation &nested : score.without_terminator())
    slope.add(nested, *builder.clone(nested, mapping));
  for (Value tensor : op.getDifferentiated())
    for (CaptureOp read : op.getReadsOf(tensor))
      deriveByElement(builder, read, mapping);
  Value yielded = slope.of(score.getTerminator()->getOperand(0));
  YieldOp::create(builder, op.getLoc(), yielded ? yielded : slope.number(0));
}
