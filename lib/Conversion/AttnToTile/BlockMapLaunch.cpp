//===- BlockMapLaunch.cpp - Launches that list key tiles ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BlockMapLaunch.h"

#include "Host/Checks.h"
#include "Host/Grid.h"
#include "Index/BlockLists.h"
#include "Kernels/BlockMap.h"
#include "attn/Schedule/RowSchedules.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

/// The numbers of tiles of one attention. Entries and heads are 1 where the
/// predicate does not depend on them.
struct BlockCounts {
  Value entries, heads, queryTiles, keyTiles;
};

} // namespace

static BlockCounts countBlocks(HostBuilder &b, SdpaOp op,
                               ScheduleAttr schedule) {
  Value query = op.getQuery(), key = op.getKey();
  auto orOne = [&](bool depends, int64_t dim) {
    return depends ? b.dim(query, dim) : b.constant(1);
  };
  return {orOne(keepDependsOnBatch(op), op.batchDim()),
          orOne(keepDependsOnHead(op), op.headDim()),
          b.ceilDiv(b.dim(query, op.lengthDim()),
                    b.constant(schedule.getQueries())),
          b.ceilDiv(b.dim(key, op.lengthDim()), b.constant(schedule.getKv()))};
}

static Value emptyMap(HostBuilder &b, const BlockCounts &counts,
                      int64_t beside) {
  Value last =
      b.createOrFold<arith::AddIOp>(counts.keyTiles, b.constant(beside));
  SmallVector<OpFoldResult> sizes = getAsOpFoldResult(
      {counts.entries, counts.heads, counts.queryTiles, last});
  return tensor::EmptyOp::create(b, sizes, b.getI32Type());
}

static Value launchClasses(HostBuilder &b, SdpaOp op,
                           FunctionLowering &lowering, ScheduleAttr schedule,
                           const BlockCounts &counts) {
  using Argument = BlockClassesArgument;
  LaunchTiles tiles = {b.mul(counts.queryTiles, counts.keyTiles), counts.heads,
                       counts.entries};
  emitGridChecks(b, tiles, isFolded(tiles),
                 "pairs of tiles of queries and keys");
  TileGrid grid = emitTileGrid(b, tiles);
  BlockClassesSignature signature;
  signature.addInput(Argument::QueryLength,
                     b.dim(op.getQuery(), op.lengthDim()));
  signature.addInput(Argument::KeyLength, b.dim(op.getKey(), op.lengthDim()));
  signature.addInput(Argument::KeyTiles, b.atLeastOne(counts.keyTiles));
  signature.addInput(Argument::Blocks, grid.blocks);
  signature.addInput(Argument::Heads, grid.heads);
  for (auto [i, capture] : llvm::enumerate(op.getCaptures()))
    signature.addInput(blockCaptureArgument(i), capture);
  signature.addOutput(Argument::Classes, emptyMap(b, counts, /*beside=*/0));
  KernelOp kernel = signature.createKernel(lowering, op, "_block_classes",
                                           blockMapSchedule(op));
  emitBlockClassesKernel(kernel, op, schedule, signature);
  return signature.launch(b, kernel, grid.grid)[Argument::Classes];
}

Value attn::launchBlockMap(HostBuilder &b, SdpaOp op,
                           FunctionLowering &lowering, ScheduleAttr schedule) {
  using Argument = BlockListsArgument;
  BlockCounts counts = countBlocks(b, op, schedule);
  Value classes = launchClasses(b, op, lowering, schedule, counts);
  LaunchTiles tiles = {counts.queryTiles, counts.heads, counts.entries};
  TileGrid grid = emitTileGrid(b, tiles);
  BlockListsSignature signature;
  signature.addInput(Argument::KeyTiles, counts.keyTiles);
  signature.addInput(Argument::Blocks, grid.blocks);
  signature.addInput(Argument::Heads, grid.heads);
  signature.addInput(Argument::Classes, classes);
  signature.addOutput(Argument::Lists, emptyMap(b, counts, kBlockCounts));
  KernelOp kernel = signature.createKernel(lowering, op, "_block_lists",
                                           blockMapSchedule(op));
  emitBlockListsKernel(kernel, signature);
  return signature.launch(b, kernel, grid.grid)[Argument::Lists];
}
