//===- NaiveRows.cpp - One attention as host loops ------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %o, %lse = attn.sdpa %q, %k, %v
// becomes
//   for row in [begin, end):
//     for j: if keep: score[j] = f(scale * <q, k[j]>); max = max(max, score[j])
//     for j: if keep: p = exp(score[j] - max); sum += p; acc += p * v[j],
//                     with 0 for p where dropout takes it
//     o = acc / sum; lse = ln(sum) + max
//
// Only the sums of the dot products carry fast-math flags: reassoc and
// contract. The op leaves open in which order they are taken, so reordering
// them is no error, and it is what lets LLVM vectorise them. The loop over v
// needs none, its lanes are the independent columns of acc.
//
//===----------------------------------------------------------------------===//

#include "NaiveRows.h"

#include "DropoutCode.h"
#include "RegionCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <limits>

using namespace mlir;
using namespace attn;

SdpaSizes::SdpaSizes(OpBuilder &builder, const SdpaBuffers &buffers) {
  AttentionOp op = buffers.op;
  auto dim = [&](Value buffer, int64_t index) {
    return memref::DimOp::create(builder, op.getLoc(), buffer, index);
  };
  batch = dim(buffers.query.buffer, op.batchDim());
  queryHeads = dim(buffers.query.buffer, op.headDim());
  keyHeads = dim(buffers.key.buffer, op.headDim());
  queryLength = dim(buffers.query.buffer, op.lengthDim());
  keyLength = dim(buffers.key.buffer, op.lengthDim());
}

namespace {

/// Builds the loops over the rows of one attention.
class NaiveRows : HostLoops {
public:
  NaiveRows(OpBuilder &builder, SdpaBuffers buffers, Numerics numerics)
      : HostLoops(builder, buffers.op.getLoc(), buffers.op.getElementType(),
                  numerics),
        op(buffers.op), buffers(buffers), sizes(builder, this->buffers),
        regions(builder, this->buffers, sizes, numerics),
        dropout(builder, op, numerics) {}

  void build(Value begin, Value end);

private:
  /// The indices of one row.
  struct Row {
    Value batch, head, keyHead, index;
  };
  /// The results of the first loop over the keys: the largest score of a kept
  /// key and the sink, and whether any of them weighs something, which one with
  /// a score of -inf does not.
  struct Scores {
    Value sink, max, any;
  };

  Row decodeRow(Value number, Value headsPerGroup);
  void loadQuery(const Row &row);
  Value buildScore(const Row &row, Value j);
  Scores buildScores(const Row &row);
  Value buildWeight(const Scores &scores, Value j);
  Value buildFirstWeight(const Scores &scores);
  Value buildLeftWeight(const Row &row, Value j, Value weight);
  void accumulateValue(const Row &row, Value j, Value weight);
  Value buildTakesPart(const Row &row, const Scores &scores, Value j);
  Value buildWeightedSum(const Row &row, const Scores &scores);
  void storeOutput(const Row &row, Value sum);
  void storeLse(const Row &row, const Scores &scores, Value sum);

  bool isUniform() { return op.getMaskedRow() == MaskedRow::Uniform; }

  /// The predicate of the mask, null where there is no mask.
  Value buildKeep(const Row &row, Value j) {
    if (op.getKeep().empty())
      return {};
    return regions.emit(op.getKeep(), {row.batch, row.head, row.index, j})[0];
  }

  // The rows of an operand that other operations made are computed when they
  // are first needed: those of the query one by one, those of key and value a
  // head at a time.
  void mapRow(std::optional<ChainRows> &rows, Value batch, Value head,
              Value row, function_ref<void(Value, Value)> store);
  Value allocateHead(const RowChain &operand, int64_t features);
  void mapHeads(const Row &row);
  Value loadKeyElement(const RowChain &operand, Value mapped, const Row &row,
                       Value j, Value feature);
  SmallVector<Value> position(Value batch, Value head, Value length,
                              Value feature);

  AttentionOp op;
  SdpaBuffers buffers;
  SdpaSizes sizes;
  RegionCode regions;
  DropoutCode dropout;
  // Scratch rows: the query, all scores, the output before normalisation.
  Value query, scores, accumulator;
  // What computes rows of operands, where other operations do.
  std::optional<ChainRows> queryRows, keyRows, valueRows;
  // The head that was mapped last, its keys and its values.
  Value lastHead, mappedKeys, mappedValues;
};

} // namespace

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

