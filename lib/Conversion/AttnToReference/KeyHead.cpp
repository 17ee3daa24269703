//===- KeyHead.cpp - A key head and the queries that share it -------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KeyHead.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <limits>

using namespace mlir;
using namespace attn;

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value KeyHead::allocate(Value rows, int64_t columns) {
  return make<memref::AllocOp>(
      MemRefType::get({ShapedType::kDynamic, columns}, real), rows);
}

static arith::FastMathFlagsAttr flagsOf(OpBuilder &builder,
                                        arith::FastMathFlags flags) {
  return arith::FastMathFlagsAttr::get(builder.getContext(), flags);
}

/// memref[at] += left * right
void KeyHead::addTo(Value memref, Value at, Value left, Value right) {
  auto contract = flagsOf(builder, arith::FastMathFlags::contract);
  Value product = make<arith::MulFOp>(left, right, contract);
  store(make<arith::AddFOp>(load(memref, at), product, contract), memref, at);
}

void KeyHead::addProduct(Value memref, Value at, Value left, Value right) {
  addTo(memref, at, roundToOperand(op, left), roundToOperand(op, right));
}

void KeyHead::clear(Value memref, int64_t count) {
  forEach(index(count), [&](Value d) { store(number(0.0), memref, d); });
}

SmallVector<Value> KeyHead::position(Row row, Value feature) {
  SmallVector<Value> indices(SdpaOp::kRank);
  indices[op.batchDim()] = row.batch;
  indices[op.headDim()] = row.head;
  indices[op.lengthDim()] = row.index;
  indices[op.featureDim()] = feature;
  return indices;
}

//===----------------------------------------------------------------------===//
// A key head
//===----------------------------------------------------------------------===//

void KeyHead::allocateHead() {
  Value keyHeads = make<arith::MaxSIOp>(sizes.keyHeads, index(1));
  group = make<arith::DivUIOp>(sizes.queryHeads, keyHeads);
  group = make<arith::MaxSIOp>(group, index(1));
  Value queries = make<arith::MulIOp>(group, sizes.queryLength);
  query = allocate(queries, dimQK);
  key = allocate(sizes.keyLength, dimQK);
  value = allocate(sizes.keyLength, dimV);
  lses = allocate(queries);
  deltas = allocate(queries);
  deltaSizes = allocate(queries);
  auto rowsOf = [&](const RowChain &operand, std::optional<ChainRows> &rows) {
    if (!operand.maps.empty())
      rows.emplace(builder, operand, numerics);
  };
  rowsOf(buffers.query, queryRows);
  rowsOf(buffers.key, keyRows);
  rowsOf(buffers.value, valueRows);
  output = scratch(dimV);
  sums = scratch(std::max(dimQK, dimV));
  auto cell = [&](Type type) -> Value {
    return make<memref::AllocaOp>(MemRefType::get({}, type));
  };
  lastHead = cell(builder.getIndexType());
  knowsAll = cell(builder.getI1Type());
  store(index(-1), lastHead, {});
  if (dropout.dropsAny())
    dropout.start(buffers.seed, buffers.offset);
}

void KeyHead::freeHead() {
  for (Value buffer : {query, key, value, lses, deltas, deltaSizes})
    memref::DeallocOp::create(builder, loc, buffer);
}

void KeyHead::loadRows(const RowChain &operand, std::optional<ChainRows> &rows,
                       Value batch, Value head, Value count, Value first,
                       int64_t features, Value to) {
  forEach(count, [&](Value i) {
    Value row = make<arith::AddIOp>(first, i);
    auto keep = [&](Value d, Value element) { store(element, to, {row, d}); };
    if (rows) {
      SmallVector<Value> place = position({batch, head, i}, index(0));
      place.pop_back();
      rows->build(place, keep);
      return;
    }
    forEach(index(features), [&](Value d) {
      keep(d, loadElement(operand.buffer, position({batch, head, i}, d)));
    });
  });
}

void KeyHead::enterHead(Value batch, Value keyHead) {
  Value head =
      make<arith::AddIOp>(make<arith::MulIOp>(batch, sizes.keyHeads), keyHead);
  Value isNew = make<arith::CmpIOp>(arith::CmpIPredicate::ne, head,
                                    load(lastHead, ValueRange()));
  scf::IfOp::create(builder, loc, isNew, [&](OpBuilder &, Location) {
    forEach(group, [&](Value g) {
      Value queryHead =
          make<arith::AddIOp>(make<arith::MulIOp>(keyHead, group), g);
      loadRows(buffers.query, queryRows, batch, queryHead, sizes.queryLength,
               queryNumber(g, index(0)), dimQK, query);
    });
    loadRows(buffers.key, keyRows, batch, keyHead, sizes.keyLength, index(0),
             dimQK, key);
    loadRows(buffers.value, valueRows, batch, keyHead, sizes.keyLength,
             index(0), dimV, value);
    store(head, lastHead, {});
    store(boolean(false), knowsAll, {});
    scf::YieldOp::create(builder, loc);
  });
}

