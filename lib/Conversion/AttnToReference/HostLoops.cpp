//===- HostLoops.cpp - Loops and numbers of the judges --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostLoops.h"

using namespace mlir;
using namespace attn;

void HostLoops::forEach(Value begin, Value end,
                        function_ref<void(Value)> body) {
  scf::ForOp::create(builder, loc, begin, end, index(1), ValueRange(),
                     [&](OpBuilder &, Location, Value i, ValueRange) {
                       body(i);
                       scf::YieldOp::create(builder, loc);
                     });
}

ResultRange
HostLoops::fold(Value end, ValueRange initial,
                function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  return scf::ForOp::create(
             builder, loc, index(0), end, index(1), initial,
             [&](OpBuilder &, Location, Value i, ValueRange carried) {
               scf::YieldOp::create(builder, loc, body(i, carried));
             })
      .getResults();
}

SmallVector<Value> HostLoops::choose(Value condition,
                                     function_ref<SmallVector<Value>()> then,
                                     ValueRange otherwise) {
  if (!condition)
    return then();
  return scf::IfOp::create(
             builder, loc, condition,
             [&](OpBuilder &, Location) {
               scf::YieldOp::create(builder, loc, then());
             },
             [&](OpBuilder &, Location) {
               scf::YieldOp::create(builder, loc, otherwise);
             })
      .getResults();
}

Value HostLoops::loadElement(Value buffer, ValueRange indices) {
  Value element = make<memref::LoadOp>(buffer, indices);
  if (element.getType() == real)
    return element;
  if (element.getType().isF64()) // what the baseline has rounded before
    return make<arith::TruncFOp>(real, element);
  Type f32 = builder.getF32Type();
  Value single;
  if (element.getType().isBF16()) {
    // A bf16 is the upper half of an f32. LLVM's own lowering would convert
    // elements one by one.
    Value bits = make<arith::BitcastOp>(builder.getI16Type(), element);
    bits = make<arith::ExtUIOp>(builder.getI32Type(), bits);
    bits = make<arith::ShLIOp>(bits, word(16));
    single = make<arith::BitcastOp>(f32, bits);
  } else {
    single =
        element.getType().isF32() ? element : make<arith::ExtFOp>(f32, element);
  }
  return real.isF32() ? single : make<arith::ExtFOp>(real, single);
}

Value HostLoops::roundTo(FloatType type, Value value) {
  if (numerics == Numerics::Reference || type.isF32())
    return value;
  if (type.isBF16())
    return cutBits(value, 16);
  return make<arith::ExtFOp>(builder.getF32Type(),
                             make<arith::TruncFOp>(type, value));
}

/// Adds half of what is cut off.
Value HostLoops::roundToOperand(AttentionOp op, Value value) {
  bool isRounded = numerics == Numerics::Baseline &&
                   op.getElementType().isF32() &&
                   op.getPrecisionOrDefault() == Precision::TF32;
  if (!isRounded)
    return value;
  constexpr int64_t kCut = 13;
  Value bits = make<arith::BitcastOp>(builder.getI32Type(), value);
  Value more = make<arith::AddIOp>(bits, word(int64_t(1) << (kCut - 1)));
  Value rounded = make<arith::AndIOp>(more, word(-(int64_t(1) << kCut)));
  Value isNaN = make<arith::CmpFOp>(arith::CmpFPredicate::UNO, value, value);
  return make<arith::SelectOp>(
      isNaN, value, make<arith::BitcastOp>(builder.getF32Type(), rounded));
}

/// Adds just under half of what is cut off, and one more where the last kept
/// bit is odd. A NaN could turn into an infinity that way, so it stays as it
/// is.
Value HostLoops::cutBits(Value value, int count) {
  Type f32 = builder.getF32Type();
  Value bits = make<arith::BitcastOp>(builder.getI32Type(), value);
  Value lastKept =
      make<arith::AndIOp>(make<arith::ShRUIOp>(bits, word(count)), word(1));
  Value half =
      make<arith::AddIOp>(lastKept, word((int64_t(1) << (count - 1)) - 1));
  Value rounded = make<arith::AndIOp>(make<arith::AddIOp>(bits, half),
                                      word(-(int64_t(1) << count)));
  Value isNaN = make<arith::CmpFOp>(arith::CmpFPredicate::UNO, value, value);
  return make<arith::SelectOp>(isNaN, value,
                               make<arith::BitcastOp>(f32, rounded));
}