SmallVector<Value> NaiveRows::position(Value batch, Value head, Value length,
                                       Value feature) {
  SmallVector<Value> indices(SdpaOp::kRank);
  indices[op.batchDim()] = batch;
  indices[op.headDim()] = head;
  indices[op.lengthDim()] = length;
  indices[op.featureDim()] = feature;
  return indices;
}

//===----------------------------------------------------------------------===//
// Operands that other operations compute
//===----------------------------------------------------------------------===//

void NaiveRows::mapRow(std::optional<ChainRows> &rows, Value batch, Value head,
                       Value row, function_ref<void(Value, Value)> store) {
  SmallVector<Value> indices = position(batch, head, row, Value());
  rows->build(ArrayRef(indices).drop_back(), store);
}

/// Allocates all rows of a head; returns null where no operation made the
/// operand.
Value NaiveRows::allocateHead(const RowChain &operand, int64_t features) {
  if (operand.maps.empty())
    return {};
  return make<memref::AllocOp>(
      MemRefType::get({ShapedType::kDynamic, features}, real), sizes.keyLength);
}

void NaiveRows::mapHeads(const Row &row) {
  if (!mappedKeys && !mappedValues)
    return;
  Value head = make<arith::AddIOp>(
      make<arith::MulIOp>(row.batch, sizes.keyHeads), row.keyHead);
  Value last = make<memref::LoadOp>(lastHead, ValueRange());
  Value isNew = make<arith::CmpIOp>(arith::CmpIPredicate::ne, head, last);
  auto map = [&](std::optional<ChainRows> &rows, Value mapped) {
    if (!mapped)
      return;
    forEach(sizes.keyLength, [&](Value j) {
      mapRow(rows, row.batch, row.keyHead, j,
             [&](Value feature, Value element) {
               memref::StoreOp::create(builder, loc, element, mapped,
                                       ValueRange{j, feature});
             });
    });
  };
  scf::IfOp::create(builder, loc, isNew, [&](OpBuilder &, Location) {
    map(keyRows, mappedKeys);
    map(valueRows, mappedValues);
    memref::StoreOp::create(builder, loc, head, lastHead);
    scf::YieldOp::create(builder, loc);
  });
}

Value NaiveRows::loadKeyElement(const RowChain &operand, Value mapped,
                                const Row &row, Value j, Value feature) {
  if (mapped)
    return make<memref::LoadOp>(mapped, ValueRange{j, feature});
  return loadElement(operand.buffer,
                     position(row.batch, row.keyHead, j, feature));
}

//===----------------------------------------------------------------------===//
// One row
//===----------------------------------------------------------------------===//

NaiveRows::Row NaiveRows::decodeRow(Value number, Value headsPerGroup) {
  Value head = make<arith::DivUIOp>(number, sizes.queryLength);
  Row row;
  row.index = make<arith::RemUIOp>(number, sizes.queryLength);
  row.batch = make<arith::DivUIOp>(head, sizes.queryHeads);
  row.head = make<arith::RemUIOp>(head, sizes.queryHeads);
  row.keyHead = make<arith::DivUIOp>(row.head, headsPerGroup);
  return row;
}

void NaiveRows::loadQuery(const Row &row) {
  auto store = [&](Value d, Value element) {
    memref::StoreOp::create(builder, loc, roundToOperand(op, element), query,
                            d);
  };
  if (queryRows)
    return mapRow(queryRows, row.batch, row.head, row.index, store);
  forEach(index(op.getHeadDimQK()), [&](Value d) {
    store(d, loadElement(buffers.query.buffer,
                         position(row.batch, row.head, row.index, d)));
  });
}

/// scale * <q, k[j]>, and what the score region makes of it.
Value NaiveRows::buildScore(const Row &row, Value j) {
  auto reordered = arith::FastMathFlagsAttr::get(
      builder.getContext(),
      arith::FastMathFlags::reassoc | arith::FastMathFlags::contract);
  Value dot =
      fold(index(op.getHeadDimQK()), number(0.0),
           [&](Value d, ValueRange sum) -> SmallVector<Value> {
             Value q = make<memref::LoadOp>(query, d);
             Value k = roundToOperand(
                 op, loadKeyElement(buffers.key, mappedKeys, row, j, d));
             Value product = make<arith::MulFOp>(q, k, reordered);
             return {make<arith::AddFOp>(sum[0], product, reordered)};
           })[0];
  Value score = make<arith::MulFOp>(number(op.getScaleOrDefault()), dot);
  if (op.getScore().empty())
    return score;
  return regions.emit(op.getScore(),
                      {score, row.batch, row.head, row.index, j})[0];
}

