//===- GradientScores.cpp - Weights of a tile and their gradients ---------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GradientScores.h"

#include "../FunctionLowering.h"
#include "Mask.h"
#include "attn/Target/TargetRegistry.h"

#include <cmath>

using namespace mlir;
using namespace attn;
using namespace attn::tile;

static constexpr double kLog2E = 1.4426950408889634;

GradientScores::GradientScores(TileBuilder &b, SdpaGradOp op,
                               ValueRange captures, Value seed, Value offset,
                               int64_t rows, int64_t columns)
    : b(b), op(op), regions(b, op, captures, rows),
      dropout(b, op, seed, offset), rows(rows), columns(columns) {}

void GradientScores::setIndices(const ScoreIndices &ofTile) {
  indices = ofTile;
  regions.setRows(ofTile);
}

/// A vector of the queries as a tile.
Value GradientScores::spread(Value vector) {
  return BroadcastOp::create(b, b.tileType(rows, columns, b.getF32Type()),
                             vector);
}

std::optional<KeysOfRows> GradientScores::emitNeeded(Region &range,
                                                     const ScoreIndices &ofTile,
                                                     Value firstColumn) {
  if (!boundsProducts(range))
    return std::nullopt;
  setIndices(ofTile);
  auto isColumn = [](Value numbers) {
    return cast<RankedTensorType>(numbers.getType()).getDimSize(1) == 1;
  };
  Value numbers = isColumn(ofTile.query) ? ofTile.query : ofTile.key;
  return regions.emitColumnsOfRows(range, numbers, firstColumn);
}

bool GradientScores::boundsProducts(Region &range) {
  return lookupTarget(targetOf(op))->isProcessor() && !range.empty();
}

Value GradientScores::emitExponents(Value exponents, Value numbers,
                                    Value queryLength) {
  auto type = cast<RankedTensorType>(numbers.getType());
  Value end = tensor::SplatOp::create(b, type, b.toI32(queryLength));
  Value isQuery =
      arith::CmpIOp::create(b, arith::CmpIPredicate::slt, numbers, end);
  Value lowest = b.splat(-INFINITY, type.getDimSize(0), type.getDimSize(1));
  return arith::SelectOp::create(b, isQuery, exponents, lowest);
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

Value GradientScores::emitShared(Value weights, Value exponents,
                                 Value keyLength) {
  Type f32 = b.getF32Type();
  Value count = arith::SIToFPOp::create(b, f32, b.toI32(keyLength));
  Value one = arith::ConstantOp::create(b, b.getF32FloatAttr(1));
  Value share = arith::DivFOp::create(b, one, count);
  Value isEmpty = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ,
                                        spread(exponents), splat(-INFINITY));
  Value shares =
      tensor::SplatOp::create(b, b.tileType(rows, columns, f32), share);
  return arith::SelectOp::create(b, isEmpty, shares, weights);
}

/// Keys that are columns count from a multiple of a tile's.
Value GradientScores::emitLeft(Value weights) {
  if (!dropout.dropsAny())
    return weights;
  bool areKeysColumns =
      cast<RankedTensorType>(indices.key.getType()).getDimSize(0) == 1;
  return dropout.emit(weights,
                      {indices.batch, indices.head, indices.query, indices.key},
                      areKeysColumns ? columns : 1);
}

/// The gradient of what the score region makes of a score.
Value GradientScores::emitCentred(Value weights, Value gradProducts,
                                  Value deltas) {
  if (dropout.dropsAny())
    gradProducts = emitLeft(b.multiply(
        gradProducts, splat(static_cast<float>(op.getDropFactor()))));
  Value centred = arith::SubFOp::create(b, gradProducts, spread(deltas));
  return b.multiply(weights, centred);
}

SmallVector<GradientScores::Contribution>
GradientScores::emitContributions(Value tensor, ArrayRef<int64_t> entryDims,
                                  Value products, Value weights,
                                  Value gradProducts, Value deltas) {
  Value gradients = emitCentred(weights, gradProducts, deltas);
  SmallVector<Contribution> contributions;
  for (auto [slope, entry] :
       regions.emitElementSlopes(op.getSlope(), tensor, entryDims, products,
                                 op.getScaleOrDefault(), indices.key))
    contributions.push_back({b.multiply(gradients, slope), entry});
  return contributions;
}

Value GradientScores::emitGradients(Value products, Value weights,
                                    Value gradProducts, Value deltas) {
  Value gradients = emitCentred(weights, gradProducts, deltas);
  if (!regions.hasScore())
    return gradients;
  Value slope = regions.emitSlope(op.getSlope(), products,
                                  op.getScaleOrDefault(), indices.key);
  return b.multiply(gradients, slope);
}
