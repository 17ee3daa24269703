//===- ExpandMasks.cpp - Turns causal and window into regions -------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   attn.sdpa %q, %k, %v causal(top_left)
// becomes
//   attn.sdpa %q, %k, %v keep  { j <= i }
//                        range { 0, 0, min(i0 + 1, Sk), min(i1, Sk) }
//
// In two steps that do not know each other: the clauses become a predicate, and
// the range is derived from whatever predicate stands in the op.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/Transforms/KeepConstraints.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <optional>

namespace attn {
#define GEN_PASS_DEF_EXPANDMASKS
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;

namespace {

/// Builds index arithmetic without the operations that change nothing.
class IndexMath {
public:
  IndexMath(OpBuilder &builder, Location loc) : builder(builder), loc(loc) {}

  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }
  Value add(Value lhs, Value rhs) {
    return arith::AddIOp::create(builder, loc, lhs, rhs);
  }
  Value sub(Value lhs, Value rhs) {
    return arith::SubIOp::create(builder, loc, lhs, rhs);
  }
  Value scale(Value value, int64_t by) {
    return by == 1 ? value
                   : arith::MulIOp::create(builder, loc, value, constant(by));
  }
  Value addConstant(Value value, int64_t by) {
    return by == 0 ? value : add(value, constant(by));
  }
  Value min(Value lhs, Value rhs) {
    return lhs == rhs ? lhs : arith::MinSIOp::create(builder, loc, lhs, rhs);
  }
  Value max(Value lhs, Value rhs) {
    return lhs == rhs ? lhs : arith::MaxSIOp::create(builder, loc, lhs, rhs);
  }
  Value compare(arith::CmpIPredicate predicate, Value lhs, Value rhs) {
    return arith::CmpIOp::create(builder, loc, predicate, lhs, rhs);
  }
  Value both(Value lhs, Value rhs) {
    return arith::AndIOp::create(builder, loc, lhs, rhs);
  }
  Value select(Value condition, Value yes, Value no) {
    return arith::SelectOp::create(builder, loc, condition, yes, no);
  }
  Value floorDiv(Value value, int64_t by) {
    return by == 1
               ? value
               : arith::FloorDivSIOp::create(builder, loc, value, constant(by));
  }
  Value ceilDiv(Value value, int64_t by) {
    return by == 1
               ? value
               : arith::CeilDivSIOp::create(builder, loc, value, constant(by));
  }
  Value zero() { return zeroValue ? zeroValue : zeroValue = constant(0); }
  Value queryLength() {
    if (!queryLengthValue)
      queryLengthValue =
          QueryLengthOp::create(builder, loc, builder.getIndexType());
    return queryLengthValue;
  }
  Value keyLength() {
    if (!keyLengthValue)
      keyLengthValue =
          KeyLengthOp::create(builder, loc, builder.getIndexType());
    return keyLengthValue;
  }

private:
  OpBuilder &builder;
  Location loc;
  // Made once per block, at their first use.
  Value zeroValue, queryLengthValue, keyLengthValue;
};

} // namespace

/// Gives `region` its block of four index arguments.
static Block *addBlock(OpBuilder &builder, Location loc, Region &region) {
  SmallVector<Type> types(4, builder.getIndexType());
  SmallVector<Location> locs(4, loc);
  return builder.createBlock(&region, region.end(), types, locs);
}

//===----------------------------------------------------------------------===//
// From clauses to keep
//===----------------------------------------------------------------------===//

/// offset + count, in +-2^30. Rows and keys are at least 0 and below 2^30, so a
/// bound that far out already keeps all or none. The sum is what is clamped:
/// an offset and a count, both large, may cancel.
static int64_t clampedSum(int64_t offset, int64_t count) {
  constexpr int64_t kBound = SdpaOp::kMaxLength;
  int64_t sum;
  if (llvm::AddOverflow(offset, count, sum)) // Only where the signs agree.
    return offset < 0 ? -kBound : kBound;
  return std::clamp(sum, -kBound, kBound);
}

