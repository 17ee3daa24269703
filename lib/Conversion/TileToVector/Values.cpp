//===- Values.cpp - Elements of tiles, where they are needed --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Values.h"

#include "Exp2.h"
#include "Gather.h"
#include "Random.h"
#include "RowMemory.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

bool tile::isTile(Value value) {
  return isa<RankedTensorType>(value.getType());
}

int64_t tile::rowsOf(Value tile) {
  return cast<RankedTensorType>(tile.getType()).getDimSize(0);
}

int64_t tile::columnsOf(Value tile) {
  return cast<RankedTensorType>(tile.getType()).getDimSize(1);
}

Type tile::elementOf(Value tile) {
  return cast<RankedTensorType>(tile.getType()).getElementType();
}

bool tile::isRowVector(Value tile) { return columnsOf(tile) == 1; }

bool tile::isElementwise(Operation *op) {
  if (isa<BroadcastOp, IotaOp, DeinterleaveOp, InterleaveOp, GatherOp, RandomOp,
          tensor::SplatOp, arith::ConstantOp>(op))
    return true;
  if (auto load = dyn_cast<LoadOp>(op))
    return !isRowVector(load.getResult());
  StringRef dialect = op->getName().getDialectNamespace();
  return dialect == arith::ArithDialect::getDialectNamespace() ||
         dialect == math::MathDialect::getDialectNamespace();
}

const TilePlace *Values::placeOf(Value tile) const {
  auto it = places.find(tile);
  return it == places.end() ? nullptr : &it->second;
}

void Values::collectRowVectors(Value tile,
                               llvm::SmallSetVector<Value, 8> &found) const {
  if (!isTile(tile))
    return;
  Operation *op = tile.getDefiningOp();
  if (isRowVector(tile) && isa<FloatType>(elementOf(tile)) &&
      !(op && isa<arith::ConstantOp>(op))) {
    found.insert(tile);
    return;
  }
  if (placeOf(tile) || !op || !isElementwise(op))
    return;
  for (Value operand : op->getOperands())
    collectRowVectors(operand, found);
}

/// The operation on other types: of vectors or scalars instead of tiles.
static bool isSplat(arith::ConstantOp constant) {
  return cast<DenseElementsAttr>(constant.getValue()).isSplat();
}

bool Values::areColumnsAlike(Value tile) const {
  Operation *op = tile.getDefiningOp();
  if (placeOf(tile) || !isTile(tile) || isRowVector(tile))
    return true;
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return isSplat(constant);
  if (isa<IotaOp, InterleaveOp, DeinterleaveOp, RandomOp>(op))
    return false;
  return isa<LoadOp>(op) || llvm::all_of(op->getOperands(), [&](Value operand) {
           return areColumnsAlike(operand);
         });
}

Value Values::cloned(Operation *op, ValueRange operands, Type type) {
  if (isa<math::Exp2Op>(op) && getElementTypeOrSelf(type).isF32())
    return emitExp2(frame, operands.front());
  return b
      .OpBuilder::create(b.getLoc(), op->getName().getIdentifier(), operands,
                         type, op->getAttrs())
      ->getResult(0);
}

//===----------------------------------------------------------------------===//
// Vectors of a row
//===----------------------------------------------------------------------===//

Value Values::constantVector(DenseElementsAttr elements, int64_t column) {
  VectorType type = frame.vectorOf(elements.getElementType());
  if (elements.isSplat())
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(type, elements.getSplatValue<Attribute>()));
  // Only column vectors differ along a row.
  auto all = elements.getValues<Attribute>();
  int64_t columns = elements.getNumElements();
  SmallVector<Attribute> part;
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    part.push_back(all[std::min(column + i, columns - 1)]);
  return arith::ConstantOp::create(b, DenseElementsAttr::get(type, part));
}

