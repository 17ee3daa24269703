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
//===----------------------------------------------------------------------===//

#include "NaiveRows.h"
#include "attn/Dialect/Attn/Transforms/RegionUtils.h"
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
        sizes(sizes) {}

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

private:
  /// Counts the full run at once, and key by key what surrounds it.
  Value countRow(Value b, Value h, Value i) {
    auto countKeys = [&](Value begin, Value end) {
      return sumOver(begin, end, [&](Value j) {
        Value kept = inlineMaskRegion(builder, op.getKeep(), {b, h, i, j},
                                      sizes.queryLength, sizes.keyLength)[0];
        return arith::IndexCastUIOp::create(builder, loc,
                                            builder.getIndexType(), kept);
      });
    };
    if (op.getRange().empty())
      return countKeys(constant(0), sizes.keyLength);

    Value next = arith::AddIOp::create(builder, loc, i, constant(1));
    SmallVector<Value> range =
        inlineMaskRegion(builder, op.getRange(), {b, h, i, next},
                         sizes.queryLength, sizes.keyLength);
    Value before = countKeys(range[0], range[1]);
    Value full = arith::SubIOp::create(builder, loc, range[2], range[1]);
    Value after = countKeys(range[2], range[3]);
    Value count = arith::AddIOp::create(builder, loc, before, full);
    return arith::AddIOp::create(builder, loc, count, after);
  }

  OpBuilder &builder;
  Location loc;
  SdpaOp op;
  const SdpaSizes &sizes;
};

} // namespace

/// Whether the mask may differ between batch entries or between heads.
static bool dependsOnHead(SdpaOp op) {
  for (Region *region : {&op.getKeep(), &op.getRange()})
    if (!region->empty() && !(region->getArgument(0).use_empty() &&
                              region->getArgument(1).use_empty()))
      return true;
  return false;
}

Value attn::buildKeptPairs(OpBuilder &builder, SdpaBuffers buffers) {
  Location loc = buffers.op.getLoc();
  SdpaSizes sizes(builder, buffers);
  auto toFloat = [&](Value index) -> Value {
    Value integer =
        arith::IndexCastOp::create(builder, loc, builder.getI64Type(), index);
    return arith::SIToFPOp::create(builder, loc, builder.getF64Type(), integer);
  };
  auto product = [&](ArrayRef<Value> factors) {
    Value result = factors.front();
    for (Value factor : factors.drop_front())
      result = arith::MulFOp::create(builder, loc, result, factor);
    return result;
  };

  Value batch = toFloat(sizes.batch), heads = toFloat(sizes.queryHeads);
  if (buffers.op.getKeep().empty())
    return product(
        {batch, heads, toFloat(sizes.queryLength), toFloat(sizes.keyLength)});
  PairCounter counter(builder, buffers, sizes);
  Value zero = counter.constant(0);
  if (!dependsOnHead(buffers.op))
    return product({batch, heads, toFloat(counter.countHead(zero, zero))});
  return toFloat(counter.sumOver(zero, sizes.batch, [&](Value b) {
    return counter.sumOver(zero, sizes.queryHeads,
                           [&](Value h) { return counter.countHead(b, h); });
  }));
}
