//===- Packing.cpp - Right operands in panels -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Products.h"

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
  return std::clamp<int64_t>(registers / rows, 1, kMost);
}

namespace {

class Packer {
public:
  Packer(Frame &frame, DotOp op, RightOperand &right, int64_t blockRows)
      : frame(frame), b(frame.b), right(right),
        isTransposed(op.getTransposeB()), lanes(frame.processor.lanes()) {
    int64_t vectors = llvm::divideCeil(columnsOf(op.getResult()), lanes);
    packed.steps = right.steps();
    packed.panelVectors =
        std::min(vectorsOfBlock(frame.processor, blockRows), vectors);
    packed.panels = vectors / packed.panelVectors;
    packed.restVectors = vectors % packed.panelVectors;
    inPanels = packed.panels * packed.panelVectors;
  }
  PackedOperand emit(int64_t rows);

private:
  void allocate();
  void emitZeros(Value memref);
  void emitSteps();
  void emitVectors();
  void emitTransposed(Value vectorIndex);
  void emitSquare(Value vectorIndex, Value firstStep, int64_t word,
                  int64_t steps);
  SmallVector<Value> transposed(SmallVector<Value> rows);
  void store(Value words, Value vectorIndex, Value step);

  Frame &frame;
  ImplicitLocOpBuilder &b;
  RightOperand &right;
  bool isTransposed;
  int64_t lanes, inPanels; // vectors that are in panels
  PackedOperand packed;
};

} // namespace

void Packer::allocate() {
  int64_t width = packed.panelVectors * lanes;
  if (packed.panels)
    packed.memref =
        frame.allocate({packed.panels, packed.steps, width}, right.wordType());
  if (packed.restVectors)
    packed.rest = frame.allocate({1, packed.steps, packed.restVectors * lanes},
                                 right.wordType());
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
void Packer::store(Value words, Value vectorIndex, Value step) {
  auto known = getConstantIntValue(vectorIndex);
  if (known && *known >= inPanels) {
    Value column = frame.index((*known - inPanels) * lanes);
    vector::StoreOp::create(b, words, packed.rest,
                            ValueRange{frame.index(0), step, column});
    return;
  }
  Value width = frame.index(packed.panelVectors);
  Value panel = arith::DivUIOp::create(b, vectorIndex, width);
  Value place = arith::RemUIOp::create(b, vectorIndex, width);
  Value column = arith::MulIOp::create(b, place, frame.index(lanes));
  vector::StoreOp::create(b, words, packed.memref,
                          ValueRange{panel, step, column});
}

/// `lanes` words of as many rows become `steps` steps of a panel.
void Packer::emitSquare(Value vectorIndex, Value firstStep, int64_t word,
                        int64_t steps) {
  Value firstRow = arith::MulIOp::create(b, vectorIndex, frame.index(lanes));
  SmallVector<Value> rows;
  for (int64_t i = 0; i < lanes; ++i)
    rows.push_back(right.wordsOfRow(right.rowAt(firstRow, i), firstStep, word));
  rows = transposed(rows);
  for (int64_t i = 0; i < steps; ++i) {
    Value step = frame.index(word + i);
    if (firstStep)
      step = arith::AddIOp::create(b, firstStep, step);
    store(right.withoutRowsBehind(rows[i], firstRow), vectorIndex, step);
  }
}

/// The rows of `vectorIndex`'s lanes become columns.
void Packer::emitTransposed(Value vectorIndex) {
  int64_t done = 0;
  if (packed.steps > lanes && right.areColumnsAlike()) {
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
    if (Value count = right.getCount()) {
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

void Packer::emitSteps() {
  auto loop =
      scf::ForOp::create(b, frame.index(0), right.countSteps(), frame.index(1));
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<int64_t> columns;
  for (int64_t i = 0; i < inPanels + packed.restVectors; ++i)
    columns.push_back(i * lanes);
  Value step = loop.getInductionVar();
  for (auto [i, words] : llvm::enumerate(right.wordsOfStep(step, columns)))
    store(words, frame.index(i), step);
}

void Packer::emitZeros(Value memref) {
  if (!memref)
    return;
  auto type = cast<MemRefType>(memref.getType());
  Value none = frame.index(0), one = frame.index(1);
  VectorType vector = frame.vectorOf(right.wordType());
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

/// Rows behind the last one that is inside are zeros.
PackedOperand Packer::emit(int64_t rows) {
  allocate();
  if (Value count = right.getCount()) {
    Value isPart = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, count,
                                         frame.index(rows));
    scf::IfOp::create(b, isPart, [&](OpBuilder &, Location) {
      emitZeros(packed.memref);
      emitZeros(packed.rest);
      scf::YieldOp::create(b);
    });
  }
  if (isTransposed)
    emitVectors();
  else
    emitSteps();
  return packed;
}

PackedOperand tile::emitPacked(Frame &frame, Values &values, DotOp op,
                               int64_t blockRows) {
  RightOperand right(frame, values, op);
  return Packer(frame, op, right, blockRows).emit(rowsOf(op.getB()));
}
