//===- Products.cpp - Products with a packed operand ----------------------===//
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

using namespace mlir;
using namespace attn;
using namespace attn::tile;

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

Span tile::stepsWithin(Frame &frame, DotOp op, int64_t steps,
                       const std::optional<Bounds> &bounds) {
  bool isBounded = bounds && bounds->areInner;
  return blocksWithin(frame, isBounded ? bounds : std::nullopt,
                      multipliesPairs(op) ? 2 : 1, steps);
}

static void emitPanel(Frame &frame, DotOp op, int64_t rows,
                      const ProductRows &place, Value packed, Value panel,
                      int64_t vectors, Span steps, Value firstColumn) {
  ImplicitLocOpBuilder &b = frame.b;
  auto words = [&](Value step) {
    auto element = cast<MemRefType>(packed.getType()).getElementType();
    SmallVector<Value> right;
    for (int64_t i = 0; i < vectors; ++i)
      right.push_back(vector::LoadOp::create(
          b, frame.vectorOf(element), packed,
          ValueRange{panel, step, frame.index(i * frame.processor.lanes())}));
    return right;
  };
  RegisterBlock(frame, op, rows, vectors, place, firstColumn)
      .multiply(words, steps);
}

void tile::emitProduct(Frame &frame, DotOp op, int64_t rows,
                       const ProductRows &place, const PackedOperand &right,
                       std::optional<Bounds> bounds) {
  ImplicitLocOpBuilder &b = frame.b;
  int64_t width = right.panelVectors * frame.processor.lanes();
  Span steps = stepsWithin(frame, op, right.steps, bounds);
  if (right.panels) {
    bool areBounded = bounds && !bounds->areInner;
    Span panels = blocksWithin(frame, areBounded ? bounds : std::nullopt, width,
                               right.panels);
    auto loop = scf::ForOp::create(b, panels.first, panels.end, frame.index(1));
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(loop.getBody());
    Value panel = loop.getInductionVar();
    Value column = arith::MulIOp::create(b, panel, frame.index(width));
    emitPanel(frame, op, rows, place, right.memref, panel, right.panelVectors,
              steps, column);
  }
  if (right.restVectors)
    emitPanel(frame, op, rows, place, right.rest, frame.index(0),
              right.restVectors, steps, frame.index(right.panels * width));
}
