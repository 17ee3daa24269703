//===- KeepRange.cpp - The range region that keep implies -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   keep { j <= i and (j >= i - 3 or j < 2) }
// gives, for the rows [i0, i1),
//   range { 0, max(i1 - 4, 0), min(i0 + 1, Sk), min(i1, Sk),
//           2, max(i0 - 3, 2) }
//
// Each conjunction of the keep region keeps one run of keys. The range spans
// all runs; what all rows keep is taken from one of them, or from two that
// meet. Where two runs lie apart, there is a gap between them.
//
//===----------------------------------------------------------------------===//

#include "KeepRange.h"

#include "IndexMath.h"
#include "attn/Dialect/Attn/Transforms/IndexIntervals.h"
#include "attn/Dialect/Attn/Transforms/KeepConstraints.h"
#include "attn/Dialect/Attn/Transforms/RegionUtils.h"
#include "mlir/IR/Remarks.h"
#include <string>

using namespace mlir;
using namespace attn;

namespace {

/// The bounds of a range region while constraints narrow them. Null is no
/// bound beyond [0, Sk).
struct Bounds {
  Value begin, fullBegin, fullEnd, end;
};

/// Narrows bounds for the rows [i0, i1) by one constraint after another.
class RangeBuilder {
public:
  RangeBuilder(IndexMath &math, IndexIntervals &intervals, Block *block)
      : math(math), intervals(intervals), firstRow(block->getArgument(2)),
        endRow(block->getArgument(3)) {}

  void narrow(const KeepConstraint &constraint) {
    // The constraint is j * factor + rest(i) <= 0. It keeps most keys at the
    // row where the rest is least, and fewest where it is greatest; both are at
    // an end of the run of rows, since the rest is affine.
    Row least = leastRow(constraint);
    Row greatest = least == Row::First ? Row::Last : Row::First;
    int64_t factor = constraint.j;
    if (factor > 0) { // j <= floor(-rest / factor)
      lowerTo(bounds.end, firstKeyAfter(constraint, least));
      lowerTo(bounds.fullEnd, firstKeyAfter(constraint, greatest));
    } else if (factor < 0) { // j >= ceil(rest / -factor)
      raiseTo(bounds.begin, firstKey(constraint, least));
      raiseTo(bounds.fullBegin, firstKey(constraint, greatest));
    } else {
      lowerTo(bounds.end, allOrNone(constraint, least));
      lowerTo(bounds.fullEnd, allOrNone(constraint, greatest));
    }
  }

  /// Claims of no key that all rows keep it.
  void trustNone() { bounds.fullEnd = math.zero(); }

  bool hasBegin() const { return bool(bounds.begin); }

  /// The bounds, in order: 0 <= begin <= fullBegin <= fullEnd <= end <= Sk for
  /// whatever the constraints gave.
  Bounds finish(bool visitsAllKeys) {
    Value zero = math.zero(), keys = math.keyLength();
    auto clamp = [&](Value value, Value low, Value high) {
      return math.max(math.min(value, high), low);
    };
    Value begin = zero, end = keys;
    if (!visitsAllKeys) {
      if (bounds.end)
        end = clamp(bounds.end, zero, keys);
      if (bounds.begin)
        begin = clamp(bounds.begin, zero, end);
    }
    Value fullBegin =
        bounds.fullBegin ? clamp(bounds.fullBegin, begin, end) : begin;
    Value fullEnd =
        bounds.fullEnd ? clamp(bounds.fullEnd, fullBegin, end) : end;
    return {begin, fullBegin, fullEnd, end};
  }

private:
  enum class Row { First, Last };

  /// Where the rest is least. Terms have their least value of any row there,
  /// and their greatest one at the other end.
  static Row leastRow(const KeepConstraint &constraint) {
    return constraint.i > 0 ? Row::First : Row::Last;
  }

  /// sign * (i * … + Sq * … + Sk * … + constant) + extra, at one of the rows.
  Value rest(const KeepConstraint &constraint, Row row, int64_t sign,
             int64_t extra) {
    struct Term {
      int64_t factor;
      function_ref<Value()> value;
    };
    auto getRow = [&] { return row == Row::First ? firstRow : endRow; };
    auto getQueryLength = [&] { return math.queryLength(); };
    auto getKeyLength = [&] { return math.keyLength(); };
    Term terms[] = {{sign * constraint.i, getRow},
                    {sign * constraint.keyLength, getKeyLength},
                    {sign * constraint.queryLength, getQueryLength}};
    int64_t constant = sign * constraint.constant + extra;
    if (row == Row::Last) // Row endRow - 1.
      constant -= sign * constraint.i;

    Value sum;
    for (const Term &term : terms)
      if (term.factor > 0) {
        Value scaled = math.scale(term.value(), term.factor);
        sum = sum ? math.add(sum, scaled) : scaled;
      }
    for (const Term &term : terms)
      if (term.factor < 0) {
        Value scaled = math.scale(term.value(), -term.factor);
        sum = math.sub(sum ? sum : math.zero(), scaled);
      }
    bool isLeast = row == leastRow(constraint);
    for (const KeepConstraint::Term &term : constraint.terms) {
      IndexInterval interval = intervals.of(term.value);
      Value end = (term.factor > 0) == isLeast ? interval.low : interval.high;
      int64_t factor = sign * term.factor;
      if (factor > 0)
        sum = sum ? math.add(sum, math.scale(end, factor))
                  : math.scale(end, factor);
      else
        sum = math.sub(sum ? sum : math.zero(), math.scale(end, -factor));
    }
    return sum ? math.addConstant(sum, constant) : math.constant(constant);
  }

