//===- RowLaunch.cpp - Launches in the place of operations on rows --------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowLaunch.h"

#include "Host/Checks.h"
#include "Host/Workspace.h"
#include "Kernels/Rows.h"
#include "LaunchModels.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

static void addSides(RowSignature &signature, const RowChain &chain) {
  for (auto [number, op] : llvm::enumerate(chain.ops)) {
    auto [first, second] = sideOperands(op);
    signature.addInput(rowArgument(number, 0), first);
    signature.addInput(rowArgument(number, 1), second);
  }
}

Value attn::launchRows(Operation *before, const RowChain &chain,
                       FunctionLowering &lowering, StringRef suffix) {
  HostBuilder b(before);
  RowOp op = chain.ops.back();
  emitShapeChecks(b, chain, lowering);
  SmallVector<Value> dims;
  for (int64_t i = 0; i < SdpaOp::kRank; ++i)
    dims.push_back(b.dim(chain.source, i));
  KernelSchedule schedule = scheduleOf(op);
  Value blocks =
      b.ceilDiv(dims[op.lengthDim()], b.constant(schedule.getTileRows()));
  LaunchTiles tiles = {blocks, dims[op.headDim()], dims[op.batchDim()]};
  emitGridChecks(b, tiles, isFolded(tiles), lowering.nameOf(chain.source));
  TileGrid grid = emitTileGrid(b, tiles);
  RowSignature signature;
  signature.addInput(RowArgument::Input, chain.source);
  addSides(signature, chain);
  signature.addInput(RowArgument::Blocks, grid.blocks);
  signature.addInput(RowArgument::Heads, grid.heads);
  auto type = cast<RankedTensorType>(op.getOutput().getType());
  signature.addOutput(RowArgument::Output, emitDestination(b, type, dims));
  KernelOp kernel = signature.createKernel(lowering, op, suffix, schedule);
  emitRowKernel(kernel, chain, signature);
  return signature.launch(b, kernel, grid.grid)[RowArgument::Output];
}

namespace {

template <typename OpT>
struct RowLaunch : LaunchableOp::ExternalModel<RowLaunch<OpT>, OpT> {
  void launch(Operation *op, FunctionLowering &lowering) const {
    auto rows = cast<RowOp>(op);
    RowChain chain = RowChain::of(rows.getInput());
    chain.ops.push_back(rows);
    Value filled = launchRows(op, chain, lowering, /*suffix=*/"");
    lowering.replace(cast<OpResult>(rows.getOutput()), filled);
  }
};

} // namespace

void attn::attachRowLaunches(MLIRContext *context) {
  RopeOp::attachInterface<RowLaunch<RopeOp>>(*context);
  NormOp::attachInterface<RowLaunch<NormOp>>(*context);
}