//===----------------------------------------------------------------------===//
// A pair of query and key
//===----------------------------------------------------------------------===//

/// The order of the sum is open.
Value KeyHead::dot(int64_t count,
                   function_ref<std::pair<Value, Value>(Value)> pair) {
  auto reordered = flagsOf(builder, arith::FastMathFlags::reassoc |
                                        arith::FastMathFlags::contract);
  return fold(index(count), number(0.0),
              [&](Value d, ValueRange sum) -> SmallVector<Value> {
                auto [left, right] = pair(d);
                Value product = make<arith::MulFOp>(left, right, reordered);
                return {make<arith::AddFOp>(sum[0], product, reordered)};
              })[0];
}

Value KeyHead::buildProduct(Value number, Value j) {
  Value product = dot(dimQK, [&](Value d) -> std::pair<Value, Value> {
    return {roundToOperand(op, load(query, {number, d})),
            roundToOperand(op, load(key, {j, d}))};
  });
  return make<arith::MulFOp>(this->number(op.getScaleOrDefault()), product);
}

Value KeyHead::buildScore(const Row &row, Value number, Value j) {
  Value score = buildProduct(number, j);
  if (op.getScore().empty())
    return score;
  return regions.emit(op.getScore(),
                      {score, row.batch, row.head, row.index, j})[0];
}

Value KeyHead::buildSlope(const Row &row, Value number, Value j, Value weight) {
  return buildSlope(
      toDouble(buildProduct(number, j)), weight, [&](Value moved) {
        return exactRegions.emit(op.getScore(),
                                 {moved, row.batch, row.head, row.index, j})[0];
      });
}

/// The derivative of the score region by what is `at`, from two scores beside
/// it, in f64. In the baseline, that of a hyperbolic tangent has as many bits
/// as the tangent. It is 0 where a score of -inf leaves no weight.
Value KeyHead::buildSlope(Value at, Value weight,
                          function_ref<Value(Value)> score) {
  FloatType f64 = builder.getF64Type();
  Value one = this->number(1.0, f64);
  Value size = make<arith::MaximumFOp>(make<math::AbsFOp>(at), one);
  Value step = make<arith::MulFOp>(size, this->number(0x1p-17, f64));
  Value above = score(make<arith::AddFOp>(at, step));
  Value below = score(make<arith::SubFOp>(at, step));
  Value slope =
      make<arith::DivFOp>(make<arith::SubFOp>(above, below),
                          make<arith::MulFOp>(step, this->number(2.0, f64)));
  Value weighs =
      make<arith::CmpFOp>(arith::CmpFPredicate::UNE, weight, this->number(0.0));
  slope = make<arith::SelectOp>(weighs, slope, this->number(0.0, f64));
  if (real.isF64())
    return slope;
  slope = make<arith::TruncFOp>(real, slope);
  constexpr int kCutByTanh = 24 - 11;
  bool hasTanh = !op.getScore().getOps<math::TanhOp>().empty();
  return hasTanh ? cutBits(slope, kCutByTanh) : slope;
}

/// Null where there is no mask.
Value KeyHead::buildKeep(const Row &row, Value j) {
  if (op.getKeep().empty())
    return {};
  return regions.emit(op.getKeep(), {row.batch, row.head, row.index, j})[0];
}

/// What dropout leaves of a weight, but for the factor.
Value KeyHead::buildLeft(const Row &row, Value j, Value weight) {
  if (!dropout.dropsAny())
    return weight;
  Value isDropped = dropout.isDropped(row.batch, row.head, row.index, j);
  return make<arith::SelectOp>(isDropped, number(0.0), weight);
}

void KeyHead::forWeighed(const Row &row, Value number, Value j,
                         function_ref<void(Value, Value)> body) {
  Value lse = load(lses, number);
  Value takesPart = make<arith::CmpFOp>(
      arith::CmpFPredicate::UNE, lse,
      this->number(-std::numeric_limits<double>::infinity()));
  if (Value kept = buildKeep(row, j))
    takesPart = make<arith::AndIOp>(takesPart, kept);
  scf::IfOp::create(builder, loc, takesPart, [&](OpBuilder &, Location) {
    Value score = buildScore(row, number, j);
    Value weight = make<math::ExpOp>(make<arith::SubFOp>(score, lse));
    Value product = dot(dimV, [&](Value d) -> std::pair<Value, Value> {
      return {roundToOperand(op, gradAt(row, d)),
              roundToOperand(op, load(value, {j, d}))};
    });
    if (dropout.dropsAny())
      product = make<arith::MulFOp>(buildLeft(row, j, product),
                                    this->number(dropout.factor()));
    body(weight, product);
    scf::YieldOp::create(builder, loc);
  });
}

