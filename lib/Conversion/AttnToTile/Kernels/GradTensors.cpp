//===- GradTensors.cpp - The gradient of a tensor of scores ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The gradient of an element is the sum of dS * ds/dt over the pairs that read
// it. A CTA computes tiles of scores and of their gradients again and adds up
// what it has in registers, in the order of its walk:
//
//   reads of  a CTA has                       walks over   and stores
//   queries   queries of a head               keys         a sum for each query
//   keys      keys of a query head            queries      a sum for each key
//   pairs     queries and keys                heads and    the gradient
//                                             entries of
//                                             the batch
//   entries   16 entries, and a share of the  both         16 sums for each row
//             queries of a head                            of its tiles
//
// Sums are added by a kernel behind, again in one order (GradSums.cpp), so that
// nothing is added by atomic operations. Rows of a tile are queries, or keys
// where each key has a sum.
//
//===----------------------------------------------------------------------===//

#include "GradTensors.h"

#include "../Index/HeadGroups.h"
#include "../Index/KeyRanges.h"
#include "../Parts/Softmax.h"
#include "attn/Target/TargetRegistry.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

using Dim = TensorReads::Dim;
using Form = TensorReads::Form;

class GradTensorsKernel : GradientKernel {
public:
  GradTensorsKernel(KernelOp kernel, SdpaGradOp op, Value tensor,
                    const GradientSignature &signature)
      : GradientKernel(kernel, op, signature), tensor(tensor),
        target(*lookupTarget(targetOf(op))), reads(TensorReads::of(op, tensor)),
        form(reads.form()) {
    rowsAreKeys = form == Form::Keys ||
                  (form == Form::Pairs && reads.dims.back() == Dim::Query);
  }
  void emit();

private:
  /// Where the tile of a step lies.
  struct Place {
    Value batch, head, firstQuery, firstKey;
  };
  /// What a step reads of its rows.
  struct RowOperands {
    Value first, second; // of the products
    Value exponents, deltas;
  };

  void locate();
  void locatePairs(const TileIndex &tile);
  void locateEntries(const TileIndex &tile);
  Place placeOf(Value number);
  Value load(Argument name, const Place &place, bool areKeys);
  Value loadVector(Argument name, const Place &place);
  RowOperands loadRows(const Place &place);
  ScoreIndices emitIndices(const Place &place);
  SmallVector<Value> emitKept(const Place &place);
  SmallVector<Value> emitStep(const Place &place, bool isMasked,
                              ValueRange carried);
  SmallVector<Value> addTo(ValueRange sums, Value gradient, Value entry);
  SmallVector<Value> emitWalk();
  void storeSums(ValueRange sums);
  void storeGradient(Value sum);
  SmallVector<Value> initialSums();
  SmallVector<int64_t> entryDims();
  int64_t partialSums() {
    return target.isProcessor() ? target.processor->lanes() : kPartialSums;
  }
  RankedTensorType ofQueries(Type type) {
    return rowsAreKeys ? b.tileType(1, step, type) : b.tileType(rows, 1, type);
  }
  RankedTensorType ofKeys(Type type) {
    return rowsAreKeys ? b.tileType(rows, 1, type) : b.tileType(1, step, type);
  }

  Value tensor;
  const TargetDesc &target;
  TensorReads reads;
  Form form;
  bool rowsAreKeys;
  Place fixed; // null for what the walk gives
  // The walk: tiles of keys or of queries, or numbers of what places lie at.
  KeyRange range;
  Value first;
  SmallVector<Value> bounds;
  Value heads, firstHead, firstBatch;     // of pairs
  Value shares, share, tiles, firstEntry; // of entries
  RowOperands held;
};

} // namespace

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

/// The number of tiles, rounded up.
static Value countTiles(TileBuilder &b, Value length, int64_t tile) {
  return b.div(b.add(length, b.index(tile - 1)), b.index(tile));
}

