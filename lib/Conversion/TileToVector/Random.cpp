//===- Random.cpp - Random bits in vectors --------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Four calls of Philox have the bits of a block of 32 keys. As the elements of
// a vector, their words n are, half by half, those of 8 keys that follow one
// another: nothing is moved. A vector has as many blocks as it has room for.
//
//===----------------------------------------------------------------------===//
#include "Random.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <numeric>

using namespace mlir;
using namespace attn;
using namespace attn::tile;

static constexpr int64_t kCallsOfBlock = 4;
/// Neighbouring keys whose bits are in the same words.
static constexpr int64_t kKeysOfWord = kRandomBlock / kCallsOfBlock;

static Value broadcast(Frame &frame, VectorType type, Value number) {
  if (isa<VectorType>(number.getType()))
    return number;
  return vector::BroadcastOp::create(frame.b, type, number);
}

Value tile::emitRandomEach(Frame &frame, const PhiloxKey &key,
                           const RandomPlace &place) {
  ImplicitLocOpBuilder &b = frame.b;
  Location loc = b.getLoc();
  VectorType type;
  for (Value index : {place.batch, place.head, place.query, place.key})
    if (auto vector = dyn_cast<VectorType>(index.getType()))
      type = vector;
  auto alike = [&](Value number) {
    return type ? broadcast(frame, type, number) : number;
  };
  Value number = alike(place.key);
  PhiloxWords words =
      emitPhilox(b, loc,
                 {emitRandomCounter(b, loc, number), alike(place.query),
                  alike(place.head), alike(place.batch)},
                 {alike(key[0]), alike(key[1])});
  return emitRandomBits(b, loc, words, number);
}

int64_t tile::columnsDrawnTogether(Frame &frame, int64_t columns,
                                   int64_t counted) {
  int64_t lanes = frame.processor.lanes();
  if (counted % kRandomBlock != 0 || lanes % kCallsOfBlock != 0 ||
      kRandomBlock % lanes != 0)
    return 0;
  int64_t most = lanes / kCallsOfBlock * kRandomBlock;
  int64_t together = std::gcd(columns, most);
  return together % kRandomBlock == 0 ? together : 0;
}

/// The calls of blocks that follow one another, one in each lane.
static PhiloxWords emitCalls(Frame &frame, const PhiloxKey &key,
                             const RandomPlace &place, int64_t calls) {
  ImplicitLocOpBuilder &b = frame.b;
  Location loc = b.getLoc();
  auto type = VectorType::get(calls, b.getI32Type());
  SmallVector<Attribute> numbers;
  for (int64_t i = 0; i < calls; ++i)
    numbers.push_back(b.getI32IntegerAttr(i));
  Value lane =
      arith::ConstantOp::create(b, DenseElementsAttr::get(type, numbers));
  Value first = broadcast(frame, type, emitRandomCounter(b, loc, place.key));
  auto alike = [&](Value number) { return broadcast(frame, type, number); };
  return emitPhilox(b, loc,
                    {arith::AddIOp::create(b, first, lane), alike(place.query),
                     alike(place.head), alike(place.batch)},
                    {alike(key[0]), alike(key[1])});
}

SmallVector<Value> tile::emitRandomRun(Frame &frame, const PhiloxKey &key,
                                       const RandomPlace &place,
                                       int64_t columns) {
  ImplicitLocOpBuilder &b = frame.b;
  int64_t calls = columns / kKeysOfWord, lanes = frame.processor.lanes();
  SmallVector<Value> halves;
  for (Value word : emitCalls(frame, key, place, calls))
    halves.push_back(vector::BitCastOp::create(
        b, VectorType::get(2 * calls, b.getIntegerType(16)), word));
  SmallVector<Value> vectors;
  for (int64_t column = 0; column < columns; column += lanes) {
    // Of the words that have the vector's keys, one behind the other.
    int64_t first = column / kRandomBlock * kKeysOfWord;
    SmallVector<int64_t> order;
    int64_t word = column % kRandomBlock / kKeysOfWord;
    for (int64_t i = 0; i < lanes; ++i) {
      bool isOfNext = i >= kKeysOfWord;
      order.push_back(first + i % kKeysOfWord + (isOfNext ? 2 * calls : 0));
    }
    Value next = halves[lanes > kKeysOfWord ? word + 1 : word];
    if (lanes < kKeysOfWord)
      for (int64_t &place : order)
        place += column % kKeysOfWord;
    Value bits = vector::ShuffleOp::create(b, halves[word], next, order);
    vectors.push_back(
        arith::ExtUIOp::create(b, frame.vectorOf(b.getI32Type()), bits));
  }
  return vectors;
}
