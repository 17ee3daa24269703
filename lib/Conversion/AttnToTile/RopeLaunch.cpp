//===- RopeLaunch.cpp - Launches in the place of rotations ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaunchModels.h"

#include "Host/Checks.h"
#include "Host/Workspace.h"
#include "Kernels/Rope.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// Launches a CTA for each block of rows of each head.
static void launchRope(RopeOp op, FunctionLowering &lowering) {
  HostBuilder b(op);
  emitShapeChecks(b, op, lowering);
  SmallVector<Value> dims;
  for (int64_t i = 0; i < SdpaOp::kRank; ++i)
    dims.push_back(b.dim(op.getInput(), i));
  KernelSchedule schedule = scheduleOf(op);
  Value blocks =
      b.ceilDiv(dims[op.lengthDim()], b.constant(schedule.getTileRows()));
  LaunchTiles tiles = {blocks, dims[op.headDim()], dims[op.batchDim()]};
  emitGridChecks(b, tiles, isFolded(tiles), lowering.nameOf(op.getInput()));
  TileGrid grid = emitTileGrid(b, tiles);
  RopeSignature signature;
  signature.addInput(RopeArgument::Input, op.getInput());
  signature.addInput(RopeArgument::Positions, op.getPositions());
  signature.addInput(RopeArgument::Offsets, op.getOffsets());
  signature.addInput(RopeArgument::Blocks, grid.blocks);
  signature.addInput(RopeArgument::Heads, grid.heads);
  signature.addOutput(RopeArgument::Output,
                      emitDestination(b, op.getOutput().getType(), dims));
  KernelOp kernel =
      signature.createKernel(lowering, op, /*suffix=*/"", schedule);
  emitRopeKernel(kernel, op, signature);
  NamedValues<RopeArgument> filled = signature.launch(b, kernel, grid.grid);
  lowering.replace(cast<OpResult>(op.getOutput()),
                   filled[RopeArgument::Output]);
}

namespace {

struct RopeLaunch : public LaunchableOp::ExternalModel<RopeLaunch, RopeOp> {
  void launch(Operation *op, FunctionLowering &lowering) const {
    launchRope(cast<RopeOp>(op), lowering);
  }
};

} // namespace

void attn::attachRopeLaunch(MLIRContext *context) {
  RopeOp::attachInterface<RopeLaunch>(*context);
}
