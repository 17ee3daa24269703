//===- RegionUtils.cpp - Inlining the regions of attn.sdpa ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Transforms/RegionUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace attn;

/// Constants may stand outside of the region, even in another function than the
/// one that the region is copied to.
static void copyConstants(OpBuilder &builder, Region &region, Operation &op,
                          IRMapping &mapping) {
  for (Value operand : op.getOperands())
    if (!region.isAncestor(operand.getParentRegion()) &&
        !mapping.contains(operand) && matchPattern(operand, m_Constant()))
      builder.clone(*operand.getDefiningOp(), mapping);
}

SmallVector<Value> attn::inlineMaskRegion(OpBuilder &builder, Region &region,
                                          ValueRange arguments,
                                          Value queryLength, Value keyLength,
                                          CaptureReader readCapture) {
  Block &block = region.front();
  IRMapping mapping;
  mapping.map(block.getArguments(), arguments);
  auto lookup = [&](Value value) { return mapping.lookupOrDefault(value); };
  for (Operation &op : block) {
    copyConstants(builder, region, op, mapping);
    auto capture = dyn_cast<CaptureOp>(op);
    if (isa<QueryLengthOp>(op))
      mapping.map(op.getResult(0), queryLength);
    else if (isa<KeyLengthOp>(op))
      mapping.map(op.getResult(0), keyLength);
    else if (capture && readCapture)
      mapping.map(capture.getResult(),
                  readCapture(capture, llvm::map_to_vector(capture.getIndices(),
                                                           lookup)));
    else if (!isa<YieldOp>(op))
      builder.clone(op, mapping);
  }
  return llvm::map_to_vector(block.getTerminator()->getOperands(), lookup);
}

void attn::guardDivisor(OpBuilder &builder, Operation *op) {
  if (!isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
           arith::FloorDivSIOp, arith::CeilDivSIOp, arith::CeilDivUIOp>(op))
    return;
  Value divisor = op->getOperand(1);
  APInt constant;
  if (matchPattern(divisor, m_ConstantInt(&constant)) && !constant.isZero())
    return;
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPoint(op);
  auto number = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(
        builder, op->getLoc(),
        builder.getIntegerAttr(divisor.getType(), value));
  };
  Value isZero = arith::CmpIOp::create(
      builder, op->getLoc(), arith::CmpIPredicate::eq, divisor, number(0));
  op->setOperand(1, arith::SelectOp::create(builder, op->getLoc(), isZero,
                                            number(1), divisor));
}
