//===- WidenProducts.cpp - Products that a processor lacks ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "WidenProducts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// The tile in f32: converted once, right behind its definition, for all
/// products that read it.
static Value widened(Value tile, DenseMap<Value, Value> &known) {
  Value &wide = known[tile];
  if (wide)
    return wide;
  OpBuilder b(tile.getContext());
  b.setInsertionPointAfterValue(tile);
  auto type = cast<RankedTensorType>(tile.getType());
  wide =
      arith::ExtFOp::create(b, tile.getLoc(), type.clone(b.getF32Type()), tile);
  return wide;
}

void tile::widenProducts(KernelOp kernel, const ProcessorDesc &processor) {
  DenseMap<Value, Value> known;
  kernel.walk([&](DotOp op) {
    Type element = getElementTypeOrSelf(op.getB());
    if (element.isF32() || (element.isBF16() && processor.hasBF16Dot))
      return;
    op.getAMutable().assign(widened(op.getA(), known));
    op.getBMutable().assign(widened(op.getB(), known));
  });
}
