//===- Masking.cpp - Masks on tiles of scores -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Masking.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace attn;

namespace {

using Shape = std::array<int64_t, 2>;

/// Evaluates index arithmetic on i32 scalars, vectors and tiles.
class TileEvaluator {
public:
  TileEvaluator(OpBuilder &builder, Location loc) : builder(builder), loc(loc) {}

  Value toI32(Value index) {
    return arith::IndexCastOp::create(builder, loc, builder.getI32Type(),
                                      index);
  }
  /// first + 0, first + 1, … along the one dimension of `shape` that is not 1, each
  /// `repeat` times.
  Value emitPositions(Value first, Shape shape, int64_t repeat = 1);
  Value broadcast(Value value, Shape shape);
  Value clone(Operation &op, IRMapping &mapping);

private:
  OpBuilder &builder;
  Location loc;
};

} // namespace

/// 1 x 1 for a scalar.
static Shape shapeOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? Shape{type.getDimSize(0), type.getDimSize(1)} : Shape{1, 1};
}

static bool isScalar(Shape shape) { return shape[0] == 1 && shape[1] == 1; }

Value TileEvaluator::emitPositions(Value first, Shape shape, int64_t repeat) {
  auto type = RankedTensorType::get(shape, builder.getI32Type());
  Value steps = tile::IotaOp::create(builder, loc, type, repeat);
  Value base = tensor::SplatOp::create(builder, loc, type, toI32(first));
  return arith::AddIOp::create(builder, loc, steps, base);
}

Value TileEvaluator::broadcast(Value value, Shape shape) {
  Shape from = shapeOf(value);
  if (from == shape)
    return value;
  auto type = RankedTensorType::get(shape, getElementTypeOrSelf(value));
  if (isScalar(from))
    return tensor::SplatOp::create(builder, loc, type, value);
  return tile::BroadcastOp::create(builder, loc, type, value);
}

/// The same operation on i32 in place of `index`, in the smallest shape that
/// holds its operands.
Value TileEvaluator::clone(Operation &op, IRMapping &mapping) {
  if (auto constant = dyn_cast<arith::ConstantIndexOp>(op))
    return arith::ConstantIntOp::create(builder, loc, constant.value(), 32);
  Shape shape = {1, 1};
  for (Value operand : op.getOperands()) {
    Shape from = shapeOf(mapping.lookup(operand));
    shape = {std::max(shape[0], from[0]), std::max(shape[1], from[1])};
  }
  SmallVector<Value> operands;
  for (Value operand : op.getOperands())
    operands.push_back(broadcast(mapping.lookup(operand), shape));
  Type type = op.getResult(0).getType();
  if (type.isIndex())
    type = builder.getI32Type();
  if (!isScalar(shape))
    type = RankedTensorType::get(shape, type);
  return builder
      .create(loc, op.getName().getIdentifier(), operands, type, op.getAttrs())
      ->getResult(0);
}

/// Of each row, where rows are of several heads.
static Value emitHeads(OpBuilder &builder, Location loc,
                       TileEvaluator &evaluator, const TilePosition &position,
                       int64_t rows) {
  if (position.heads == 1)
    return evaluator.toI32(position.head);
  auto type = RankedTensorType::get({rows, 1}, builder.getI32Type());
  Value row = tile::IotaOp::create(builder, loc, type);
  Value heads = arith::ConstantOp::create(
      builder, loc,
      DenseElementsAttr::get(type, builder.getI32IntegerAttr(position.heads)));
  Value ofTile = arith::RemUIOp::create(builder, loc, row, heads);
  Value first = tensor::SplatOp::create(builder, loc, type,
                                        evaluator.toI32(position.head));
  return arith::AddIOp::create(builder, loc, ofTile, first);
}

Value attn::emitKeepTile(OpBuilder &builder, Location loc, Region &keep,
                         const TilePosition &position, int64_t rows,
                         int64_t columns) {
  TileEvaluator evaluator(builder, loc);
  Block &body = keep.front();
  IRMapping mapping;
  mapping.map(body.getArgument(0), evaluator.toI32(position.batch));
  mapping.map(body.getArgument(1),
              emitHeads(builder, loc, evaluator, position, rows));
  mapping.map(body.getArgument(2),
              evaluator.emitPositions(position.firstQuery, {rows, 1},
                                      position.heads));
  mapping.map(body.getArgument(3),
              evaluator.emitPositions(position.firstKey, {1, columns}));
  for (Operation &op : body.without_terminator()) {
    Value value;
    if (isa<QueryLengthOp>(op))
      value = evaluator.toI32(position.queryLength);
    else if (isa<KeyLengthOp>(op))
      value = evaluator.toI32(position.keyLength);
    else
      value = evaluator.clone(op, mapping);
    mapping.map(op.getResult(0), value);
  }
  Value kept = mapping.lookup(body.getTerminator()->getOperand(0));
  return evaluator.broadcast(kept, {rows, columns});
}

Value attn::emitInsideTile(OpBuilder &builder, Location loc,
                           const TilePosition &position, int64_t rows,
                           int64_t columns) {
  TileEvaluator evaluator(builder, loc);
  Value keys = evaluator.emitPositions(position.firstKey, {1, columns});
  Value length =
      evaluator.broadcast(evaluator.toI32(position.keyLength), {1, columns});
  Value inside = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                                       keys, length);
  return evaluator.broadcast(inside, {rows, columns});
}
