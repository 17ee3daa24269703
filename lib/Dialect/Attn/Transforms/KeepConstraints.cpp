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
// The predicate is brought into disjunctive form: negations are pushed to the
// comparisons, and conjunctions multiplied out. A comparison that is not known,
// such as that of a captured number, makes its conjunction incomplete.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Transforms/KeepConstraints.h"
#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/Transforms/IndexIntervals.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/MathExtras.h"
#include <optional>

using namespace mlir;
using namespace attn;

static constexpr int64_t kMaxFactor = int64_t(1) << 28;
static constexpr int64_t kMaxConstant = int64_t(1) << 60;
/// More conjunctions, or constraints in one, than these are not worth their
/// ranges.
static constexpr size_t kMaxConjunctions = 8, kMaxConstraints = 32;

static constexpr int64_t KeepConstraint::*kFactors[] = {
    &KeepConstraint::j, &KeepConstraint::i, &KeepConstraint::queryLength,
    &KeepConstraint::keyLength};

//===----------------------------------------------------------------------===//
// Affine values
//===----------------------------------------------------------------------===//

namespace {

/// The left-hand side of a constraint, in which j may stand as its quotient by
/// a positive number.
struct Affine : KeepConstraint {
  int64_t divisor = 1;
};

} // namespace

/// lhs + factor * rhs, unless it leaves the bounds of KeepConstraint.
static std::optional<Affine> addScaled(const Affine &lhs, int64_t factor,
                                       const Affine &rhs) {
  bool haveQuotients = lhs.j != 0 && rhs.j != 0 && factor != 0;
  if (haveQuotients && lhs.divisor != rhs.divisor)
    return std::nullopt;
  Affine sum;
  sum.divisor = lhs.j != 0 ? lhs.divisor : rhs.divisor;
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
  sum.terms = lhs.terms;
  for (const KeepConstraint::Term &term : rhs.terms) {
    int64_t scaled;
    if (llvm::MulOverflow(factor, term.factor, scaled) ||
        std::abs(scaled) > kMaxFactor)
      return std::nullopt;
    auto same = llvm::find_if(sum.terms, [&](const KeepConstraint::Term &old) {
      return old.value == term.value;
    });
    if (same == sum.terms.end())
      sum.terms.push_back({term.value, scaled});
    else
      same->factor += scaled;
  }
  llvm::erase_if(sum.terms, [](const KeepConstraint::Term &term) {
    return term.factor == 0;
  });
  if (sum.j == 0)
    sum.divisor = 1;
  return sum;
}

static Affine affineConstant(int64_t value) {
  Affine result;
  result.constant = value;
  return result;
}

static bool isConstant(const Affine &value) {
  return value.terms.empty() &&
         llvm::all_of(kFactors, [&](auto field) { return value.*field == 0; });
}

/// floor(j / n) + rest <= 0 holds where j <= n * -rest + n - 1, and
/// -floor(j / n) + rest <= 0 where j >= n * rest.
static std::optional<KeepConstraint> withoutQuotient(const Affine &value) {
  if (value.divisor == 1)
    return value;
  if (std::abs(value.j) != 1)
    return std::nullopt;
  Affine rest = value;
  rest.j = 0;
  rest.divisor = 1;
  std::optional<Affine> scaled = addScaled({}, value.divisor, rest);
  if (scaled && value.j > 0)
    scaled = addScaled(*scaled, 1, affineConstant(1 - value.divisor));
  if (!scaled)
    return std::nullopt;
  scaled->j = value.j;
  return *scaled;
}

//===----------------------------------------------------------------------===//
// Predicates
//===----------------------------------------------------------------------===//

namespace {

using Disjunction = SmallVector<KeepConjunction>;

/// Walks the values of one keep region.
class KeepReader {
public:
  explicit KeepReader(Region &keep) : block(keep.front()) {}

  /// Where `predicate`, or its negation, holds.
  Disjunction read(Value predicate, bool isNegated);

private:
  Disjunction compute(Value predicate, bool isNegated);
  Disjunction readComparison(arith::CmpIOp compare, bool isNegated);
  Disjunction readSelect(arith::SelectOp select, bool isNegated);
  Disjunction atMost(const Affine &lhs, const Affine &rhs, int64_t gap);
  std::optional<Affine> readAffine(Value value);
  std::optional<Affine> computeAffine(Value value);
  std::optional<Affine> readQuotient(Operation *op);
  std::optional<Affine> readSum(Operation *op);
  std::optional<Affine> readTerm(Value value);

