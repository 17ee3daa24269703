//===- RowMaps.cpp - Chains of operations on rows as host loops -----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %n = attn.norm rms %x
//   %r = attn.rope %n
// becomes
//   for row in [begin, end):
//     n = norm of x[row]
//     r[row] = rotation of n
//
//===----------------------------------------------------------------------===//

#include "RowMaps.h"

using namespace mlir;
using namespace attn;

ChainRows::ChainRows(OpBuilder &builder, const RowChain &chain,
                     Numerics numerics)
    : HostLoops(builder, chain.maps.back().op->getLoc(),
                cast<RowOp>(chain.maps.back().op).getOutputElement(), numerics),
      chain(chain) {
  for (const RowMap &map : ArrayRef(chain.maps).drop_back())
    rows.push_back(scratch(cast<RowOp>(map.op).getFeatures()));
}

void ChainRows::build(ArrayRef<Value> indices,
                      function_ref<void(Value, Value)> store) {
  auto loadFirst = [&](Value feature) {
    SmallVector<Value> place(indices);
    place.push_back(feature);
    return loadElement(chain.buffer, place);
  };
  for (auto [number, map] : llvm::enumerate(chain.maps)) {
    auto loadRow = [&](Value feature) {
      return make<memref::LoadOp>(rows[number - 1], feature);
    };
    auto storeRow = [&](Value feature, Value element) {
      memref::StoreOp::create(builder, loc, element, rows[number], feature);
    };
    RowAccess access = {loadFirst, store};
    if (number != 0)
      access.load = loadRow;
    if (number + 1 != chain.maps.size())
      access.store = storeRow;
    auto op = cast<RowOp>(map.op);
    RowPlace place = {indices[op.batchDim()], indices[op.headDim()],
                      indices[op.lengthDim()]};
    auto build = isa<RopeOp>(map.op) ? buildRopeRow : buildNormRow;
    build(builder, map, numerics, place, access);
  }
}

void ChainRows::buildAll(Value output, Value begin, Value end) {
  auto op = cast<RowOp>(chain.maps.back().op);
  auto dim = [&](int64_t i) { return make<memref::DimOp>(chain.buffer, i); };
  Value heads = dim(op.headDim()), length = dim(op.lengthDim());
  Value rows = make<arith::MulIOp>(
      make<arith::MulIOp>(dim(op.batchDim()), heads), length);
  forEach(begin, make<arith::MinSIOp>(end, rows), [&](Value number) {
    Value strip = make<arith::DivUIOp>(number, length);
    SmallVector<Value> indices(SdpaOp::kRank - 1);
    indices[op.batchDim()] = make<arith::DivUIOp>(strip, heads);
    indices[op.headDim()] = make<arith::RemUIOp>(strip, heads);
    indices[op.lengthDim()] = make<arith::RemUIOp>(number, length);
    build(indices, [&](Value feature, Value element) {
      SmallVector<Value> place(indices);
      place.push_back(feature);
      memref::StoreOp::create(builder, loc, toDouble(element), output, place);
    });
  });
}

/// Of an element: three for each that is rotated, and in a norm a square, its
/// sum, the product with the divisor and that with the weight. `layer` also
/// sums elements, subtracts the mean and adds the bias.
static double flopsOfRow(RowOp op) {
  if (auto rope = dyn_cast<RopeOp>(op.getOperation()))
    return 3.0 * rope.getRotaryDimsOrDefault();
  bool isLayer = cast<NormOp>(op.getOperation()).getKind() == NormKind::Layer;
  return (isLayer ? 7.0 : 4.0) * op.getFeatures();
}

Value attn::buildRowFlops(OpBuilder &builder, const RowChain &chain) {
  auto op = cast<RowOp>(chain.maps.back().op);
  Location loc = op.getLoc();
  Value flops = arith::ConstantOp::create(
      builder, loc, builder.getF64FloatAttr(flopsOfRow(op)));
  for (int64_t i = 0; i + 1 < SdpaOp::kRank; ++i) {
    Value size = memref::DimOp::create(builder, loc, chain.buffer, i);
    size = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), size);
    size = arith::SIToFPOp::create(builder, loc, builder.getF64Type(), size);
    flops = arith::MulFOp::create(builder, loc, flops, size);
  }
  return flops;
}
