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
  auto getLength = [&](Operation *op) -> Value {
    if (isa<QueryLengthOp>(op))
      return queryLength;
    return isa<KeyLengthOp>(op) ? keyLength : Value();
  };
  for (Operation &op : block.without_terminator()) {
    if (Value length = getLength(&op)) {
      mapping.map(op.getResult(0), length);
      continue;
    }
    // Lengths may be asked for deeper inside, too.
    builder.clone(op, mapping)->walk([&](Operation *nested) {
      if (Value length = getLength(nested)) {
        nested->getResult(0).replaceAllUsesWith(length);
        nested->erase();
      }
    });
  }
  SmallVector<Value> yielded;
  for (Value value : block.getTerminator()->getOperands())
    yielded.push_back(mapping.lookupOrDefault(value));
  return yielded;
}
