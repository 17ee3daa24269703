//===- InPlace.cpp - Products of few rows ---------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Few rows use a packed operand too seldom to pay for packing it. Where rows of
// the right operand are steps, a step takes them as they lie. Where columns
// are, lanes take steps, and are added up behind the last one:
//
//   sums of some rows by some columns, one vector each, as many as lanes
//   -> one vector that holds all of them, in rounds that halve their number
//
//===----------------------------------------------------------------------===//
#include "Products.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

bool tile::isReadInPlace(DotOp op, int64_t rows) {
  bool isAdded = !matchPattern(op.getAcc(), m_AnyZeroFloat());
  return rows <= kFewRows && !(op.getTransposeB() && isAdded);
}

//===----------------------------------------------------------------------===//
// Lanes take steps
//===----------------------------------------------------------------------===//

namespace {

class LaneSums {
public:
  LaneSums(Frame &frame, RightOperand &right, DotOp op,
           const ProductRows &place)
      : frame(frame), b(frame.b), right(right), op(op), place(place),
        hasPairs(multipliesPairs(op)), lanes(frame.processor.lanes()) {
    int64_t rows = rowsOf(op.getResult());
    blockRows = std::min<int64_t>(llvm::PowerOf2Ceil(rows),
                                  std::max<int64_t>(lanes / 4, 1));
    blockColumns = lanes / blockRows;
    sums = frame.allocate({lanes, lanes}, b.getF32Type());
  }
  void emit();

private:
  void emitColumns(Value firstColumn);
  void emitBlock(int64_t firstRow, int64_t rows, Value firstColumn);
  void multiplyColumn(int64_t firstRow, int64_t rows, Value firstColumn,
                      Value column);
  Value leftWords(int64_t row, int64_t step);
  Value addedUp(SmallVector<Value> sums);
  Value withoutColumnsBehind(Value sums, Value firstColumn);
  void store(Value sums, int64_t firstRow, int64_t rows, Value firstColumn);

  Frame &frame;
  ImplicitLocOpBuilder &b;
  RightOperand &right;
  DotOp op;
  const ProductRows &place;
  bool hasPairs;
  int64_t lanes, blockRows, blockColumns;
  Value sums; // of a block, a row for each of its rows and columns
};

} // namespace

/// Words of a row on the left, one step in each lane; zeros behind the last
/// one.
Value LaneSums::leftWords(int64_t row, int64_t step) {
  const BlockRows &left = place.left;
  Value leftRow = arith::AddIOp::create(b, left.first, frame.index(row));
  VectorType type =
      frame.vectorOf(cast<MemRefType>(left.memref.getType()).getElementType());
  auto load = [&](int64_t column) -> Value {
    return vector::LoadOp::create(b, type, left.memref,
                                  ValueRange{leftRow, frame.index(column)});
  };
  if (!hasPairs)
    return load(step);
  Value high = 2 * step + lanes < columnsOf(op.getA())
                   ? load(2 * step + lanes)
                   : arith::ConstantOp::create(b, b.getZeroAttr(type));
  return emitWords(frame, load(2 * step), high);
}

/// Sums of rows by one column, which is read from its first step to its last.
void LaneSums::multiplyColumn(int64_t firstRow, int64_t rows, Value firstColumn,
                              Value column) {
  Value index = arith::AddIOp::create(b, firstColumn, column);
  Value row = right.rowAt(index, 0);
  if (firstRow == 0)
    right.prefetchNextRow(index);
  SmallVector<Value> of(rows, frame.splat(0));
  for (int64_t step = 0; step < right.steps(); step += lanes) {
    Value y = right.wordsOfRow(row, Value(), step);
    for (auto [i, sum] : llvm::enumerate(of))
      sum =
          emitMultiply(frame, hasPairs, leftWords(firstRow + i, step), y, sum);
  }
  for (auto [i, sum] : llvm::enumerate(of)) {
    Value place =
        arith::AddIOp::create(b, column, frame.index(i * blockColumns));
    vector::StoreOp::create(b, sum, sums, ValueRange{place, frame.index(0)});
  }
}

/// Lane i of the result is the sum of vector i's lanes.
Value LaneSums::addedUp(SmallVector<Value> sums) {
  sums.resize(lanes, frame.splat(0));
  for (int64_t distance = lanes / 2; distance; distance /= 2) {
    SmallVector<int64_t> same, other;
    for (int64_t i = 0; i < lanes; ++i) {
      int64_t from = i & distance ? lanes : 0;
      same.push_back(from + i);
      other.push_back(from + (i ^ distance));
    }
    for (int64_t i = 0; i < distance; ++i) {
      Value x = sums[i], y = sums[i + distance];
      sums[i] =
          arith::AddFOp::create(b, vector::ShuffleOp::create(b, x, y, same),
                                vector::ShuffleOp::create(b, x, y, other));
    }
  }
  return sums.front();
}

