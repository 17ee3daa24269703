//===- Scores.cpp - Scores of a tile of queries and keys ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scores.h"

using namespace mlir;
using namespace attn;

Value attn::emitProducts(TileBuilder &b, Value query, Value key, int64_t rows,
                         std::optional<KeysOfRows> needed) {
  int64_t keys = cast<RankedTensorType>(key.getType()).getDimSize(0);
  Value zero = b.splat(0, rows, keys);
  auto product = tile::DotOp::create(b, query, key, zero, /*transpose_b=*/true);
  if (needed)
    product.bound(needed->first, needed->end, /*inner=*/false);
  return product;
}

Value attn::emitScores(TileBuilder &b, const ScoreScale &scale,
                       RegionTiles &regions, Value products, Value key) {
  if (regions.hasScore())
    return regions.emitScore(products, scale.scale, key);
  if (!scale.scalesFirst)
    return products;
  auto type = cast<RankedTensorType>(products.getType());
  return b.multiply(
      products, b.splat(scale.scale, type.getDimSize(0), type.getDimSize(1)));
}