/// A tile of the tensor; its walk is over what the tensor has no dimension for.
/// Elements that lie behind the operands are read by no pair.
void GradTensorsKernel::locatePairs(const TileIndex &tile) {
  Value memory = arguments[Argument::TensorGrad];
  auto sizeOf = [&](Dim dim) { return b.dim(memory, reads.find(dim)); };
  Dim last = rowsAreKeys ? Dim::Query : Dim::Key;
  Value columns = countTiles(b, sizeOf(last), step);
  Value row = b.mul(b.div(tile.block, columns), b.index(rows));
  Value column = b.mul(b.rem(tile.block, columns), b.index(step));
  fixed.firstQuery = rowsAreKeys ? column : row;
  fixed.firstKey = rowsAreKeys ? row : column;
  Value one = b.index(1), zero = b.index(0);
  auto count = [&](Dim dim, Value at, Value all, Value &begin) {
    begin = reads.has(dim) ? at : zero;
    return reads.has(dim) ? b.clamp(b.sub(all, at), zero, one) : all;
  };
  constexpr int64_t kBatch = 0, kHead = 1;
  Value query = views[Argument::Query];
  Value batches =
      count(Dim::Batch, tile.batch, b.dim(query, kBatch), firstBatch);
  heads = count(Dim::Head, tile.head, b.dim(query, kHead), firstHead);
  first = zero;
  bounds = {b.mul(batches, heads)};
}

/// Some entries, and every so many tile of queries.
void GradTensorsKernel::locateEntries(const TileIndex &tile) {
  fixed.batch = tile.batch;
  fixed.head = tile.head;
  shares = arguments[Argument::Shares];
  firstEntry = b.mul(b.div(tile.block, shares), b.index(kEntriesOfTile));
  share = b.rem(tile.block, shares);
  tiles = countTiles(b, keyLength, step);
  Value ofQueries = countTiles(b, queryLength, rows);
  Value others = b.sub(shares, b.index(1));
  Value mine = b.div(b.add(b.sub(ofQueries, share), others), shares);
  first = b.index(0);
  bounds = {b.mul(mine, tiles)};
}

void GradTensorsKernel::locate() {
  TileIndex tile = begin();
  if (form == Form::Pairs)
    return locatePairs(tile);
  if (form == Form::Entries)
    return locateEntries(tile);
  fixed.batch = tile.batch;
  fixed.head = tile.head;
  Value firstRow = b.mul(tile.block, b.index(rows));
  (rowsAreKeys ? fixed.firstKey : fixed.firstQuery) = firstRow;
  KeyTile keys = {tile.batch, tile.head,   firstRow,
                  rows,       queryLength, keyLength};
  QueryTile queries = {tile.batch, tile.head,   firstRow,
                       rows,       queryLength, keyLength};
  range = rowsAreKeys ? emitQueryRange(b, op, keys, step)
                      : emitKeyRange(b, op, queries, step);
  first = range.first;
  bounds = {range.full, range.fullEnd, range.last};
}

GradTensorsKernel::Place GradTensorsKernel::placeOf(Value number) {
  Place place = fixed;
  switch (form) {
  case Form::Queries:
    place.firstKey = emitFirstKey(b, range, number, step);
    break;
  case Form::Keys:
    place.firstQuery = emitFirstKey(b, range, number, step);
    break;
  case Form::Pairs: {
    Value each = b.max(heads, b.index(1));
    place.batch = b.add(firstBatch, b.div(number, each));
    place.head = b.add(firstHead, b.rem(number, each));
    break;
  }
  case Form::Entries: {
    Value each = b.max(tiles, b.index(1));
    Value ofQueries = b.add(b.mul(b.div(number, each), shares), share);
    place.firstQuery = b.mul(ofQueries, b.index(rows));
    place.firstKey = b.mul(b.rem(number, each), b.index(step));
    break;
  }
  }
  return place;
}

//===----------------------------------------------------------------------===//
// A step
//===----------------------------------------------------------------------===//

Value GradTensorsKernel::load(Argument name, const Place &place, bool areKeys) {
  bool isQK = name == Argument::Query || name == Argument::Key;
  Value head = place.head, firstRow = place.firstQuery;
  if (areKeys) {
    head = b.div(head, arguments[Argument::HeadsPerKeyHead]);
    firstRow = place.firstKey;
  }
  RankedTensorType type =
      b.tileType(areKeys == rowsAreKeys ? rows : step,
                 isQK ? types.dimQK : types.dimV, types.element);
  Value tile = b.load(type, views[name], {place.batch, head, firstRow});
  return b.convert(tile, types.multiplied);
}

