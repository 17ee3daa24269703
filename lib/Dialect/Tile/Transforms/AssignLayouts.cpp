//===- AssignLayouts.cpp - Which thread holds which element ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %p = arith.truncf %e : tensor<64x64xf32> to tensor<64x64xbf16>
//   %o = tile.dot %p, %v, %acc
// =>
//   %p = arith.truncf %e : tensor<…, #tile.accumulator<…>> to …
//   %a = tile.convert_layout %p : … -> tensor<64x64xbf16, #tile.operand_a<…>>
//   %o = tile.dot %a, %v, %acc
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/Transforms/Passes.h"

namespace attn::tile {
#define GEN_PASS_DEF_ASSIGNLAYOUTS
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn::tile;

namespace {

struct AssignLayouts
    : public attn::tile::impl::AssignLayoutsBase<AssignLayouts> {
  void runOnOperation() override;
};

} // namespace

static bool needsLayout(Type type) {
  auto tile = dyn_cast<RankedTensorType>(type);
  return tile && !tile.getEncoding();
}

static LogicalResult assign(Value value, Attribute layout) {
  auto tile = cast<RankedTensorType>(value.getType());
  auto emitError = [&] {
    return mlir::emitError(value.getLoc()) << "tile " << tile << ": ";
  };
  if (failed(cast<VerifiableTensorEncoding>(layout).verifyEncoding(
          tile.getShape(), tile.getElementType(), emitError)))
    return failure();
  auto type = tile.cloneWithEncoding(layout);
  value.setType(type);
  if (auto constant = value.getDefiningOp<arith::ConstantOp>())
    constant.setValueAttr(
        cast<DenseElementsAttr>(constant.getValue()).reshape(type));
  return success();
}

/// Gives left operands of dots, where they are values, the layout that an MMA
/// wants. Fragments are made in that layout.
static LogicalResult convertLeftOperand(DotOp dot, Attribute layout) {
  auto tile = dyn_cast<RankedTensorType>(dot.getA().getType());
  if (!tile || tile.getEncoding() == layout)
    return success();
  if (dot.getA().getDefiningOp<FragmentOp>())
    return assign(dot.getA(), layout);
  OpBuilder builder(dot);
  dot.getAMutable().assign(
      ConvertLayoutOp::create(builder, dot.getLoc(),
                              tile.cloneWithEncoding(layout), dot.getA()));
  return success();
}

void AssignLayouts::runOnOperation() {
  int64_t warps = getOperation().getSchedule().getWarps();
  auto accumulator = AccumulatorAttr::get(&getContext(), warps);
  auto operandA = OperandAAttr::get(&getContext(), warps);

  WalkResult result = getOperation().walk([&](DotOp dot) {
    return WalkResult(convertLeftOperand(dot, operandA));
  });
  if (result.wasInterrupted())
    return signalPassFailure();

  result = getOperation().walk([&](Operation *op) {
    for (Value value : op->getResults())
      if (needsLayout(value.getType()) && failed(assign(value, accumulator)))
        return WalkResult::interrupt();
    for (Region &region : op->getRegions())
      for (Value argument : region.getArguments())
        if (needsLayout(argument.getType()) &&
            failed(assign(argument, accumulator)))
          return WalkResult::interrupt();
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    signalPassFailure();
}
