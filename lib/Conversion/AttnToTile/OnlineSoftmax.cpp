//===- OnlineSoftmax.cpp - The body of an attention kernel ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One CTA computes `q` rows of one head. Over KV tiles it keeps, for each row,
//
//   m    the largest score so far,
//   l    sum over its keys of exp(s - m), four partial sums a row,
//   acc  sum over its keys of exp(s - m) * v,
//
// and rescales l and acc by exp(m - m') when the maximum grows to m'. Scores
// stay unscaled: scale * log2(e) is the factor of the FMA in front of exp2.
//
// KV tiles before and behind those that every row keeps whole are masked; the
// three runs of tiles are three loops.
//
//===----------------------------------------------------------------------===//

#include "OnlineSoftmax.h"

#include "Masking.h"
#include "attn/Dialect/Attn/Transforms/RegionUtils.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

#include <cfloat>

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

constexpr int64_t kMmaStep = 16;
/// Of a row, one for each of the lanes that share it.
constexpr int64_t kPartialSums = 4;
constexpr double kLog2E = 1.4426950408889634, kLn2 = 0.6931471805599453;
/// What a masked score is under `masked_row(uniform)`: far below any score, and
/// a power of two, so that its product with log2(e) is the same in the FMA and
/// outside.
constexpr float kUniformScore = -0x1p100f;

/// The loop-carried values.
struct State {
  Value acc, max, sums;
};

class ForwardKernel {
public:
  ForwardKernel(KernelOp kernel, SdpaOp op, const KernelArguments &arguments);
  void emit();

private:
  // The kernel, in order.
  void emitPosition();
  void emitTileRange();
  void emitQuery();
  State emitInitialState();
  State emitLoop(Value from, Value to, bool isMasked, State state);
  State emitStep(Value tile, bool isMasked, State state);
  Value emitScores(Value firstKey, bool isMasked);
  Value emitMask(Value scores, Value firstKey);
  void emitResults(State state);
  void emitOutput(State state, Value total);
  void emitLse(State state, Value total);

  // Small pieces.
  Value bhsd(Value memref);
  Value dim(Value memref, int64_t index);
  Value index(int64_t value);
  Value clampTile(Value tile, Value low, Value high);
  RankedTensorType type(int64_t rows, int64_t columns, Type element) {
    return RankedTensorType::get({rows, columns}, element);
  }
  Value splat(float value, int64_t rows, int64_t columns);
  Value broadcast(Value vector, int64_t columns);
  Value fma(Value a, Value b, Value c) {
    return math::FmaOp::create(builder, loc, a, b, c);
  }
  /// The exponent of two that a row's maximum stands for, rounded.
  Value inLog2(Value max) {
    return arith::MulFOp::create(builder, loc, max, splat(toLog2, rows, 1));
  }
  Value exp2(Value value) {
    return math::Exp2Op::create(builder, loc, value,
                                arith::FastMathFlags::afn);
  }

  OpBuilder builder;
  Location loc;
  SdpaOp op;
  KernelArguments arguments;
  int64_t rows, keys, dimQK, dimV;
  Type element, f32;

  /// True where the scale cannot be the factor of the FMA: it would change the
  /// order of scores (zero, negative), lose bits (subnormal), or scale the
  /// score that stands for a masked one.
  bool scalesFirst;
  /// Factors of scores: to exponents of two, and to natural logarithms.
  float toLog2, toLn;

  Value queryView, keyView, valueView;
  TilePosition position;
  Value keyHead, query;
  /// Tiles [first, full), [full, fullEnd), [fullEnd, last).
  Value first, full, fullEnd, last;
};

} // namespace

ForwardKernel::ForwardKernel(KernelOp kernel, SdpaOp op,
                             const KernelArguments &arguments)
    : builder(OpBuilder::atBlockEnd(&kernel.getBody().front())),
      loc(op.getLoc()), op(op), arguments(arguments),
      rows(kernel.getSchedule().getQ()), keys(kernel.getSchedule().getKv()),
      dimQK(llvm::alignTo(op.getHeadDimQK(), kMmaStep)),
      dimV(llvm::alignTo(op.getHeadDimV(), kMmaStep)),
      element(op.getElementType()), f32(builder.getF32Type()) {
  float scale = op.getScaleOrDefault();
  scalesFirst =
      scale < FLT_MIN || op.getMaskedRow() == MaskedRow::Uniform;
  toLog2 = scalesFirst ? kLog2E : scale * kLog2E;
  toLn = scalesFirst ? 1.0f : scale;
}