/// Gives the weight and the gradient of the score to `body`, both rounded as
/// products read them.
void KeyHead::forKept(const Row &row, Value number, Value j,
                      function_ref<void(Value, Value)> body) {
  forWeighed(row, number, j, [&](Value weight, Value product) {
    Value centred = make<arith::SubFOp>(product, load(deltas, number));
    Value gradient = make<arith::MulFOp>(weight, centred);
    if (!op.getScore().empty())
      gradient =
          make<arith::MulFOp>(gradient, buildSlope(row, number, j, weight));
    body(roundToElement(buildLeft(row, j, weight)), roundToElement(gradient));
  });
}

//===----------------------------------------------------------------------===//
// What each query needs
//===----------------------------------------------------------------------===//

/// In the baseline it keeps 21 bits, about what is left of sums that are taken
/// in another order: it may be all that is subtracted from an equal number.
void KeyHead::buildDelta(const Row &row, Value number,
                         function_ref<Value(Value)> outputAt) {
  Value delta = dot(dimV, [&](Value d) -> std::pair<Value, Value> {
    return {gradAt(row, d), outputAt(d)};
  });
  Value squares = dot(dimV, [&](Value d) -> std::pair<Value, Value> {
    Value term = make<arith::MulFOp>(gradAt(row, d), outputAt(d));
    return {term, term};
  });
  store(make<arith::AddFOp>(make<math::AbsFOp>(delta),
                            make<math::SqrtOp>(squares)),
        deltaSizes, number);
  constexpr int kCutBits = 24 - 21;
  if (real.isF32())
    delta = cutBits(delta, kCutBits);
  if (buffers.lseGrad)
    delta = make<arith::SubFOp>(
        delta, loadElement(buffers.lseGrad, {row.batch, row.head, row.index}));
  store(delta, deltas, number);
}

/// The sums of the weights and of the weighted values, relative to `max`.
void KeyHead::buildSums(const Row &row, Value number, Value max) {
  clear(output, dimV);
  Value sink = buffers.sinks ? loadElement(buffers.sinks, row.head) : Value();
  Value first = sink ? make<math::ExpOp>(make<arith::SubFOp>(sink, max))
                     : this->number(0.0);
  Value sum = fold(sizes.keyLength, first, [&](Value j, ValueRange soFar) {
    return choose(
        buildKeep(row, j),
        [&]() -> SmallVector<Value> {
          Value score = buildScore(row, number, j);
          Value weight = make<math::ExpOp>(make<arith::SubFOp>(score, max));
          Value rounded = roundToElement(buildLeft(row, j, weight));
          forEach(index(dimV), [&](Value d) {
            addProduct(output, d, rounded, load(value, {j, d}));
          });
          return {make<arith::AddFOp>(soFar[0], weight)};
        },
        soFar);
  })[0];
  Value lse = make<arith::AddFOp>(make<math::LogOp>(sum), max);
  store(lse, lses, number);
  Value factor = make<arith::DivFOp>(this->number(dropout.factor()), sum);
  buildDelta(row, number, [&](Value d) {
    return roundToElement(make<arith::MulFOp>(load(output, d), factor));
  });
}

/// The attention of one query. One without a key has an output of 0.
void KeyHead::buildForward(const Row &row, Value number) {
  Value lowest = this->number(-std::numeric_limits<double>::infinity());
  Value first = buffers.sinks ? loadElement(buffers.sinks, row.head) : lowest;
  Value max = fold(sizes.keyLength, first, [&](Value j, ValueRange soFar) {
    return choose(
        buildKeep(row, j),
        [&]() -> SmallVector<Value> {
          return {
              make<arith::MaximumFOp>(soFar[0], buildScore(row, number, j))};
        },
        soFar);
  })[0];
  Value any = make<arith::CmpFOp>(arith::CmpFPredicate::UNE, max, lowest);
  scf::IfOp::create(
      builder, loc, any,
      [&](OpBuilder &, Location) {
        buildSums(row, number, max);
        scf::YieldOp::create(builder, loc);
      },
      [&](OpBuilder &, Location) {
        store(lowest, lses, number);
        store(this->number(0.0), deltas, number);
        store(this->number(0.0), deltaSizes, number);
        scf::YieldOp::create(builder, loc);
      });
}

void KeyHead::buildQuery(const Row &row, Value number) {
  if (!buffers.output)
    return buildForward(row, number);
  Value lse = loadElement(buffers.lse, {row.batch, row.head, row.index});
  store(lse, lses, number);
  buildDelta(row, number, [&](Value d) {
    return loadElement(buffers.output, position(row, d));
  });
}

void KeyHead::buildAllQueries(Value batch, Value keyHead) {
  Value isOpen =
      make<arith::XOrIOp>(load(knowsAll, ValueRange()), boolean(true));
  scf::IfOp::create(builder, loc, isOpen, [&](OpBuilder &, Location) {
    forEach(group, [&](Value g) {
      Value head = make<arith::AddIOp>(make<arith::MulIOp>(keyHead, group), g);
      forEach(sizes.queryLength, [&](Value i) {
        buildQuery({batch, head, i}, queryNumber(g, i));
      });
    });
    store(boolean(true), knowsAll, {});
    scf::YieldOp::create(builder, loc);
  });
}
