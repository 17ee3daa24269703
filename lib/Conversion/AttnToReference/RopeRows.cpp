//===- RopeRows.cpp - Rotary positions as host loops ----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %r = attn.rope %x
// becomes
//   for row in [begin, end):
//     for i < rd / 2: c, s = cos(p * freq[i]), sin(p * freq[i]); rotate a pair
//     for i in [rd, d): copy
//
// Angles, cosines and sines are f64 in both judges: the op rounds cosine and
// sine to f32, and only the baseline does so.
//
//===----------------------------------------------------------------------===//

#include "RopeRows.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace attn;

namespace {

class RopeRow : HostLoops {
public:
  RopeRow(OpBuilder &builder, RopeBuffers buffers, Numerics numerics)
      : HostLoops(
            builder, buffers.op.getLoc(),
            cast<FloatType>(buffers.op.getInput().getType().getElementType()),
            numerics),
        op(buffers.op), buffers(buffers), f64(builder.getF64Type()) {}

  using Store = function_ref<void(Value, Value)>;
  void build(Value batch, Value head, Value row, Store store);
  void buildAll(Value output, Value begin, Value end);
  Value countFlops();

private:
  Value dim(int64_t i) { return make<memref::DimOp>(buffers.input, i); }
  Value toFloat(Value index) {
    Value integer = make<arith::IndexCastOp>(builder.getI64Type(), index);
    return make<arith::SIToFPOp>(f64, integer);
  }
  SmallVector<Value> at(Value batch, Value head, Value row, Value feature);
  Value buildPosition(Value batch, Value row);
  Value getFrequencies();
  Value buildFrequency(Value i);
  Value buildStretch(Value i);
  Value rotationFactor(Value cosineOrSine);
  void turnPair(Value i, Value x, Value y, Value angle, Store store);

  RopeOp op;
  RopeBuffers buffers;
  FloatType f64;
  Value batch, head, row; // of the row in hand
};

} // namespace

SmallVector<Value> RopeRow::at(Value batch, Value head, Value row,
                               Value feature) {
  SmallVector<Value> indices(SdpaOp::kRank, feature);
  indices[op.batchDim()] = batch;
  indices[op.headDim()] = head;
  indices[op.lengthDim()] = row;
  return indices;
}

/// Builds the position as an f64; positions are integers well within its range.
Value RopeRow::buildPosition(Value batch, Value row) {
  auto load = [&](Value buffer, ValueRange indices) -> Value {
    Value word = make<memref::LoadOp>(buffer, indices);
    return make<arith::IndexCastOp>(builder.getIndexType(), word);
  };
  Value position = row;
  if (buffers.positions)
    position = load(buffers.positions, {batch, row});
  if (buffers.offsets)
    position =
        make<arith::AddIOp>(row, load(buffers.offsets, ValueRange(batch)));
  Value offset = index(static_cast<int64_t>(op.getOffset()));
  return toFloat(make<arith::AddIOp>(position, offset));
}

/// A table of the module.
Value RopeRow::getFrequencies() {
  SmallVector<double> frequencies = op.getFrequencies();
  int64_t count = frequencies.size();
  auto type = MemRefType::get({count}, f64);
  auto values = DenseElementsAttr::get(RankedTensorType::get({count}, f64),
                                       ArrayRef<double>(frequencies));
  auto module = op->getParentOfType<ModuleOp>();
  for (auto table : module.getOps<memref::GlobalOp>())
    if (table.getInitialValueAttr() == values)
      return make<memref::GetGlobalOp>(type, table.getSymName());
  SymbolTable symbols(module);
  auto atModule = OpBuilder::atBlockBegin(module.getBody());
  auto table = memref::GlobalOp::create(
      atModule, loc, "rope_frequencies", builder.getStringAttr("private"), type,
      values, /*constant=*/true, /*alignment=*/IntegerAttr());
  symbols.insert(table); // under a free name
  return make<memref::GetGlobalOp>(type, table.getSymName());
}

/// r^(-2i / (rd - 2)) of `#attn.rope_dynamic_ntk`.
Value RopeRow::buildStretch(Value i) {
  auto scaling = cast<RopeDynamicNtkAttr>(op.getScalingAttr());
  double factor = scaling.getFactor().convertToDouble();
  double original = scaling.getOriginalLength();
  Value offset = index(static_cast<int64_t>(op.getOffset()));
  Value length = toFloat(make<arith::AddIOp>(dim(op.lengthDim()), offset));
  length = make<arith::MaximumFOp>(length, number(original, f64));
  Value ratio = make<arith::MulFOp>(length, number(factor / original, f64));
  Value r = make<arith::SubFOp>(ratio, number(factor - 1, f64));
  Value exponent = make<arith::MulFOp>(
      toFloat(i), number(-2.0 / (op.getRotaryDimsOrDefault() - 2), f64));
  return make<math::PowFOp>(r, exponent);
}