/// Of a tile whose columns come from other places of a row.
Value Values::shuffled(Operation *op, Value tile, int64_t column,
                       RowScope &scope) {
  int64_t lanes = frame.processor.lanes();
  SmallVector<int64_t> order;
  if (auto parted = dyn_cast<DeinterleaveOp>(op)) {
    Value left = vectorAt(parted.getInput(), 2 * column, scope);
    bool hasMore = 2 * column + lanes < columnsOf(parted.getInput());
    Value right =
        hasMore ? vectorAt(parted.getInput(), 2 * column + lanes, scope) : left;
    for (int64_t i = 0; i < lanes; ++i)
      order.push_back(2 * i + (tile == parted.getOdd()));
    return vector::ShuffleOp::create(b, left, right, order);
  }
  auto woven = cast<InterleaveOp>(op);
  int64_t from = column / 2, start = from / lanes * lanes;
  Value even = vectorAt(woven.getEven(), start, scope);
  Value odd = vectorAt(woven.getOdd(), start, scope);
  for (int64_t i = 0; i < lanes; ++i)
    order.push_back(from - start + i / 2 + (i % 2) * lanes);
  return vector::ShuffleOp::create(b, even, odd, order);
}

/// Indices of one row, or of one column, are single numbers.
Value Values::gathered(GatherOp op, int64_t column, RowScope &scope) {
  Value memref = scalars.lookup(op.getSource());
  SmallVector<Value> indices;
  for (Value index : op.getIndices()) {
    bool isOfRow = isTile(index) && isRowVector(index);
    indices.push_back(isOfRow ? scalarOf(index, scope)
                              : vectorAt(index, column, scope));
  }
  if (llvm::none_of(indices, [](Value index) {
        return isa<VectorType>(index.getType());
      }))
    return vector::BroadcastOp::create(b, frame.vectorOf(elementOf(op)),
                                       emitElement(frame, memref, indices));
  Value first = op.getFirstColumn();
  bool areNeighbours =
      first && llvm::none_of(ArrayRef(indices).drop_back(), [](Value index) {
        return isa<VectorType>(index.getType());
      });
  if (!areNeighbours)
    return emitGather(frame, memref, indices);
  Type i32 = b.getI32Type();
  Value before = arith::ConstantOp::create(b, b.getIntegerAttr(i32, column));
  indices.back() = arith::AddIOp::create(b, scalars.lookup(first), before);
  return emitNeighbours(frame, memref, indices);
}

/// Of one row. Bits that are drawn together are known from then on.
Value Values::randomAt(RandomOp op, int64_t column, RowScope &scope) {
  PhiloxKey key = {scalars.lookup(op.getKey0()), scalars.lookup(op.getKey1())};
  auto at = [&](unsigned which, int64_t place) {
    Value index = op.getIndices()[which];
    return isTile(index) && isRowVector(index) ? scalarOf(index, scope)
                                               : vectorAt(index, place, scope);
  };
  int64_t together =
      columnsDrawnTogether(frame, columnsOf(op), op.getCounted());
  int64_t start = together ? column / together * together : column;
  RandomPlace place = {at(0, start), at(1, start), at(2, start), at(3, start)};
  bool isOneRow = llvm::none_of(
      ArrayRef({place.batch, place.head, place.query}),
      [](Value index) { return isa<VectorType>(index.getType()); });
  if (!together || !isOneRow)
    return emitRandomEach(frame, key, place);
  place.key = vector::ExtractOp::create(b, place.key, 0);
  for (auto [i, vector] :
       llvm::enumerate(emitRandomRun(frame, key, place, together)))
    scope.vectors[{op, start + i * frame.processor.lanes()}] = vector;
  return scope.vectors.lookup({op, column});
}

/// Of a tile that has one element in a row; operands are a row's or all rows'.
Value Values::randomOf(RandomOp op, ValueRange operands) {
  return emitRandomEach(frame, {operands[0], operands[1]},
                        {operands[2], operands[3], operands[4], operands[5]});
}

