//===- KeptPairs.cpp - Counts what a mask keeps ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   attn.sdpa … keep {…} range {…}
// becomes
//   for i: count += full_end - full_begin, and one for each other kept key
//
// Batch entries and heads are counted one by one only where the mask asks for
// them. A mask that reads tensors is counted if their data is there; callers
// who know shapes alone get the number of all pairs.
//
//===----------------------------------------------------------------------===//

#include "RegionCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace attn;

namespace {

/// Builds the counting loops of one attention with a mask.
class PairCounter {
public:
  PairCounter(OpBuilder &builder, SdpaBuffers buffers, const SdpaSizes &sizes)
      : builder(builder), loc(buffers.op.getLoc()), op(buffers.op),
        sizes(sizes), regions(builder, buffers, sizes, Numerics::Reference) {}

  /// Builds the number of all kept pairs, as f64.
  Value count();
  /// Builds the number of all pairs, as f64.
  Value countAll() {
    return product(
        {sizes.batch, sizes.queryHeads, sizes.queryLength, sizes.keyLength});
  }

private:
  /// The kept keys of all rows of head h of batch entry b.
  Value countHead(Value b, Value h) {
    return sumOver(constant(0), sizes.queryLength,
                   [&](Value i) { return countRow(b, h, i); });
  }

  /// The sum of `count` over [begin, end).
  Value sumOver(Value begin, Value end,
                function_ref<Value(Value index)> count) {
    auto loop = scf::ForOp::create(
        builder, loc, begin, end, constant(1), ValueRange(constant(0)),
        [&](OpBuilder &, Location, Value index, ValueRange sum) {
          Value more =
              arith::AddIOp::create(builder, loc, sum[0], count(index));
          scf::YieldOp::create(builder, loc, more);
        });
    return loop.getResult(0);
  }

  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }

  Value countRow(Value b, Value h, Value i);
  Value add(Value lhs, Value rhs) {
    return arith::AddIOp::create(builder, loc, lhs, rhs);
  }
  Value product(ArrayRef<Value> counts);
  /// Whether the mask may differ between batch entries (0) or heads (1).
  bool dependsOn(unsigned argument);

  OpBuilder &builder;
  Location loc;
  AttentionOp op;
  const SdpaSizes &sizes;
  RegionCode regions;
};

} // namespace

/// Counts the full run at once, and key by key what surrounds it, but for the
/// gap.
Value PairCounter::countRow(Value b, Value h, Value i) {
  auto countKeys = [&](Value begin, Value end) {
    return sumOver(begin, end, [&](Value j) {
      Value kept = regions.emit(op.getKeep(), {b, h, i, j})[0];
      return arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(),
                                          kept);
    });
  };
  if (op.getRange().empty())
    return countKeys(constant(0), sizes.keyLength);

  SmallVector<Value> range =
      regions.emit(op.getRange(), {b, h, i, add(i, constant(1))});
  Value full = arith::SubIOp::create(builder, loc, range[2], range[1]);
  Value count = add(full, countKeys(range[2], range[3]));
  if (range.size() == 4)
    return add(count, countKeys(range[0], range[1]));
  // An empty gap may lie anywhere.
  Value gapBegin = arith::MinSIOp::create(builder, loc, range[4], range[1]);
  Value gapEnd = arith::MaxSIOp::create(
      builder, loc, gapBegin,
      arith::MinSIOp::create(builder, loc, range[5], range[1]));
  count = add(count, countKeys(range[0], gapBegin));
  return add(count, countKeys(gapEnd, range[1]));
}

Value PairCounter::product(ArrayRef<Value> counts) {
  Value result;
  for (Value count : counts) {
    Value integer =
        arith::IndexCastOp::create(builder, loc, builder.getI64Type(), count);
    Value factor =
        arith::SIToFPOp::create(builder, loc, builder.getF64Type(), integer);
    result =
        result ? arith::MulFOp::create(builder, loc, result, factor) : factor;
  }
  return result;
}

bool PairCounter::dependsOn(unsigned argument) {
  return llvm::any_of(
      ArrayRef<Region *>{&op.getKeep(), &op.getRange()}, [&](Region *region) {
        return !region->empty() && !region->getArgument(argument).use_empty();
      });
}

Value PairCounter::count() {
  bool dependsOnBatch = dependsOn(0), dependsOnHead = dependsOn(1);
  auto countBatch = [&](Value b) {
    if (!dependsOnHead)
      return countHead(b, constant(0));
    return sumOver(constant(0), sizes.queryHeads,
                   [&](Value h) { return countHead(b, h); });
  };
  SmallVector<Value> factors = {
      dependsOnBatch ? sumOver(constant(0), sizes.batch, countBatch)
                     : countBatch(constant(0))};
  if (!dependsOnBatch)
    factors.push_back(sizes.batch);
  if (!dependsOnHead)
    factors.push_back(sizes.queryHeads);
  return product(factors);
}

/// Whether the tensors that the mask reads have data; null if it reads none.
static Value buildHasData(OpBuilder &builder, const SdpaBuffers &buffers) {
  AttentionOp op = buffers.op;
  Location loc = op.getLoc();
  Value hasData;
  llvm::SmallPtrSet<Value, 4> seen;
  for (Region *region : {&op.getKeep(), &op.getRange()})
    for (CaptureOp capture : region->getOps<CaptureOp>()) {
      if (!seen.insert(capture.getSource()).second)
        continue;
      Value address = memref::ExtractAlignedPointerAsIndexOp::create(
          builder, loc, buffers.captures.lookup(capture.getSource()));
      Value none = arith::ConstantIndexOp::create(builder, loc, 0);
      Value isThere = arith::CmpIOp::create(
          builder, loc, arith::CmpIPredicate::ne, address, none);
      hasData = hasData ? arith::AndIOp::create(builder, loc, hasData, isThere)
                        : isThere;
    }
  return hasData;
}

Value attn::buildKeptPairs(OpBuilder &builder, SdpaBuffers buffers) {
  SdpaSizes sizes(builder, buffers);
  PairCounter counter(builder, buffers, sizes);
  if (buffers.op.getKeep().empty())
    return counter.countAll();
  Value hasData = buildHasData(builder, buffers);
  if (!hasData)
    return counter.count();
  Location loc = buffers.op.getLoc();
  return scf::IfOp::create(
             builder, loc, hasData,
             [&](OpBuilder &, Location) {
               scf::YieldOp::create(builder, loc, counter.count());
             },
             [&](OpBuilder &, Location) {
               scf::YieldOp::create(builder, loc, counter.countAll());
             })
      .getResult(0);
}
