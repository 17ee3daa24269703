//===- RegisterBlock.cpp - A block of a product in registers --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "RegisterBlock.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

ProductRows ProductRows::from(Frame &frame, int64_t row) const {
  auto moved = [&](BlockRows block) -> BlockRows {
    return {block.memref,
            arith::AddIOp::create(frame.b, block.first, frame.index(row))};
  };
  ProductRows rows = {moved(left), std::nullopt, moved(result)};
  if (acc)
    rows.acc = moved(*acc);
  return rows;
}

Value tile::emitMultiply(Frame &frame, bool arePairs, Value x, Value y,
                         Value sum) {
  ImplicitLocOpBuilder &b = frame.b;
  if (!arePairs)
    return math::FmaOp::create(b, x, y, sum);
  auto pairs = VectorType::get(2 * frame.processor.lanes(), b.getBF16Type());
  return x86vector::DotBF16Op::create(b, sum.getType(), sum,
                                      vector::BitCastOp::create(b, pairs, x),
                                      vector::BitCastOp::create(b, pairs, y));
}

RegisterBlock::RegisterBlock(Frame &frame, DotOp op, int64_t rows,
                             int64_t vectors, const ProductRows &place,
                             Value firstColumn)
    : frame(frame), b(frame.b), rows(rows), vectors(vectors), place(place),
      firstColumn(firstColumn), hasPairs(multipliesPairs(op)) {}

Value RegisterBlock::rowAt(const BlockRows &block, int64_t row) {
  return arith::AddIOp::create(b, block.first, frame.index(row));
}

Value RegisterBlock::columnAt(int64_t vector) {
  return arith::AddIOp::create(b, firstColumn,
                               frame.index(vector * frame.processor.lanes()));
}

SmallVector<Value> RegisterBlock::start() {
  SmallVector<Value> sums(rows * vectors, frame.splat(0));
  if (!place.acc)
    return sums;
  VectorType type = frame.vectorOf(b.getF32Type());
  for (auto [i, sum] : llvm::enumerate(sums))
    sum = vector::LoadOp::create(
        b, type, place.acc->memref,
        ValueRange{rowAt(*place.acc, i / vectors), columnAt(i % vectors)});
  return sums;
}

/// The word in every lane.
Value RegisterBlock::leftWord(int64_t row, Value step) {
  const BlockRows &left = place.left;
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
  return vector::BroadcastOp::create(b, frame.vectorOf(b.getI32Type()), word);
}

void RegisterBlock::multiply(Right right, Span steps) {
  auto loop =
      scf::ForOp::create(b, steps.first, steps.end, frame.index(1), start());
  {
    OpBuilder::InsertionGuard restore(b);
    b.setInsertionPointToStart(loop.getBody());
    Value step = loop.getInductionVar();
    SmallVector<Value> sums(loop.getRegionIterArgs());
    SmallVector<Value> words = right(step);
    for (int64_t row = 0; row < rows; ++row) {
      Value x = leftWord(row, step);
      for (int64_t i = 0; i < vectors; ++i) {
        Value &sum = sums[row * vectors + i];
        sum = emitMultiply(frame, hasPairs, x, words[i], sum);
      }
    }
    scf::YieldOp::create(b, sums);
  }
  for (auto [i, sum] : llvm::enumerate(loop.getResults()))
    vector::StoreOp::create(
        b, sum, place.result.memref,
        ValueRange{rowAt(place.result, i / vectors), columnAt(i % vectors)});
}
