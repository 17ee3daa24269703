//===- RopeRows.cpp - Rotary positions as host loops ----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %r = attn.rope %x
// becomes, for a row,
//   for i < rd / 2: c, s = cos(p * freq[i]), sin(p * freq[i]); rotate a pair
//   for i in [rd, d): copy
//
// Angles, cosines and sines are f64 in both judges: the op rounds cosine and
// sine to f32, and only the baseline does so.
//
//===----------------------------------------------------------------------===//

#include "RowMaps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace attn;

namespace {

class RopeRow : HostLoops {
public:
  RopeRow(OpBuilder &builder, const RowMap &map, Numerics numerics)
      : HostLoops(builder, map.op->getLoc(),
                  cast<RowOp>(map.op).getOutputElement(), numerics),
        op(cast<RopeOp>(map.op)), map(map), f64(builder.getF64Type()) {}
  void build(const RowPlace &row, RowAccess access);

private:
  Value toFloat(Value index) {
    Value integer = make<arith::IndexCastOp>(builder.getI64Type(), index);
    return make<arith::SIToFPOp>(f64, integer);
  }
  Value buildPosition(Value batch, Value row);
  Value getFrequencies();
  Value buildFrequency(Value i);
  Value buildStretch(Value i);
  Value rotationFactor(Value cosineOrSine);
  void turnPair(Value x, Value y, Value angle, RowAccess access);

  RopeOp op;
  const RowMap &map;
  FloatType f64;
};

} // namespace

/// Builds the position as an f64; positions are integers well within its range.
Value RopeRow::buildPosition(Value batch, Value row) {
  auto load = [&](Value buffer, ValueRange indices) -> Value {
    Value word = make<memref::LoadOp>(buffer, indices);
    return make<arith::IndexCastOp>(builder.getIndexType(), word);
  };
  Value position = row;
  if (map.positions)
    position = load(map.positions, {batch, row});
  if (map.offsets)
    position = make<arith::AddIOp>(row, load(map.offsets, ValueRange(batch)));
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
  Value length = toFloat(make<arith::AddIOp>(map.length, offset));
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

void RopeRow::turnPair(Value x, Value y, Value angle, RowAccess access) {
  Value c = rotationFactor(make<math::CosOp>(angle));
  Value s = rotationFactor(make<math::SinOp>(angle));
  if (op.getInverse())
    s = make<arith::NegFOp>(s);
  Value first = access.load(x), second = access.load(y);
  Value rotatedFirst = make<arith::SubFOp>(make<arith::MulFOp>(first, c),
                                           make<arith::MulFOp>(second, s));
  Value rotatedSecond = make<arith::AddFOp>(make<arith::MulFOp>(second, c),
                                            make<arith::MulFOp>(first, s));
  access.store(x, roundToElement(rotatedFirst));
  access.store(y, roundToElement(rotatedSecond));
}

void RopeRow::build(const RowPlace &row, RowAccess access) {
  int64_t rotary = op.getRotaryDimsOrDefault();
  Value position = buildPosition(row.batch, row.row);
  forEach(index(rotary / 2), [&](Value i) {
    Value angle = make<arith::MulFOp>(position, buildFrequency(i));
    bool isHalf = op.getPairing() == Pairing::Half;
    Value x = isHalf ? i : make<arith::MulIOp>(i, index(2));
    Value y = make<arith::AddIOp>(x, index(isHalf ? rotary / 2 : 1));
    turnPair(x, y, angle, access);
  });
  forEach(index(rotary), index(op.getFeatures()),
          [&](Value d) { access.store(d, roundToElement(access.load(d))); });
}

void attn::buildRopeRow(OpBuilder &builder, const RowMap &map,
                        Numerics numerics, const RowPlace &row,
                        RowAccess access) {
  RopeRow(builder, map, numerics).build(row, access);
}
