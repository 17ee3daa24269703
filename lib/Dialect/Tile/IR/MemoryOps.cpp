//===- MemoryOps.cpp - Operations on global and shared memory ---------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/IR/Tile.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

#include <numeric>

using namespace mlir;
using namespace attn::tile;

//===----------------------------------------------------------------------===//
// Loads, stores and copies
//===----------------------------------------------------------------------===//

/// * a size for each index of rows, positive;
/// * as many elements as the tile has rows.
template <typename OpT>
static LogicalResult verifyBox(OpT op, int64_t rows, size_t rowIndices) {
  std::optional<ArrayRef<int64_t>> box = op.getBox();
  if (!box)
    return success();
  if (box->size() != rowIndices)
    return op.emitOpError("expected a box of ")
           << rowIndices << " sizes, got " << box->size();
  int64_t elements = 1;
  for (int64_t size : *box) {
    if (size < 1 || size > rows)
      return op.emitOpError("expected sizes of a box in 1..")
             << rows << ", got " << size;
    elements *= size;
    if (elements > rows)
      break;
  }
  if (elements != rows)
    return op.emitOpError("expected a box of the tile's ") << rows << " rows";
  return success();
}

/// Indices of the first row: one for each dimension but the columns.
static size_t numRowIndices(MemRefType memory, ArrayRef<int64_t> tile) {
  return memory.getRank() - (tile.back() == 1 ? 0 : 1);
}

/// * one index for each dimension but the columns;
/// * memory and tile agree on the element type.
template <typename OpT>
static LogicalResult verifyAccess(OpT op, MemRefType memory,
                                  ArrayRef<int64_t> tile, Type elementType,
                                  size_t columnIndices = 0) {
  size_t expected = numRowIndices(memory, tile) + columnIndices;
  if (op.getIndices().size() != expected)
    return op.emitOpError("expected ")
           << expected << " indices, got " << op.getIndices().size();
  if (memory.getElementType() != elementType)
    return op.emitOpError("expected element type ")
           << memory.getElementType() << ", got " << elementType;
  return verifyBox(op, tile.front(), expected - columnIndices);
}

static LogicalResult verifyRank2(Operation *op, Type type) {
  auto tile = dyn_cast<RankedTensorType>(type);
  if (!tile || tile.getRank() == 2)
    return success();
  return op->emitOpError("expected a tile of rank 2, got ") << type;
}

/// Whether there is one more index than a tile's rows have.
static bool hasColumnIndex(Type tile, MemRefType memory, size_t indices) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(tile).getShape();
  return shape.back() != 1 && indices > numRowIndices(memory, shape);
}

bool LoadOp::hasColumnIndex() {
  return ::hasColumnIndex(getResult().getType(), getSource().getType(),
                          getIndices().size());
}

bool StoreOp::hasColumnIndex() {
  return ::hasColumnIndex(getValue().getType(), getDest().getType(),
                          getIndices().size());
}

/// * a tile of rank 2;
/// * as any access, but for one more index, the first column.
LogicalResult LoadOp::verify() {
  auto tile = cast<RankedTensorType>(getResult().getType());
  if (failed(verifyRank2(*this, tile)))
    return failure();
  return verifyAccess(*this, getSource().getType(), tile.getShape(),
                      tile.getElementType(), hasColumnIndex());
}

Value GatherOp::getFirstColumn() {
  if (getIndices().empty())
    return {};
  auto sum = getIndices().back().getDefiningOp<arith::AddIOp>();
  auto tile = dyn_cast<RankedTensorType>(getIndices().back().getType());
  if (!sum || !tile || tile.getDimSize(0) != 1)
    return {};
  auto iota = sum.getLhs().getDefiningOp<IotaOp>();
  auto first = sum.getRhs().getDefiningOp<tensor::SplatOp>();
  return iota && first && iota.getRepeat() == 1 ? first.getInput() : Value();
}

/// What a gather makes of an element in memory.
static Type gatheredType(Type element) {
  if (element.isF16() || element.isBF16())
    return Float32Type::get(element.getContext());
  return element;
}

/// * indices have the shape of the tile, or are vectors or numbers that are
///   repeated.
static LogicalResult verifyIndices(Operation *op, TypeRange indices,
                                   RankedTensorType tile) {
  for (Type type : indices) {
    auto index = dyn_cast<RankedTensorType>(type);
    if (!index)
      continue;
    bool fits = index.getRank() == 2;
    for (int64_t dim = 0; fits && dim < 2; ++dim)
      fits = index.getDimSize(dim) == 1 ||
             index.getDimSize(dim) == tile.getDimSize(dim);
    if (!fits)
      return op->emitOpError("expected indices that ")
             << tile << " can repeat, got " << index;
  }
  return success();
}