Value Values::computeVector(Operation *op, Value tile, int64_t column,
                            RowScope &scope) {
  VectorType type = frame.vectorOf(elementOf(tile));
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return constantVector(cast<DenseElementsAttr>(constant.getValue()), column);
  if (auto load = dyn_cast<LoadOp>(op)) {
    RowMemory memory(frame, load, scalars);
    memory.assumeInside(isKnownInside);
    memory.shiftColumns(scope.firstColumn);
    Value row = rowsOf(tile) == 1 ? frame.index(0) : scope.row;
    return memory.loadVector(row, column);
  }
  if (auto splat = dyn_cast<tensor::SplatOp>(op))
    return vector::BroadcastOp::create(b, type,
                                       scalars.lookup(splat.getInput()));
  if (auto iota = dyn_cast<IotaOp>(op)) {
    SmallVector<Attribute> numbers;
    for (int64_t i = 0; i < type.getNumElements(); ++i) {
      int64_t number = (column + i) / iota.getRepeat();
      numbers.push_back(
          type.getElementType().isF32()
              ? Attribute(b.getF32FloatAttr(number))
              : Attribute(b.getIntegerAttr(type.getElementType(), number)));
    }
    return arith::ConstantOp::create(b, DenseElementsAttr::get(type, numbers));
  }
  if (auto broadcast = dyn_cast<BroadcastOp>(op)) {
    Value input = broadcast.getInput();
    if (!isRowVector(input))
      return vectorAt(input, column, scope);
    return vector::BroadcastOp::create(b, type, scalarOf(input, scope));
  }
  if (isa<DeinterleaveOp, InterleaveOp>(op))
    return shuffled(op, tile, column, scope);
  if (auto gather = dyn_cast<GatherOp>(op))
    return gathered(gather, column, scope);
  if (auto random = dyn_cast<RandomOp>(op))
    return randomAt(random, column, scope);
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(vectorAt(operand, column, scope));
  return cloned(op, operands, type);
}

Value Values::vectorAt(Value tile, int64_t column, RowScope &scope) {
  if (!isTile(tile))
    return scalars.lookup(tile);
  if (Value known = scope.vectors.lookup({tile, column}))
    return known;
  Value vector;
  if (const TilePlace *place = placeOf(tile)) {
    Value row = place->hasAllRows ? scope.row : scope.rowOfBlock;
    Value first = frame.index(column);
    if (scope.firstColumn)
      first = arith::AddIOp::create(b, first, scope.firstColumn);
    vector = vector::LoadOp::create(b, frame.vectorOf(elementOf(tile)),
                                    place->memref, ValueRange{row, first});
  } else {
    vector = computeVector(tile.getDefiningOp(), tile, column, scope);
  }
  scope.vectors[{tile, column}] = vector;
  return vector;
}

Value Values::computedAt(Value tile, int64_t column, RowScope &scope) {
  Value vector = computeVector(tile.getDefiningOp(), tile, column, scope);
  scope.vectors[{tile, column}] = vector;
  return vector;
}

//===----------------------------------------------------------------------===//
// Row vectors
//===----------------------------------------------------------------------===//

static TypedAttr splatOf(arith::ConstantOp constant) {
  return cast<TypedAttr>(
      cast<DenseElementsAttr>(constant.getValue()).getSplatValue<Attribute>());
}

Value Values::computeScalar(Operation *op, RowScope &scope) {
  Type type = elementOf(op->getResult(0));
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return arith::ConstantOp::create(b, splatOf(constant));
  if (auto splat = dyn_cast<tensor::SplatOp>(op))
    return scalars.lookup(splat.getInput());
  if (auto iota = dyn_cast<IotaOp>(op)) {
    Value row =
        arith::DivUIOp::create(b, scope.row, frame.index(iota.getRepeat()));
    return arith::IndexCastOp::create(b, type, row);
  }
  if (auto broadcast = dyn_cast<BroadcastOp>(op))
    return scalarOf(broadcast.getInput(), scope);
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(scalarOf(operand, scope));
  if (isa<GatherOp>(op))
    return emitElement(frame, operands.front(),
                       ValueRange(operands).drop_front());
  if (auto random = dyn_cast<RandomOp>(op))
    return randomOf(random, operands);
  return cloned(op, operands, type);
}

