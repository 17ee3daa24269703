//===- Workspace.cpp - What kernels fill ----------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Workspace.h"

using namespace mlir;
using namespace attn;

Value attn::emitDestination(HostBuilder &b, RankedTensorType type,
                            ValueRange dims) {
  SmallVector<Value> dynamic;
  for (auto [i, size] : llvm::enumerate(type.getShape()))
    if (ShapedType::isDynamic(size))
      dynamic.push_back(dims[i]);
  return tensor::EmptyOp::create(b, type, dynamic);
}

SdpaDestinations attn::emitDestinations(HostBuilder &b, SdpaOp op) {
  Value query = op.getQuery();
  Value batch = b.dim(query, op.batchDim());
  Value heads = b.dim(query, op.headDim());
  Value length = b.dim(query, op.lengthDim());
  SdpaDestinations destinations;
  if (!op.getOutput().use_empty()) {
    SmallVector<Value> dims(SdpaOp::kRank);
    dims[op.batchDim()] = batch;
    dims[op.headDim()] = heads;
    dims[op.lengthDim()] = length;
    destinations.output = emitDestination(b, op.getOutput().getType(), dims);
  }
  if (op.getLse() && !op.getLse().use_empty())
    destinations.lse =
        emitDestination(b, cast<RankedTensorType>(op.getLse().getType()),
                        {batch, heads, length});
  return destinations;
}

PartialResults attn::emitPartialResults(HostBuilder &b, SdpaOp op,
                                        Value splits) {
  Value isOne = b.compare(arith::CmpIPredicate::eq, splits, b.constant(1));
  Value count = b.createOrFold<arith::SelectOp>(isOne, b.constant(0), splits);
  Value query = op.getQuery();
  SmallVector<OpFoldResult> sizes = {
      getAsOpFoldResult(b.mul(count, b.dim(query, op.batchDim()))),
      getAsOpFoldResult(b.dim(query, op.headDim())),
      getAsOpFoldResult(b.dim(query, op.lengthDim()))};
  auto make = [&]() -> Value {
    return tensor::EmptyOp::create(b, sizes, b.getF32Type());
  };
  PartialResults parts;
  parts.max = make();
  parts.sums = make();
  sizes.push_back(b.getIndexAttr(op.getHeadDimV()));
  if (!op.getOutput().use_empty())
    parts.acc = make();
  return parts;
}