Value RopeRow::buildFrequency(Value i) {
  Value frequency = make<memref::LoadOp>(getFrequencies(), i);
  if (!isa_and_nonnull<RopeDynamicNtkAttr>(op.getScalingAttr()))
    return frequency;
  return make<arith::MulFOp>(frequency, buildStretch(i));
}

Value RopeRow::rotationFactor(Value cosineOrSine) {
  Value scaled =
      make<arith::MulFOp>(cosineOrSine, number(op.getRotationFactor(), f64));
  return real.isF64() ? scaled : make<arith::TruncFOp>(real, scaled);
}

void RopeRow::turnPair(Value i, Value x, Value y, Value angle, Store store) {
  Value c = rotationFactor(make<math::CosOp>(angle));
  Value s = rotationFactor(make<math::SinOp>(angle));
  if (op.getInverse())
    s = make<arith::NegFOp>(s);
  Value first = loadElement(buffers.input, at(batch, head, row, x));
  Value second = loadElement(buffers.input, at(batch, head, row, y));
  Value rotatedFirst = make<arith::SubFOp>(make<arith::MulFOp>(first, c),
                                           make<arith::MulFOp>(second, s));
  Value rotatedSecond = make<arith::AddFOp>(make<arith::MulFOp>(second, c),
                                            make<arith::MulFOp>(first, s));
  store(x, roundToElement(rotatedFirst));
  store(y, roundToElement(rotatedSecond));
}

void RopeRow::build(Value batchIndex, Value headIndex, Value rowIndex,
                    Store store) {
  batch = batchIndex;
  head = headIndex;
  row = rowIndex;
  int64_t rotary = op.getRotaryDimsOrDefault();
  Value position = buildPosition(batch, row);
  forEach(index(rotary / 2), [&](Value i) {
    Value angle = make<arith::MulFOp>(position, buildFrequency(i));
    bool isHalf = op.getPairing() == Pairing::Half;
    Value x = isHalf ? i : make<arith::MulIOp>(i, index(2));
    Value y = make<arith::AddIOp>(x, index(isHalf ? rotary / 2 : 1));
    turnPair(i, x, y, angle, store);
  });
  forEach(index(rotary), index(op.getFeatures()), [&](Value d) {
    store(d, loadElement(buffers.input, at(batch, head, row, d)));
  });
}

void RopeRow::buildAll(Value output, Value begin, Value end) {
  Value heads = dim(op.headDim()), length = dim(op.lengthDim());
  Value rows = make<arith::MulIOp>(
      make<arith::MulIOp>(dim(op.batchDim()), heads), length);
  forEach(begin, make<arith::MinSIOp>(end, rows), [&](Value number) {
    Value strip = make<arith::DivUIOp>(number, length);
    build(make<arith::DivUIOp>(strip, heads),
          make<arith::RemUIOp>(strip, heads),
          make<arith::RemUIOp>(number, length),
          [&](Value feature, Value element) {
            memref::StoreOp::create(builder, loc, toDouble(element), output,
                                    at(batch, head, row, feature));
          });
  });
}

/// Four multiplications and two additions a pair.
Value RopeRow::countFlops() {
  Value flops = number(3.0 * op.getRotaryDimsOrDefault(), f64);
  for (int64_t i = 0; i + 1 < SdpaOp::kRank; ++i)
    flops = make<arith::MulFOp>(flops, toFloat(dim(i)));
  return flops;
}

//===----------------------------------------------------------------------===//
// The border
//===----------------------------------------------------------------------===//

void attn::buildRopeRow(OpBuilder &builder, RopeBuffers buffers,
                        Numerics numerics, Value batch, Value head, Value row,
                        function_ref<void(Value, Value)> store) {
  RopeRow(builder, buffers, numerics).build(batch, head, row, store);
}

void attn::buildRopeRows(OpBuilder &builder, RopeBuffers buffers, Value output,
                         Numerics numerics, Value begin, Value end) {
  RopeRow(builder, buffers, numerics).buildAll(output, begin, end);
}

Value attn::buildRopeFlops(OpBuilder &builder, RopeBuffers buffers) {
  return RopeRow(builder, buffers, Numerics::Reference).countFlops();
}