/// Zeros in the lanes of columns that are not inside.
Value LaneSums::withoutColumnsBehind(Value sums, Value firstColumn) {
  if (!right.getCount())
    return sums;
  VectorType type = frame.vectorOf(b.getIndexType());
  SmallVector<Attribute> columns;
  for (int64_t i = 0; i < lanes; ++i)
    columns.push_back(b.getIndexAttr(i % blockColumns));
  Value column =
      arith::ConstantOp::create(b, DenseElementsAttr::get(type, columns));
  Value left = arith::SubIOp::create(b, right.getCount(), firstColumn);
  Value isInside =
      arith::CmpIOp::create(b, arith::CmpIPredicate::slt, column,
                            vector::BroadcastOp::create(b, type, left));
  return arith::SelectOp::create(b, isInside, sums, frame.splat(0));
}

void LaneSums::store(Value sums, int64_t firstRow, int64_t rows,
                     Value firstColumn) {
  for (int64_t row = 0; row < rows; ++row) {
    Value part = vector::ExtractStridedSliceOp::create(
        b, sums, {row * blockColumns}, {blockColumns}, {1});
    Value resultRow = arith::AddIOp::create(b, place.result.first,
                                            frame.index(firstRow + row));
    vector::StoreOp::create(b, part, place.result.memref,
                            ValueRange{resultRow, firstColumn});
  }
}

/// Columns take turns, in a loop that keeps its order: memory is fast where it
/// is read from one end to the other.
void LaneSums::emitBlock(int64_t firstRow, int64_t rows, Value firstColumn) {
  auto loop = scf::ForOp::create(b, frame.index(0), frame.index(blockColumns),
                                 frame.index(1));
  {
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(loop.getBody());
    multiplyColumn(firstRow, rows, firstColumn, loop.getInductionVar());
  }
  SmallVector<Value> all;
  for (int64_t i = 0; i < rows * blockColumns; ++i)
    all.push_back(
        vector::LoadOp::create(b, frame.vectorOf(b.getF32Type()), sums,
                               ValueRange{frame.index(i), frame.index(0)}));
  store(withoutColumnsBehind(addedUp(all), firstColumn), firstRow, rows,
        firstColumn);
}

void LaneSums::emitColumns(Value firstColumn) {
  int64_t rows = rowsOf(op.getResult());
  for (int64_t row = 0; row < rows; row += blockRows)
    emitBlock(row, std::min(blockRows, rows - row), firstColumn);
}

void LaneSums::emit() {
  Value all = frame.index(columnsOf(op.getResult()));
  Value width = frame.index(blockColumns), end = all;
  if (Value count = right.getCount()) {
    Value blocks = arith::CeilDivSIOp::create(b, count, width);
    end = arith::MulIOp::create(b, blocks, width);
  }
  auto loop = scf::ForOp::create(b, frame.index(0), end, width);
  auto behind = scf::ForOp::create(b, end, all, width);
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(loop.getBody());
  emitColumns(loop.getInductionVar());
  b.setInsertionPointToStart(behind.getBody());
  int64_t rows = rowsOf(op.getResult());
  for (int64_t row = 0; row < rows; row += blockRows)
    store(frame.splat(0), row, std::min(blockRows, rows - row),
          behind.getInductionVar());
}

//===----------------------------------------------------------------------===//
// Rows are steps
//===----------------------------------------------------------------------===//

/// Blocks have as many rows as they can, up to four: each of them reads all of
/// their columns, which memory gives once.
static void emitRowSteps(Frame &frame, RightOperand &right, DotOp op,
                         const ProductRows &place,
                         std::optional<Bounds> bounds) {
  constexpr int64_t kMostRows = 4;
  ImplicitLocOpBuilder &b = frame.b;
  const ProcessorDesc &processor = frame.processor;
  int64_t lanes = processor.lanes(), rows = rowsOf(op.getResult());
  int64_t all = llvm::divideCeil(columnsOf(op.getResult()), lanes);
  int64_t registers = processor.blockRows * processor.blockVectors;
  int64_t blockVectors = std::min(all, registers / std::min(rows, kMostRows));
  int64_t blockRows = std::max<int64_t>(registers / blockVectors, 1);
  Span steps = stepsWithin(frame, op, right.steps(), bounds);
  steps.end = arith::MinSIOp::create(b, steps.end, right.countSteps());
  for (int64_t first = 0; first < all; first += blockVectors) {
    int64_t vectors = std::min(blockVectors, all - first);
    SmallVector<int64_t> columns;
    for (int64_t i = 0; i < vectors; ++i)
      columns.push_back((first + i) * lanes);
    for (int64_t row = 0; row < rows; row += blockRows) {
      auto words = [&](Value step) {
        if (first == 0 && row == 0)
          right.prefetchNextStep(step);
        return right.wordsOfStep(step, columns);
      };
      ProductRows block = place.from(frame, row);
      RegisterBlock(frame, op, std::min(blockRows, rows - row), vectors, block,
                    frame.index(first * lanes))
          .multiply(words, steps);
    }
  }
}

void tile::emitProductInPlace(Frame &frame, Values &values, DotOp op,
                              const ProductRows &place,
                              std::optional<Bounds> bounds) {
  RightOperand right(frame, values, op);
  if (op.getTransposeB())
    LaneSums(frame, right, op, place).emit();
  else
    emitRowSteps(frame, right, op, place, bounds);
}