Value GradTensorsKernel::loadVector(Argument name, const Place &place) {
  return b.load(ofQueries(b.getF32Type()), arguments[name],
                {place.batch, place.head, place.firstQuery});
}

/// Vectors of queries are read with the queries.
GradTensorsKernel::RowOperands GradTensorsKernel::loadRows(const Place &place) {
  RowOperands loaded;
  if (rowsAreKeys) {
    loaded.first = load(Argument::Key, place, /*areKeys=*/true);
    loaded.second = load(Argument::Value, place, /*areKeys=*/true);
    return loaded;
  }
  loaded.first = load(Argument::Query, place, /*areKeys=*/false);
  loaded.second = load(Argument::OutputGrad, place, /*areKeys=*/false);
  loaded.exponents = loadVector(Argument::Exponents, place);
  loaded.deltas = loadVector(Argument::Deltas, place);
  return loaded;
}

ScoreIndices GradTensorsKernel::emitIndices(const Place &place) {
  ScoreIndices indices;
  indices.batch = b.toI32(place.batch);
  indices.head = b.toI32(place.head);
  indices.query = b.clampBelow(
      emitPositions(b, place.firstQuery, ofQueries(b.getI32Type())),
      queryLength);
  indices.key = b.clampBelow(
      emitPositions(b, place.firstKey, ofKeys(b.getI32Type())), keyLength);
  indices.queryLength = queryLength;
  indices.keyLength = keyLength;
  return indices;
}

/// By the mask, and before the end of the keys where other rows are stored.
SmallVector<Value> GradTensorsKernel::emitKept(const Place &place) {
  SmallVector<Value> kept;
  if (scores->isMasked())
    kept.push_back(scores->emitKept());
  if (form == Form::Keys)
    return kept;
  Value numbers = emitPositions(b, place.firstKey, ofKeys(b.getI32Type()));
  Value end =
      tensor::SplatOp::create(b, ofKeys(b.getI32Type()), b.toI32(keyLength));
  Value isKey =
      arith::CmpIOp::create(b, arith::CmpIPredicate::slt, numbers, end);
  kept.push_back(
      BroadcastOp::create(b, b.tileType(rows, step, b.getI1Type()), isKey));
  return kept;
}

SmallVector<Value> GradTensorsKernel::addTo(ValueRange sums, Value gradient,
                                            Value entry) {
  if (form == Form::Pairs)
    return {arith::AddFOp::create(b, sums.front(), gradient)};
  auto added = [&](Value sum, Value part) -> Value {
    Value folded = FoldOp::create(b, sum.getType(), Combiner::add, part);
    return arith::AddFOp::create(b, sum, folded);
  };
  if (form != Form::Entries)
    return {added(sums.front(), gradient)};
  auto type = cast<RankedTensorType>(entry.getType());
  Value base = tensor::SplatOp::create(b, type, b.toI32(firstEntry));
  Value number = arith::SubIOp::create(b, entry, base);
  SmallVector<Value> results;
  for (auto [i, sum] : llvm::enumerate(sums)) {
    Value isOne =
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, number,
                              b.constant(type, b.getI32IntegerAttr(i)));
    results.push_back(
        added(sum, arith::SelectOp::create(b, isOne, gradient,
                                           b.splat(0, rows, step))));
  }
  return results;
}

SmallVector<int64_t> GradTensorsKernel::entryDims() {
  SmallVector<int64_t> found;
  for (auto [number, dim] : llvm::enumerate(reads.dims))
    if (dim == Dim::Entry)
      found.push_back(number);
  return found;
}

