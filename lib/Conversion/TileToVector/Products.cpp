//===- Products.cpp - Products of a block of rows -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Products.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

struct Span {
  Value first, end;
};

class ProductBuilder {
public:
  ProductBuilder(Frame &frame, DotOp op, int64_t rows, BlockRows left,
                 std::optional<BlockRows> acc, BlockRows result)
      : frame(frame), b(frame.b), rows(rows), left(left), acc(acc),
        result(result), lanes(frame.processor.lanes()),
        hasPairs(multipliesPairs(op)) {}

  /// Columns of one panel, of `vectors` vectors.
  void emitPanel(Value packed, Value panel, int64_t vectors, Span steps,
                 Value firstColumn);

private:
  SmallVector<Value> start(int64_t vectors, Value firstColumn);
  Value leftElement(int64_t row, Value step);
  void emitStep(Value packed, Value panel, int64_t vectors, Value step,
                SmallVectorImpl<Value> &sums);
  Value multiply(Value x, Value y, Value sum);
  Value rowAt(const BlockRows &block, int64_t row) {
    return arith::AddIOp::create(b, block.first, frame.index(row));
  }
  Value columnAt(Value first, int64_t vector) {
    return arith::AddIOp::create(b, first, frame.index(vector * lanes));
  }

  Frame &frame;
  ImplicitLocOpBuilder &b;
  int64_t rows;
  BlockRows left;
  std::optional<BlockRows> acc;
  BlockRows result;
  int64_t lanes;
  bool hasPairs;
};

} // namespace

SmallVector<Value> ProductBuilder::start(int64_t vectors, Value firstColumn) {
  VectorType type = frame.vectorOf(b.getF32Type());
  SmallVector<Value> sums;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < vectors; ++i)
      sums.push_back(
          acc ? Value(vector::LoadOp::create(
                    b, type, acc->memref,
                    ValueRange{rowAt(*acc, row), columnAt(firstColumn, i)}))
              : frame.splat(0));
  return sums;
}

/// The element, or pair of elements, in every lane.
Value ProductBuilder::leftElement(int64_t row, Value step) {
  Value leftRow = rowAt(left, row);
  if (!hasPairs) {
    Value element =
        memref::LoadOp::create(b, left.memref, ValueRange{leftRow, step});
    return vector::BroadcastOp::create(b, frame.vectorOf(b.getF32Type()),
                                       element);
  }
  Type element = cast<MemRefType>(left.memref.getType()).getElementType();
  Value column = arith::MulIOp::create(b, step, frame.index(2));
  Value pair = vector::LoadOp::create(b, VectorType::get(2, element),
                                      left.memref, ValueRange{leftRow, column});
  Value word = vector::ExtractOp::create(
      b, vector::BitCastOp::create(b, VectorType::get(1, b.getI32Type()), pair),
      0);
  Value words =
      vector::BroadcastOp::create(b, frame.vectorOf(b.getI32Type()), word);
  return vector::BitCastOp::create(b, VectorType::get(2 * lanes, element),
                                   words);
}

Value ProductBuilder::multiply(Value x, Value y, Value sum) {
  if (hasPairs)
    return x86vector::DotBF16Op::create(b, sum.getType(), sum, x, y);
  return math::FmaOp::create(b, x, y, sum);
}

void ProductBuilder::emitStep(Value packed, Value panel, int64_t vectors,
                              Value step, SmallVectorImpl<Value> &sums) {
  auto element = cast<MemRefType>(packed.getType()).getElementType();
  SmallVector<Value> right;
  for (int64_t i = 0; i < vectors; ++i) {
    Value words =
        vector::LoadOp::create(b, frame.vectorOf(element), packed,
                               ValueRange{panel, step, frame.index(i * lanes)});
    if (hasPairs)
      words = vector::BitCastOp::create(
          b, VectorType::get(2 * lanes, b.getBF16Type()), words);
    right.push_back(words);
  }
  for (int64_t row = 0; row < rows; ++row) {
    Value x = leftElement(row, step);
    for (int64_t i = 0; i < vectors; ++i) {
      Value &sum = sums[row * vectors + i];
      sum = multiply(x, right[i], sum);
    }
  }
}

void ProductBuilder::emitPanel(Value packed, Value panel, int64_t vectors,
                               Span steps, Value firstColumn) {
  auto loop = scf::ForOp::create(b, steps.first, steps.end, frame.index(1),
                                 start(vectors, firstColumn));
  {
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> sums(loop.getRegionIterArgs());
    emitStep(packed, panel, vectors, loop.getInductionVar(), sums);
    scf::YieldOp::create(b, sums);
  }
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < vectors; ++i)
      vector::StoreOp::create(
          b, loop.getResult(row * vectors + i), result.memref,
          ValueRange{rowAt(result, row), columnAt(firstColumn, i)});
}

/// Blocks of `size`, `count` in all, that hold what is within the bounds.
static Span blocksWithin(Frame &frame, const std::optional<Bounds> &bounds,
                         int64_t size, int64_t count) {
  if (!bounds)
    return {frame.index(0), frame.index(count)};
  ImplicitLocOpBuilder &b = frame.b;
  Value blocks = frame.index(size), most = frame.index(count);
  Value first = arith::DivUIOp::create(b, bounds->first, blocks);
  Value end = arith::CeilDivUIOp::create(b, bounds->end, blocks);
  return {first, arith::MinUIOp::create(b, end, most)};
}

void tile::emitProduct(Frame &frame, DotOp op, int64_t rows, BlockRows left,
                       const PackedOperand &right, std::optional<BlockRows> acc,
                       BlockRows result, std::optional<Bounds> bounds) {
  ImplicitLocOpBuilder &b = frame.b;
  ProductBuilder builder(frame, op, rows, left, acc, result);
  std::optional<Bounds> inner, outer;
  if (bounds)
    (bounds->areInner ? inner : outer) = bounds;
  int64_t width = right.panelVectors * frame.processor.lanes();
  Span steps =
      blocksWithin(frame, inner, multipliesPairs(op) ? 2 : 1, right.steps);
  if (right.panels) {
    Span panels = blocksWithin(frame, outer, width, right.panels);
    auto loop = scf::ForOp::create(b, panels.first, panels.end, frame.index(1));
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(loop.getBody());
    Value panel = loop.getInductionVar();
    Value column = arith::MulIOp::create(b, panel, frame.index(width));
    builder.emitPanel(right.memref, panel, right.panelVectors, steps, column);
  }
  if (right.restVectors)
    builder.emitPanel(right.rest, frame.index(0), right.restVectors, steps,
                      frame.index(right.panels * width));
}
