//===- RegionUtils.cpp - Inlining the regions of attn.sdpa ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Transforms/RegionUtils.h"
#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace attn;

SmallVector<Value> attn::inlineMaskRegion(OpBuilder &builder, Region &region,
                                          ValueRange arguments,
                                          Value queryLength, Value keyLength) {
  Block &block = region.front();
  IRMapping mapping;
  mapping.map(block.getArguments(), arguments);
  // Lengths may be asked for at any depth, so map them before cloning.
  region.walk([&](Operation *op) {
    if (isa<QueryLengthOp>(op))
      mapping.map(op->getResult(0), queryLength);
    else if (isa<KeyLengthOp>(op))
      mapping.map(op->getResult(0), keyLength);
  });
  for (Operation &op : block.without_terminator())
    if (!isa<QueryLengthOp, KeyLengthOp>(op))
      builder.clone(op, mapping)->walk([](Operation *nested) {
        if (isa<QueryLengthOp, KeyLengthOp>(nested))
          nested->erase();
      });
  SmallVector<Value> yielded;
  for (Value value : block.getTerminator()->getOperands())
    yielded.push_back(mapping.lookupOrDefault(value));
  return yielded;
}
