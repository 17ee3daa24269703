//===- GradSumsLaunch.cpp - Launches that add up sums ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GradSumsLaunch.h"

#include "Host/Grid.h"
#include "Kernels/GradSums.h"
#include "attn/Schedule/RowSchedules.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

Value attn::launchGradSums(HostBuilder &b, Operation *op,
                           FunctionLowering &lowering, const TensorReads &reads,
                           PartialSums sums, Value destination,
                           ValueRange sizes, StringRef suffix,
                           const Twine &what) {
  using Argument = GradSumsArgument;
  RowScheduleAttr schedule = gradSumsSchedule(op);
  Value last = b.constant(1), others = b.constant(1);
  for (Value size : sizes) {
    others = b.mul(others, last);
    last = size;
  }
  LaunchTiles tiles = {b.ceilDiv(last, b.constant(schedule.getTileRows())),
                       others, b.constant(1)};
  emitGridChecks(b, tiles, isFolded(tiles), what);
  TileGrid grid = emitTileGrid(b, tiles);
  GradSumsSignature signature;
  signature.addInput(Argument::Sums, sums.tensor);
  signature.addInput(Argument::Blocks, grid.blocks);
  signature.addInput(Argument::Heads, grid.heads);
  signature.addOutput(Argument::Gradient, destination);
  KernelOp kernel = signature.createKernel(lowering, op, suffix, schedule);
  emitGradSumsKernel(kernel, reads, signature, sums.endsInEntries);
  return signature.launch(b, kernel, grid.grid)[Argument::Gradient];
}
