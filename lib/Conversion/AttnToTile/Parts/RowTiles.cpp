//===- RowTiles.cpp - Rows of an operand in pieces ------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Norms and rotations compute in f32 and round to the type of their result, as
// if it were stored and read again.
//
// What is computed from the numbers of rows is i64 here. The walk computes the
// same in i32 for its own rows, which other threads hold.
//
//===----------------------------------------------------------------------===//

#include "RowTiles.h"

#include "Rotation.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value attn::columnsOf(TileBuilder &b, Value view, int64_t first,
                      int64_t count) {
  int64_t rank = cast<MemRefType>(view.getType()).getRank();
  SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(rank, b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = memref::getMixedSizes(b, b.getLoc(), view);
  offsets.back() = b.getIndexAttr(first);
  sizes.back() = b.getIndexAttr(count);
  return memref::SubViewOp::create(b, view, offsets, sizes, strides);
}

Value RowTiles::columnsOf(Value view, const Piece &piece) {
  return attn::columnsOf(b, view, piece.first, piece.count);
}

void RowTiles::load(Value view, ValueRange place, DenseI64ArrayAttr box) {
  Type element = cast<MemRefType>(view.getType()).getElementType();
  for (const Piece &piece : tiling.pieces)
    tiles.push_back(b.load(b.tileType(rows, piece.columns, element),
                           columnsOf(view, piece), place, box));
}

void RowTiles::store(Value view, ValueRange place) {
  for (auto [piece, tile] : llvm::zip(tiling.pieces, tiles))
    b.store(tile, columnsOf(view, piece), place);
}

void RowTiles::put(Value buffer, Value row) {
  int64_t columns = cast<SharedType>(buffer.getType()).getColumns();
  for (auto [piece, tile] : llvm::zip(tiling.pieces, tiles)) {
    bool isLast = &piece == &tiling.pieces.back();
    int64_t count = isLast ? columns - piece.first : piece.count;
    PutOp::create(b, tile, buffer, row,
                  b.getDenseI64ArrayAttr({piece.first, count}));
  }
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

/// The number of each tile row as a column of i64.
Value RowTiles::rowNumbers() {
  Value number = IotaOp::create(b, b.tileType(rows, 1, b.getI32Type()));
  return arith::ExtSIOp::create(b, b.tileType(rows, 1, b.getI64Type()), number);
}

/// The head of each tile row as i32: one, or a column of them. Rows behind the
/// last head have that one.
Value RowTiles::rowHeads() {
  if (indices.repeat == 1)
    return b.toI32(indices.head);
  RankedTensorType type = b.tileType(rows, 1, b.getI64Type());
  auto splat = [&](Value index) -> Value {
    Value word = arith::IndexCastOp::create(b, b.getI64Type(), index);
    return tensor::SplatOp::create(b, type, word);
  };
  Value count = b.constant(type, b.getI64IntegerAttr(indices.repeat));
  Value ofTile = arith::RemUIOp::create(b, rowNumbers(), count);
  Value head = b.add(ofTile, splat(indices.head));
  head = b.min(head, splat(b.sub(indices.numHeads, b.index(1))));
  return arith::TruncIOp::create(b, b.tileType(rows, 1, b.getI32Type()), head);
}

/// Rows and the constant offset add up to less than 2^31, but given positions
/// and offsets are any i32, so sums with them take 64 bits.
Value RowTiles::positions(RopeOp op, Value given, Value offsets) {
  RankedTensorType wide = b.tileType(rows, 1, b.getI64Type());
  RankedTensorType word = b.tileType(rows, 1, b.getI32Type());
  auto splat = [&](Value scalar) -> Value {
    return tensor::SplatOp::create(b, wide, scalar);
  };
  Value first = arith::IndexCastOp::create(b, b.getI64Type(), indices.first);
  Value number = rowNumbers();
  if (indices.repeat != 1)
    number =
        b.div(number, b.constant(wide, b.getI64IntegerAttr(indices.repeat)));
  Value row = b.add(number, splat(first)), position = row;
  if (given) {
    Value last = b.sub(indices.length, b.index(1));
    last = arith::IndexCastOp::create(b, b.getI64Type(), last);
    Value inside = arith::TruncIOp::create(b, word, b.min(row, splat(last)));
    Value batch = b.toI32(indices.batch);
    position = GatherOp::create(b, word, given, ValueRange{batch, inside});
    position = arith::ExtSIOp::create(b, wide, position);
  }
  if (offsets) {
    Value offset = b.element(offsets, indices.batch);
    offset = arith::ExtSIOp::create(b, b.getI64Type(), offset);
    position = b.add(position, splat(offset));
  }
  auto constant = static_cast<int64_t>(op.getOffset());
  position = b.add(position, b.constant(wide, b.getI64IntegerAttr(constant)));
  if (given || offsets || constant < 0)
    return position;
  // Products with an upper word of 0 are cheaper.
  return arith::ExtUIOp::create(b, wide,
                                arith::TruncIOp::create(b, word, position));
}

//===----------------------------------------------------------------------===//
// Rotary positions
//===----------------------------------------------------------------------===//

void RowTiles::rotate(RopeOp op, Value positions) {
  for (size_t i = 0; i < tiles.size(); ++i) {
    const Piece &piece = tiling.pieces[i];
    if (piece.firstPair < 0)
      continue;
    if (op.getPairing() == Pairing::Half) {
      ElementPairs turned = emitRotated(b, op, {tiles[i], tiles[i + 1]},
                                        piece.firstPair, positions);
      tiles[i] = turned.x;
      tiles[++i] = turned.y;
      continue;
    }
    Type half = b.tileType(rows, piece.columns / 2, b.getF32Type());
    auto parted = DeinterleaveOp::create(b, half, half, tiles[i]);
    ElementPairs turned = emitRotated(
        b, op, {parted.getEven(), parted.getOdd()}, piece.firstPair, positions);
    tiles[i] = InterleaveOp::create(b, tiles[i].getType(), turned.x, turned.y);
  }
}

//===----------------------------------------------------------------------===//
// Norms
//===----------------------------------------------------------------------===//

/// The sum over a row of what `term` makes of its elements.
Value RowTiles::sumOf(function_ref<Value(Value)> term) {
  Value sum;
  for (Value tile : tiles) {
    Value part = ReduceOp::create(b, b.tileType(rows, 1, b.getF32Type()),
                                  Combiner::add, term(tile));
    sum = sum ? arith::AddFOp::create(b, sum, part).getResult() : part;
  }
  return sum;
}

/// 1 in the columns that a piece has, 0 in those behind them.
Value RowTiles::insideOf(const Piece &piece) {
  SmallVector<float> inside(piece.columns, 0.0f);
  std::fill_n(inside.begin(), piece.count, 1.0f);
  RankedTensorType row = b.tileType(1, piece.columns, b.getF32Type());
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(row, ArrayRef<float>(inside)));
}

/// Subtracts the mean. A product with 1/d is not the quotient, which shows
/// where elements are nearly equal, so what is left of the sum is divided as
/// well. Columns behind the last one stay 0.
void RowTiles::centre(int64_t features) {
  Value sum = sumOf([](Value tile) { return tile; });
  Value inverse = column(1.0f / float(features));
  Value near = b.multiply(sum, inverse);
  Value rest = b.fma(near, column(-float(features)), sum);
  Value mean = b.fma(rest, inverse, near);
  for (auto [piece, tile] : llvm::zip(tiling.pieces, tiles)) {
    tile = arith::SubFOp::create(b, tile, b.broadcast(mean, piece.columns));
    if (piece.columns != piece.count)
      tile = b.multiply(tile, b.repeatRow(insideOf(piece), rows));
  }
}

/// The elements of a weight or a bias, as a tile. Those behind the last column
/// are the last one's.
Value RowTiles::factors(Value memref, const Piece &piece) {
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<Value> place;
  int64_t height = 1, width = piece.columns;
  if (type.getRank() == 2) {
    place.push_back(rowHeads());
    height = isa<RankedTensorType>(place.back().getType()) ? rows : 1;
  }
  if (type.getRank() == 2 && type.getShape().back() == 1) {
    width = 1;
    place.push_back(b.toI32(b.index(0)));
  } else {
    RankedTensorType row = b.tileType(1, width, b.getI32Type());
    Value first =
        tensor::SplatOp::create(b, row, b.toI32(b.index(piece.first)));
    Value columns = b.add(IotaOp::create(b, row), first);
    if (piece.columns != piece.count)
      columns = b.clampBelow(columns, b.index(type.getShape().back()));
    place.push_back(columns);
  }
  Value found;
  if (height == 1 && width == 1) {
    Value head = indices.head;
    found = tensor::SplatOp::create(
        b, b.tileType(rows, 1, b.getF32Type()),
        b.element(memref, ValueRange{head, b.index(0)}));
  } else {
    found = GatherOp::create(b, b.tileType(height, width, b.getF32Type()),
                             memref, place);
  }
  auto shape = cast<RankedTensorType>(found.getType());
  if (shape.getDimSize(1) == 1)
    return b.broadcast(found, piece.columns);
  return shape.getDimSize(0) == 1 ? b.repeatRow(found, rows) : found;
}

RowTiles::Divisor RowTiles::divide(NormKind kind, float eps, int64_t features) {
  if (kind == NormKind::Layer)
    centre(features);
  Value squares = sumOf([&](Value tile) { return b.multiply(tile, tile); });
  Value bounded;
  if (kind == NormKind::L2)
    bounded = arith::MaximumFOp::create(b, squares, column(eps * eps));
  else
    bounded = arith::AddFOp::create(
        b, b.multiply(squares, column(1.0f / float(features))), column(eps));
  return {math::RsqrtOp::create(b, bounded), squares};
}

void RowTiles::normalise(NormOp op, Value weight, Value bias) {
  Value factor =
      divide(op.getKind(), op.getEpsOrDefault(), op.getFeatures()).inverse;
  if (float scale = op.getScaleOrDefault(); scale != 1.0f)
    factor = b.multiply(factor, column(scale));
  for (auto [piece, tile] : llvm::zip(tiling.pieces, tiles)) {
    tile = b.multiply(tile, b.broadcast(factor, piece.columns));
    if (weight)
      tile = b.multiply(tile, factors(weight, piece));
    if (!bias)
      continue;
    Value addend = factors(bias, piece);
    if (piece.columns != piece.count)
      addend = b.multiply(addend, b.repeatRow(insideOf(piece), rows));
    tile = arith::AddFOp::create(b, tile, addend);
  }
}

//===----------------------------------------------------------------------===//
// Gradients of norms
//===----------------------------------------------------------------------===//

void RowTiles::widen() {
  for (Value &tile : tiles)
    tile = b.convert(tile, b.getF32Type());
}

RowTiles::Divisor RowTiles::divide(NormGradOp op) {
  return divide(op.getKind(), op.getEpsOrDefault(), op.getFeatures());
}

/// With g = dy * weight and r the inverse of the divisor, the gradient is
/// (g - x * sum(g * x) * r^2 / d) * r * scale. `layer` subtracts the mean of g
/// in front; `l2` has no d, and nothing but g where eps divides.
void RowTiles::differentiate(NormGradOp op, const Divisor &divisor,
                             const RowTiles &cotangents, Value weight) {
  RowTiles gradients = cotangents;
  if (weight)
    for (auto [piece, tile] : llvm::zip(tiling.pieces, gradients.tiles))
      tile = b.multiply(tile, factors(weight, piece));
  auto products =
      llvm::map_to_vector(llvm::zip(tiles, gradients.tiles), [&](auto pair) {
        return b.multiply(std::get<0>(pair), std::get<1>(pair));
      });
  RowTiles dots = cotangents;
  dots.set(products);
  Value along = dots.sumOf([](Value tile) { return tile; });
  along = b.multiply(along, b.multiply(divisor.inverse, divisor.inverse));
  float eps = op.getEpsOrDefault();
  if (op.getKind() == NormKind::L2) {
    Value divides = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT,
                                          divisor.squares, column(eps * eps));
    along = arith::SelectOp::create(b, divides, along, column(0));
  } else {
    along = b.multiply(along, column(1.0f / float(op.getFeatures())));
  }
  if (op.getKind() == NormKind::Layer)
    gradients.centre(op.getFeatures());
  Value factor = b.multiply(divisor.inverse, column(op.getScaleOrDefault()));
  Type element = op.getInput().getType().getElementType();
  for (auto [piece, tile, gradient] :
       llvm::zip(tiling.pieces, tiles, gradients.tiles)) {
    Value part = b.multiply(tile, b.broadcast(along, piece.columns));
    part = arith::SubFOp::create(b, gradient, part);
    part = b.multiply(part, b.broadcast(factor, piece.columns));
    tile = b.convert(part, element);
  }
}

