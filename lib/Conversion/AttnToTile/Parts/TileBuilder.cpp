//===- TileBuilder.cpp - Writes the values of a kernel --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileBuilder.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

Value TileBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(*this, value);
}

Value TileBuilder::dim(Value memref, int64_t dimension) {
  return memref::DimOp::create(*this, memref, dimension);
}

Value TileBuilder::toI32(Value index) {
  return arith::IndexCastOp::create(*this, getI32Type(), index);
}

Value TileBuilder::add(Value a, Value b) {
  return arith::AddIOp::create(*this, a, b);
}

Value TileBuilder::sub(Value a, Value b) {
  return arith::SubIOp::create(*this, a, b);
}

Value TileBuilder::mul(Value a, Value b) {
  return arith::MulIOp::create(*this, a, b);
}

Value TileBuilder::div(Value a, Value b) {
  return arith::DivUIOp::create(*this, a, b);
}

Value TileBuilder::rem(Value a, Value b) {
  return arith::RemUIOp::create(*this, a, b);
}

Value TileBuilder::min(Value a, Value b) {
  return arith::MinSIOp::create(*this, a, b);
}

Value TileBuilder::max(Value a, Value b) {
  return arith::MaxSIOp::create(*this, a, b);
}

/// The bits of a bf16 are the upper half of an f32's.
Value TileBuilder::element(Value memref, ValueRange indices) {
  Value element = tile::ElementOp::create(*this, memref, indices);
  if (element.getType().isF16())
    return arith::ExtFOp::create(*this, getF32Type(), element);
  if (!element.getType().isBF16())
    return element;
  Value bits = arith::BitcastOp::create(*this, getI16Type(), element);
  bits = arith::ExtUIOp::create(*this, getI32Type(), bits);
  Value half = arith::ConstantIntOp::create(*this, 16, 32);
  bits = arith::ShLIOp::create(*this, bits, half);
  return arith::BitcastOp::create(*this, getF32Type(), bits);
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

Value TileBuilder::constant(RankedTensorType type, Attribute value) {
  return arith::ConstantOp::create(*this, DenseElementsAttr::get(type, value));
}

Value TileBuilder::splat(float value, int64_t rows, int64_t columns) {
  return constant(tileType(rows, columns, getF32Type()),
                  getF32FloatAttr(value));
}

Value TileBuilder::broadcast(Value column, int64_t columns) {
  auto from = cast<RankedTensorType>(column.getType());
  return BroadcastOp::create(
      *this, tileType(from.getDimSize(0), columns, from.getElementType()),
      column);
}

Value TileBuilder::repeatRow(Value row, int64_t rows) {
  auto from = cast<RankedTensorType>(row.getType());
  return BroadcastOp::create(
      *this, tileType(rows, from.getDimSize(1), from.getElementType()), row);
}

Value TileBuilder::clampBelow(Value indices, Value length) {
  Value last = toI32(sub(length, index(1)));
  if (auto type = dyn_cast<RankedTensorType>(indices.getType()))
    last = tensor::SplatOp::create(*this, type, last);
  return min(indices, last);
}

tile::LoadOp TileBuilder::load(RankedTensorType type, Value view,
                               ValueRange indices, DenseI64ArrayAttr box) {
  return LoadOp::create(*this, type, view, indices, box);
}

void TileBuilder::store(Value tile, Value view, ValueRange indices,
                        DenseI64ArrayAttr box) {
  StoreOp::create(*this, tile, view, indices, box);
}

Value TileBuilder::fma(Value a, Value b, Value c) {
  return math::FmaOp::create(*this, a, b, c);
}

Value TileBuilder::multiply(Value a, Value b) {
  return arith::MulFOp::create(*this, a, b);
}

Value TileBuilder::exp2(Value value) {
  return math::Exp2Op::create(*this, value, arith::FastMathFlags::afn);
}

Value TileBuilder::convert(Value tile, Type element) {
  auto from = cast<RankedTensorType>(tile.getType());
  unsigned bits = from.getElementTypeBitWidth();
  if (from.getElementType() == element)
    return tile;
  if (bits < element.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(*this, from.clone(element), tile);
  return arith::TruncFOp::create(*this, from.clone(element), tile);
}