  Block &block;
  // Worked out once, however often they are used.
  llvm::DenseMap<Value, std::optional<Affine>> affineValues;
  llvm::DenseMap<Value, Disjunction> predicates[2];
};

} // namespace

/// A predicate of which nothing is known.
static Disjunction unknown() {
  KeepConjunction any;
  any.isComplete = false;
  return {any};
}

static Disjunction always() { return {KeepConjunction()}; }

static Disjunction either(Disjunction lhs, const Disjunction &rhs) {
  llvm::append_range(lhs, rhs);
  return lhs.size() > kMaxConjunctions ? unknown() : lhs;
}

/// Adds what must hold, too, unless it is known or there is too much of it.
static void add(KeepConjunction &conjunction,
                const KeepConstraint &constraint) {
  if (llvm::is_contained(conjunction.constraints, constraint))
    return;
  if (conjunction.constraints.size() == kMaxConstraints)
    conjunction.isComplete = false;
  else
    conjunction.constraints.push_back(constraint);
}

static Disjunction both(const Disjunction &lhs, const Disjunction &rhs) {
  if (lhs.size() * rhs.size() > kMaxConjunctions) {
    // What one of them says of every kept key still holds.
    Disjunction less = lhs.size() < rhs.size() ? lhs : rhs;
    if (less.size() > kMaxConjunctions)
      return unknown();
    for (KeepConjunction &conjunction : less)
      conjunction.isComplete = false;
    return less;
  }
  Disjunction all;
  for (const KeepConjunction &left : lhs)
    for (const KeepConjunction &right : rhs) {
      KeepConjunction conjunction = left;
      for (const KeepConstraint &constraint : right.constraints)
        add(conjunction, constraint);
      conjunction.isComplete &= right.isComplete;
      all.push_back(conjunction);
    }
  return all;
}

Disjunction KeepReader::read(Value predicate, bool isNegated) {
  auto known = predicates[isNegated].find(predicate);
  if (known != predicates[isNegated].end())
    return known->second;
  Disjunction result = compute(predicate, isNegated);
  predicates[isNegated][predicate] = result;
  return result;
}

Disjunction KeepReader::compute(Value predicate, bool isNegated) {
  if (std::optional<int64_t> constant = constantIndex(predicate))
    return (*constant != 0) != isNegated ? always() : Disjunction();
  Operation *op = predicate.getDefiningOp();
  if (auto compare = dyn_cast_or_null<arith::CmpIOp>(op))
    return readComparison(compare, isNegated);
  if (auto select = dyn_cast_or_null<arith::SelectOp>(op))
    return readSelect(select, isNegated);
  if (auto exclusive = dyn_cast_or_null<arith::XOrIOp>(op)) {
    Value left = exclusive.getLhs(), right = exclusive.getRhs();
    if (std::optional<int64_t> constant = constantIndex(right))
      return read(left, (*constant != 0) != isNegated);
    return either(both(read(left, isNegated), read(right, /*isNegated=*/true)),
                  both(read(left, !isNegated), read(right, false)));
  }
  if (!isa_and_nonnull<arith::AndIOp, arith::OrIOp>(op))
    return unknown();
  Disjunction left = read(op->getOperand(0), isNegated);
  Disjunction right = read(op->getOperand(1), isNegated);
  return isa<arith::AndIOp>(op) != isNegated ? both(left, right)
                                             : either(left, right);
}

Disjunction KeepReader::readSelect(arith::SelectOp select, bool isNegated) {
  if (!select.getCondition().getType().isInteger(1))
    return unknown();
  return either(both(read(select.getCondition(), /*isNegated=*/false),
                     read(select.getTrueValue(), isNegated)),
                both(read(select.getCondition(), /*isNegated=*/true),
                     read(select.getFalseValue(), isNegated)));
}

static arith::CmpIPredicate negated(arith::CmpIPredicate predicate) {
  using Predicate = arith::CmpIPredicate;
  switch (predicate) {
  case Predicate::eq:
    return Predicate::ne;
  case Predicate::ne:
    return Predicate::eq;
  case Predicate::slt:
    return Predicate::sge;
  case Predicate::sle:
    return Predicate::sgt;
  case Predicate::sgt:
    return Predicate::sle;
  case Predicate::sge:
    return Predicate::slt;
  default: // Unsigned ones are not read.
    return predicate;
  }
}