// - There is an index for each dimension.
// - The result has the elements of the memory, those of 16-bit floats as f32.
LogicalResult GatherOp::verify() {
  auto tile = cast<RankedTensorType>(getResult().getType());
  auto memory = cast<MemRefType>(getSource().getType());
  if (failed(verifyRank2(*this, tile)))
    return failure();
  if (int64_t(getIndices().size()) != memory.getRank())
    return emitOpError("expected ")
           << memory.getRank() << " indices, got " << getIndices().size();
  if (failed(verifyIndices(*this, getIndices().getTypes(), tile)))
    return failure();
  Type element = gatheredType(memory.getElementType());
  if (tile.getElementType() != element)
    return emitOpError("expected elements of ")
           << element << ", got " << tile.getElementType();
  return success();
}

/// * a place is four numbers;
/// * what counts along the columns is a column vector.
LogicalResult RandomOp::verify() {
  constexpr size_t kPlace = 4;
  auto tile = cast<RankedTensorType>(getResult().getType());
  if (failed(verifyRank2(*this, tile)))
    return failure();
  if (getIndices().size() != kPlace)
    return emitOpError("expected ")
           << kPlace << " indices, got " << getIndices().size();
  if (failed(verifyIndices(*this, getIndices().getTypes(), tile)))
    return failure();
  auto keys = dyn_cast<RankedTensorType>(getIndices().back().getType());
  bool areCounted = keys && keys.getDimSize(0) == 1;
  if (getCounted() != 1 && !areCounted)
    return emitOpError(
               "expected a column vector of keys that are counted, got ")
           << getIndices().back().getType();
  return success();
}

LogicalResult StoreOp::verify() {
  auto tile = cast<RankedTensorType>(getValue().getType());
  if (failed(verifyRank2(*this, tile)))
    return failure();
  return verifyAccess(*this, getDest().getType(), tile.getShape(),
                      tile.getElementType(), hasColumnIndex());
}

LogicalResult CopyAsyncOp::verify() {
  SharedType dest = getDest().getType();
  if (dest.isRing())
    return emitOpError("expected one tile as destination, got the ring ")
           << dest;
  return verifyAccess(*this, getSource().getType(), dest.getShape(),
                      dest.getElementType());
}

LogicalResult CopyOutOp::verify() {
  SharedType source = getSource().getType();
  if (source.isRing())
    return emitOpError("expected one tile as source, got the ring ") << source;
  return verifyAccess(*this, getDest().getType(), source.getShape(),
                      source.getElementType());
}

/// * a tile in shared memory of the value's elements, and of its shape;
/// * or one with room for its rows, with the columns inside of both.
LogicalResult PutOp::verify() {
  SharedType dest = getDest().getType();
  auto tile = cast<RankedTensorType>(getValue().getType());
  std::optional<ArrayRef<int64_t>> columns = getColumns();
  if (columns && columns->size() != 2)
    return emitOpError(
               "expected `columns` to be the first one and a count, got ")
           << columns->size() << " numbers";
  bool fits = dest.getShape() == tile.getShape();
  if (columns && !dest.isRing() && tile.getRank() == 2) {
    int64_t first = columns->front(), count = columns->back();
    bool hasRows = getRow() ? tile.getDimSize(0) <= dest.getRows()
                            : tile.getDimSize(0) == dest.getRows();
    fits = hasRows && first >= 0 && count >= 1 && count <= tile.getDimSize(1) &&
           first + count <= dest.getColumns();
  }
  if (getRow() && !columns)
    return emitOpError("expected `columns` beside a row");
  if (dest.isRing() || !fits || dest.getElementType() != tile.getElementType())
    return emitOpError("expected a tile in shared memory like ")
           << tile << ", got " << dest;
  return success();
}

LogicalResult GetOp::verify() {
  SharedType source = getSource().getType();
  auto tile = cast<RankedTensorType>(getResult().getType());
  if (source.isRing() || tile.getRank() != 2 ||
      source.getRows() != tile.getDimSize(0) ||
      source.getColumns() % tile.getDimSize(1) != 0 ||
      source.getElementType() != tile.getElementType())
    return emitOpError("expected columns of a tile in shared memory like ")
           << source << ", got " << tile;
  return success();
}

