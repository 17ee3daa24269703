//===- GradKeys.cpp - The gradients of keys and values --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A CTA has a tile of keys of one key head, and walks over the queries of all
// heads that share it. Rows are keys and columns queries, so that weights and
// gradients of scores are left operands as they are:
//
//   P^T  = exp(K Q^T - lse)
//   dP^T = V dO^T
//   dS^T = P^T * (dP^T - delta)
//   dV  += P^T dO
//   dK  += dS^T Q
//
// dK is scaled once, behind the walk, and dV by the factor of dropout, which
// takes elements of P^T in front of dV and of dP^T. Queries behind the last are
// zeros and add nothing; keys behind the last are not stored. Under
// masked_row(uniform), a query without a key counts for all values, so that all
// queries are walked over.
//
//===----------------------------------------------------------------------===//

#include "GradKeys.h"

#include "../Index/HeadGroups.h"
#include "../Index/QueryTiles.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

class GradKeysKernel : GradientKernel {
public:
  GradKeysKernel(KernelOp kernel, SdpaGradOp op,
                 const GradientSignature &signature)
      : GradientKernel(kernel, op, signature),
        hasKeys(arguments[Argument::KeyGrad]),
        hasValues(arguments[Argument::ValueGrad]) {}
  void emit();

private:
  void locate();
  Value loadOfKeys(Argument name, int64_t columns);
  Value loadOfQueries(Argument name, const QueryTilePlace &place,
                      int64_t columns);
  Value loadVector(Argument name, const QueryTilePlace &place);
  Value emitExponents(const QueryTilePlace &place);
  ScoreIndices emitIndices(const QueryTilePlace &place);
  QueryTiles emitTiles();
  SmallVector<Value> emitStep(const QueryTilePlace &place, bool isMasked,
                              ValueRange carried);
  DotOp addProduct(Value left, Value right, Value sum);
  void store(Argument name, Value sum, float factor);

  /// Whether queries without a key may share a weight among all.
  bool sharesWeights() {
    return op.getMaskedRow() == MaskedRow::Uniform && scores->isMasked();
  }

  bool hasKeys, hasValues;
  Value batch, keyHead, firstKey, key, value;
};

} // namespace

void GradKeysKernel::locate() {
  TileIndex tile = begin();
  batch = tile.batch;
  keyHead = tile.head;
  firstKey = b.mul(tile.block, b.index(rows));
}

Value GradKeysKernel::loadOfKeys(Argument name, int64_t columns) {
  Value tile = b.load(b.tileType(rows, columns, types.element), views[name],
                      {batch, keyHead, firstKey});
  return b.convert(tile, types.multiplied);
}

Value GradKeysKernel::loadOfQueries(Argument name, const QueryTilePlace &place,
                                    int64_t columns) {
  Value tile = b.load(b.tileType(step, columns, types.element), views[name],
                      {batch, place.head, place.firstQuery});
  return b.convert(tile, types.multiplied);
}

Value GradKeysKernel::loadVector(Argument name, const QueryTilePlace &place) {
  return b.load(b.tileType(1, step, b.getF32Type()), arguments[name],
                {batch, place.head, place.firstQuery});
}

/// Queries behind the last are zeros, of which a bias may make anything.
Value GradKeysKernel::emitExponents(const QueryTilePlace &place) {
  Value exponents = loadVector(Argument::Exponents, place);
  if (op.getCaptures().empty())
    return exponents;
  Value numbers =
      emitPositions(b, place.firstQuery, b.tileType(1, step, b.getI32Type()));
  return scores->emitExponents(exponents, numbers, queryLength);
}

ScoreIndices GradKeysKernel::emitIndices(const QueryTilePlace &place) {
  ScoreIndices indices;
  indices.batch = b.toI32(batch);
  indices.head = b.toI32(place.head);
  indices.query =
      emitPositions(b, place.firstQuery, b.tileType(1, step, b.getI32Type()));
  indices.key = emitPositions(b, firstKey, b.tileType(rows, 1, b.getI32Type()));
  indices.queryLength = queryLength;
  indices.keyLength = keyLength;
  clampToCaptures(indices);
  return indices;
}