Disjunction KeepReader::readComparison(arith::CmpIOp compare, bool isNegated) {
  std::optional<Affine> lhs = readAffine(compare.getLhs());
  std::optional<Affine> rhs = readAffine(compare.getRhs());
  if (!lhs || !rhs)
    return unknown();
  arith::CmpIPredicate predicate = compare.getPredicate();
  switch (isNegated ? negated(predicate) : predicate) {
  case arith::CmpIPredicate::sle:
    return atMost(*lhs, *rhs, /*gap=*/0);
  case arith::CmpIPredicate::slt:
    return atMost(*lhs, *rhs, /*gap=*/1);
  case arith::CmpIPredicate::sge:
    return atMost(*rhs, *lhs, /*gap=*/0);
  case arith::CmpIPredicate::sgt:
    return atMost(*rhs, *lhs, /*gap=*/1);
  case arith::CmpIPredicate::eq:
    return both(atMost(*lhs, *rhs, /*gap=*/0), atMost(*rhs, *lhs, /*gap=*/0));
  case arith::CmpIPredicate::ne:
    return either(atMost(*lhs, *rhs, /*gap=*/1), atMost(*rhs, *lhs, /*gap=*/1));
  default: // Unsigned order is not affine.
    return unknown();
  }
}

/// lhs + gap <= rhs.
Disjunction KeepReader::atMost(const Affine &lhs, const Affine &rhs,
                               int64_t gap) {
  std::optional<Affine> difference = addScaled(lhs, -1, rhs);
  if (difference)
    difference = addScaled(*difference, gap, affineConstant(1));
  if (!difference)
    return unknown();
  std::optional<KeepConstraint> constraint = withoutQuotient(*difference);
  if (!constraint)
    return unknown();
  KeepConjunction conjunction;
  conjunction.constraints.push_back(*constraint);
  return {conjunction};
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// `value` as an affine value, worked out once however often it is used.
std::optional<Affine> KeepReader::readAffine(Value value) {
  auto known = affineValues.find(value);
  if (known != affineValues.end())
    return known->second;
  std::optional<Affine> affine = computeAffine(value);
  affineValues.try_emplace(value, affine);
  return affine;
}

/// Only `index` is read: narrower integers wrap.
std::optional<Affine> KeepReader::computeAffine(Value value) {
  if (!value.getType().isIndex())
    return std::nullopt;
  Affine result;
  if (value == block.getArgument(2)) {
    result.i = 1;
    return result;
  }
  if (value == block.getArgument(3)) {
    result.j = 1;
    return result;
  }
  if (std::optional<int64_t> constant = constantIndex(value))
    return addScaled({}, *constant, affineConstant(1));
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<QueryLengthOp>(op)) {
    result.queryLength = 1;
    return result;
  }
  if (isa_and_nonnull<KeyLengthOp>(op)) {
    result.keyLength = 1;
    return result;
  }
  if (isa_and_nonnull<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op))
    if (std::optional<Affine> sum = readSum(op))
      return sum;
  if (isa_and_nonnull<arith::DivUIOp, arith::DivSIOp, arith::FloorDivSIOp>(op))
    if (std::optional<Affine> quotient = readQuotient(op))
      return quotient;
  return readTerm(value);
}

std::optional<Affine> KeepReader::readSum(Operation *op) {
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

/// A quotient of j, which is at least 0.
std::optional<Affine> KeepReader::readQuotient(Operation *op) {
  if (op->getOperand(0) != block.getArgument(3))
    return std::nullopt;
  std::optional<int64_t> divisor = constantIndex(op->getOperand(1));
  if (!divisor || *divisor <= 0 || *divisor > kMaxFactor)
    return std::nullopt;
  Affine result;
  result.j = 1;
  result.divisor = *divisor;
  return result;
}

std::optional<Affine> KeepReader::readTerm(Value value) {
  if (!canBound(value, block, KeyIndex::Excluded))
    return std::nullopt;
  Affine result;
  result.terms.push_back({value, 1});
  return result;
}

//===----------------------------------------------------------------------===//
// The interface
//===----------------------------------------------------------------------===//

SmallVector<KeepConjunction> attn::analyzeKeep(Region &keep) {
  return KeepReader(keep).read(keep.front().getTerminator()->getOperand(0),
                               /*isNegated=*/false);
}
