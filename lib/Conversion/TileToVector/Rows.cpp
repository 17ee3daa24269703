//===- Rows.cpp - Groups become loops over blocks of rows -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Rows.h"

#include "Products.h"
#include "RowMemory.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace attn;
using namespace attn::tile;

Value tile::allocateRows(Frame &frame, RankedTensorType tile, int64_t rows) {
  if (tile.getDimSize(1) == 1)
    return frame.allocate({rows}, tile.getElementType());
  int64_t columns = llvm::alignTo(tile.getDimSize(1), frame.processor.lanes());
  return frame.allocate({rows, columns}, tile.getElementType());
}

namespace {

/// Few rows are one block: each block reads all of a right operand.
static int64_t rowsOfBlock(const ProcessorDesc &processor, int64_t rows) {
  return rows <= kFewRows ? rows : std::gcd(rows, processor.blockRows);
}

/// Items that run over the same columns, one vector after the other.
struct Lockstep {
  int64_t columns;
  SmallVector<const RowItem *> items;
};

class GroupEmitter {
public:
  GroupEmitter(Frame &frame, Values &values, const Group &group,
               const llvm::DenseMap<Value, Value> &destinations)
      : frame(frame), b(frame.b), values(values), group(group),
        destinations(destinations), lanes(frame.processor.lanes()),
        blockRows(rowsOfBlock(frame.processor, group.rows)) {}
  void emit(Value count);

private:
  void choosePlaces();
  void emitBlock(Value first);
  void emitRowLoop(const Node &node, BlockScope &block);
  std::vector<Lockstep> inLockstep(const Node &node);
  void emitLockstep(const Lockstep &items, RowScope &row);
  void emitScalarItem(const RowItem &item, RowScope &row);
  void emitProductNode(DotOp op, BlockScope &block);
  void keepRowVectors(BlockScope &block);
  void placeRowVectors(const Node &node, BlockScope &block);
  BlockRows rowsAt(Value tile, BlockScope &block);
  std::optional<Bounds> boundsOf(DotOp op, BlockScope &block);

  // Items, a vector at a time.
  void accumulate(Operation *reduction, int64_t column, RowScope &row);
  void finishReduction(Operation *reduction, RowScope &row);
  Value folded(Combiner kind, Value sum, int64_t columns);
  void write(Value tile, int64_t column, RowScope &row);
  Value placedRow(Value tile, RowScope &row);
  Value combine(Combiner kind, Value sum, Value next);
  Value neutral(Combiner kind);

  Frame &frame;
  ImplicitLocOpBuilder &b;
  Values &values;
  const Group &group;
  const llvm::DenseMap<Value, Value> &destinations;
  int64_t lanes, blockRows;
  llvm::MapVector<Value, Value> kept; // memory of kept row vectors
  SmallVector<Value> temporary;       // tiles whose places are the block's
  llvm::DenseMap<Operation *, PackedOperand> packed;
  /// Partial results of the row's reductions, a vector of columns each.
  llvm::DenseMap<Operation *, SmallVector<Value>> partial;
};

} // namespace

void GroupEmitter::choosePlaces() {
  for (auto [tile, hasAllRows] : group.places) {
    auto type = cast<RankedTensorType>(tile.getType());
    if (llvm::is_contained(group.keptRowVectors, tile)) {
      Value memref = destinations.lookup(tile);
      kept[tile] = memref ? memref : allocateRows(frame, type, group.rows);
      continue;
    }
    if (values.placeOf(tile))
      continue;
    int64_t rows = hasAllRows ? group.rows : blockRows;
    values.setPlace(tile, {allocateRows(frame, type, rows), hasAllRows});
  }
}

