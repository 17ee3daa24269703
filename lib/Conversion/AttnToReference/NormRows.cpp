//===- NormRows.cpp - Norms as host loops ---------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %n = attn.norm layer %x
// becomes, for a row,
//   for d: sum += x[d]                   of layer only
//   for d: squares += (x[d] - sum / n)^2
//   for d: y[d] = (x[d] - sum / n) / sqrt(squares / n + eps) * scale * w[d] +
//   b[d]
//
//===----------------------------------------------------------------------===//

#include "RowMaps.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace attn;

namespace {

class NormRow : HostLoops {
public:
  NormRow(OpBuilder &builder, const RowMap &map, Numerics numerics)
      : HostLoops(builder, map.op->getLoc(),
                  cast<RowOp>(map.op).getOutputElement(), numerics),
        op(cast<NormOp>(map.op)), map(map) {}
  void build(const RowPlace &row, RowAccess access);

private:
  Value sum(function_ref<Value(Value)> term);
  Value meanOf(Value sum) {
    return make<arith::DivFOp>(sum, number(op.getFeatures()));
  }
  Value divisor(Value squares);
  Value factor(Value buffer, Value head, Value column);

  NormOp op;
  const RowMap &map;
};

} // namespace

Value NormRow::sum(function_ref<Value(Value)> term) {
  return fold(index(op.getFeatures()), number(0.0),
              [&](Value d, ValueRange soFar) -> SmallVector<Value> {
                return {make<arith::AddFOp>(soFar[0], term(d))};
              })[0];
}

/// What a row is divided by, of the sum of its squares.
Value NormRow::divisor(Value squares) {
  Value eps = number(op.getEpsOrDefault());
  if (op.getKind() == NormKind::L2)
    return make<arith::MaximumFOp>(make<math::SqrtOp>(squares), eps);
  return make<math::SqrtOp>(make<arith::AddFOp>(meanOf(squares), eps));
}

/// The element of a weight or a bias of [d], [H, d] or [H, 1].
Value NormRow::factor(Value buffer, Value head, Value column) {
  auto type = cast<MemRefType>(buffer.getType());
  if (type.getRank() == 1)
    return loadElement(buffer, column);
  if (type.getShape().back() == 1 && op.getFeatures() != 1)
    column = index(0);
  return loadElement(buffer, {head, column});
}

void NormRow::build(const RowPlace &row, RowAccess access) {
  Value mean;
  if (op.getKind() == NormKind::Layer)
    mean = meanOf(sum(access.load));
  auto centred = [&](Value d) -> Value {
    Value x = access.load(d);
    return mean ? make<arith::SubFOp>(x, mean) : x;
  };
  Value squares = sum([&](Value d) -> Value {
    Value x = centred(d);
    return make<arith::MulFOp>(x, x);
  });
  Value divided =
      make<arith::DivFOp>(number(op.getScaleOrDefault()), divisor(squares));
  forEach(index(op.getFeatures()), [&](Value d) {
    Value y = make<arith::MulFOp>(centred(d), divided);
    if (map.weight)
      y = make<arith::MulFOp>(y, factor(map.weight, row.head, d));
    if (map.bias)
      y = make<arith::AddFOp>(y, factor(map.bias, row.head, d));
    access.store(d, roundToElement(y));
  });
}

void attn::buildNormRow(OpBuilder &builder, const RowMap &map,
                        Numerics numerics, const RowPlace &row,
                        RowAccess access) {
  NormRow(builder, map, numerics).build(row, access);
}