/// Stores the scores of the kept keys.
NaiveRows::Scores NaiveRows::buildScores(const Row &row) {
  Value lowest = number(-std::numeric_limits<double>::infinity());
  Value sink = buffers.sinks ? loadElement(buffers.sinks, row.head) : Value();
  Value first = sink ? sink : lowest;
  Value max = fold(sizes.keyLength, first, [&](Value j, ValueRange soFar) {
    return choose(
        buildKeep(row, j),
        [&]() -> SmallVector<Value> {
          Value score = buildScore(row, j);
          memref::StoreOp::create(builder, loc, score, scores, j);
          return {make<arith::MaximumFOp>(soFar[0], score)};
        },
        soFar);
  })[0];
  // A NaN is unequal to everything.
  Value any = make<arith::CmpFOp>(arith::CmpFPredicate::UNE, max, lowest);
  return {sink, max, any};
}

/// exp(score - max). Where no kept key weighs anything, all masked keys weigh
/// the same.
Value NaiveRows::buildWeight(const Scores &found, Value j) {
  return choose(
      isUniform() ? found.any : Value(),
      [&]() -> SmallVector<Value> {
        Value score = make<memref::LoadOp>(scores, j);
        return {make<math::ExpOp>(make<arith::SubFOp>(score, found.max))};
      },
      isUniform() ? number(1.0) : Value())[0];
}

/// The weight of the sink, whose value is zeros.
Value NaiveRows::buildFirstWeight(const Scores &found) {
  if (!found.sink)
    return number(0.0);
  Value weight = make<math::ExpOp>(make<arith::SubFOp>(found.sink, found.max));
  return make<arith::SelectOp>(found.any, weight, number(0.0));
}

/// What dropout leaves of a weight, but for the factor.
Value NaiveRows::buildLeftWeight(const Row &row, Value j, Value weight) {
  if (!dropout.dropsAny())
    return weight;
  Value isDropped = dropout.isDropped(row.batch, row.head, row.index, j);
  return make<arith::SelectOp>(isDropped, number(0.0), weight);
}

/// accumulator += weight * v[j]
void NaiveRows::accumulateValue(const Row &row, Value j, Value weight) {
  auto contract = arith::FastMathFlagsAttr::get(builder.getContext(),
                                                arith::FastMathFlags::contract);
  Value rounded = roundToOperand(op, roundToElement(weight));
  forEach(index(op.getHeadDimV()), [&](Value d) {
    Value v = roundToOperand(
        op, loadKeyElement(buffers.value, mappedValues, row, j, d));
    Value sum = make<memref::LoadOp>(accumulator, d);
    Value product = make<arith::MulFOp>(rounded, v, contract);
    memref::StoreOp::create(builder, loc,
                            make<arith::AddFOp>(sum, product, contract),
                            accumulator, d);
  });
}

/// Returns true if a key takes part: one that is kept, or, in a row whose kept
/// keys weigh nothing, every masked one under `uniform` and none under the
/// other policies.
Value NaiveRows::buildTakesPart(const Row &row, const Scores &found, Value j) {
  Value kept = buildKeep(row, j);
  if (!kept)
    return found.any;
  if (isUniform())
    return make<arith::CmpIOp>(arith::CmpIPredicate::eq, kept, found.any);
  return make<arith::AndIOp>(kept, found.any);
}

/// The sum of the weights; that of the weighted values is in the accumulator.
Value NaiveRows::buildWeightedSum(const Row &row, const Scores &found) {
  if (buffers.output)
    forEach(index(op.getHeadDimV()), [&](Value d) {
      memref::StoreOp::create(builder, loc, number(0.0), accumulator, d);
    });
  Value first = buildFirstWeight(found);
  return fold(sizes.keyLength, first, [&](Value j, ValueRange sum) {
    return choose(
        buildTakesPart(row, found, j),
        [&]() -> SmallVector<Value> {
          Value weight = buildWeight(found, j);
          if (buffers.output)
            accumulateValue(row, j, buildLeftWeight(row, j, weight));
          return {make<arith::AddFOp>(sum[0], weight)};
        },
        sum);
  })[0];
}

