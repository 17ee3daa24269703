//===- Epilogue.cpp - From the state of a softmax to results --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Epilogue.h"

#include <cmath>

using namespace mlir;
using namespace attn;

static constexpr double kLn2 = 0.6931471805599453;

Value attn::emitOutput(TileBuilder &b, SdpaOp op, const SoftmaxState &state,
                       Value total) {
  auto type = cast<RankedTensorType>(state.acc.getType());
  int64_t rows = type.getDimSize(0), columns = type.getDimSize(1);
  Value isEmpty = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, total,
                                        b.splat(0, rows, 1));
  Value inverse = arith::DivFOp::create(b, b.splat(op.getDropFactor(), rows, 1),
                                        total, arith::FastMathFlags::afn);
  float ofEmptyRow = op.getMaskedRow() == MaskedRow::NaN ? NAN : 0;
  inverse = arith::SelectOp::create(b, isEmpty, b.splat(ofEmptyRow, rows, 1),
                                    inverse);
  return b.convert(b.multiply(state.acc, b.broadcast(inverse, columns)),
                   op.getElementType());
}

/// ln(sum exp(s)) = m + ln(l), with l relative to the rounded m: what rounding
/// took from m is added to the logarithm. It is -inf where no key weighs
/// anything: the total is then 0 or, under `uniform`, that of scores of masked
/// keys. A total of NaN stays NaN.
Value attn::emitLogSumExp(TileBuilder &b, const ScoreScale &scale,
                          const SoftmaxState &state, Value total) {
  int64_t rows = cast<RankedTensorType>(total.getType()).getDimSize(0);
  Value factor = b.splat(-scale.toLog2, rows, 1);
  Value rounding = b.fma(state.max, factor, emitLog2(b, scale, state.max));
  Value logarithm =
      arith::AddFOp::create(b, math::Log2Op::create(b, total), rounding);
  Value natural = b.multiply(logarithm, b.splat(kLn2, rows, 1));
  Value lse = b.fma(state.max, b.splat(scale.toLn, rows, 1), natural);
  Value isEmpty;
  if (scale.isUniform) {
    Value isMasked =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OLE, state.max,
                              b.splat(ScoreScale::kUniformScore, rows, 1));
    Value isNumber =
        arith::CmpFOp::create(b, arith::CmpFPredicate::ORD, total, total);
    isEmpty = arith::AndIOp::create(b, isMasked, isNumber);
  } else {
    isEmpty = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, total,
                                    b.splat(0, rows, 1));
  }
  return arith::SelectOp::create(b, isEmpty, b.splat(-INFINITY, rows, 1), lse);
}

/// One element for each row.
static Value loadOfHeads(TileBuilder &b, Value heads, Value sinks,
                         int64_t rows) {
  RankedTensorType type = b.tileType(rows, 1, b.getF32Type());
  if (isa<RankedTensorType>(heads.getType()))
    return tile::GatherOp::create(b, type, sinks, heads);
  Value head = arith::IndexCastOp::create(b, b.getIndexType(), heads);
  return tensor::SplatOp::create(b, type, b.element(sinks, head));
}

SoftmaxState attn::emitSinks(TileBuilder &b, const ScoreScale &scale,
                             const SoftmaxState &state, Value heads,
                             Value sinks) {
  auto type = cast<RankedTensorType>(state.acc.getType());
  int64_t rows = type.getDimSize(0);
  SoftmaxState sink = {b.splat(0, rows, type.getDimSize(1)),
                       b.multiply(loadOfHeads(b, heads, sinks, rows),
                                  b.splat(1 / scale.toLn, rows, 1)),
                       b.splat(1, rows, 1)};
  return OnlineSoftmax(b, scale, rows).merge(state, sink);
}