void RowTiles::multiply(NormGradOp op, const Divisor &divisor,
                        const RowTiles &cotangents) {
  Value factor = divisor.inverse;
  if (float scale = op.getScaleOrDefault(); scale != 1.0f)
    factor = b.multiply(factor, column(scale));
  for (auto [piece, tile, cotangent] :
       llvm::zip(tiling.pieces, tiles, cotangents.tiles)) {
    tile = b.multiply(tile, b.broadcast(factor, piece.columns));
    tile = b.multiply(tile, cotangent);
  }
}

SmallVector<Value> RowTiles::addTo(ValueRange sums) {
  return llvm::map_to_vector(llvm::zip(sums, tiles), [&](auto pair) -> Value {
    return arith::AddFOp::create(b, std::get<0>(pair), std::get<1>(pair));
  });
}

Value RowTiles::addToColumn(Value sum) {
  return arith::AddFOp::create(b, sum, sumOf([](Value tile) { return tile; }));
}

SmallVector<Value> RowTiles::zeros() {
  return llvm::map_to_vector(tiling.pieces, [&](const Piece &piece) {
    return b.splat(0, rows, piece.columns);
  });
}

//===----------------------------------------------------------------------===//
// Any operation
//===----------------------------------------------------------------------===//

void RowTiles::apply(RowOp op, std::pair<Value, Value> sides) {
  widen();
  if (auto rope = dyn_cast<RopeOp>(op.getOperation()))
    rotate(rope, positions(rope, sides.first, sides.second));
  else
    normalise(cast<NormOp>(op.getOperation()), sides.first, sides.second);
  for (Value &tile : tiles)
    tile = b.convert(tile, op.getOutputElement());
}