void NaiveRows::storeOutput(const Row &row, Value sum) {
  double masked = op.getMaskedRow() == MaskedRow::NaN
                      ? std::numeric_limits<double>::quiet_NaN()
                      : 0.0;
  Value isMean =
      make<arith::CmpFOp>(arith::CmpFPredicate::UNE, sum, number(0.0));
  Value factor = make<arith::DivFOp>(number(dropout.factor()), sum);
  Value maskedOutput = number(masked);
  forEach(index(op.getHeadDimV()), [&](Value d) {
    Value mean =
        make<arith::MulFOp>(make<memref::LoadOp>(accumulator, d), factor);
    Value output =
        make<arith::SelectOp>(isMean, roundToElement(mean), maskedOutput);
    memref::StoreOp::create(builder, loc, toDouble(output), buffers.output,
                            position(row.batch, row.head, row.index, d));
  });
}

void NaiveRows::storeLse(const Row &row, const Scores &found, Value sum) {
  Value lse = make<arith::AddFOp>(make<math::LogOp>(sum), found.max);
  Value masked = number(-std::numeric_limits<double>::infinity());
  Value result = make<arith::SelectOp>(found.any, lse, masked);
  memref::StoreOp::create(builder, loc, toDouble(result), buffers.lse,
                          ValueRange{row.batch, row.head, row.index});
}

//===----------------------------------------------------------------------===//
// All rows
//===----------------------------------------------------------------------===//

void NaiveRows::build(Value begin, Value end) {
  query = scratch(op.getHeadDimQK());
  if (buffers.output)
    accumulator = scratch(op.getHeadDimV());
  scores = make<memref::AllocOp>(MemRefType::get({ShapedType::kDynamic}, real),
                                 sizes.keyLength);
  auto rowsOf = [&](const RowChain &operand, std::optional<ChainRows> &rows) {
    if (!operand.maps.empty())
      rows.emplace(builder, operand, numerics);
  };
  rowsOf(buffers.query, queryRows);
  rowsOf(buffers.key, keyRows);
  rowsOf(buffers.value, valueRows);
  mappedKeys = allocateHead(buffers.key, op.getHeadDimQK());
  mappedValues = allocateHead(buffers.value, op.getHeadDimV());
  lastHead =
      make<memref::AllocaOp>(MemRefType::get({}, builder.getIndexType()));
  memref::StoreOp::create(builder, loc, index(-1), lastHead);

  if (dropout.dropsAny())
    dropout.start(buffers.seed, buffers.offset);

  Value rows = make<arith::MulIOp>(
      make<arith::MulIOp>(sizes.batch, sizes.queryHeads), sizes.queryLength);
  // A tensor without key heads is not valid, but the host must not divide by
  // zero even so.
  Value groups = make<arith::MaxSIOp>(sizes.keyHeads, index(1));
  Value headsPerGroup = make<arith::DivUIOp>(sizes.queryHeads, groups);
  headsPerGroup = make<arith::MaxSIOp>(headsPerGroup, index(1));
  scf::ForOp::create(builder, loc, begin, make<arith::MinSIOp>(end, rows),
                     index(1), ValueRange(),
                     [&](OpBuilder &, Location, Value number, ValueRange) {
                       Row row = decodeRow(number, headsPerGroup);
                       loadQuery(row);
                       mapHeads(row);
                       Scores found = buildScores(row);
                       Value sum = buildWeightedSum(row, found);
                       if (buffers.output)
                         storeOutput(row, sum);
                       if (buffers.lse)
                         storeLse(row, found, sum);
                       scf::YieldOp::create(builder, loc);
                     });
  for (Value buffer : {scores, mappedKeys, mappedValues})
    if (buffer)
      memref::DeallocOp::create(builder, loc, buffer);
}

void attn::buildNaiveRows(OpBuilder &builder, SdpaBuffers buffers,
                          Numerics numerics, Value begin, Value end) {
  NaiveRows(builder, buffers, numerics).build(begin, end);
}