Value ForwardKernel::index(int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value ForwardKernel::dim(Value memref, int64_t index) {
  return memref::DimOp::create(builder, loc, memref, index);
}

Value ForwardKernel::splat(float value, int64_t rows, int64_t columns) {
  auto tile = type(rows, columns, f32);
  return arith::ConstantOp::create(
      builder, loc,
      DenseElementsAttr::get(tile, builder.getF32FloatAttr(value)));
}

Value ForwardKernel::broadcast(Value vector, int64_t columns) {
  return BroadcastOp::create(builder, loc, type(rows, columns, f32), vector);
}

/// The memref as [batch, head, length, features].
Value ForwardKernel::bhsd(Value memref) {
  if (op.getLayout() == Layout::BHSD)
    return memref;
  auto permutation = AffineMap::getPermutationMap(
      ArrayRef<unsigned>{0, 2, 1, 3}, builder.getContext());
  return memref::TransposeOp::create(builder, loc, memref,
                                     AffineMapAttr::get(permutation));
}

void ForwardKernel::emitPosition() {
  queryView = bhsd(arguments.query);
  keyView = bhsd(arguments.key);
  valueView = bhsd(arguments.value);
  position.queryLength = dim(queryView, 2);
  position.keyLength = dim(keyView, 2);
  Value block = BlockIdOp::create(builder, loc, GridDim::x);
  position.head = BlockIdOp::create(builder, loc, GridDim::y);
  position.batch = BlockIdOp::create(builder, loc, GridDim::z);
  position.firstQuery =
      arith::MulIOp::create(builder, loc, block, index(rows));
  keyHead =
      arith::DivUIOp::create(builder, loc, position.head, arguments.group);
}

Value ForwardKernel::clampTile(Value tile, Value low, Value high) {
  Value raised = arith::MaxSIOp::create(builder, loc, tile, low);
  return arith::MinSIOp::create(builder, loc, raised, high);
}

/// From the keys that `range` gives for the CTA's rows to whole tiles.
void ForwardKernel::emitTileRange() {
  Value end = arith::AddIOp::create(builder, loc, position.firstQuery,
                                    index(rows));
  end = arith::MinSIOp::create(builder, loc, end, position.queryLength);
  SmallVector<Value> range = {index(0), index(0), position.keyLength,
                              position.keyLength};
  if (!op.getRange().empty())
    range = inlineMaskRegion(
        builder, op.getRange(),
        {position.batch, position.head, position.firstQuery, end},
        position.queryLength, position.keyLength);

  auto tilesBefore = [&](Value key) -> Value {
    return arith::DivUIOp::create(builder, loc, key, index(keys));
  };
  auto tilesThrough = [&](Value key) -> Value {
    Value padded =
        arith::AddIOp::create(builder, loc, key, index(keys - 1));
    return tilesBefore(padded);
  };
  first = tilesBefore(range[0]);
  last = tilesThrough(range[3]);
  // With nothing to mask before the full tiles, the first loop folds away.
  full = matchPattern(range[1], m_Zero())
             ? first
             : clampTile(tilesThrough(range[1]), first, last);
  fullEnd = clampTile(tilesBefore(range[2]), full, last);
}

void ForwardKernel::emitQuery() {
  query = LoadOp::create(
      builder, loc, type(rows, dimQK, element), queryView,
      ValueRange{position.batch, position.head, position.firstQuery});
}

State ForwardKernel::emitInitialState() {
  return {splat(0, rows, dimV), splat(-INFINITY, rows, 1),
          splat(0, rows, kPartialSums)};
}

/// Masked scores are -inf, or the score that weighs the same in every key of a
/// row without a kept one; keys behind the end are always -inf.
Value ForwardKernel::emitMask(Value scores, Value firstKey) {
  TilePosition at = position;
  at.firstKey = firstKey;
  if (!op.getKeep().empty()) {
    Value kept = emitKeepTile(builder, loc, op.getKeep(), at, rows, keys);
    bool isUniform = op.getMaskedRow() == MaskedRow::Uniform;
    Value masked =
        splat(isUniform ? kUniformScore : -INFINITY, rows, keys);
    scores = arith::SelectOp::create(builder, loc, kept, scores, masked);
  }
  Value inside = emitInsideTile(builder, loc, at, rows, keys);
  return arith::SelectOp::create(builder, loc, inside, scores,
                                 splat(-INFINITY, rows, keys));
}

Value ForwardKernel::emitScores(Value firstKey, bool isMasked) {
  Value key = LoadOp::create(
      builder, loc, type(keys, dimQK, element), keyView,
      ValueRange{position.batch, keyHead, firstKey});
  Value zero = splat(0, rows, keys);
  Value scores = DotOp::create(builder, loc, query, key, zero,
                               /*transpose_b=*/true);
  if (scalesFirst)
    scores = arith::MulFOp::create(builder, loc, scores,
                                   splat(op.getScaleOrDefault(), rows, keys));
  return isMasked ? emitMask(scores, firstKey) : scores;
}

State ForwardKernel::emitStep(Value tile, bool isMasked, State state) {
  Value firstKey = arith::MulIOp::create(builder, loc, tile, index(keys));
  Value scores = emitScores(firstKey, isMasked);

  Value tileMax = ReduceOp::create(builder, loc, type(rows, 1, f32),
                                   Combiner::max, scores);
  Value max = arith::MaxNumFOp::create(builder, loc, state.max, tileMax);
  // While a row has no kept key, exp2(-inf - 0) = 0 takes the place of
  // exp2(-inf + inf).
  Value origin = max;
  if (isMasked) {
    Value isEmpty =
        arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, max,
                              splat(-INFINITY, rows, 1));
    origin = arith::SelectOp::create(builder, loc, isEmpty, splat(0, rows, 1),
                                     max);
  }
  // The sums so far are relative to the rounded product: the difference of two
  // such products, and not of a product and a rounded one, keeps them so.
  Value shift =
      arith::MulFOp::create(builder, loc, origin, splat(-toLog2, rows, 1));
  Value rescale = exp2(
      arith::AddFOp::create(builder, loc, inLog2(state.max), shift));
  Value weights = exp2(fma(scores, splat(toLog2, rows, keys),
                           broadcast(shift, keys)));

  Value tileSums = FoldOp::create(builder, loc, type(rows, kPartialSums, f32),
                                  Combiner::add, weights);
  Value sums = fma(state.sums, broadcast(rescale, kPartialSums), tileSums);
  Value acc = arith::MulFOp::create(builder, loc, state.acc,
                                    broadcast(rescale, dimV));
  Value rounded = arith::TruncFOp::create(
      builder, loc, type(rows, keys, element), weights);
  Value value = LoadOp::create(
      builder, loc, type(keys, dimV, element), valueView,
      ValueRange{position.batch, keyHead, firstKey});
  acc = DotOp::create(builder, loc, rounded, value, acc,
                      /*transpose_b=*/false);
  return {acc, max, sums};
}

