//===- Packing.cpp - Right operands in panels -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Products.h"

#include "RowMemory.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

int64_t tile::vectorsOfBlock(const ProcessorDesc &processor, int64_t rows) {
  constexpr int64_t kMost = 8;
  int64_t registers = processor.blockRows * processor.blockVectors;
  return std::clamp(registers / rows, processor.blockVectors, kMost);
}

bool tile::multipliesPairs(DotOp op) { return !elementOf(op.getB()).isF32(); }

namespace {

class Packer {
public:
  Packer(Frame &frame, Values &values, DotOp op, int64_t blockRows)
      : frame(frame), b(frame.b), values(values), operand(op.getB()),
        isTransposed(op.getTransposeB()), hasPairs(multipliesPairs(op)),
        lanes(frame.processor.lanes()) {
    int64_t inner = isTransposed ? columnsOf(operand) : rowsOf(operand);
    int64_t vectors = llvm::divideCeil(columnsOf(op.getResult()), lanes);
    packed.steps = hasPairs ? inner / 2 : inner;
    packed.panelVectors =
        std::min(vectorsOfBlock(frame.processor, blockRows), vectors);
    packed.panels = vectors / packed.panelVectors;
    packed.restVectors = vectors % packed.panelVectors;
    inPanels = packed.panels * packed.panelVectors;
  }
  PackedOperand emit();

private:
  Type wordType() { return hasPairs ? Type(b.getI32Type()) : b.getF32Type(); }
  void allocate();
  void emitAll();
  void emitVectors();
  void emitZeros(Value memref);
  Value rowAt(Value first, int64_t row);
  Value withoutRowsBehind(Value vector, Value firstRow);
  void emitTransposed(Value vectorIndex);
  void emitSquare(Value vectorIndex, Value firstStep, int64_t word,
                  int64_t count);
  void emitRows(Value step);
  Value loadWords(Value row, Value firstColumn, int64_t word);
  SmallVector<Value> transposed(SmallVector<Value> rows);
  void storeWords(Value vector, Value vectorIndex, Value step);

  Frame &frame;
  ImplicitLocOpBuilder &b;
  Values &values;
  Value operand;
  bool isTransposed, hasPairs;
  int64_t lanes, inPanels; // vectors that are in panels
  PackedOperand packed;
  /// Rows that are inside; null where each row is asked for.
  Value count;
};

} // namespace

static int64_t wordsOf(const PackedOperand &packed, int64_t lanes) {
  return packed.panelVectors * lanes;
}

void Packer::allocate() {
  if (packed.panels)
    packed.memref = frame.allocate(
        {packed.panels, packed.steps, wordsOf(packed, lanes)}, wordType());
  if (packed.restVectors)
    packed.rest = frame.allocate({1, packed.steps, packed.restVectors * lanes},
                                 wordType());
}

/// A vector of 32-bit words of a row.
Value Packer::loadWords(Value row, Value firstColumn, int64_t word) {
  RowScope scope;
  scope.row = scope.rowOfBlock = row;
  scope.firstColumn = firstColumn;
  if (!hasPairs)
    return values.vectorAt(operand, word, scope);
  Value low = values.vectorAt(operand, 2 * word, scope);
  Value high = low;
  if (2 * word + lanes < columnsOf(operand))
    high = values.vectorAt(operand, 2 * word + lanes, scope);
  auto order = llvm::to_vector(llvm::seq<int64_t>(0, 2 * lanes));
  Value both = vector::ShuffleOp::create(b, low, high, order);
  return vector::BitCastOp::create(b, frame.vectorOf(b.getI32Type()), both);
}

/// Of as many vectors as they have elements, in rounds: each exchanges blocks
/// of elements between vectors that are as far apart.
SmallVector<Value> Packer::transposed(SmallVector<Value> rows) {
  for (int64_t distance = lanes / 2; distance; distance /= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < lanes; ++i) {
      bool isOther = i & distance;
      low.push_back(isOther ? lanes + i - distance : i);
      high.push_back(isOther ? lanes + i : i + distance);
    }
    for (int64_t i = 0; i < lanes; ++i) {
      if (i & distance)
        continue;
      Value x = rows[i], y = rows[i + distance];
      rows[i] = vector::ShuffleOp::create(b, x, y, low);
      rows[i + distance] = vector::ShuffleOp::create(b, x, y, high);
    }
  }
  return rows;
}