/// Where there is no range, or one of each head, all tiles are walked; without
/// a mask, they need none.
QueryTiles GradKeysKernel::emitTiles() {
  Value heads = arguments[Argument::HeadsPerKeyHead];
  Value firstHead = b.mul(keyHead, heads);
  KeyTile tile = {batch, firstHead, firstKey, rows, queryLength, keyLength};
  Region &range = op.getQueryRange();
  bool hasOneRange =
      !range.empty() && range.getArgument(1).use_empty() && !sharesWeights();
  KeyRange tiles = hasOneRange ? emitQueryRange(b, op, tile, step)
                               : emitAllTiles(b, queryLength, step);
  return QueryTiles(b, tiles, firstHead, heads, step);
}

DotOp GradKeysKernel::addProduct(Value left, Value right, Value sum) {
  return DotOp::create(b, b.convert(left, types.multiplied), right, sum,
                       /*transpose_b=*/false, /*async=*/false,
                       /*stage=*/schedule.getOverlap());
}

SmallVector<Value> GradKeysKernel::emitStep(const QueryTilePlace &place,
                                            bool isMasked, ValueRange carried) {
  isMasked = isMasked && scores->isMasked();
  std::optional<KeysOfRows> needed;
  if (isMasked && !sharesWeights() &&
      scores->boundsProducts(op.getQueryRange()))
    needed = scores->emitNeeded(op.getQueryRange(), emitIndices(place),
                                place.firstQuery);
  Value zero = b.splat(0, rows, step);
  Value query = loadOfQueries(Argument::Query, place, types.dimQK);
  SmallVector<DotOp> ofScores = {
      DotOp::create(b, key, query, zero, /*transpose_b=*/true)};
  Value grad = loadOfQueries(Argument::OutputGrad, place, types.dimV);
  if (hasKeys)
    ofScores.push_back(
        DotOp::create(b, value, grad, zero, /*transpose_b=*/true));
  SmallVector<Value> kept;
  if (isMasked || scores->needsIndices())
    scores->setIndices(emitIndices(place));
  if (isMasked)
    kept.push_back(scores->emitKept());
  Value products = ofScores.front();
  Value exponents = emitExponents(place);
  Value weights = scores->emitWeights(products, exponents, kept);
  SmallVector<Value> sums(carried);
  SmallVector<DotOp> added;
  if (hasValues) {
    Value ofValues = weights;
    if (sharesWeights())
      ofValues = scores->emitShared(weights, exponents, keyLength);
    added.push_back(addProduct(scores->emitLeft(ofValues), grad, sums.back()));
    sums.back() = added.back();
  }
  if (hasKeys) {
    Value gradients =
        scores->emitGradients(products, weights, ofScores.back(),
                              loadVector(Argument::Deltas, place));
    if (needed)
      gradients = scores->emitZeros(gradients, kept);
    added.push_back(addProduct(gradients, query, sums.front()));
    sums.front() = added.back();
  }
  if (needed)
    boundProducts(ofScores, added, *needed);
  return sums;
}

void GradKeysKernel::store(Argument name, Value sum, float factor) {
  auto type = cast<RankedTensorType>(sum.getType());
  if (factor != 1)
    sum = b.multiply(sum, b.splat(factor, rows, type.getDimSize(1)));
  b.store(b.convert(sum, types.element), views[name],
          {batch, keyHead, firstKey});
}

void GradKeysKernel::emit() {
  locate();
  // First, so that copies for the walk can begin with those of keys.
  QueryTiles tiles = emitTiles();
  key = loadOfKeys(Argument::Key, types.dimQK);
  if (hasKeys)
    value = loadOfKeys(Argument::Value, types.dimV);
  SmallVector<Value> sums;
  if (hasKeys)
    sums.push_back(b.splat(0, rows, types.dimQK));
  if (hasValues)
    sums.push_back(b.splat(0, rows, types.dimV));
  auto walk = WalkOp::create(b, tiles.first(), tiles.bounds(), sums,
                             schedule.getStages());
  for (unsigned segment = 0; segment < walk.getNumSegments(); ++segment) {
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(walk.getStep(segment));
    QueryTilePlace place = tiles.place(walk.getTile(segment));
    tile::YieldOp::create(b, emitStep(place, tiles.isMasked(segment),
                                      ValueRange(walk.getCarried(segment))));
  }
  if (hasKeys)
    store(Argument::KeyGrad, walk.getResults().front(), op.getScaleOrDefault());
  if (hasValues)
    store(Argument::ValueGrad, walk.getResults().back(), op.getDropFactor());
  ReturnOp::create(b);
}

void attn::emitGradKeysKernel(KernelOp kernel, SdpaGradOp op,
                              const GradientSignature &signature) {
  GradKeysKernel(kernel, op, signature).emit();
}