  /// floor(-rest / j) + 1: the end of the keys that a positive factor keeps.
  Value firstKeyAfter(const KeepConstraint &constraint, Row row) {
    Value value = rest(constraint, row, /*sign=*/-1, /*extra=*/constraint.j);
    return math.floorDiv(value, constraint.j);
  }

  /// ceil(rest / -j): the first key that a negative factor keeps.
  Value firstKey(const KeepConstraint &constraint, Row row) {
    Value value = rest(constraint, row, /*sign=*/1, /*extra=*/0);
    return math.ceilDiv(value, -constraint.j);
  }

  /// Sk where a constraint without j holds, else 0.
  Value allOrNone(const KeepConstraint &constraint, Row row) {
    Value zero = math.zero();
    Value holds =
        math.compare(arith::CmpIPredicate::sle,
                     rest(constraint, row, /*sign=*/1, /*extra=*/0), zero);
    return math.select(holds, math.keyLength(), zero);
  }

  void lowerTo(Value &bound, Value value) {
    bound = bound ? math.min(bound, value) : value;
  }
  void raiseTo(Value &bound, Value value) {
    bound = bound ? math.max(bound, value) : value;
  }

  IndexMath &math;
  IndexIntervals &intervals;
  Value firstRow, endRow;
  Bounds bounds;
};

} // namespace

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

namespace {

/// Unites the runs of keys of the conjunctions.
class RunBuilder {
public:
  explicit RunBuilder(IndexMath &math) : math(math) {}

  /// What both keep. All rows keep the longer of what they keep of each, or
  /// what they keep of both where that meets.
  Bounds unite(const Bounds &a, const Bounds &b);
  /// The keys between two runs, before what all rows keep of their union.
  std::pair<Value, Value> gap(const Bounds &a, const Bounds &b,
                              const Bounds &both);

private:
  Value atMost(Value lhs, Value rhs) {
    return math.compare(arith::CmpIPredicate::sle, lhs, rhs);
  }

  IndexMath &math;
};

} // namespace

Bounds RunBuilder::unite(const Bounds &a, const Bounds &b) {
  Value meet = atMost(math.max(a.fullBegin, b.fullBegin),
                      math.min(a.fullEnd, b.fullEnd));
  Value isFirstLonger = atMost(math.sub(b.fullEnd, b.fullBegin),
                               math.sub(a.fullEnd, a.fullBegin));
  auto choose = [&](Value together, Value first, Value second) {
    return math.select(meet, together,
                       math.select(isFirstLonger, first, second));
  };
  Bounds both;
  both.begin = math.min(a.begin, b.begin);
  both.fullBegin =
      choose(math.min(a.fullBegin, b.fullBegin), a.fullBegin, b.fullBegin);
  both.fullEnd = choose(math.max(a.fullEnd, b.fullEnd), a.fullEnd, b.fullEnd);
  both.end = math.max(a.end, b.end);
  return both;
}

std::pair<Value, Value> RunBuilder::gap(const Bounds &a, const Bounds &b,
                                        const Bounds &both) {
  // The run that begins first ends where the gap begins.
  Value isFirst = atMost(a.begin, b.begin);
  Value begin = math.min(math.select(isFirst, a.end, b.end), both.fullBegin);
  Value end = math.select(isFirst, b.begin, a.begin);
  Value isBefore = atMost(end, both.fullBegin);
  end = math.max(begin, end);
  return {begin, math.select(isBefore, end, begin)};
}

//===----------------------------------------------------------------------===//
// The range
//===----------------------------------------------------------------------===//

/// The range of no conjunction at all: nothing is kept.
static SmallVector<Value> emptyRange(IndexMath &math, bool visitsAllKeys) {
  Value zero = math.zero();
  return {zero, zero, zero, visitsAllKeys ? math.keyLength() : zero};
}

/// The rows are [i0, i1); all else is one value.
static IndexInterval intervalOf(IndexMath &math, Value leaf, Block &keep,
                                Block &range) {
  if (leaf == keep.getArgument(2))
    return {range.getArgument(2), math.addConstant(range.getArgument(3), -1)};
  Value same;
  if (auto argument = dyn_cast<BlockArgument>(leaf))
    same = range.getArgument(argument.getArgNumber());
  else
    same = leaf.getDefiningOp<QueryLengthOp>() ? math.queryLength()
                                               : math.keyLength();
  return {same, same};
}