/// Panels are one after the other, and so are vectors within a row of one.
void Packer::storeWords(Value vector, Value vectorIndex, Value step) {
  auto known = getConstantIntValue(vectorIndex);
  if (known && *known >= inPanels) {
    Value column = frame.index((*known - inPanels) * lanes);
    vector::StoreOp::create(b, vector, packed.rest,
                            ValueRange{frame.index(0), step, column});
    return;
  }
  Value width = frame.index(packed.panelVectors);
  Value panel = arith::DivUIOp::create(b, vectorIndex, width);
  Value place = arith::RemUIOp::create(b, vectorIndex, width);
  Value column = arith::MulIOp::create(b, place, frame.index(lanes));
  vector::StoreOp::create(b, vector, packed.memref,
                          ValueRange{panel, step, column});
}

/// A row that is inside, in place of one behind them.
Value Packer::rowAt(Value first, int64_t row) {
  Value index = arith::AddIOp::create(b, first, frame.index(row));
  if (!count)
    return index;
  Value last = arith::SubIOp::create(b, count, frame.index(1));
  return arith::MinSIOp::create(b, index, last);
}

/// Zeros in the lanes of rows that are not inside.
Value Packer::withoutRowsBehind(Value vector, Value firstRow) {
  if (!count)
    return vector;
  auto type = cast<VectorType>(vector.getType());
  Value left = arith::SubIOp::create(b, count, firstRow);
  Value mask = vector::CreateMaskOp::create(b, type.clone(b.getI1Type()),
                                            ValueRange(left));
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
  return arith::SelectOp::create(b, mask, vector, zero);
}

/// `lanes` words of as many rows become `steps` steps of a panel.
void Packer::emitSquare(Value vectorIndex, Value firstStep, int64_t word,
                        int64_t steps) {
  Value firstRow = arith::MulIOp::create(b, vectorIndex, frame.index(lanes));
  Value firstColumn = firstStep;
  if (hasPairs && firstStep)
    firstColumn = arith::MulIOp::create(b, firstStep, frame.index(2));
  SmallVector<Value> rows;
  for (int64_t i = 0; i < lanes; ++i)
    rows.push_back(loadWords(rowAt(firstRow, i), firstColumn, word));
  rows = transposed(rows);
  for (int64_t i = 0; i < steps; ++i) {
    Value step = frame.index(word + i);
    if (firstStep)
      step = arith::AddIOp::create(b, firstStep, step);
    storeWords(withoutRowsBehind(rows[i], firstRow), vectorIndex, step);
  }
}

/// The rows of `vectorIndex`'s lanes become columns.
void Packer::emitTransposed(Value vectorIndex) {
  int64_t done = 0;
  if (packed.steps > lanes && values.areColumnsAlike(operand)) {
    done = packed.steps / lanes * lanes;
    auto loop = scf::ForOp::create(b, frame.index(0), frame.index(done),
                                   frame.index(lanes));
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(loop.getBody());
    emitSquare(vectorIndex, loop.getInductionVar(), 0, lanes);
  }
  for (; done < packed.steps; done += lanes)
    emitSquare(vectorIndex, Value(), done,
               std::min(lanes, packed.steps - done));
}

/// All vectors whose lanes are rows, as far as there are rows.
void Packer::emitVectors() {
  auto emitFrom = [&](int64_t first, int64_t most) {
    Value end = frame.index(most);
    if (count) {
      Value vectors = arith::CeilDivSIOp::create(b, count, frame.index(lanes));
      end = arith::MinSIOp::create(b, vectors, end);
    }
    auto loop = scf::ForOp::create(b, frame.index(first), end, frame.index(1));
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(loop.getBody());
    bool isOne = most == first + 1; // may lie outside the panels
    emitTransposed(isOne ? frame.index(first) : loop.getInductionVar());
  };
  if (packed.panels)
    emitFrom(0, inPanels);
  for (int64_t i = 0; i < packed.restVectors; ++i)
    emitFrom(inPanels + i, inPanels + i + 1);
}