/// Replaces `causal` and `window` by the keep region that means the same.
static void expandClauses(SdpaOp op) {
  CausalAttr causal = op.getCausalAttr();
  WindowAttr window = op.getWindowAttr();
  bool isBottomRight = causal && causal.getKind() == CausalKind::BottomRight;
  int64_t offset = causal ? causal.getOffset() : 0;
  std::optional<int64_t> lower, upper; // p + lower <= j <= p + upper
  if (causal)
    upper = clampedSum(offset, 0);
  else if (window && window.isRightBounded())
    upper = clampedSum(offset, window.getRight());
  if (window && window.isLeftBounded())
    lower = clampedSum(offset, -window.getLeft());
  op.removeCausalAttr();
  op.removeWindowAttr();
  if (!lower && !upper)
    return;

  OpBuilder builder(op.getContext());
  Block *block = addBlock(builder, op.getLoc(), op.getKeep());
  IndexMath math(builder, op.getLoc());
  Value position = block->getArgument(2), j = block->getArgument(3);
  if (isBottomRight)
    position =
        math.add(position, math.sub(math.keyLength(), math.queryLength()));
  Value kept;
  if (upper)
    kept = math.compare(arith::CmpIPredicate::sle, j,
                        math.addConstant(position, *upper));
  if (lower) {
    Value isRecent = math.compare(arith::CmpIPredicate::sge, j,
                                  math.addConstant(position, *lower));
    kept = kept ? math.both(kept, isRecent) : isRecent;
  }
  YieldOp::create(builder, op.getLoc(), kept);
}

//===----------------------------------------------------------------------===//
// From keep to range
//===----------------------------------------------------------------------===//

namespace {

/// The bounds of a range region while constraints narrow them. Null is no
/// bound beyond [0, Sk).
struct Bounds {
  Value begin, fullBegin, fullEnd, end;
};

/// Narrows bounds for the rows [i0, i1) by one constraint after another.
class RangeBuilder {
public:
  RangeBuilder(IndexMath &math, Block *block)
      : math(math), firstRow(block->getArgument(2)),
        endRow(block->getArgument(3)) {}

  void narrow(const KeepConstraint &constraint) {
    // The constraint is j * factor + rest(i) <= 0. It keeps most keys at the
    // row where the rest is least, and fewest where it is greatest; both are at
    // an end of the run of rows, since the rest is affine.
    Row least = constraint.i > 0 ? Row::First : Row::Last;
    Row greatest = constraint.i > 0 ? Row::Last : Row::First;
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

  /// The four bounds, in order: 0 <= begin <= fullBegin <= fullEnd <= end <= Sk
  /// for whatever the constraints gave.
  SmallVector<Value> finish(bool visitsAllKeys) {
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
  Value firstRow, endRow;
  Bounds bounds;
};

} // namespace

/// Gives an op with a keep region the range region that follows from it.
static void deriveRange(SdpaOp op) {
  OpBuilder builder(op.getContext());
  FailureOr<SmallVector<KeepConstraint>> constraints =
      deriveKeepConstraints(op.getKeep());
  Block *block = addBlock(builder, op.getLoc(), op.getRange());
  IndexMath math(builder, op.getLoc());
  RangeBuilder range(math, block);
  if (succeeded(constraints)) {
    for (const KeepConstraint &constraint : *constraints)
      range.narrow(constraint);
  } else {
    range.trustNone();
  }
  // A row without any kept key weighs every key under `uniform`.
  bool visitsAllKeys =
      failed(constraints) || op.getMaskedRow() == MaskedRow::Uniform;
  YieldOp::create(builder, op.getLoc(), range.finish(visitsAllKeys));
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {

struct ExpandMasks : public attn::impl::ExpandMasksBase<ExpandMasks> {
  void runOnOperation() override {
    getOperation()->walk([](SdpaOp op) {
      if (op.getCausal() || op.getWindow())
        expandClauses(op);
      if (!op.getKeep().empty() && op.getRange().empty())
        deriveRange(op);
    });
  }
};

} // namespace