Value Values::scalarOf(Value tile, RowScope &scope) {
  if (!isTile(tile))
    return scalars.lookup(tile);
  if (Value known = scope.scalars.lookup(tile))
    return known;
  Value scalar;
  if (const TilePlace *place = placeOf(tile)) {
    Value row = place->hasAllRows ? scope.row : scope.rowOfBlock;
    scalar = memref::LoadOp::create(b, place->memref, ValueRange(row));
  } else if (auto load = tile.getDefiningOp<LoadOp>()) {
    scalar = RowMemory(frame, load, scalars).loadScalar(scope.row);
  } else {
    scalar = computeScalar(tile.getDefiningOp(), scope);
  }
  scope.scalars[tile] = scalar;
  return scalar;
}

/// Row by row: there are few.
Value Values::gatheredRows(ValueRange operands, VectorType type) {
  SmallVector<Value> elements;
  for (int64_t row = 0; row < type.getNumElements(); ++row) {
    SmallVector<Value> indices;
    for (Value index : operands.drop_front())
      indices.push_back(isa<VectorType>(index.getType())
                            ? vector::ExtractOp::create(b, index, row)
                            : index);
    elements.push_back(emitElement(frame, operands.front(), indices));
  }
  return vector::FromElementsOp::create(b, type, elements);
}

Value Values::computeRows(Operation *op, BlockScope &scope) {
  auto type = VectorType::get(scope.rows, elementOf(op->getResult(0)));
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(type, Attribute(splatOf(constant))));
  if (auto splat = dyn_cast<tensor::SplatOp>(op))
    return vector::BroadcastOp::create(b, type,
                                       scalars.lookup(splat.getInput()));
  if (auto broadcast = dyn_cast<BroadcastOp>(op))
    return rowsIn(broadcast.getInput(), scope); // of the same tile
  if (auto iota = dyn_cast<IotaOp>(op)) {
    SmallVector<Attribute> numbers;
    for (int64_t i = 0; i < scope.rows; ++i)
      numbers.push_back(b.getIntegerAttr(type.getElementType(), i));
    Value steps =
        arith::ConstantOp::create(b, DenseElementsAttr::get(type, numbers));
    Value first =
        arith::IndexCastOp::create(b, type.getElementType(), scope.first);
    Value rows = arith::AddIOp::create(
        b, steps, vector::BroadcastOp::create(b, type, first));
    Attribute repeat =
        b.getIntegerAttr(type.getElementType(), iota.getRepeat());
    return arith::DivUIOp::create(
        b, rows,
        arith::ConstantOp::create(b, DenseElementsAttr::get(type, repeat)));
  }
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(rowsIn(operand, scope));
  if (isa<GatherOp>(op))
    return gatheredRows(operands, type);
  if (auto random = dyn_cast<RandomOp>(op)) {
    Value bits = randomOf(random, operands);
    return isa<VectorType>(bits.getType())
               ? bits
               : vector::BroadcastOp::create(b, type, bits).getResult();
  }
  return cloned(op, operands, type);
}

Value Values::rowsIn(Value tile, BlockScope &scope) {
  if (!isTile(tile))
    return scalars.lookup(tile);
  if (Value known = scope.vectors.lookup(tile))
    return known;
  Value vector;
  if (const TilePlace *place = placeOf(tile)) {
    Value row = place->hasAllRows ? scope.first : frame.index(0);
    vector =
        vector::LoadOp::create(b, VectorType::get(scope.rows, elementOf(tile)),
                               place->memref, ValueRange(row));
  } else {
    vector = computeRows(tile.getDefiningOp(), scope);
  }
  scope.vectors[tile] = vector;
  return vector;
}
