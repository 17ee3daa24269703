//===- RopeKernel.cpp - Rotary positions as a kernel ----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A CTA turns some rows of one head of one batch entry:
//
//   x, y   = the two columns of each pair, as f32
//   phase  = position * turns per position, in 2^-64 of a turn
//   c, s   = cos, sin of the phase's upper 32 bits
//   x', y' = x c - y s, y c + x s
//
// The product wraps at whole turns, so the phase is exact to 2^-32 of a turn at
// any position, and the hardware's cosine only sees angles within half a turn.
//
//===----------------------------------------------------------------------===//

#include "RopeKernel.h"

#include "Views.h"
#include "attn/Schedule/RowSchedules.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace attn;
using namespace attn::tile;

static constexpr double kPi = 3.14159265358979323846;

namespace {

class RopeKernel {
public:
  RopeKernel(KernelOp kernel, RopeOp op, const RopeArguments &arguments)
      : builder(OpBuilder::atBlockEnd(&kernel.getBody().front())),
        loc(op.getLoc()), op(op), arguments(arguments),
        rows(kernel.getSchedule().getTileRows()), rotary(op.getRotaryDimsOrDefault()),
        element(op.getInput().getType().getElementType()),
        f32(builder.getF32Type()) {}
  void emit();

private:
  struct Rotation {
    Value cosine, sine;
  };
  struct Pair {
    Value x, y;
  };

  void emitCoordinates();
  Value emitPositions();
  Value emitTurns(int64_t pairs);
  Rotation emitRotation(int64_t pairs);
  Pair emitTurned(Pair pair, int64_t pairs);
  void emitHalves();
  void emitInterleaved();
  void emitCopy();

  // Small pieces.
  Value columnsOf(Value view, int64_t first, int64_t count);
  RankedTensorType type(int64_t tileRows, int64_t columns, Type of) {
    return RankedTensorType::get({tileRows, columns}, of);
  }
  Value load(Value view, int64_t columns) {
    return LoadOp::create(builder, loc, type(rows, columns, element), view,
                          ValueRange{batch, head, firstRow});
  }
  void store(Value tile, Value view) {
    StoreOp::create(builder, loc, tile, view,
                    ValueRange{batch, head, firstRow});
  }
  Value widen(Value tile) {
    auto from = cast<RankedTensorType>(tile.getType());
    return arith::ExtFOp::create(builder, loc, from.clone(f32), tile);
  }
  Value narrow(Value tile) {
    auto from = cast<RankedTensorType>(tile.getType());
    return arith::TruncFOp::create(builder, loc, from.clone(element), tile);
  }
  Value constant(RankedTensorType tile, Attribute value) {
    return arith::ConstantOp::create(builder, loc,
                                     DenseElementsAttr::get(tile, value));
  }
  Value splat(Value index) {
    Value word =
        arith::IndexCastOp::create(builder, loc, builder.getI32Type(), index);
    return tensor::SplatOp::create(builder, loc,
                                   type(rows, 1, builder.getI32Type()), word);
  }
  Value broadcast(Value vector, int64_t columns) {
    Type of = cast<RankedTensorType>(vector.getType()).getElementType();
    return BroadcastOp::create(builder, loc, type(rows, columns, of), vector);
  }
  Value multiply(Value a, Value b) {
    return arith::MulFOp::create(builder, loc, a, b);
  }

  OpBuilder builder;
  Location loc;
  RopeOp op;
  RopeArguments arguments;
  int64_t rows, rotary;
  Type element, f32;
  Value batch, head, firstRow, input, output;
};

} // namespace