SmallVector<Value> GradTensorsKernel::emitStep(const Place &place,
                                               bool isMasked,
                                               ValueRange carried) {
  Value zero = b.splat(0, rows, step);
  RowOperands left = held.first ? held : loadRows(place);
  auto product = [&](Value of, Argument name) -> Value {
    Value right = load(name, place, /*areKeys=*/!rowsAreKeys);
    return DotOp::create(b, of, right, zero, /*transpose_b=*/true);
  };
  Value products =
      product(left.first, rowsAreKeys ? Argument::Query : Argument::Key);
  Value gradProducts = product(left.second, rowsAreKeys ? Argument::OutputGrad
                                                        : Argument::Value);
  if (rowsAreKeys) {
    left.exponents = loadVector(Argument::Exponents, place);
    left.deltas = loadVector(Argument::Deltas, place);
  }
  scores->setIndices(emitIndices(place));
  SmallVector<Value> kept;
  if (isMasked)
    kept = emitKept(place);
  Value queries = emitPositions(b, place.firstQuery, ofQueries(b.getI32Type()));
  Value weights = scores->emitWeights(
      products, scores->emitExponents(left.exponents, queries, queryLength),
      kept);
  SmallVector<Value> sums(carried);
  for (auto [gradient, entry] : scores->emitContributions(
           tensor, entryDims(), products, weights, gradProducts, left.deltas))
    sums = addTo(sums, gradient, entry);
  return sums;
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

SmallVector<Value> GradTensorsKernel::initialSums() {
  if (form == Form::Pairs)
    return {b.splat(0, rows, step)};
  size_t count = form == Form::Entries ? kEntriesOfTile : 1;
  return SmallVector<Value>(count, b.splat(0, rows, partialSums()));
}

SmallVector<Value> GradTensorsKernel::emitWalk() {
  auto walk =
      WalkOp::create(b, first, bounds, initialSums(), schedule.getStages());
  unsigned segments = walk.getNumSegments();
  for (unsigned segment = 0; segment < segments; ++segment) {
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(walk.getStep(segment));
    bool isMasked = segments == 1 || segment != 1;
    tile::YieldOp::create(b, emitStep(placeOf(walk.getTile(segment)), isMasked,
                                      ValueRange(walk.getCarried(segment))));
  }
  return SmallVector<Value>(walk.getResults());
}

void GradTensorsKernel::storeSums(ValueRange sums) {
  bool ofEntries = form == Form::Entries;
  Value place = ofEntries     ? b.mul(share, b.index(rows))
                : rowsAreKeys ? fixed.firstKey
                              : fixed.firstQuery;
  Value entry = ofEntries ? firstEntry : b.index(0);
  for (auto [i, sum] : llvm::enumerate(sums)) {
    Value total = ReduceOp::create(b, b.tileType(rows, 1, b.getF32Type()),
                                   Combiner::add, sum);
    b.store(total, arguments[Argument::Sums],
            {fixed.batch, fixed.head, b.add(entry, b.index(i)), place});
  }
}

/// Into the dimensions of queries and keys, wherever the others are.
void GradTensorsKernel::storeGradient(Value sum) {
  Value memory = arguments[Argument::TensorGrad];
  auto memoryType = cast<MemRefType>(memory.getType());
  int64_t rowDim = reads.find(rowsAreKeys ? Dim::Key : Dim::Query);
  SmallVector<unsigned> order;
  SmallVector<Value> indices;
  for (auto [number, dim] : llvm::enumerate(reads.dims)) {
    if (dim == Dim::Query || dim == Dim::Key)
      continue;
    order.push_back(number);
    indices.push_back(dim == Dim::Batch  ? firstBatch
                      : dim == Dim::Head ? firstHead
                                         : b.index(0));
  }
  order.push_back(rowDim);
  order.push_back(reads.dims.size() - 1);
  auto map =
      AffineMapAttr::get(AffineMap::getPermutationMap(order, b.getContext()));
  Value view = memory;
  if (!map.getValue().isIdentity())
    view = memref::TransposeOp::create(b, memory, map);
  indices.push_back(rowsAreKeys ? fixed.firstKey : fixed.firstQuery);
  indices.push_back(rowsAreKeys ? fixed.firstQuery : fixed.firstKey);
  b.store(b.convert(sum, memoryType.getElementType()), view, indices);
}

void GradTensorsKernel::emit() {
  locate();
  if (form == Form::Queries || form == Form::Keys)
    held = loadRows(fixed);
  SmallVector<Value> sums = emitWalk();
  if (form == Form::Pairs)
    storeGradient(sums.front());
  else
    storeSums(sums);
  ReturnOp::create(b);
}

void attn::emitGradTensorsKernel(KernelOp kernel, SdpaGradOp op, Value tensor,
                                 const GradientSignature &signature) {
  GradTensorsKernel(kernel, op, tensor, signature).emit();
}
