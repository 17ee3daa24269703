//===- KeepConstraints.cpp - A keep region as inequalities ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %kept = arith.cmpi sle, %j, %i   becomes   j - i <= 0
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Transforms/KeepConstraints.h"
#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/Support/MathExtras.h"
#include <optional>

using namespace mlir;
using namespace attn;

/// An affine value of j, i, Sq and Sk: the left-hand side of a constraint.
using Affine = KeepConstraint;

static constexpr int64_t kMaxFactor = int64_t(1) << 28;
static constexpr int64_t kMaxConstant = int64_t(1) << 60;

static constexpr int64_t KeepConstraint::*kFactors[] = {
    &KeepConstraint::j, &KeepConstraint::i, &KeepConstraint::queryLength,
    &KeepConstraint::keyLength};

/// lhs + factor * rhs, unless it leaves the bounds of KeepConstraint.
static std::optional<Affine> addScaled(const Affine &lhs, int64_t factor,
                                       const Affine &rhs) {
  Affine sum;
  auto add = [&](int64_t KeepConstraint::*field, int64_t bound) {
    int64_t scaled;
    return !llvm::MulOverflow(factor, rhs.*field, scaled) &&
           !llvm::AddOverflow(lhs.*field, scaled, sum.*field) &&
           sum.*field <= bound && sum.*field >= -bound;
  };
  for (int64_t KeepConstraint::*field : kFactors)
    if (!add(field, kMaxFactor))
      return std::nullopt;
  if (!add(&KeepConstraint::constant, kMaxConstant))
    return std::nullopt;
  return sum;
}

static bool isConstant(const Affine &value) {
  return llvm::all_of(kFactors, [&](auto field) { return value.*field == 0; });
}

namespace {

/// Walks the values of one keep region.
class KeepReader {
public:
  explicit KeepReader(Region &keep) : block(keep.front()) {}

  /// Adds what must hold for `predicate` to be true.
  LogicalResult readPredicate(Value predicate) {
    if (!readPredicates.insert(predicate).second)
      return success();
    APInt constant;
    if (matchPattern(predicate, m_ConstantInt(&constant))) {
      if (constant.isZero())
        constraints.push_back({0, 0, 0, 0, /*constant=*/1});
      return success();
    }
    if (auto both = predicate.getDefiningOp<arith::AndIOp>())
      return success(succeeded(readPredicate(both.getLhs())) &&
                     succeeded(readPredicate(both.getRhs())));
    if (auto compare = predicate.getDefiningOp<arith::CmpIOp>())
      return readComparison(compare);
    return failure();
  }

  SmallVector<KeepConstraint> takeConstraints() {
    return std::move(constraints);
  }

private:
  LogicalResult readComparison(arith::CmpIOp compare) {
    std::optional<Affine> lhs = readAffine(compare.getLhs());
    std::optional<Affine> rhs = readAffine(compare.getRhs());
    if (!lhs || !rhs)
      return failure();
    switch (compare.getPredicate()) {
    case arith::CmpIPredicate::sle:
      return addAtMost(*lhs, *rhs, /*gap=*/0);
    case arith::CmpIPredicate::slt:
      return addAtMost(*lhs, *rhs, /*gap=*/1);
    case arith::CmpIPredicate::sge:
      return addAtMost(*rhs, *lhs, /*gap=*/0);
    case arith::CmpIPredicate::sgt:
      return addAtMost(*rhs, *lhs, /*gap=*/1);
    case arith::CmpIPredicate::eq:
      return success(succeeded(addAtMost(*lhs, *rhs, /*gap=*/0)) &&
                     succeeded(addAtMost(*rhs, *lhs, /*gap=*/0)));
    default: // `ne` is no conjunction; unsigned order is not affine.
      return failure();
    }
  }

  /// Adds lhs + gap <= rhs.
  LogicalResult addAtMost(const Affine &lhs, const Affine &rhs, int64_t gap) {
    std::optional<Affine> difference = addScaled(lhs, -1, rhs);
    if (difference)
      difference = addScaled(*difference, gap, {0, 0, 0, 0, 1});
    if (!difference)
      return failure();
    constraints.push_back(*difference);
    return success();
  }

  /// `value` as an affine value, worked out once however often it is used.
  std::optional<Affine> readAffine(Value value) {
    auto known = affineValues.find(value);
    if (known != affineValues.end())
      return known->second;
    std::optional<Affine> affine = computeAffine(value);
    affineValues.try_emplace(value, affine);
    return affine;
  }

  /// Only `index` is read: narrower integers wrap.
  std::optional<Affine> computeAffine(Value value) {
    if (!value.getType().isIndex())
      return std::nullopt;
    if (value == block.getArgument(2))
      return Affine{0, 1, 0, 0, 0};
    if (value == block.getArgument(3))
      return Affine{1, 0, 0, 0, 0};
    APInt constant;
    if (matchPattern(value, m_ConstantInt(&constant)))
      return addScaled({}, constant.getSExtValue(), {0, 0, 0, 0, 1});
    Operation *op = value.getDefiningOp();
    if (isa_and_nonnull<QueryLengthOp>(op))
      return Affine{0, 0, 1, 0, 0};
    if (isa_and_nonnull<KeyLengthOp>(op))
      return Affine{0, 0, 0, 1, 0};
    if (!isa_and_nonnull<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op))
      return std::nullopt;

    std::optional<Affine> lhs = readAffine(op->getOperand(0));
    std::optional<Affine> rhs = readAffine(op->getOperand(1));
    if (!lhs || !rhs)
      return std::nullopt;
    if (isa<arith::AddIOp>(op))
      return addScaled(*lhs, 1, *rhs);
    if (isa<arith::SubIOp>(op))
      return addScaled(*lhs, -1, *rhs);
    if (isConstant(*rhs))
      return addScaled({}, rhs->constant, *lhs);
    if (isConstant(*lhs))
      return addScaled({}, lhs->constant, *rhs);
    return std::nullopt;
  }

  Block &block;
  SmallVector<KeepConstraint> constraints;
  llvm::DenseSet<Value> readPredicates;
  llvm::DenseMap<Value, std::optional<Affine>> affineValues;
};

} // namespace

FailureOr<SmallVector<KeepConstraint>>
attn::deriveKeepConstraints(Region &keep) {
  KeepReader reader(keep);
  if (failed(reader.readPredicate(keep.front().getTerminator()->getOperand(0))))
    return failure();
  return reader.takeConstraints();
}
