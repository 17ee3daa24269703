//===- RowMemory.cpp - Rows of tiles in the memory of tensors -------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "RowMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

RowMemory::RowMemory(Frame &frame, Value memref, ValueRange indices,
                     std::optional<ArrayRef<int64_t>> rows,
                     RankedTensorType tile, const IRMapping &scalars)
    : frame(frame), b(frame.b), memref(scalars.lookup(memref)), tile(tile),
      hasColumns(tile.getDimSize(1) != 1) {
  auto type = cast<MemRefType>(memref.getType());
  size_t dims = type.getRank() - (hasColumns ? 1 : 0);
  for (Value index : indices.take_front(dims))
    first.push_back(scalars.lookup(index));
  if (indices.size() > dims)
    firstColumn = scalars.lookup(indices.back());
  if (rows) {
    box.assign(rows->begin(), rows->end());
    return;
  }
  box.assign(dims, 1);
  box.back() = tile.getDimSize(0);
}

RowMemory::RowMemory(Frame &frame, LoadOp load, const IRMapping &scalars)
    : RowMemory(frame, load.getSource(), load.getIndices(), load.getBox(),
                cast<RankedTensorType>(load.getType()), scalars) {}

RowMemory::RowMemory(Frame &frame, StoreOp store, const IRMapping &scalars)
    : RowMemory(frame, store.getDest(), store.getIndices(), store.getBox(),
                cast<RankedTensorType>(store.getValue().getType()), scalars) {}

/// Rows follow one another in the last index fastest.
SmallVector<Value> RowMemory::locate(Value row) {
  SmallVector<Value> indices(first);
  int64_t inner = 1;
  for (size_t i = first.size(); i-- > 0;) {
    if (box[i] == 1)
      continue;
    Value step = row;
    if (inner != 1)
      step = arith::DivUIOp::create(b, step, frame.index(inner));
    inner *= box[i];
    if (inner != tile.getDimSize(0))
      step = arith::RemUIOp::create(b, step, frame.index(box[i]));
    indices[i] = arith::AddIOp::create(b, first[i], step);
  }
  return indices;
}

Value RowMemory::isInside(ArrayRef<Value> indices) {
  Value inside;
  for (size_t i = 0; i < first.size(); ++i) {
    // A single row, too, may begin behind the end.
    if (box[i] == 1 && i + 1 != first.size())
      continue;
    Value dim = memref::DimOp::create(b, memref, i);
    Value isBefore =
        arith::CmpIOp::create(b, arith::CmpIPredicate::slt, indices[i], dim);
    inside =
        inside ? Value(arith::AndIOp::create(b, inside, isBefore)) : isBefore;
  }
  return inside;
}

bool RowMemory::hasAllColumns(int64_t column) const {
  int64_t columns = cast<MemRefType>(memref.getType()).getShape().back();
  int64_t ofTile = tile.getDimSize(1), lanes = frame.processor.lanes();
  if (ShapedType::isDynamic(columns) || firstColumn)
    return false;
  int64_t end = shift ? llvm::alignTo(ofTile, lanes) : column + lanes;
  return end <= columns && end <= ofTile;
}

Value RowMemory::columnMask(int64_t column) {
  if (hasAllColumns(column))
    return {};
  auto minus = [&](Value x, Value y) -> Value {
    return y ? Value(arith::SubIOp::create(b, x, y)) : x;
  };
  int64_t ofTile = tile.getDimSize(1) - column;
  int64_t last = cast<MemRefType>(memref.getType()).getRank() - 1;
  Value left = minus(memref::DimOp::create(b, memref, last), firstColumn);
  left = arith::SubIOp::create(b, left, frame.index(column));
  left = arith::MinSIOp::create(b, left, frame.index(ofTile));
  auto mask = VectorType::get(frame.processor.lanes(), b.getI1Type());
  return vector::CreateMaskOp::create(b, mask, ValueRange(minus(left, shift)));
}

Value RowMemory::loadVector(Value row, int64_t column) {
  auto type = frame.vectorOf(tile.getElementType());
  SmallVector<Value> indices = locate(row);
  Value inside = isKnownInside ? Value() : isInside(indices);
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
  auto read = [&]() -> Value {
    SmallVector<Value> element(indices);
    Value place = frame.index(column);
    for (Value offset : {firstColumn, shift})
      if (offset)
        place = arith::AddIOp::create(b, offset, place);
    element.push_back(place);
    if (Value mask = columnMask(column))
      return vector::MaskedLoadOp::create(b, type, memref, element, mask, zero);
    return vector::LoadOp::create(b, type, memref, element);
  };
  if (!inside)
    return read();
  auto choice = scf::IfOp::create(
      b, inside,
      [&](OpBuilder &, Location) { scf::YieldOp::create(b, read()); },
      [&](OpBuilder &, Location) { scf::YieldOp::create(b, zero); });
  return choice.getResult(0);
}

void RowMemory::prefetch(Value row) {
  constexpr int64_t kLineBits = 512, kSecondCache = 2;
  int64_t line = kLineBits / tile.getElementType().getIntOrFloatBitWidth();
  SmallVector<Value> element = locate(row);
  element.push_back(Value());
  for (int64_t column = 0; column < tile.getDimSize(1); column += line) {
    element.back() = frame.index(column);
    if (firstColumn)
      element.back() = arith::AddIOp::create(b, firstColumn, element.back());
    memref::PrefetchOp::create(b, memref, element, /*isWrite=*/false,
                               kSecondCache, /*isDataCache=*/true);
  }
}

Value RowMemory::loadScalar(Value row) {
  SmallVector<Value> indices = locate(row);
  auto choice = scf::IfOp::create(
      b, isInside(indices),
      [&](OpBuilder &, Location) {
        Value element = memref::LoadOp::create(b, memref, indices);
        scf::YieldOp::create(b, element);
      },
      [&](OpBuilder &, Location) {
        Value zero = arith::ConstantOp::create(
            b, cast<TypedAttr>(b.getZeroAttr(tile.getElementType())));
        scf::YieldOp::create(b, zero);
      });
  return choice.getResult(0);
}

void RowMemory::storeVector(Value vector, Value row, int64_t column) {
  SmallVector<Value> indices = locate(row);
  scf::IfOp::create(b, isInside(indices), [&](OpBuilder &, Location) {
    Value place = frame.index(column);
    if (firstColumn)
      place = arith::AddIOp::create(b, firstColumn, place);
    indices.push_back(place);
    if (Value mask = columnMask(column))
      vector::MaskedStoreOp::create(b, memref, indices, mask, vector);
    else
      vector::StoreOp::create(b, vector, memref, indices);
    scf::YieldOp::create(b);
  });
}

void RowMemory::storeScalar(Value scalar, Value row) {
  SmallVector<Value> indices = locate(row);
  scf::IfOp::create(b, isInside(indices), [&](OpBuilder &, Location) {
    memref::StoreOp::create(b, scalar, memref, indices);
    scf::YieldOp::create(b);
  });
}

Value RowMemory::countRows() {
  int64_t rows = tile.getDimSize(0), inner = rows;
  size_t slowest = 0;
  while (slowest + 1 < box.size() && box[slowest] == 1)
    ++slowest;
  inner /= box[slowest];
  Value dim = memref::DimOp::create(b, memref, slowest);
  Value left = arith::SubIOp::create(b, dim, first[slowest]);
  Value count = arith::MulIOp::create(b, left, frame.index(inner));
  count = arith::MinSIOp::create(b, count, frame.index(rows));
  return arith::MaxSIOp::create(b, count, frame.index(0));
}
