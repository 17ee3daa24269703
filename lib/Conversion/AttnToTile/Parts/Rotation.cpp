//===- Rotation.cpp - Rotary positions of pairs of elements ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Rotation.h"

#include <cmath>

using namespace mlir;
using namespace attn;

static constexpr double kPi = 3.14159265358979323846;

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

static Value emitTurns(TileBuilder &b, RopeOp op, int64_t firstPair,
                       int64_t pairs) {
  SmallVector<int64_t> phases;
  SmallVector<double> frequencies = getFrequencies(op);
  for (double frequency : ArrayRef(frequencies).drop_front(firstPair))
    phases.push_back(toPhase(frequency));
  // A piece may have fewer pairs than there are, or more columns than pairs.
  phases.resize(pairs, 0);
  RankedTensorType row = b.tileType(1, pairs, b.getI64Type());
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(row, ArrayRef<int64_t>(phases)));
}

/// Signed fractions of a turn, in radians.
static Value emitAngles(TileBuilder &b, RopeOp op, Value positions,
                        int64_t firstPair, int64_t pairs) {
  int64_t rows = cast<RankedTensorType>(positions.getType()).getDimSize(0);
  RankedTensorType wide = b.tileType(rows, pairs, b.getI64Type());
  RankedTensorType word = b.tileType(rows, pairs, b.getI32Type());
  RankedTensorType real = b.tileType(rows, pairs, b.getF32Type());
  Value column = b.broadcast(positions, pairs);
  Value turns = b.repeatRow(emitTurns(b, op, firstPair, pairs), rows);
  Value phase = arith::MulIOp::create(b, column, turns);
  Value upper = arith::ShRUIOp::create(
      b, phase, b.constant(wide, b.getI64IntegerAttr(32)));
  Value signedPhase = arith::TruncIOp::create(b, word, upper);
  Value fraction = arith::SIToFPOp::create(b, real, signedPhase);
  double radians = std::ldexp(op.getInverse() ? -kPi : kPi, -31);
  return b.multiply(fraction, b.constant(real, b.getF32FloatAttr(radians)));
}

ElementPairs attn::emitRotated(TileBuilder &b, RopeOp op,
                               const ElementPairs &pairs, int64_t firstPair,
                               Value positions) {
  auto type = cast<RankedTensorType>(pairs.x.getType());
  Value angles = emitAngles(b, op, positions, firstPair, type.getDimSize(1));
  Value cosine = math::CosOp::create(b, angles);
  Value sine = math::SinOp::create(b, angles);
  if (double factor = op.getRotationFactor(); factor != 1.0) {
    Value factors = b.constant(cast<RankedTensorType>(angles.getType()),
                               b.getF32FloatAttr(factor));
    cosine = b.multiply(cosine, factors);
    sine = b.multiply(sine, factors);
  }
  Value x = pairs.x, y = pairs.y;
  Value ySine = arith::NegFOp::create(b, b.multiply(y, sine));
  Value rotatedX = b.fma(x, cosine, ySine);
  return {rotatedX, b.fma(y, cosine, b.multiply(x, sine))};
}