void GroupEmitter::emit(Value count) {
  choosePlaces();
  for (DotOp op : group.products)
    if (!isReadInPlace(op, group.rows))
      packed[op] = emitPacked(frame, values, op, blockRows);
  auto loop =
      scf::ForOp::create(b, frame.index(0), count, frame.index(blockRows));
  {
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(loop.getBody());
    emitBlock(loop.getInductionVar());
  }
  for (Value tile : temporary)
    values.clearPlace(tile);
  for (auto [tile, memref] : kept)
    values.setPlace(tile, {memref, /*hasAllRows=*/true});
}

void GroupEmitter::emitBlock(Value first) {
  BlockScope block;
  block.first = first;
  block.rows = blockRows;
  for (const Node &node : group.nodes) {
    if (node.product)
      emitProductNode(node.product, block);
    else
      emitRowLoop(node, block);
  }
  keepRowVectors(block);
}

//===----------------------------------------------------------------------===//
// Row vectors
//===----------------------------------------------------------------------===//

/// All are computed before the first one is written, since they may read what
/// others replace.
void GroupEmitter::keepRowVectors(BlockScope &block) {
  SmallVector<Value> computed;
  for (Value tile : group.keptRowVectors)
    computed.push_back(values.rowsIn(tile, block));
  for (auto [tile, vector] : llvm::zip_equal(group.keptRowVectors, computed))
    vector::StoreOp::create(b, vector, kept[tile], ValueRange(block.first));
}

