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

Value attn::emitScores(TileBuilder &b, const ScoreScale &scale, Value query,
                       Value key, std::optional<KeysOfRows> needed) {
  int64_t rows = cast<RankedTensorType>(query.getType()).getDimSize(0);
  int64_t keys = cast<RankedTensorType>(key.getType()).getDimSize(0);
  Value zero = b.splat(0, rows, keys);
  auto product = tile::DotOp::create(b, query, key, zero, /*transpose_b=*/true);
  if (needed)
    product.bound(needed->first, needed->end, /*inner=*/false);
  Value scores = product;
  if (!scale.scalesFirst)
    return scores;
  return b.multiply(scores, b.splat(scale.scale, rows, keys));
}
