//===- IndexIntervals.cpp - What an index of a region can be --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Transforms/IndexIntervals.h"

#include "IndexMath.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/DenseSet.h"
#include <optional>

using namespace mlir;
using namespace attn;

/// Constants and factors beyond these could leave 64 bits; values of more
/// operations than these in a row are not followed.
static constexpr int64_t kMaxFactor = int64_t(1) << 28;
static constexpr int64_t kMaxConstant = int64_t(1) << 60;
static constexpr int kMaxDepth = 12;

//===----------------------------------------------------------------------===//
// What can be bounded
//===----------------------------------------------------------------------===//

std::optional<int64_t> attn::constantIndex(Value value) {
  APInt constant;
  if (!matchPattern(value, m_ConstantInt(&constant)) ||
      constant.getSignificantBits() > 61)
    return std::nullopt;
  return constant.getSExtValue();
}

static bool isPositiveConstant(Value value) {
  std::optional<int64_t> constant = constantIndex(value);
  return constant && *constant > 0 && *constant <= kMaxFactor;
}

/// Whether the value is at least 0 whatever the indices are.
static bool isNonNegative(Value value, int depth) {
  if (depth == kMaxDepth)
    return false;
  if (std::optional<int64_t> constant = constantIndex(value))
    return *constant >= 0;
  Operation *op = value.getDefiningOp();
  if (!op) // An index.
    return true;
  if (isa<QueryLengthOp, KeyLengthOp>(op))
    return true;
  return isa<arith::AddIOp, arith::MulIOp, arith::DivUIOp, arith::DivSIOp,
             arith::FloorDivSIOp, arith::CeilDivSIOp, arith::RemUIOp,
             arith::RemSIOp, arith::MinSIOp, arith::MaxSIOp>(op) &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return isNonNegative(operand, depth + 1);
         });
}

static bool canBound(Value value, Block &body, KeyIndex key, int depth) {
  if (!value.getType().isIndex() || depth == kMaxDepth)
    return false;
  if (auto argument = dyn_cast<BlockArgument>(value))
    return argument.getOwner() == &body &&
           (key == KeyIndex::Included ||
            argument != body.getArguments().back());
  if (std::optional<int64_t> constant = constantIndex(value))
    return std::abs(*constant) <= kMaxConstant;
  Operation *op = value.getDefiningOp();
  if (isa<QueryLengthOp, KeyLengthOp>(op))
    return true;
  auto areBounded = [&](ValueRange values) {
    return llvm::all_of(values, [&](Value each) {
      return ::canBound(each, body, key, depth + 1);
    });
  };
  if (isa<arith::AddIOp, arith::SubIOp, arith::MinSIOp, arith::MaxSIOp>(op))
    return areBounded(op->getOperands());
  if (isa<arith::SelectOp>(op))
    return areBounded(op->getOperands().drop_front());
  bool isByConstant = op->getNumOperands() == 2 &&
                      isPositiveConstant(op->getOperand(1)) &&
                      areBounded(op->getOperand(0));
  if (isa<arith::MulIOp, arith::FloorDivSIOp, arith::CeilDivSIOp,
          arith::DivSIOp>(op))
    return isByConstant;
  return isa<arith::DivUIOp, arith::RemUIOp, arith::RemSIOp>(op) &&
         isByConstant && isNonNegative(op->getOperand(0), depth + 1);
}

bool attn::canBound(Value value, Block &body, KeyIndex key) {
  return ::canBound(value, body, key, /*depth=*/0);
}

/// Whether no argument is met twice, and no choice.
static bool hasSingleUses(Value value, llvm::SmallDenseSet<Value, 4> &met) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return met.insert(value).second;
  return !isa<arith::SelectOp>(op) &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return hasSingleUses(operand, met);
         });
}

bool attn::hasExactInterval(Value value, Block &body) {
  llvm::SmallDenseSet<Value, 4> met;
  return canBound(value, body, KeyIndex::Included) && hasSingleUses(value, met);
}

//===----------------------------------------------------------------------===//
// Intervals
//===----------------------------------------------------------------------===//

IndexInterval IndexIntervals::of(Value value) {
  auto it = known.find(value);
  if (it != known.end())
    return it->second;
  IndexInterval interval = compute(value);
  known[value] = interval;
  return interval;
}

IndexInterval IndexIntervals::compute(Value value) {
  if (isa<BlockArgument>(value) ||
      isa<QueryLengthOp, KeyLengthOp>(value.getDefiningOp()))
    return leaf(value);
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant))) {
    Value same = IndexMath(builder, loc).constant(constant.getSExtValue());
    return {same, same};
  }
  return computeOp(value.getDefiningOp());
}

/// A remainder grows with its operand as long as the quotient stays.
static IndexInterval ofRemainder(IndexMath &math, IndexInterval value,
                                 Value divisor) {
  auto quotient = [&](Value number) {
    return math.create<arith::DivSIOp>(number, divisor);
  };
  auto remainder = [&](Value number) {
    return math.create<arith::RemSIOp>(number, divisor);
  };
  Value stays = math.compare(arith::CmpIPredicate::eq, quotient(value.low),
                             quotient(value.high));
  return {
      math.select(stays, remainder(value.low), math.zero()),
      math.select(stays, remainder(value.high), math.addConstant(divisor, -1))};
}

/// Of the operations that `canBound` accepts.
IndexInterval IndexIntervals::computeOp(Operation *op) {
  IndexMath math(builder, loc);
  if (auto select = dyn_cast<arith::SelectOp>(op)) {
    IndexInterval yes = of(select.getTrueValue()),
                  no = of(select.getFalseValue());
    return {math.min(yes.low, no.low), math.max(yes.high, no.high)};
  }
  IndexInterval lhs = of(op->getOperand(0)), rhs = of(op->getOperand(1));
  if (isa<arith::AddIOp>(op))
    return {math.add(lhs.low, rhs.low), math.add(lhs.high, rhs.high)};
  if (isa<arith::SubIOp>(op))
    return {math.sub(lhs.low, rhs.high), math.sub(lhs.high, rhs.low)};
  if (isa<arith::RemUIOp, arith::RemSIOp>(op))
    return ofRemainder(math, lhs, rhs.low);
  // All others grow with their operands.
  auto apply = [&](Value left, Value right) {
    return math.create(op->getName().getIdentifier(), left, right);
  };
  return {apply(lhs.low, rhs.low), apply(lhs.high, rhs.high)};
}
