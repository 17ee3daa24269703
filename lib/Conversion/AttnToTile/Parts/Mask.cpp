//===- Mask.cpp - Masks on tiles of scores --------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask.h"

using namespace mlir;
using namespace attn;

/// Columns are numbered from the first one of the tile: the numbers are
/// constants of the thread but for where its columns begin.
Value attn::emitWithin(TileBuilder &b, const KeysOfRows &keys,
                       int64_t columns) {
  int64_t rows = cast<RankedTensorType>(keys.end.getType()).getDimSize(0);
  Value numbers =
      tile::IotaOp::create(b, b.tileType(1, columns, b.getI32Type()));
  numbers = tile::BroadcastOp::create(
      b, b.tileType(rows, columns, b.getI32Type()), numbers);
  auto compare = [&](arith::CmpIPredicate predicate, Value bound) -> Value {
    return arith::CmpIOp::create(b, predicate, numbers,
                                 b.broadcast(bound, columns));
  };
  if (!keys.first)
    return compare(arith::CmpIPredicate::slt, keys.end);
  // `first` is at most `end`. The backend of NVPTX would make two selects of
  // one by two conditions that both must hold, not of this.
  return arith::XOrIOp::create(b,
                               compare(arith::CmpIPredicate::sge, keys.first),
                               compare(arith::CmpIPredicate::sge, keys.end));
}

void attn::boundProducts(ArrayRef<tile::DotOp> ofScores,
                         ArrayRef<tile::DotOp> ofWeights,
                         const KeysOfRows &keys) {
  for (tile::DotOp product : ofScores)
    product.bound(keys.first, keys.end, /*inner=*/false);
  for (tile::DotOp product : ofWeights)
    product.bound(keys.first, keys.end, /*inner=*/true);
}

static std::array<int64_t, 2> shapeOf(Value tile) {
  auto type = cast<RankedTensorType>(tile.getType());
  return {type.getDimSize(0), type.getDimSize(1)};
}

Value attn::emitMaskedScores(TileBuilder &b, Value kept, Value scores,
                             float masked) {
  auto shape = shapeOf(scores);
  return arith::SelectOp::create(b, kept, scores,
                                 b.splat(masked, shape[0], shape[1]));
}