LogicalResult SlotOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                                       ValueRange operands, DictionaryAttr,
                                       OpaqueProperties, RegionRange,
                                       SmallVectorImpl<Type> &types) {
  auto ring = dyn_cast<SharedType>(operands.front().getType());
  if (!ring)
    return failure();
  types.push_back(ring.getSlotType());
  return success();
}

LogicalResult SlotOp::verify() {
  if (!getRing().getType().isRing())
    return emitOpError("expected a ring, got ") << getRing().getType();
  return success();
}

/// * a ring, whose slots have the barriers;
/// * offsets of ring, full and empty.
LogicalResult ChannelOp::verify() {
  if (!getRing().getType().isRing())
    return emitOpError("expected a ring, got ") << getRing().getType();
  if (getOffsets() && getOffsets()->size() != 3)
    return emitOpError("expected 3 offsets, got ") << getOffsets()->size();
  return success();
}

//===----------------------------------------------------------------------===//
// Boxes of tensors
//===----------------------------------------------------------------------===//

SmallVector<int64_t>
attn::tile::boxOfRows(std::optional<ArrayRef<int64_t>> tile, size_t numIndices,
                      int64_t rows) {
  SmallVector<int64_t> box(numIndices, 1);
  if (!tile) {
    box.back() = rows;
    return box;
  }
  for (size_t i = numIndices; i-- > 0;) {
    box[i] = std::gcd((*tile)[i], rows);
    rows /= box[i];
  }
  return box;
}

/// A map has an index for each dimension but the last, and boxes of the tile's
/// panels and of rows that follow one another.
template <typename OpT>
static LogicalResult verifyBoxes(OpT op, Type memory, SharedType tile) {
  if (tile.isRing())
    return op.emitOpError("expected one tile, got the ring ") << tile;
  if (auto memref = dyn_cast<MemRefType>(memory))
    return verifyAccess(op, memref, tile.getShape(), tile.getElementType());
  auto map = cast<TensorMapType>(memory);
  if (op.getIndices().size() != map.getBox().size() - 1)
    return op.emitOpError("expected ")
           << map.getBox().size() - 1 << " indices, got "
           << op.getIndices().size();
  if (map.getElementType() != tile.getElementType() ||
      map.getSwizzle() != tile.getSwizzle())
    return op.emitOpError("expected boxes of the panels of ")
           << tile << ", got " << map;
  if (failed(verifyBox(op, tile.getRows(), op.getIndices().size())))
    return failure();
  ArrayRef<int64_t> box = map.getBox().drop_back();
  int64_t rows = ShapedType::getNumElements(box);
  if (tile.getRows() % rows != 0 ||
      box != ArrayRef(boxOfRows(op.getBox(), box.size(), rows)))
    return op.emitOpError("expected boxes of rows of ")
           << tile << ", got " << map;
  return success();
}

LogicalResult FetchOp::verify() {
  return verifyBoxes(*this, getSource().getType(), getDest().getType());
}

LogicalResult SendOp::verify() {
  return verifyBoxes(*this, getDest().getType(), getSource().getType());
}

LogicalResult ReuseOp::verify() {
  SharedType from = getSource().getType(), to = getResult().getType();
  if (from.isRing() || to.isRing() || from.getRows() != to.getRows() ||
      from.getSwizzle() != to.getSwizzle() ||
      to.getSlotBytes() > from.getSlotBytes())
    return emitOpError("cannot put ") << to << " in the place of " << from;
  return success();
}

/// The columns stay the last dimension.
static LogicalResult verifyPermutation(TensorMapOp op) {
  std::optional<ArrayRef<int64_t>> permutation = op.getPermutation();
  int64_t rank = op.getTensor().getType().getRank();
  if (!permutation || (isPermutationVector(*permutation) &&
                       static_cast<int64_t>(permutation->size()) == rank &&
                       permutation->back() == rank - 1))
    return success();
  return op.emitOpError("expected a permutation of ")
         << rank << " dimensions with the last one last";
}

LogicalResult TensorMapOp::verify() {
  RankedTensorType tensor = getTensor().getType();
  TensorMapType map = getResult().getType();
  if (tensor.getRank() != static_cast<int64_t>(map.getBox().size()) ||
      tensor.getElementType() != map.getElementType())
    return emitOpError("expected boxes of ") << tensor << ", got " << map;
  return verifyPermutation(*this);
}

LogicalResult FragmentOp::verify() {
  SharedType source = getSource().getType();
  auto tile = cast<RankedTensorType>(getResult().getType());
  if (source.isRing() || source.getShape() != tile.getShape() ||
      source.getElementType() != tile.getElementType())
    return emitOpError("expected a tile in shared memory like ")
           << tile << ", got " << source;
  return success();
}
