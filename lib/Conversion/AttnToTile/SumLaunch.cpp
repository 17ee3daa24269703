//===- SumLaunch.cpp - Launches in the place of sums ----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaunchModels.h"

#include "Host/Checks.h"
#include "Host/Grid.h"
#include "Host/Workspace.h"
#include "Kernels/Sum.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// A tensor of rank 0 as one of a single element.
static Value withDimension(HostBuilder &b, Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.getRank() > 0)
    return tensor;
  return tensor::ExpandShapeOp::create(b, type.clone({1}), tensor,
                                       ArrayRef<ReassociationIndices>());
}

/// Tiles of the last dimension, or of the one before it where that is a row's,
/// and what all other dimensions come to.
static LaunchTiles tilesOf(HostBuilder &b, SumOp op, ArrayRef<Value> dims,
                           int64_t rows) {
  Value last = b.constant(1), others = b.constant(1);
  for (Value dim : dims.drop_back(op.hasRows() ? 1 : 0)) {
    others = b.mul(others, last);
    last = dim;
  }
  return {b.ceilDiv(last, b.constant(rows)), others, b.constant(1)};
}

static Value launchSum(SumOp op, FunctionLowering &lowering) {
  HostBuilder b(op);
  emitShapeChecks(b, op, lowering);
  SmallVector<Value> dims;
  for (int64_t i = 0; i < op.getSumType().getRank(); ++i)
    dims.push_back(b.dim(op.getShaped(), i));
  KernelSchedule schedule = scheduleOf(op);
  LaunchTiles tiles = tilesOf(b, op, dims, schedule.getTileRows());
  emitGridChecks(b, tiles, /*hasOneDimension=*/true,
                 "a sum (" + lowering.nameOf(op.getShaped()) + ")");
  SumSignature signature;
  for (auto [number, addend] : llvm::enumerate(op.getAddends()))
    signature.addInput(addendArgument(number), withDimension(b, addend));
  signature.addInput(SumArgument::Blocks, tiles.blocks);
  signature.addInput(SumArgument::Others, tiles.heads);
  Value destination = emitDestination(b, op.getSumType(), dims);
  signature.addOutput(SumArgument::Output, withDimension(b, destination));
  KernelOp kernel = signature.createKernel(lowering, op, "_sum", schedule);
  emitSumKernel(kernel, op, signature);
  Value filled =
      signature.launch(b, kernel, emitLineGrid(b, tiles))[SumArgument::Output];
  if (op.getSumType().getRank() == 0)
    filled = tensor::CollapseShapeOp::create(b, filled,
                                             ArrayRef<ReassociationIndices>());
  return filled;
}

namespace {

struct SumLaunch : public LaunchableOp::ExternalModel<SumLaunch, SumOp> {
  void launch(Operation *op, FunctionLowering &lowering) const {
    auto sum = cast<SumOp>(op);
    lowering.replace(cast<OpResult>(sum.getOutput()), launchSum(sum, lowering));
  }
};

} // namespace

void attn::attachSumLaunch(MLIRContext *context) {
  SumOp::attachInterface<SumLaunch>(*context);
}