/// What rows of the node need of row vectors is computed for all of them at
/// once, before.
void GroupEmitter::placeRowVectors(const Node &node, BlockScope &block) {
  llvm::SmallSetVector<Value, 8> needed;
  for (const RowItem &item : node.items) {
    if (item.op)
      values.collectRowVectors(item.getInput(), needed);
    else // its place is still to be written
      for (Value operand : item.value.getDefiningOp()->getOperands())
        values.collectRowVectors(operand, needed);
  }
  for (Value tile : needed) {
    if (values.placeOf(tile) || tile.getDefiningOp<LoadOp>())
      continue;
    auto type = cast<RankedTensorType>(tile.getType());
    Value memref = allocateRows(frame, type, blockRows);
    vector::StoreOp::create(b, values.rowsIn(tile, block), memref,
                            ValueRange(frame.index(0)));
    values.setPlace(tile, {memref, /*hasAllRows=*/false});
    temporary.push_back(tile);
  }
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

BlockRows GroupEmitter::rowsAt(Value tile, BlockScope &block) {
  const TilePlace *place = values.placeOf(tile);
  return {place->memref, place->hasAllRows ? block.first : frame.index(0)};
}

static bool isZero(Value tile) { return matchPattern(tile, m_AnyZeroFloat()); }

/// Of any row of the block.
std::optional<Bounds> GroupEmitter::boundsOf(DotOp op, BlockScope &block) {
  if (!op.getFirst())
    return std::nullopt;
  auto reduced = [&](Value tile, vector::CombiningKind kind) -> Value {
    Value one =
        vector::ReductionOp::create(b, kind, values.rowsIn(tile, block));
    return arith::IndexCastOp::create(b, b.getIndexType(), one);
  };
  int64_t columns = columnsOf(op.getInner() ? op.getA() : op.getResult());
  auto cut = [&](Value bound) -> Value {
    bound = arith::MaxSIOp::create(b, bound, frame.index(0));
    return arith::MinSIOp::create(b, bound, frame.index(columns));
  };
  return Bounds{cut(reduced(op.getFirst(), vector::CombiningKind::MINSI)),
                cut(reduced(op.getEnd(), vector::CombiningKind::MAXSI)),
                op.getInner()};
}

void GroupEmitter::emitProductNode(DotOp op, BlockScope &block) {
  ProductRows place = {rowsAt(op.getA(), block), std::nullopt,
                       rowsAt(op.getResult(), block)};
  if (!isZero(op.getAcc()))
    place.acc = rowsAt(op.getAcc(), block);
  if (isReadInPlace(op, group.rows))
    emitProductInPlace(frame, values, op, place, boundsOf(op, block));
  else
    emitProduct(frame, op, blockRows, place, packed[op], boundsOf(op, block));
}

//===----------------------------------------------------------------------===//
// Loops over rows
//===----------------------------------------------------------------------===//

void GroupEmitter::emitRowLoop(const Node &node, BlockScope &block) {
  placeRowVectors(node, block);
  auto loop = scf::ForOp::create(b, frame.index(0), frame.index(blockRows),
                                 frame.index(1));
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(loop.getBody());
  RowScope row;
  row.rowOfBlock = loop.getInductionVar();
  row.row = arith::AddIOp::create(b, block.first, row.rowOfBlock);
  for (const Lockstep &items : inLockstep(node))
    emitLockstep(items, row);
}

static bool isReduction(Operation *op) {
  return op && isa<ReduceOp, FoldOp>(op);
}

/// Items over the same columns run together, unless one needs what another has
/// only when a row is done.
std::vector<Lockstep> GroupEmitter::inLockstep(const Node &node) {
  std::vector<Lockstep> all;
  llvm::DenseMap<Value, size_t> readyAt;
  for (const RowItem &item : node.items) {
    size_t earliest = 0;
    SmallVector<Value> open(1, item.getInput());
    while (!open.empty()) {
      Value tile = open.pop_back_val();
      auto it = readyAt.find(tile);
      if (it != readyAt.end())
        earliest = std::max(earliest, it->second);
      Operation *op = tile.getDefiningOp();
      if (it == readyAt.end() && op && isElementwise(op))
        llvm::copy_if(op->getOperands(), std::back_inserter(open), isTile);
    }
    int64_t columns = columnsOf(item.getInput());
    while (earliest < all.size() && all[earliest].columns != columns)
      ++earliest;
    if (earliest == all.size())
      all.push_back({columns, {}});
    all[earliest].items.push_back(&item);
    if (!item.op)
      readyAt[item.value] = earliest;
    else if (isReduction(item.op))
      readyAt[item.op->getResult(0)] = earliest + 1;
  }
  return all;
}

void GroupEmitter::emitLockstep(const Lockstep &items, RowScope &row) {
  if (items.columns == 1) {
    for (const RowItem *item : items.items)
      emitScalarItem(*item, row);
    return;
  }
  for (int64_t column = 0; column < items.columns; column += lanes)
    for (const RowItem *item : items.items) {
      if (isReduction(item->op))
        accumulate(item->op, column, row);
      else if (auto store = dyn_cast_or_null<StoreOp>(item->op))
        RowMemory(frame, store, values.scalars)
            .storeVector(values.vectorAt(store.getValue(), column, row),
                         row.row, column);
      else
        write(item->value, column, row);
    }
  for (const RowItem *item : items.items)
    if (isReduction(item->op))
      finishReduction(item->op, row);
}

void GroupEmitter::emitScalarItem(const RowItem &item, RowScope &row) {
  if (auto store = dyn_cast_or_null<StoreOp>(item.op)) {
    RowMemory(frame, store, values.scalars)
        .storeScalar(values.scalarOf(store.getValue(), row), row.row);
    return;
  }
  // A loaded row vector, or a reduction of one.
  Value tile = item.op ? item.op->getResult(0) : item.value;
  Value scalar;
  if (item.op)
    scalar = values.scalarOf(item.op->getOperand(0), row);
  else
    scalar = RowMemory(frame, tile.getDefiningOp<LoadOp>(), values.scalars)
                 .loadScalar(row.row);
  row.scalars[tile] = scalar;
  memref::StoreOp::create(b, scalar, values.placeOf(tile)->memref,
                          ValueRange(placedRow(tile, row)));
}

Value GroupEmitter::placedRow(Value tile, RowScope &row) {
  return values.placeOf(tile)->hasAllRows ? row.row : row.rowOfBlock;
}

/// Writes a value that its place does not have yet.
void GroupEmitter::write(Value tile, int64_t column, RowScope &row) {
  Value vector = values.computedAt(tile, column, row);
  vector::StoreOp::create(
      b, vector, values.placeOf(tile)->memref,
      ValueRange{placedRow(tile, row), frame.index(column)});
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

static Combiner kindOf(Operation *reduction) {
  if (auto reduce = dyn_cast<ReduceOp>(reduction))
    return reduce.getKind();
  return cast<FoldOp>(reduction).getKind();
}

Value GroupEmitter::neutral(Combiner kind) {
  return frame.splat(kind == Combiner::max ? -INFINITY : 0);
}

/// A maximum ignores NaN: the comparison does not hold for it.
Value GroupEmitter::combine(Combiner kind, Value sum, Value next) {
  if (kind == Combiner::add)
    return arith::AddFOp::create(b, sum, next);
  Value isGreater =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, next, sum);
  return arith::SelectOp::create(b, isGreater, next, sum);
}

void GroupEmitter::accumulate(Operation *reduction, int64_t column,
                              RowScope &row) {
  Value input = reduction->getOperand(0);
  Combiner kind = kindOf(reduction);
  bool isFold = isa<FoldOp>(reduction);
  int64_t vectors =
      isFold ? llvm::divideCeil(columnsOf(reduction->getResult(0)), lanes) : 1;
  SmallVector<Value> &sums = partial[reduction];
  if (column == 0)
    sums.assign(vectors, neutral(kind));
  Value next = values.vectorAt(input, column, row);
  int64_t left = columnsOf(input) - column;
  if (left < lanes) {
    Value mask =
        vector::CreateMaskOp::create(b, VectorType::get(lanes, b.getI1Type()),
                                     ValueRange(frame.index(left)));
    next = arith::SelectOp::create(b, mask, next, neutral(kind));
  }
  Value &sum = sums[column / lanes % vectors];
  sum = combine(kind, sum, next);
}

/// Of a fold to fewer columns than a vector has: column c combines lanes c,
/// c + columns, ….
Value GroupEmitter::folded(Combiner kind, Value sum, int64_t columns) {
  for (int64_t distance = lanes / 2; distance >= columns; distance /= 2) {
    SmallVector<int64_t> other;
    for (int64_t i = 0; i < lanes; ++i)
      other.push_back((i + distance) % lanes);
    sum = combine(kind, sum, vector::ShuffleOp::create(b, sum, sum, other));
  }
  return sum;
}

void GroupEmitter::finishReduction(Operation *reduction, RowScope &row) {
  Value tile = reduction->getResult(0);
  SmallVector<Value> &sums = partial[reduction];
  const TilePlace *place = values.placeOf(tile);
  if (isa<FoldOp>(reduction)) {
    for (auto [i, sum] : llvm::enumerate(sums)) {
      int64_t column = i * lanes;
      sum = folded(kindOf(reduction), sum, columnsOf(tile));
      row.vectors[{tile, column}] = sum;
      vector::StoreOp::create(
          b, sum, place->memref,
          ValueRange{placedRow(tile, row), frame.index(column)});
    }
    return;
  }
  bool isSum = kindOf(reduction) == Combiner::add;
  Value scalar = vector::ReductionOp::create(
      b, isSum ? vector::CombiningKind::ADD : vector::CombiningKind::MAXNUMF,
      sums.front(),
      isSum ? arith::FastMathFlags::reassoc : arith::FastMathFlags::nnan);
  row.scalars[tile] = scalar;
  memref::StoreOp::create(b, scalar, place->memref,
                          ValueRange(placedRow(tile, row)));
}

void tile::emitGroup(Frame &frame, Values &values, const Group &group,
                     Value count,
                     const llvm::DenseMap<Value, Value> &destinations) {
  GroupEmitter(frame, values, group, destinations).emit(count);
}
