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

using Shape = std::array<int64_t, 2>;

static Shape shapeOf(Value tile) {
  auto type = cast<RankedTensorType>(tile.getType());
  return {type.getDimSize(0), type.getDimSize(1)};
}

static Value broadcastTo(TileBuilder &b, Value value, Shape shape) {
  auto type = RankedTensorType::get(shape, getElementTypeOrSelf(value));
  if (value.getType() == type)
    return value;
  if (!isa<RankedTensorType>(value.getType()))
    return tensor::SplatOp::create(b, type, value);
  return tile::BroadcastOp::create(b, type, value);
}

Value attn::emitInsideTile(TileBuilder &b, Value key, Value keyLength,
                           int64_t rows) {
  Shape shape = shapeOf(key);
  Value length = broadcastTo(b, b.toI32(keyLength), shape);
  Value inside =
      arith::CmpIOp::create(b, arith::CmpIPredicate::slt, key, length);
  return broadcastTo(b, inside, {rows, shape[1]});
}

Value attn::emitMaskedScores(TileBuilder &b, Value kept, Value scores,
                             float masked) {
  Shape shape = shapeOf(scores);
  return arith::SelectOp::create(b, kept, scores,
                                 b.splat(masked, shape[0], shape[1]));
}
