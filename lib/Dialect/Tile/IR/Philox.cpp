//===- Philox.cpp - Random bits from counters -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/IR/Philox.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace attn::tile;

static constexpr uint32_t kMultipliers[] = {0xD2511F53, 0xCD9E8D57};
static constexpr uint32_t kKeySteps[] = {0x9E3779B9, 0xBB67AE85};
static constexpr int kRounds = 10;

/// A constant of the type of `like`.
static Value constant(OpBuilder &builder, Location loc, Value like,
                      uint32_t value) {
  TypedAttr attr = builder.getI32IntegerAttr(static_cast<int32_t>(value));
  if (auto vector = dyn_cast<VectorType>(like.getType()))
    attr = DenseElementsAttr::get(vector, Attribute(attr));
  return arith::ConstantOp::create(builder, loc, attr);
}

PhiloxWords attn::tile::emitPhilox(OpBuilder &builder, Location loc,
                                   PhiloxWords counter, PhiloxKey key) {
  auto exclusiveOr = [&](Value a, Value b) -> Value {
    return arith::XOrIOp::create(builder, loc, a, b);
  };
  auto multiply = [&](int which) {
    Value factor = counter[2 * which];
    return arith::MulUIExtendedOp::create(
        builder, loc, factor,
        constant(builder, loc, factor, kMultipliers[which]));
  };
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; round > 0 && i < 2; ++i)
      key[i] = arith::AddIOp::create(
          builder, loc, key[i], constant(builder, loc, key[i], kKeySteps[i]));
    auto first = multiply(0), second = multiply(1);
    counter = {exclusiveOr(exclusiveOr(second.getHigh(), counter[1]), key[0]),
               second.getLow(),
               exclusiveOr(exclusiveOr(first.getHigh(), counter[3]), key[1]),
               first.getLow()};
  }
  return counter;
}

// Key j = 32 a + 8 n + 2 c + e has half e of word n of the call 4 a + c. So one
// call has the bits of what a thread holds of a row's 32 columns in the
// accumulators of an MMA, and word n of four calls, as a vector, those of 8
// keys that follow one another.

Value attn::tile::emitRandomCounter(OpBuilder &builder, Location loc,
                                    Value key) {
  auto number = [&](uint32_t value) {
    return constant(builder, loc, key, value);
  };
  Value block = arith::ShRUIOp::create(builder, loc, key, number(5));
  Value pair = arith::ShRUIOp::create(builder, loc, key, number(1));
  pair = arith::AndIOp::create(builder, loc, pair, number(3));
  block = arith::ShLIOp::create(builder, loc, block, number(2));
  return arith::OrIOp::create(builder, loc, block, pair);
}

Value attn::tile::emitRandomBits(OpBuilder &builder, Location loc,
                                 PhiloxWords words, Value key) {
  auto number = [&](uint32_t value) {
    return constant(builder, loc, key, value);
  };
  auto hasBit = [&](uint32_t bit) -> Value {
    Value masked = arith::AndIOp::create(builder, loc, key, number(bit));
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, masked,
                                 number(0));
  };
  auto choose = [&](Value condition, Value yes, Value no) -> Value {
    return arith::SelectOp::create(builder, loc, condition, yes, no);
  };
  Value isOdd = hasBit(8);
  Value word = choose(hasBit(16), choose(isOdd, words[3], words[2]),
                      choose(isOdd, words[1], words[0]));
  return choose(hasBit(1), emitHalf(builder, loc, word, /*isHigh=*/true),
                emitHalf(builder, loc, word, /*isHigh=*/false));
}

Value attn::tile::emitHalf(OpBuilder &builder, Location loc, Value word,
                           bool isHigh) {
  if (isHigh)
    return arith::ShRUIOp::create(builder, loc, word,
                                  constant(builder, loc, word, 16));
  return arith::AndIOp::create(builder, loc, word,
                               constant(builder, loc, word, 0xFFFF));
}
