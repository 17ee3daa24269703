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
  }
  PackedOperand emit();

private:
  Type wordType() { return hasPairs ? Type(b.getI32Type()) : b.getF32Type(); }
  void allocate();
  void emitFor(bool areRowsInside);
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
  int64_t lanes;
  PackedOperand packed;
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
  int64_t inPanels = packed.panels * packed.panelVectors;
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

/// `lanes` words of as many rows become `count` steps of a panel.
void Packer::emitSquare(Value vectorIndex, Value firstStep, int64_t word,
                        int64_t count) {
  Value firstRow = arith::MulIOp::create(b, vectorIndex, frame.index(lanes));
  Value firstColumn = firstStep;
  if (hasPairs && firstStep)
    firstColumn = arith::MulIOp::create(b, firstStep, frame.index(2));
  SmallVector<Value> rows;
  for (int64_t i = 0; i < lanes; ++i)
    rows.push_back(loadWords(arith::AddIOp::create(b, firstRow, frame.index(i)),
                             firstColumn, word));
  rows = transposed(rows);
  for (int64_t i = 0; i < count; ++i) {
    Value step = frame.index(word + i);
    if (firstStep)
      step = arith::AddIOp::create(b, firstStep, step);
    storeWords(rows[i], vectorIndex, step);
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

/// One row of the operand, or two that are multiplied in pairs.
void Packer::emitRows(Value step) {
  int64_t vectors = packed.panels * packed.panelVectors + packed.restVectors;
  RowScope first, second;
  first.row = step;
  if (hasPairs) {
    first.row = arith::MulIOp::create(b, step, frame.index(2));
    second.row = second.rowOfBlock =
        arith::AddIOp::create(b, first.row, frame.index(1));
  }
  first.rowOfBlock = first.row;
  for (int64_t i = 0; i < vectors; ++i) {
    Value vector = values.vectorAt(operand, i * lanes, first);
    if (hasPairs) {
      Value other = values.vectorAt(operand, i * lanes, second);
      Value pairs = vector::InterleaveOp::create(b, vector, other);
      vector =
          vector::BitCastOp::create(b, frame.vectorOf(b.getI32Type()), pairs);
    }
    storeWords(vector, frame.index(i), step);
  }
}

void Packer::emitFor(bool areRowsInside) {
  values.assumeInside(areRowsInside);
  Value zero = frame.index(0), one = frame.index(1);
  int64_t inPanels = packed.panels * packed.panelVectors;
  Value end = frame.index(isTransposed ? inPanels : packed.steps);
  auto loop = scf::ForOp::create(b, zero, end, one);
  {
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(loop.getBody());
    if (isTransposed)
      emitTransposed(loop.getInductionVar());
    else
      emitRows(loop.getInductionVar());
  }
  if (isTransposed)
    for (int64_t i = 0; i < packed.restVectors; ++i)
      emitTransposed(frame.index(inPanels + i));
  values.assumeInside(false);
}

/// The load that the operand's rows come from, where there is just one.
static LoadOp loadBehind(Value operand) {
  Operation *op = operand.getDefiningOp();
  while (op && op->getNumOperands() == 1 && !isa<LoadOp>(op))
    op = op->getOperand(0).getDefiningOp();
  return dyn_cast_or_null<LoadOp>(op);
}

PackedOperand Packer::emit() {
  allocate();
  LoadOp load = loadBehind(operand);
  if (!load || values.placeOf(load.getResult())) {
    emitFor(/*areRowsInside=*/false);
    return packed;
  }
  Value count = RowMemory(frame, load, values.scalars).countRows();
  Value isWhole = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, count,
                                        frame.index(rowsOf(operand)));
  scf::IfOp::create(
      b, isWhole,
      [&](OpBuilder &, Location) {
        emitFor(/*areRowsInside=*/true);
        scf::YieldOp::create(b);
      },
      [&](OpBuilder &, Location) {
        emitFor(/*areRowsInside=*/false);
        scf::YieldOp::create(b);
      });
  return packed;
}

PackedOperand tile::emitPacked(Frame &frame, Values &values, DotOp op,
                               int64_t blockRows) {
  return Packer(frame, values, op, blockRows).emit();
}
