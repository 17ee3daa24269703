//===- RightOperand.cpp - Rows of a product's right operand ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "RightOperand.h"

#include "RowMemory.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

bool tile::multipliesPairs(DotOp op) { return !elementOf(op.getB()).isF32(); }

Value tile::emitWords(Frame &frame, Value low, Value high) {
  ImplicitLocOpBuilder &b = frame.b;
  auto order =
      llvm::to_vector(llvm::seq<int64_t>(0, 2 * frame.processor.lanes()));
  Value both = vector::ShuffleOp::create(b, low, high, order);
  return vector::BitCastOp::create(b, frame.vectorOf(b.getI32Type()), both);
}

RightOperand::RightOperand(Frame &frame, Values &values, DotOp op)
    : frame(frame), b(frame.b), values(values), operand(op.getB()),
      isTransposed(op.getTransposeB()), hasPairs(multipliesPairs(op)),
      lanes(frame.processor.lanes()) {
  load = findLoad();
  if (load)
    count = RowMemory(frame, load, values.scalars).countRows();
}

/// The load of rows that lie one behind the other in memory, as far as it has
/// them: the operand is nothing else, but perhaps in another type.
LoadOp RightOperand::findLoad() const {
  Value tile = operand;
  while (tile.getDefiningOp<arith::ExtFOp>() ||
         tile.getDefiningOp<arith::TruncFOp>())
    tile = tile.getDefiningOp()->getOperand(0);
  auto load = tile.getDefiningOp<LoadOp>();
  if (!load || values.placeOf(tile))
    return {};
  std::optional<ArrayRef<int64_t>> box = load.getBox();
  return box && box->back() != rowsOf(operand) ? LoadOp() : load;
}

Type RightOperand::wordType() const {
  return hasPairs ? Type(b.getI32Type()) : b.getF32Type();
}

int64_t RightOperand::steps() const {
  int64_t inner = isTransposed ? columnsOf(operand) : rowsOf(operand);
  return hasPairs ? inner / 2 : inner;
}

Value RightOperand::countSteps() {
  if (!count)
    return frame.index(steps());
  return hasPairs ? Value(arith::CeilDivSIOp::create(b, count, frame.index(2)))
                  : count;
}

Value RightOperand::rowAt(Value first, int64_t row) {
  Value index = arith::AddIOp::create(b, first, frame.index(row));
  if (!count)
    return index;
  Value last = arith::SubIOp::create(b, count, frame.index(1));
  return arith::MinSIOp::create(b, index, last);
}

Value RightOperand::withoutRowsBehind(Value vector, Value firstRow) {
  if (!count)
    return vector;
  auto type = cast<VectorType>(vector.getType());
  Value left = arith::SubIOp::create(b, count, firstRow);
  Value mask = vector::CreateMaskOp::create(b, type.clone(b.getI1Type()),
                                            ValueRange(left));
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
  return arith::SelectOp::create(b, mask, vector, zero);
}

void RightOperand::prefetchNextRow(Value row) {
  if (!load)
    return;
  Value next = arith::AddIOp::create(b, row, frame.index(rowsOf(operand)));
  RowMemory(frame, load, values.scalars).prefetch(next);
}

void RightOperand::prefetchNextStep(Value step) {
  if (!hasPairs)
    return prefetchNextRow(step);
  Value even = arith::MulIOp::create(b, step, frame.index(2));
  prefetchNextRow(even);
  prefetchNextRow(arith::AddIOp::create(b, even, frame.index(1)));
}

/// Rows that are counted are known to be inside.
Value RightOperand::read(int64_t column, RowScope &row) {
  values.assumeInside(count != nullptr);
  Value vector = values.vectorAt(operand, column, row);
  values.assumeInside(false);
  return vector;
}

Value RightOperand::wordsOfRow(Value row, Value firstWord, int64_t word) {
  RowScope scope;
  scope.row = scope.rowOfBlock = row;
  scope.firstColumn = firstWord;
  if (!hasPairs)
    return read(word, scope);
  if (firstWord)
    scope.firstColumn = arith::MulIOp::create(b, firstWord, frame.index(2));
  Value low = read(2 * word, scope);
  Value high = 2 * word + lanes < columnsOf(operand)
                   ? read(2 * word + lanes, scope)
                   : arith::ConstantOp::create(b, b.getZeroAttr(low.getType()));
  return emitWords(frame, low, high);
}

SmallVector<Value> RightOperand::wordsOfStep(Value step,
                                             ArrayRef<int64_t> columns) {
  RowScope first, second;
  first.row = first.rowOfBlock = step;
  Value hasSecond;
  if (hasPairs) {
    Value even = arith::MulIOp::create(b, step, frame.index(2));
    first.row = first.rowOfBlock = even;
    second.row = second.rowOfBlock = rowAt(even, 1);
    Value odd = arith::AddIOp::create(b, even, frame.index(1));
    if (count)
      hasSecond =
          arith::CmpIOp::create(b, arith::CmpIPredicate::slt, odd, count);
  }
  return llvm::map_to_vector(columns, [&](int64_t column) -> Value {
    Value vector = read(column, first);
    if (!hasPairs)
      return vector;
    Value other = read(column, second);
    if (hasSecond)
      other = arith::SelectOp::create(
          b, hasSecond, other,
          arith::ConstantOp::create(b, b.getZeroAttr(other.getType())));
    Value pairs = vector::InterleaveOp::create(b, vector, other);
    return vector::BitCastOp::create(b, frame.vectorOf(b.getI32Type()), pairs);
  });
}