Value RopeKernel::columnsOf(Value view, int64_t first, int64_t count) {
  SmallVector<OpFoldResult> offsets(SdpaOp::kRank, builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(SdpaOp::kRank, builder.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = memref::getMixedSizes(builder, loc, view);
  offsets.back() = builder.getIndexAttr(first);
  sizes.back() = builder.getIndexAttr(count);
  return memref::SubViewOp::create(builder, loc, view, offsets, sizes, strides);
}

void RopeKernel::emitCoordinates() {
  Value block = BlockIdOp::create(builder, loc, GridDim::x);
  head = BlockIdOp::create(builder, loc, GridDim::y);
  batch = BlockIdOp::create(builder, loc, GridDim::z);
  Value step = arith::ConstantIndexOp::create(builder, loc, rows);
  firstRow = arith::MulIOp::create(builder, loc, block, step);
  input = viewAsBHSD(builder, loc, arguments.input, op.getLayout());
  output = viewAsBHSD(builder, loc, arguments.output, op.getLayout());
}

/// As a column of i32.
Value RopeKernel::emitPositions() {
  auto column = type(rows, 1, builder.getI32Type());
  auto add = [&](Value a, Value b) -> Value {
    return arith::AddIOp::create(builder, loc, a, b);
  };
  Value positions;
  if (arguments.positions) {
    positions = LoadOp::create(builder, loc, column, arguments.positions,
                               ValueRange{batch, firstRow});
  } else {
    Value rowsOfTile = IotaOp::create(builder, loc, column);
    positions = add(rowsOfTile, splat(firstRow));
  }
  if (arguments.offsets) {
    Value offset = memref::LoadOp::create(builder, loc, arguments.offsets,
                                          ValueRange(batch));
    positions =
        add(positions, tensor::SplatOp::create(builder, loc, column, offset));
  }
  int64_t offset = static_cast<int64_t>(op.getOffset());
  return add(positions, constant(column, builder.getI32IntegerAttr(offset)));
}

/// Turns per position, in 2^-64 of a turn; whole turns do not count.
static int64_t toPhase(double frequency) {
  double turns = frequency / (2 * kPi), whole = 0;
  return static_cast<int64_t>(
      static_cast<uint64_t>(std::ldexp(std::modf(turns, &whole), 64)));
}

/// The stretch of `#attn.rope_dynamic_ntk`, whose length is static here,
/// changes frequency i by r^(-2i / (rd - 2)).
static SmallVector<double> getFrequencies(RopeOp op) {
  SmallVector<double> frequencies = op.getFrequencies();
  auto dynamic = dyn_cast_or_null<RopeDynamicNtkAttr>(op.getScalingAttr());
  if (!dynamic)
    return frequencies;
  double length = op.getInput().getType().getDimSize(op.lengthDim()) +
                  static_cast<double>(static_cast<int64_t>(op.getOffset()));
  double stretch = dynamic.getStretch(length);
  for (auto [i, frequency] : llvm::enumerate(frequencies))
    frequency *=
        std::pow(stretch, -2.0 * double(i) / (op.getRotaryDimsOrDefault() - 2));
  return frequencies;
}

Value RopeKernel::emitTurns(int64_t pairs) {
  SmallVector<int64_t> phases;
  for (double frequency : getFrequencies(op))
    phases.push_back(toPhase(frequency));
  phases.resize(pairs, 0);
  auto row = type(1, pairs, builder.getI64Type());
  return arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(row, ArrayRef<int64_t>(phases)));
}

RopeKernel::Rotation RopeKernel::emitRotation(int64_t pairs) {
  auto wide = type(rows, pairs, builder.getI64Type());
  auto word = type(rows, pairs, builder.getI32Type());
  auto real = type(rows, pairs, f32);
  Value positions = arith::ExtSIOp::create(
      builder, loc, type(rows, 1, builder.getI64Type()), emitPositions());
  Value phase = arith::MulIOp::create(builder, loc, broadcast(positions, pairs),
                                      broadcast(emitTurns(pairs), pairs));
  Value upper = arith::ShRUIOp::create(
      builder, loc, phase, constant(wide, builder.getI64IntegerAttr(32)));
  Value signedPhase = arith::TruncIOp::create(builder, loc, word, upper);
  Value angle =
      multiply(arith::SIToFPOp::create(builder, loc, real, signedPhase),
               constant(real, builder.getF32FloatAttr(std::ldexp(kPi, -31))));
  Value cosine = math::CosOp::create(builder, loc, angle);
  Value sine = math::SinOp::create(builder, loc, angle);
  double factor = op.getRotationFactor();
  if (factor == 1.0)
    return {cosine, sine};
  Value factors = constant(real, builder.getF32FloatAttr(factor));
  return {multiply(cosine, factors), multiply(sine, factors)};
}

RopeKernel::Pair RopeKernel::emitTurned(Pair pair, int64_t pairs) {
  Rotation rotation = emitRotation(pairs);
  Value x = widen(pair.x), y = widen(pair.y);
  Value turnedX = arith::SubFOp::create(
      builder, loc, multiply(x, rotation.cosine), multiply(y, rotation.sine));
  Value turnedY = arith::AddFOp::create(
      builder, loc, multiply(y, rotation.cosine), multiply(x, rotation.sine));
  return {narrow(turnedX), narrow(turnedY)};
}

void RopeKernel::emitHalves() {
  int64_t half = rotary / 2, columns = ropeTileColumns(half);
  Pair pair = {load(columnsOf(input, 0, half), columns),
               load(columnsOf(input, half, half), columns)};
  Pair turned = emitTurned(pair, columns);
  store(turned.x, columnsOf(output, 0, half));
  store(turned.y, columnsOf(output, half, half));
}

void RopeKernel::emitInterleaved() {
  int64_t columns = ropeTileColumns(rotary);
  Value tile = load(columnsOf(input, 0, rotary), columns);
  auto half = type(rows, columns / 2, element);
  auto parted = DeinterleaveOp::create(builder, loc, half, half, tile);
  Pair turned = emitTurned({parted.getEven(), parted.getOdd()}, columns / 2);
  Value whole = InterleaveOp::create(builder, loc, type(rows, columns, element),
                                     turned.x, turned.y);
  store(whole, columnsOf(output, 0, rotary));
}

/// The columns that are not turned, with at least as many threads in a row.
void RopeKernel::emitCopy() {
  int64_t rest = op.getFeatures() - rotary;
  if (rest == 0)
    return;
  int64_t access = std::gcd(std::gcd(rest, rotary), kRopeAccess);
  int64_t columns = std::max(ropeTileColumns(rest), ropeThreadsPerRow(op) * access);
  store(load(columnsOf(input, rotary, rest), columns),
        columnsOf(output, rotary, rest));
}

void RopeKernel::emit() {
  emitCoordinates();
  if (op.getPairing() == Pairing::Half)
    emitHalves();
  else
    emitInterleaved();
  emitCopy();
  ReturnOp::create(builder, loc);
}

void attn::emitRopeKernel(KernelOp kernel, RopeOp op,
                          const RopeArguments &arguments) {
  RopeKernel(kernel, op, arguments).emit();
}