/// One row of the operand, or two that are multiplied in pairs.
void Packer::emitRows(Value step) {
  int64_t vectors = inPanels + packed.restVectors;
  RowScope first, second;
  Value hasSecond;
  first.row = first.rowOfBlock = step;
  if (hasPairs) {
    Value even = arith::MulIOp::create(b, step, frame.index(2));
    first.row = first.rowOfBlock = even;
    second.row = second.rowOfBlock = rowAt(even, 1);
    Value odd = arith::AddIOp::create(b, even, frame.index(1));
    if (count)
      hasSecond =
          arith::CmpIOp::create(b, arith::CmpIPredicate::slt, odd, count);
  }
  for (int64_t i = 0; i < vectors; ++i) {
    Value vector = values.vectorAt(operand, i * lanes, first);
    if (hasPairs) {
      Value other = values.vectorAt(operand, i * lanes, second);
      if (hasSecond)
        other = arith::SelectOp::create(
            b, hasSecond, other,
            arith::ConstantOp::create(b, b.getZeroAttr(other.getType())));
      Value pairs = vector::InterleaveOp::create(b, vector, other);
      vector =
          vector::BitCastOp::create(b, frame.vectorOf(b.getI32Type()), pairs);
    }
    storeWords(vector, frame.index(i), step);
  }
}

void Packer::emitZeros(Value memref) {
  if (!memref)
    return;
  auto type = cast<MemRefType>(memref.getType());
  Value none = frame.index(0), one = frame.index(1);
  VectorType vector = frame.vectorOf(wordType());
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(vector));
  scf::buildLoopNest(
      b, b.getLoc(), {none, none, none},
      {frame.index(type.getDimSize(0)), frame.index(type.getDimSize(1)),
       frame.index(type.getDimSize(2))},
      {one, one, frame.index(lanes)},
      [&](OpBuilder &nested, Location loc, ValueRange place) {
        vector::StoreOp::create(nested, loc, zero, memref, place);
      });
}

void Packer::emitAll() {
  if (isTransposed)
    return emitVectors();
  Value end = frame.index(packed.steps);
  if (count)
    end = hasPairs ? Value(arith::CeilDivSIOp::create(b, count, frame.index(2)))
                   : count;
  auto loop = scf::ForOp::create(b, frame.index(0), end, frame.index(1));
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(loop.getBody());
  emitRows(loop.getInductionVar());
}

/// The load of rows that lie one behind the other in memory, as far as it has
/// them: the operand is nothing else, but perhaps in another type.
static LoadOp loadBehind(const Values &values, Value operand) {
  while (operand.getDefiningOp<arith::ExtFOp>() ||
         operand.getDefiningOp<arith::TruncFOp>())
    operand = operand.getDefiningOp()->getOperand(0);
  auto load = operand.getDefiningOp<LoadOp>();
  if (!load || values.placeOf(operand))
    return {};
  std::optional<ArrayRef<int64_t>> box = load.getBox();
  return box && box->back() != rowsOf(operand) ? LoadOp() : load;
}

PackedOperand Packer::emit() {
  allocate();
  LoadOp load = loadBehind(values, operand);
  if (!load) {
    emitAll();
    return packed;
  }
  count = RowMemory(frame, load, values.scalars).countRows();
  Value isPart = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, count,
                                       frame.index(rowsOf(operand)));
  scf::IfOp::create(b, isPart, [&](OpBuilder &, Location) {
    emitZeros(packed.memref);
    emitZeros(packed.rest);
    scf::YieldOp::create(b);
  });
  values.assumeInside(true);
  emitAll();
  values.assumeInside(false);
  return packed;
}

PackedOperand tile::emitPacked(Frame &frame, Values &values, DotOp op,
                               int64_t blockRows) {
  return Packer(frame, values, op, blockRows).emit();
}
