//===- HeadGroups.cpp - Rows of a tile as queries of heads ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HeadGroups.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

static Value transpose(TileBuilder &b, Value memref,
                       ArrayRef<unsigned> permutation) {
  auto map = AffineMap::getPermutationMap(permutation, b.getContext());
  return memref::TransposeOp::create(b, memref, AffineMapAttr::get(map));
}

Value attn::viewAsBHSD(TileBuilder &b, Value memref, Layout layout) {
  if (layout == Layout::BHSD)
    return memref;
  return transpose(b, memref, {0, 2, 1, 3});
}

/// The memref, which has `layout` with two dimensions of heads, as [batch, key
/// head, length, head of the group], with features if it has any.
static Value viewInGroups(TileBuilder &b, Value memref, Layout layout) {
  if (cast<MemRefType>(memref.getType()).getRank() == SdpaOp::kRank)
    return transpose(b, memref, {0, 1, 3, 2});
  if (layout == Layout::BHSD)
    return transpose(b, memref, {0, 1, 3, 2, 4});
  return transpose(b, memref, {0, 2, 1, 3, 4});
}

Value HeadGroups::view(Value memref, Layout layout) {
  if (heads != 1)
    return viewInGroups(b, memref, layout);
  bool hasFeatures =
      cast<MemRefType>(memref.getType()).getRank() == SdpaOp::kRank;
  return hasFeatures ? viewAsBHSD(b, memref, layout) : memref;
}

//===----------------------------------------------------------------------===//
// Heads of a tile
//===----------------------------------------------------------------------===//

HeadGroups::HeadGroups(TileBuilder &b, int64_t rows, int64_t heads)
    : b(b), tileRows(rows), heads(heads) {
  if (heads != 1)
    tileBox = b.getDenseI64ArrayAttr({1, 1, queries(), heads});
}

void HeadGroups::select(Value headTile, Value tilesPerKeyHead,
                        Value queryView) {
  firstHead = headTile;
  selectedKeyHead = b.div(headTile, tilesPerKeyHead);
  allHeads = b.dim(queryView, /*dimension=*/1);
  if (heads == 1)
    return;
  allHeads = b.mul(allHeads, b.dim(queryView, /*dimension=*/3));
  Value tileOfGroup = b.rem(headTile, tilesPerKeyHead);
  firstOfGroup = b.mul(tileOfGroup, b.index(heads));
  Value firstOfKeyHead =
      b.mul(selectedKeyHead, b.dim(queryView, /*dimension=*/3));
  firstHead = b.add(firstOfKeyHead, firstOfGroup);
}

SmallVector<Value> HeadGroups::indices(Value entry, Value firstQuery) const {
  if (heads != 1)
    return {entry, selectedKeyHead, firstQuery, firstOfGroup};
  return {entry, firstHead, firstQuery};
}

//===----------------------------------------------------------------------===//
// Heads and queries of rows
//===----------------------------------------------------------------------===//

Value attn::emitPositions(TileBuilder &b, Value first, RankedTensorType type,
                          int64_t repeat) {
  Value steps = IotaOp::create(b, type, repeat);
  Value base = tensor::SplatOp::create(b, type, b.toI32(first));
  return arith::AddIOp::create(b, steps, base);
}

Value HeadGroups::rowHeads() {
  if (heads == 1)
    return b.toI32(firstHead);
  RankedTensorType type = b.tileType(tileRows, 1, b.getI32Type());
  Value row = IotaOp::create(b, type);
  Value count = b.constant(type, b.getI32IntegerAttr(heads));
  Value ofTile = arith::RemUIOp::create(b, row, count);
  Value first = tensor::SplatOp::create(b, type, b.toI32(firstHead));
  return arith::AddIOp::create(b, ofTile, first);
}

Value HeadGroups::rowQueries(Value firstQuery) {
  return emitPositions(b, firstQuery, b.tileType(tileRows, 1, b.getI32Type()),
                       heads);
}
