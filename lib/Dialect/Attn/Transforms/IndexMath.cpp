//===- IndexMath.cpp - Index arithmetic of regions ------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IndexMath.h"

#include <algorithm>

using namespace mlir;
using namespace attn;

Block *attn::addRegionBlock(OpBuilder &builder, Location loc, Region &region,
                            TypeRange types) {
  SmallVector<Location> locs(types.size(), loc);
  return builder.createBlock(&region, region.begin(), types, locs);
}

CaptureOp attn::captureOfClause(OpBuilder &builder, AttentionOp op,
                                StringRef clause, Value tensor,
                                ValueRange indices) {
  op.getCapturesMutable().append(tensor);
  Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
  return CaptureOp::create(builder, op.getLoc(), element, tensor, indices,
                           builder.getStringAttr(clause));
}

Value attn::emitPosition(IndexMath &math, AttentionOp op, Value query) {
  CausalAttr causal = op.getCausalAttr();
  if (!causal)
    return query;
  if (causal.getKind() == CausalKind::BottomRight)
    return math.add(query, math.sub(math.keyLength(), math.queryLength()));
  constexpr int64_t kBound = SdpaOp::kMaxLength;
  return math.addConstant(query,
                          std::clamp(causal.getOffset(), -kBound, kBound));
}
