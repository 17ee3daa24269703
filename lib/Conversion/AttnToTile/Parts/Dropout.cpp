//===- Dropout.cpp - Weights that are dropped at random -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Seed and offset are read from memory by the kernel: launches may be recorded,
// and replayed with other numbers.
//
//===----------------------------------------------------------------------===//

#include "Dropout.h"

#include "attn/Dialect/Tile/IR/Philox.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// The low and the high word of a number in memory.
static std::array<Value, 2> loadWords(TileBuilder &b, Value memory) {
  Value number = b.element(memory, ValueRange());
  Value half = arith::ConstantIntOp::create(b, 32, 64);
  Value high = arith::ShRUIOp::create(b, number, half);
  return {arith::TruncIOp::create(b, b.getI32Type(), number),
          arith::TruncIOp::create(b, b.getI32Type(), high)};
}

Dropout::Dropout(TileBuilder &b, AttentionOp op, Value seed, Value offset)
    : b(b), threshold(op.getDropThreshold()) {
  if (!dropsAny())
    return;
  auto [low, high] = loadWords(b, offset);
  Value zero = arith::ConstantIntOp::create(b, 0, 32);
  PhiloxWords words =
      emitPhilox(b, b.getLoc(), {low, high, zero, zero}, loadWords(b, seed));
  key[0] = words[0];
  key[1] = words[1];
}

Value Dropout::emit(Value weights, const WeightPlaces &places,
                    int64_t counted) {
  if (!dropsAny())
    return weights;
  auto type = cast<RankedTensorType>(weights.getType());
  RankedTensorType bitsType = type.clone(b.getI32Type());
  Value bits = RandomOp::create(
      b, bitsType, key[0], key[1],
      ValueRange{places.batch, places.head, places.query, places.key}, counted);
  Value isLeft = arith::CmpIOp::create(
      b, arith::CmpIPredicate::uge, bits,
      b.constant(bitsType, b.getI32IntegerAttr(threshold)));
  return arith::SelectOp::create(
      b, isLeft, weights, b.splat(0, type.getDimSize(0), type.getDimSize(1)));
}