State ForwardKernel::emitLoop(Value from, Value to, bool isMasked,
                              State state) {
  auto loop = scf::ForOp::create(
      builder, loc, from, to, index(1),
      ValueRange{state.acc, state.max, state.sums});
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPointToStart(loop.getBody());
  ValueRange carried = loop.getRegionIterArgs();
  State next = emitStep(loop.getInductionVar(), isMasked,
                        {carried[0], carried[1], carried[2]});
  scf::YieldOp::create(builder, loc,
                       ValueRange{next.acc, next.max, next.sums});
  return {loop.getResult(0), loop.getResult(1), loop.getResult(2)};
}

void ForwardKernel::emitOutput(State state, Value total) {
  Value isEmpty = arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::OEQ, total, splat(0, rows, 1));
  Value inverse =
      arith::DivFOp::create(builder, loc, splat(1, rows, 1), total,
                            arith::FastMathFlags::afn);
  float ofEmptyRow = op.getMaskedRow() == MaskedRow::NaN ? NAN : 0;
  inverse = arith::SelectOp::create(builder, loc, isEmpty,
                                    splat(ofEmptyRow, rows, 1), inverse);
  Value output = arith::MulFOp::create(builder, loc, state.acc,
                                       broadcast(inverse, dimV));
  output = arith::TruncFOp::create(builder, loc, type(rows, dimV, element),
                                   output);
  StoreOp::create(builder, loc, output, bhsd(arguments.output),
                  ValueRange{position.batch, position.head,
                             position.firstQuery});
}

/// ln(sum exp(s)) = m + ln(l), with l relative to the rounded m: what rounding
/// took from m is added to the logarithm. -inf for a row without a kept key.
void ForwardKernel::emitLse(State state, Value total) {
  Value rounding = fma(state.max, splat(-toLog2, rows, 1), inLog2(state.max));
  Value logarithm = arith::AddFOp::create(
      builder, loc, math::Log2Op::create(builder, loc, total), rounding);
  Value natural =
      arith::MulFOp::create(builder, loc, logarithm, splat(kLn2, rows, 1));
  Value lse = fma(state.max, splat(toLn, rows, 1), natural);
  bool isUniform = op.getMaskedRow() == MaskedRow::Uniform;
  Value isEmpty = arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::OLE, state.max,
      splat(isUniform ? kUniformScore : -INFINITY, rows, 1));
  lse = arith::SelectOp::create(builder, loc, isEmpty,
                                splat(-INFINITY, rows, 1), lse);
  StoreOp::create(builder, loc, lse, arguments.lse,
                  ValueRange{position.batch, position.head,
                             position.firstQuery});
}

void ForwardKernel::emitResults(State state) {
  Value total = ReduceOp::create(builder, loc, type(rows, 1, f32),
                                 Combiner::add, state.sums);
  if (arguments.output)
    emitOutput(state, total);
  if (arguments.lse)
    emitLse(state, total);
}

void ForwardKernel::emit() {
  emitPosition();
  emitTileRange();
  emitQuery();
  State state = emitInitialState();
  state = emitLoop(first, full, /*isMasked=*/true, state);
  state = emitLoop(full, fullEnd, /*isMasked=*/false, state);
  state = emitLoop(fullEnd, last, /*isMasked=*/true, state);
  emitResults(state);
  ReturnOp::create(builder, loc);
}

void attn::emitForwardKernel(KernelOp kernel, SdpaOp op,
                             const KernelArguments &arguments) {
  ForwardKernel(kernel, op, arguments).emit();
}
