//===- GradientScores.cpp - Weights of a tile and their gradients ---------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GradientScores.h"

#include "Mask.h"

#include <cmath>

using namespace mlir;
using namespace attn;
using namespace attn::tile;

static constexpr double kLog2E = 1.4426950408889634;

GradientScores::GradientScores(TileBuilder &b, SdpaGradOp op,
                               ValueRange captures, int64_t rows,
                               int64_t columns)
    : b(b), op(op), regions(b, op, captures, rows), rows(rows),
      columns(columns) {}

void GradientScores::setIndices(const ScoreIndices &ofTile) {
  indices = ofTile;
  regions.setRows(ofTile);
}

/// A vector of the queries as a tile.
Value GradientScores::spread(Value vector) {
  return BroadcastOp::create(b, b.tileType(rows, columns, b.getF32Type()),
                             vector);
}

Value GradientScores::emitWeights(Value products, Value exponents,
                                  ValueRange kept) {
  double factor = op.getScaleOrDefault();
  if (regions.hasScore()) {
    products = regions.emitScore(products, op.getScaleOrDefault(), indices.key);
    factor = splitFactor(op).factor;
  }
  Value exponent = b.fma(products, splat(static_cast<float>(factor * kLog2E)),
                         spread(exponents));
  for (Value each : kept)
    exponent = emitMaskedScores(b, each, exponent, -INFINITY);
  return b.exp2(exponent);
}

Value GradientScores::emitGradients(Value products, Value weights,
                                    Value gradProducts, Value deltas) {
  Value centred = arith::SubFOp::create(b, gradProducts, spread(deltas));
  Value gradients = b.multiply(weights, centred);
  if (!regions.hasScore())
    return gradients;
  Value slope = regions.emitSlope(op.getSlope(), products,
                                  op.getScaleOrDefault(), indices.key);
  return b.multiply(gradients, slope);
}
