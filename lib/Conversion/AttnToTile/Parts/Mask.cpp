//===- Mask.cpp - Masks on tiles of scores --------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace attn;

using Shape = std::array<int64_t, 2>;

/// 1 x 1 for a scalar.
static Shape shapeOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? Shape{type.getDimSize(0), type.getDimSize(1)} : Shape{1, 1};
}

static bool isScalar(Value value) {
  return !isa<RankedTensorType>(value.getType());
}

static Value broadcastTo(TileBuilder &b, Value value, Shape shape) {
  auto type = RankedTensorType::get(shape, getElementTypeOrSelf(value));
  if (value.getType() == type)
    return value;
  if (isScalar(value))
    return tensor::SplatOp::create(b, type, value);
  return tile::BroadcastOp::create(b, type, value);
}

/// The same operation on i32 in place of `index`, in the smallest shape that
/// holds its operands.
static Value cloneOnTile(TileBuilder &b, Operation &op, IRMapping &mapping) {
  if (auto constant = dyn_cast<arith::ConstantIndexOp>(op))
    return arith::ConstantIntOp::create(b, constant.value(), 32);
  Shape shape = {1, 1};
  for (Value operand : op.getOperands()) {
    Shape from = shapeOf(mapping.lookup(operand));
    shape = {std::max(shape[0], from[0]), std::max(shape[1], from[1])};
  }
  SmallVector<Value> operands;
  bool areScalar = true;
  for (Value operand : op.getOperands()) {
    operands.push_back(mapping.lookup(operand));
    areScalar &= isScalar(operands.back());
  }
  if (!areScalar)
    for (Value &operand : operands)
      operand = broadcastTo(b, operand, shape);
  Type type = op.getResult(0).getType();
  if (type.isIndex())
    type = b.getI32Type();
  if (!areScalar)
    type = RankedTensorType::get(shape, type);
  return b
      .OpBuilder::create(b.getLoc(), op.getName().getIdentifier(), operands,
                         type, op.getAttrs())
      ->getResult(0);
}

/// What a region yields for `arguments`.
static SmallVector<Value> emitOnTiles(TileBuilder &b, Region &region,
                                      ValueRange arguments,
                                      const ScoreIndices &indices) {
  Block &body = region.front();
  IRMapping mapping;
  for (auto [argument, value] : llvm::zip_equal(body.getArguments(), arguments))
    mapping.map(argument, value);
  for (Operation &op : body.without_terminator()) {
    Value value;
    if (isa<QueryLengthOp>(op))
      value = b.toI32(indices.queryLength);
    else if (isa<KeyLengthOp>(op))
      value = b.toI32(indices.keyLength);
    else
      value = cloneOnTile(b, op, mapping);
    mapping.map(op.getResult(0), value);
  }
  return llvm::map_to_vector(
      body.getTerminator()->getOperands(),
      [&](Value yielded) { return mapping.lookup(yielded); });
}

Value attn::emitKeepTile(TileBuilder &b, Region &keep,
                         const ScoreIndices &indices, int64_t rows,
                         int64_t columns) {
  SmallVector<Value> kept = emitOnTiles(
      b, keep, {indices.batch, indices.head, indices.query, indices.key},
      indices);
  return broadcastTo(b, kept.front(), {rows, columns});
}

KeysOfRows attn::emitKeysOfRows(TileBuilder &b, Region &range,
                                const ScoreIndices &indices, Value firstKey,
                                int64_t rows) {
  auto column = [&](Value value) { return broadcastTo(b, value, {rows, 1}); };
  Value one = arith::ConstantIntOp::create(b, 1, 32);
  Value after = arith::AddIOp::create(b, column(indices.query), column(one));
  SmallVector<Value> keys = emitOnTiles(
      b, range, {indices.batch, indices.head, indices.query, after}, indices);
  auto inTile = [&](Value key) {
    return arith::SubIOp::create(b, column(key), column(b.toI32(firstKey)));
  };
  return {inTile(keys.front()), inTile(keys.back())};
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
