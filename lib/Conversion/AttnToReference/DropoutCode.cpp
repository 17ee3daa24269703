//===- DropoutCode.cpp - Dropout as host code -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Philox4x32-10 as a loop over its rounds, in integers of 64 bits that hold
// words of 32: a product is exact, and its halves are taken from it.
//
//===----------------------------------------------------------------------===//

#include "DropoutCode.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace attn;

int64_t DropoutCode::threshold() {
  if (!op.getDropout())
    return 0;
  double scaled = op.getDropout()->convertToDouble() * 65536;
  return std::min<int64_t>(std::floor(scaled + 0.5), 65535);
}

Value DropoutCode::wide(int64_t value) {
  return make<arith::ConstantOp>(builder.getI64IntegerAttr(value));
}

Value DropoutCode::lowWord(Value number) {
  return make<arith::AndIOp>(number, wide(0xFFFFFFFF));
}

Value DropoutCode::highWord(Value number) {
  return make<arith::ShRUIOp>(number, wide(32));
}

DropoutCode::Words DropoutCode::philox(Words counter, Words key) {
  constexpr int64_t kRounds = 10;
  Words state(counter);
  llvm::append_range(state, key);
  auto results = fold(
      index(kRounds), state, [&](Value, ValueRange s) -> SmallVector<Value> {
        Value a = make<arith::MulIOp>(s[0], wide(0xD2511F53));
        Value b = make<arith::MulIOp>(s[2], wide(0xCD9E8D57));
        auto mixed = [&](Value product, Value word, Value ofKey) -> Value {
          Value x = make<arith::XOrIOp>(highWord(product), word);
          return make<arith::XOrIOp>(x, ofKey);
        };
        auto next = [&](Value ofKey, int64_t step) {
          return lowWord(make<arith::AddIOp>(ofKey, wide(step)));
        };
        return {mixed(b, s[1], s[4]),   lowWord(b),
                mixed(a, s[3], s[5]),   lowWord(a),
                next(s[4], 0x9E3779B9), next(s[5], 0xBB67AE85)};
      });
  return Words(results.begin(), results.begin() + 4);
}

void DropoutCode::start(Value seed, Value offset) {
  Value ofSeed = make<memref::LoadOp>(seed, ValueRange());
  Value ofOffset = make<memref::LoadOp>(offset, ValueRange());
  key = philox({lowWord(ofOffset), highWord(ofOffset), wide(0), wide(0)},
               {lowWord(ofSeed), highWord(ofSeed)});
  key.resize(2);
}

Value DropoutCode::isDropped(Value batch, Value head, Value query, Value j) {
  auto number = [&](Value i) {
    return make<arith::IndexCastOp>(builder.getI64Type(), i);
  };
  auto bits = [&](Value of, int64_t shift, int64_t mask) -> Value {
    return make<arith::AndIOp>(make<arith::ShRUIOp>(of, wide(shift)),
                               wide(mask));
  };
  Value at = number(j);
  Value call = make<arith::AddIOp>(
      make<arith::MulIOp>(make<arith::ShRUIOp>(at, wide(5)), wide(4)),
      bits(at, 1, 3));
  Words words = philox({call, number(query), number(head), number(batch)}, key);
  Value which = bits(at, 3, 3), word = words[0];
  for (int64_t n = 1; n < 4; ++n)
    word = make<arith::SelectOp>(
        make<arith::CmpIOp>(arith::CmpIPredicate::eq, which, wide(n)), words[n],
        word);
  Value shift = make<arith::MulIOp>(bits(at, 0, 1), wide(16));
  Value drawn =
      make<arith::AndIOp>(make<arith::ShRUIOp>(word, shift), wide(0xFFFF));
  return make<arith::CmpIOp>(arith::CmpIPredicate::ult, drawn,
                             wide(threshold()));
}
