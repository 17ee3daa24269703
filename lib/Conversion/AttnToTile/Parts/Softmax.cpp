//===- Softmax.cpp - The softmax of rows, tile by tile --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Softmax.h"

#include "RegionTiles.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

using namespace mlir;
using namespace attn;
using namespace attn::tile;

static constexpr double kLog2E = 1.4426950408889634;

/// What the score region leaves to the softmax; 0 where it has no region.
static float factorOf(SdpaOp op) {
  return op.getScore().empty() ? 0 : splitFactor(op).factor;
}

ScoreScale::ScoreScale(SdpaOp op)
    : scale(op.getScaleOrDefault()),
      isUniform(op.getMaskedRow() == MaskedRow::Uniform),
      scalesFirst(scale < (op.getSinks() ? 0x1p-64f : FLT_MIN) || isUniform) {
  float region = factorOf(op);
  float factor = region ? region : scalesFirst ? 1 : scale;
  toLog2 = factor == 1 ? kLog2E : factor * kLog2E;
  toLn = factor;
  lowest = -0x1p126f / std::max(toLog2, 1.0f);
}

static int64_t rowsOf(Value tile) {
  return cast<RankedTensorType>(tile.getType()).getDimSize(0);
}

static int64_t columnsOf(Value tile) {
  return cast<RankedTensorType>(tile.getType()).getDimSize(1);
}

Value attn::emitLog2(TileBuilder &b, const ScoreScale &scale, Value max) {
  return b.multiply(max, b.splat(scale.toLog2, rowsOf(max), 1));
}

//===----------------------------------------------------------------------===//
// Maxima
//===----------------------------------------------------------------------===//

Value OnlineSoftmax::emptyAsZero(Value max) {
  Value isEmpty = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, max,
                                        b.splat(scale.lowest, rows, 1));
  return arith::SelectOp::create(b, isEmpty, b.splat(0, rows, 1), max);
}

Value OnlineSoftmax::shiftOf(Value max) {
  return b.multiply(max, b.splat(-scale.toLog2, rows, 1));
}

/// Sums are relative to the rounded product: the difference of two such
/// products, and not of a product and a rounded one, keeps them so.
Value OnlineSoftmax::rescaleOf(Value max, Value shift) {
  return b.exp2(arith::AddFOp::create(b, emitLog2(b, scale, max), shift));
}

//===----------------------------------------------------------------------===//
// States
//===----------------------------------------------------------------------===//

SoftmaxState OnlineSoftmax::initialState(int64_t columns, int64_t partialSums) {
  return {b.splat(0, rows, columns), b.splat(scale.lowest, rows, 1),
          b.splat(0, rows, partialSums)};
}

SoftmaxStep OnlineSoftmax::addScores(Value runningMax, Value scores,
                                     bool isMasked) {
  int64_t keys = columnsOf(scores);
  Value tileMax = ReduceOp::create(b, b.tileType(rows, 1, b.getF32Type()),
                                   Combiner::max, scores);
  Value max = arith::MaxNumFOp::create(b, runningMax, tileMax);
  Value shift = shiftOf(isMasked ? emptyAsZero(max) : max);
  Value rescale = rescaleOf(runningMax, shift);
  Value weights = b.exp2(b.fma(scores, b.splat(scale.toLog2, rows, keys),
                               b.broadcast(shift, keys)));
  return {max, rescale, weights};
}

Value OnlineSoftmax::weightOf(Value scores, Value max) {
  return b.exp2(b.fma(scores, b.splat(scale.toLog2, rows, 1), shiftOf(max)));
}

Value OnlineSoftmax::addSums(Value sums, const SoftmaxStep &step) {
  int64_t partialSums = columnsOf(sums);
  auto tileSums =
      FoldOp::create(b, sums.getType(), Combiner::add, step.weights);
  // Waiting for the sums waits for all exponentials.
  if (first == 100)
    tileSums->setAttr(kComputedFirstAttr, b.getUnitAttr());
  else
    step.weights.getDefiningOp()->setAttr(kComputedFirstAttr,
                                          b.getI64IntegerAttr(first));
  return b.fma(sums, b.broadcast(step.rescale, partialSums), tileSums);
}

Value OnlineSoftmax::rescaled(Value acc, const SoftmaxStep &step) {
  return b.multiply(acc, b.broadcast(step.rescale, columnsOf(acc)));
}

Value OnlineSoftmax::withoutMasked(Value acc, Value max, Value rowMax) {
  if (!scale.isUniform)
    return acc;
  int64_t columns = columnsOf(acc);
  Value uniform = b.splat(ScoreScale::kUniformScore, rows, 1);
  Value isMasked =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OLE, max, uniform);
  Value keepsAny =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, rowMax, uniform);
  Value isDropped = arith::AndIOp::create(b, isMasked, keepsAny);
  return arith::SelectOp::create(b, b.broadcast(isDropped, columns),
                                 b.splat(0, rows, columns), acc);
}

SoftmaxState OnlineSoftmax::merge(SoftmaxState state, SoftmaxState part) {
  int64_t columns = columnsOf(state.acc);
  Value max = arith::MaxNumFOp::create(b, state.max, part.max);
  Value shift = shiftOf(max);
  Value rescale = rescaleOf(state.max, shift);
  Value weight = rescaleOf(part.max, shift);
  Value kept = b.broadcast(weight, columns);
  Value acc = b.fma(withoutMasked(part.acc, part.max, max), kept,
                    b.multiply(withoutMasked(state.acc, state.max, max),
                               b.broadcast(rescale, columns)));
  Value sums = b.fma(part.sums, weight, b.multiply(state.sums, rescale));
  return {acc, max, sums};
}