/// Says what the range follows from, and where it says too little.
static void report(AttentionOp op, ArrayRef<KeepConjunction> runs) {
  auto options =
      remark::RemarkOpts::name("Range").category("attn-expand-masks");
  std::string kept = "keeps " + std::to_string(runs.size()) +
                     (runs.size() == 1 ? " run of keys" : " runs of keys");
  if (areDescribedByRange(runs)) {
    remark::passed(op.getLoc(), options) << kept;
    return;
  }
  bool isComplete = llvm::all_of(
      runs, [](const KeepConjunction &run) { return run.isComplete; });
  bool visitsAllKeys = op.getMaskedRow() == MaskedRow::Uniform;
  remark::missed(op.getLoc(), options)
      << (isComplete ? kept + ", too many for a range"
                     : "depends on more than indices and lengths")
      << (visitsAllKeys ? "; no key tile is left out"
                        : "; key tiles are listed when it is called");
}

static SmallVector<Value> emitRange(AttentionOp op, Region &keepRegion,
                                    ArrayRef<KeepConjunction> conjunctions,
                                    OpBuilder &builder, IndexMath &math,
                                    Block *block) {
  // A row without any kept key weighs every key under `uniform`.
  bool visitsAllKeys = op.getMaskedRow() == MaskedRow::Uniform;
  if (conjunctions.empty())
    return emptyRange(math, visitsAllKeys);

  Block &keep = keepRegion.front();
  IndexIntervals intervals(builder, op.getLoc(), [&](Value leaf) {
    return intervalOf(math, leaf, keep, *block);
  });
  RunBuilder runs(math);
  SmallVector<Bounds> all;
  bool begins = false;
  for (const KeepConjunction &conjunction : conjunctions) {
    RangeBuilder range(math, intervals, block);
    for (const KeepConstraint &constraint : conjunction.constraints)
      range.narrow(constraint);
    if (!conjunction.isComplete)
      range.trustNone();
    begins |= range.hasBegin();
    all.push_back(range.finish(visitsAllKeys));
  }
  Bounds bounds = all.front();
  for (const Bounds &other : ArrayRef(all).drop_front())
    bounds = runs.unite(bounds, other);
  SmallVector<Value> yielded = {bounds.begin, bounds.fullBegin, bounds.fullEnd,
                                bounds.end};
  if (all.size() == 2 && begins && !visitsAllKeys) {
    auto [begin, end] = runs.gap(all[0], all[1], bounds);
    yielded.append({begin, end});
  }
  return yielded;
}

static void deriveRange(AttentionOp op, Region &keep,
                        ArrayRef<KeepConjunction> conjunctions, Region &range) {
  OpBuilder builder(op.getContext());
  SmallVector<Type> types(4, builder.getIndexType());
  Block *block = addRegionBlock(builder, op.getLoc(), range, types);
  IndexMath math(builder, op.getLoc());
  SmallVector<Value> yielded =
      emitRange(op, keep, conjunctions, builder, math, block);
  YieldOp::create(builder, op.getLoc(), yielded);
}

void attn::deriveRange(AttentionOp op) {
  SmallVector<KeepConjunction> conjunctions = analyzeKeep(op.getKeep());
  report(op, conjunctions);
  ::deriveRange(op, op.getKeep(), conjunctions, op.getRange());
}

//===----------------------------------------------------------------------===//
// Queries of keys
//===----------------------------------------------------------------------===//

/// The predicate with queries and keys, and their numbers, in each other's
/// place.
static void transposeKeep(AttentionOp op, Region &transposed) {
  OpBuilder builder(op.getContext());
  SmallVector<Type> types(4, builder.getIndexType());
  Block *block = addRegionBlock(builder, op.getLoc(), transposed, types);
  IndexMath math(builder, op.getLoc());
  SmallVector<Value> arguments(block->getArguments());
  std::swap(arguments[2], arguments[3]);
  SmallVector<Value> kept = inlineMaskRegion(
      builder, op.getKeep(), arguments, math.keyLength(), math.queryLength());
  YieldOp::create(builder, op.getLoc(), kept);
}

static void exchangeLengths(Region &range) {
  for (Operation &op : llvm::make_early_inc_range(range.front())) {
    if (!isa<QueryLengthOp, KeyLengthOp>(op))
      continue;
    OpBuilder builder(&op);
    Value other = isa<QueryLengthOp>(op)
                      ? Value(KeyLengthOp::create(builder, op.getLoc()))
                      : Value(QueryLengthOp::create(builder, op.getLoc()));
    op.getResult(0).replaceAllUsesWith(other);
    op.erase();
  }
}

void attn::deriveQueryRange(SdpaGradOp op) {
  Region transposed;
  transposeKeep(op, transposed);
  ::deriveRange(op, transposed, analyzeKeep(transposed), op.getQueryRange());
  exchangeLengths(op.getQueryRange());
}
