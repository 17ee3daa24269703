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
