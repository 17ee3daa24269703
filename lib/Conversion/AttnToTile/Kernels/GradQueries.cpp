//===- GradQueries.cpp - The gradient of queries --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A CTA has a tile of queries of one head, and walks over its keys as the
// forward kernel does:
//
//   P   = exp(Q K^T - lse)
//   dP  = dO V^T
//   dS  = P * (dP - delta)
//   dQ += dS K
//
// dQ is scaled once, behind the walk. The tiles that are masked also leave out
// keys behind the last, whose weights would be those of scores of 0.
//
//===----------------------------------------------------------------------===//

#include "GradQueries.h"

#include "../Index/HeadGroups.h"
#include "../Index/KeyRanges.h"
#include "../Parts/Mask.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

class GradQueriesKernel : GradientKernel {
public:
  GradQueriesKernel(KernelOp kernel, SdpaGradOp op,
                    const GradientSignature &signature)
      : GradientKernel(kernel, op, signature) {}
  void emit();

private:
  void locate();
  Value loadOfQueries(Argument name, int64_t columns);
  Value loadOfKeys(Argument name, Value firstKey, int64_t columns);
  Value loadVector(Argument name) {
    return b.load(b.tileType(rows, 1, b.getF32Type()), arguments[name],
                  {batch, head, firstQuery});
  }
  ScoreIndices emitIndices(Value firstKey);
  SmallVector<Value> emitKept(Value firstKey);
  Value emitStep(Value firstKey, bool isMasked, Value sum);

  Value batch, head, keyHead, firstQuery;
  Value query, outputGrad, exponents, deltas;
};

} // namespace

void GradQueriesKernel::locate() {
  TileIndex tile = begin();
  batch = tile.batch;
  head = tile.head;
  keyHead = b.div(head, arguments[Argument::HeadsPerKeyHead]);
  firstQuery = b.mul(tile.block, b.index(rows));
}

Value GradQueriesKernel::loadOfQueries(Argument name, int64_t columns) {
  Value tile = b.load(b.tileType(rows, columns, types.element), views[name],
                      {batch, head, firstQuery});
  return b.convert(tile, types.multiplied);
}

Value GradQueriesKernel::loadOfKeys(Argument name, Value firstKey,
                                    int64_t columns) {
  Value tile = b.load(b.tileType(step, columns, types.element), views[name],
                      {batch, keyHead, firstKey});
  return b.convert(tile, types.multiplied);
}

ScoreIndices GradQueriesKernel::emitIndices(Value firstKey) {
  ScoreIndices indices;
  indices.batch = b.toI32(batch);
  indices.head = b.toI32(head);
  indices.query =
      emitPositions(b, firstQuery, b.tileType(rows, 1, b.getI32Type()));
  indices.key = emitPositions(b, firstKey, b.tileType(1, step, b.getI32Type()));
  indices.queryLength = queryLength;
  indices.keyLength = keyLength;
  clampToCaptures(indices);
  return indices;
}

/// By the mask, and before the end of the keys.
SmallVector<Value> GradQueriesKernel::emitKept(Value firstKey) {
  SmallVector<Value> kept;
  if (scores->isMasked())
    kept.push_back(scores->emitKept());
  RankedTensorType column = b.tileType(rows, 1, b.getI32Type());
  Value count = b.toI32(b.sub(keyLength, firstKey));
  count = tensor::SplatOp::create(b, column, count);
  kept.push_back(emitWithin(b, {/*first=*/{}, count}, step));
  return kept;
}

Value GradQueriesKernel::emitStep(Value firstKey, bool isMasked, Value sum) {
  std::optional<KeysOfRows> needed;
  if (isMasked && scores->boundsProducts(op.getRange()))
    needed = scores->emitNeeded(op.getRange(), emitIndices(firstKey), firstKey);
  Value zero = b.splat(0, rows, step);
  Value key = loadOfKeys(Argument::Key, firstKey, types.dimQK);
  auto products = DotOp::create(b, query, key, zero, /*transpose_b=*/true);
  Value value = loadOfKeys(Argument::Value, firstKey, types.dimV);
  auto gradProducts =
      DotOp::create(b, outputGrad, value, zero, /*transpose_b=*/true);
  SmallVector<Value> kept;
  if (isMasked || scores->needsIndices())
    scores->setIndices(emitIndices(firstKey));
  if (isMasked)
    kept = emitKept(firstKey);
  Value weights = scores->emitWeights(products, exponents, kept);
  Value gradients =
      scores->emitGradients(products, weights, gradProducts, deltas);
  if (needed)
    gradients = scores->emitZeros(gradients, kept);
  auto product = DotOp::create(b, b.convert(gradients, types.multiplied), key,
                               sum, /*transpose_b=*/false, /*async=*/false,
                               /*stage=*/schedule.getOverlap());
  if (needed)
    boundProducts({products, gradProducts}, {product}, *needed);
  return product;
}

void GradQueriesKernel::emit() {
  locate();
  query = loadOfQueries(Argument::Query, types.dimQK);
  outputGrad = loadOfQueries(Argument::OutputGrad, types.dimV);
  exponents = loadVector(Argument::Exponents);
  deltas = loadVector(Argument::Deltas);
  QueryTile tile = {batch, head, firstQuery, rows, queryLength, keyLength};
  KeyRange range = emitKeyRange(b, op, tile, step);
  auto walk = WalkOp::create(
      b, range.first, ValueRange{range.full, range.fullEnd, range.last},
      ValueRange(b.splat(0, rows, types.dimQK)), schedule.getStages());
  constexpr bool kIsMasked[] = {true, false, true};
  for (auto [segment, isMasked] : llvm::enumerate(kIsMasked)) {
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(walk.getStep(segment));
    Value firstKey = emitFirstKey(b, range, walk.getTile(segment), step);
    tile::YieldOp::create(
        b, emitStep(firstKey, isMasked, walk.getCarried(segment)[0]));
  }
  Value scale = b.splat(op.getScaleOrDefault(), rows, types.dimQK);
  Value sum = b.multiply(walk.getResults().front(), scale);
  b.store(b.convert(sum, types.element), views[Argument::QueryGrad],
          {batch, head, firstQuery});
  ReturnOp::create(b);
}

void attn::emitGradQueriesKernel(KernelOp kernel, SdpaGradOp op,
                                 const GradientSignature &signature) {
  GradQueriesKernel(kernel, op, signature).emit();
}
