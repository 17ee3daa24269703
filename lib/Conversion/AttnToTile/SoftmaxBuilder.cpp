//===- SoftmaxBuilder.cpp - What kernels of a softmax share ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "SoftmaxBuilder.h"

#include "Views.h"

#include <cfloat>
#include <cmath>

using namespace mlir;
using namespace attn;
using namespace attn::tile;

static constexpr double kLog2E = 1.4426950408889634, kLn2 = 0.6931471805599453;

SoftmaxBuilder::SoftmaxBuilder(KernelOp kernel, SdpaOp op, int64_t columns)
    : builder(OpBuilder::atBlockEnd(&kernel.getBody().front())),
      loc(op.getLoc()), op(op), rows(kernel.getSchedule().getQ()),
      columns(columns), element(op.getElementType()),
      f32(builder.getF32Type()) {
  float scale = op.getScaleOrDefault();
  scalesFirst = scale < FLT_MIN || op.getMaskedRow() == MaskedRow::Uniform;
  toLog2 = scalesFirst ? kLog2E : scale * kLog2E;
  toLn = scalesFirst ? 1.0f : scale;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

void SoftmaxBuilder::emitOutput(SoftmaxState state, Value total, Value memref,
                                ValueRange indices) {
  Value isEmpty = arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::OEQ, total, splat(0, rows, 1));
  Value inverse =
      arith::DivFOp::create(builder, loc, splat(1, rows, 1), total,
                            arith::FastMathFlags::afn);
  float ofEmptyRow = op.getMaskedRow() == MaskedRow::NaN ? NAN : 0;
  inverse = arith::SelectOp::create(builder, loc, isEmpty,
                                    splat(ofEmptyRow, rows, 1), inverse);
  Value output = multiply(state.acc, broadcast(inverse, columns));
  output = arith::TruncFOp::create(builder, loc, type(rows, columns, element),
                                   output);
  StoreOp::create(builder, loc, output, queryRows(memref, op.getLayout()),
                  indices, box);
}

/// ln(sum exp(s)) = m + ln(l), with l relative to the rounded m: what rounding
/// took from m is added to the logarithm. -inf for a row without a kept key.
void SoftmaxBuilder::emitLse(SoftmaxState state, Value total, Value memref,
                             ValueRange indices) {
  Value rounding = fma(state.max, splat(-toLog2, rows, 1), inLog2(state.max));
  Value logarithm = arith::AddFOp::create(
      builder, loc, math::Log2Op::create(builder, loc, total), rounding);
  Value natural = multiply(logarithm, splat(kLn2, rows, 1));
  Value lse = fma(state.max, splat(toLn, rows, 1), natural);
  bool isUniform = op.getMaskedRow() == MaskedRow::Uniform;
  Value isEmpty = arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::OLE, state.max,
      splat(isUniform ? kUniformScore : -INFINITY, rows, 1));
  lse = arith::SelectOp::create(builder, loc, isEmpty,
                                splat(-INFINITY, rows, 1), lse);
  StoreOp::create(builder, loc, lse, queryRows(memref, Layout::BHSD), indices,
                  box);
}

//===----------------------------------------------------------------------===//
// Maxima
//===----------------------------------------------------------------------===//

Value SoftmaxBuilder::emitOrigin(Value max) {
  Value isEmpty =
      arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, max,
                            splat(-INFINITY, rows, 1));
  return arith::SelectOp::create(builder, loc, isEmpty, splat(0, rows, 1), max);
}

/// Sums are relative to the rounded product: the difference of two such
/// products, and not of a product and a rounded one, keeps them so.
Value SoftmaxBuilder::emitRescale(Value max, Value shift) {
  return exp2(arith::AddFOp::create(builder, loc, inLog2(max), shift));
}

Value SoftmaxBuilder::inLog2(Value max) {
  return multiply(max, splat(toLog2, rows, 1));
}

//===----------------------------------------------------------------------===//
// Small pieces
//===----------------------------------------------------------------------===//

Value SoftmaxBuilder::bhsd(Value memref) {
  return viewAsBHSD(builder, loc, memref, op.getLayout());
}

Value SoftmaxBuilder::queryRows(Value memref, Layout layout) {
  if (box)
    return viewInGroups(builder, loc, memref, layout);
  bool isVector = cast<MemRefType>(memref.getType()).getRank() == 3;
  return isVector ? memref : viewAsBHSD(builder, loc, memref, layout);
}

Value SoftmaxBuilder::dim(Value memref, int64_t index) {
  return memref::DimOp::create(builder, loc, memref, index);
}

Value SoftmaxBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value SoftmaxBuilder::splat(float value, int64_t tileRows, int64_t columns) {
  auto tile = type(tileRows, columns, f32);
  return arith::ConstantOp::create(
      builder, loc,
      DenseElementsAttr::get(tile, builder.getF32FloatAttr(value)));
}

Value SoftmaxBuilder::broadcast(Value vector, int64_t columns) {
  return BroadcastOp::create(builder, loc, type(rows, columns, f32), vector);
}

Value SoftmaxBuilder::fma(Value a, Value b, Value c) {
  return math::FmaOp::create(builder, loc, a, b, c);
}

Value SoftmaxBuilder::multiply(Value a, Value b) {
  return arith::MulFOp::create(builder, loc, a, b);
}

Value SoftmaxBuilder::exp2(Value value) {
  return math::Exp2Op::create(builder, loc, value, arith::FastMathFlags::afn);
}
