//===- NaiveSum.cpp - Sums of tensors as host loops -----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NaiveSum.h"

using namespace mlir;
using namespace attn;

namespace {

class NaiveSum : HostLoops {
public:
  NaiveSum(OpBuilder &builder, SumOp op, ArrayRef<Value> addends, Value output,
           Numerics numerics)
      : HostLoops(builder, op.getLoc(),
                  cast<FloatType>(op.getSumType().getElementType()), numerics),
        addends(addends), output(output), rank(op.getSumType().getRank()) {}

  void build(Value begin, Value end);

private:
  Value dim(int64_t i) { return make<memref::DimOp>(output, i); }
  void buildElement(ArrayRef<Value> at);

  ArrayRef<Value> addends;
  Value output;
  int64_t rank;
};

} // namespace

void NaiveSum::buildElement(ArrayRef<Value> at) {
  Value sum = number(0.0);
  for (Value addend : addends)
    sum = make<arith::AddFOp>(sum, loadElement(addend, at));
  memref::StoreOp::create(builder, loc, toDouble(roundToElement(sum)), output,
                          at);
}

/// Rows are numbered with the last of their dimensions fastest.
void NaiveSum::build(Value begin, Value end) {
  Value rows = index(1);
  for (int64_t i = 0; i + 1 < rank; ++i)
    rows = make<arith::MulIOp>(rows, dim(i));
  forEach(begin, make<arith::MinSIOp>(end, rows), [&](Value number) {
    if (rank == 0)
      return buildElement({});
    SmallVector<Value> at(rank);
    for (int64_t i = rank - 1; i-- > 0;) {
      at[i] = make<arith::RemUIOp>(number, dim(i));
      number = make<arith::DivUIOp>(number, dim(i));
    }
    forEach(dim(rank - 1), [&](Value last) {
      at.back() = last;
      buildElement(at);
    });
  });
}

void attn::buildNaiveSum(OpBuilder &builder, SumOp op, ArrayRef<Value> addends,
                         Value output, Numerics numerics, Value begin,
                         Value end) {
  NaiveSum(builder, op, addends, output, numerics).build(begin, end);
}
