//===- SdpaLaunch.cpp - Launches in the place of attention ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaunchModels.h"

#include "Host/Checks.h"
#include "Host/Grid.h"
#include "Host/HeadGroups.h"
#include "Host/Splits.h"
#include "Host/Workspace.h"
#include "Kernels/Forward.h"
#include "Kernels/Merge.h"
#include "attn/Schedule/RowSchedules.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

/// Puts launches in the place of one attention.
class SdpaLauncher {
public:
  SdpaLauncher(SdpaOp op, FunctionLowering &lowering)
      : b(op), op(op), lowering(lowering), schedule(cast<ScheduleAttr>(scheduleOf(op))),
        groups(b, op, schedule.getHeads()) {}
  void launch();

private:
  /// What is launched for one attention.
  struct Results {
    Value output, lse;
    PartialResults parts;
  };
  ForwardSignature signatureOf(const Results &destinations);
  Grid addGrid(ForwardSignature &signature);
  Results launchForward(const Results &destinations);
  Results launchMerge(const PartialResults &parts, const Results &destinations);

  HostBuilder b;
  SdpaOp op;
  FunctionLowering &lowering;
  ScheduleAttr schedule;
  HostHeadGroups groups;
  Value batch, blocks, splits;
};

} // namespace

/// LSE and partial results are [batch, head, …] in any layout.
static constexpr int64_t kHeadDimOfRows = 1;

ForwardSignature SdpaLauncher::signatureOf(const Results &destinations) {
  using Argument = ForwardArgument;
  ForwardSignature signature;
  signature.addInput(Argument::Query,
                     groups.splitHeads(op.getQuery(), op.headDim()));
  signature.addInput(Argument::Key, op.getKey());
  signature.addInput(Argument::Value, op.getValue());
  signature.addInput(Argument::TilesPerKeyHead, groups.tilesPerKeyHead());
  if (!isOneSplit(splits))
    signature.addInput(Argument::Splits, splits);
  auto addOutput = [&](Argument name, Value destination, int64_t headDim) {
    signature.addOutput(name, groups.splitHeads(destination, headDim));
  };
  if (mayBeOneSplit(splits)) {
    addOutput(Argument::Output, destinations.output, op.headDim());
    addOutput(Argument::Lse, destinations.lse, kHeadDimOfRows);
  }
  const PartialResults &parts = destinations.parts;
  addOutput(Argument::PartMax, parts.max, kHeadDimOfRows);
  addOutput(Argument::PartSums, parts.sums, kHeadDimOfRows);
  addOutput(Argument::PartAcc, parts.acc, kHeadDimOfRows);
  return signature;
}

/// With persistent CTAs the kernel counts tiles itself.
Grid SdpaLauncher::addGrid(ForwardSignature &signature) {
  Grid grid = {b.mul(blocks, splits), groups.headTiles(), batch};
  if (!schedule.isPersistent())
    return grid;
  signature.addInput(ForwardArgument::Blocks, grid.x);
  signature.addInput(ForwardArgument::Heads, grid.y);
  signature.addInput(ForwardArgument::Batches, grid.z);
  signature.addInput(ForwardArgument::Section,
                     emitSection(b, op, groups.tilesPerKeyHead()));
  Value tiles = b.mul(b.mul(grid.x, grid.y), grid.z);
  assertAtMost(b, tiles, kMaxGridX,
               "tiles of query (" + lowering.nameOf(op.getQuery()) + ")");
  return {emitPersistentCtas(b, tiles), b.constant(1), b.constant(1)};
}

SdpaLauncher::Results SdpaLauncher::launchForward(const Results &destinations) {
  using Argument = ForwardArgument;
  ForwardSignature signature = signatureOf(destinations);
  Grid grid = addGrid(signature);
  KernelOp kernel = signature.createKernel(
      lowering, op, /*suffix=*/"", scheduleWithSplits(schedule, splits));
  emitForwardKernel(kernel, op, signature);
  NamedValues<Argument> filled = signature.launch(b, kernel, grid);
  auto result = [&](Argument name, Value destination,
                    int64_t headDim) -> Value {
    if (!filled[name])
      return destination;
    return groups.mergeHeads(filled[name], headDim, destination.getType());
  };
  const PartialResults &parts = destinations.parts;
  Results results;
  results.output = result(Argument::Output, destinations.output, op.headDim());
  results.lse = result(Argument::Lse, destinations.lse, kHeadDimOfRows);
  results.parts.max = result(Argument::PartMax, parts.max, kHeadDimOfRows);
  results.parts.sums = result(Argument::PartSums, parts.sums, kHeadDimOfRows);
  results.parts.acc = result(Argument::PartAcc, parts.acc, kHeadDimOfRows);
  return results;
}

/// The grid is empty where there is one split: the forward kernel filled the
/// results.
SdpaLauncher::Results SdpaLauncher::launchMerge(const PartialResults &parts,
                                                const Results &destinations) {
  MergeSignature signature;
  signature.addInput(MergeArgument::Splits, splits);
  signature.addInput(MergeArgument::PartMax, parts.max);
  signature.addInput(MergeArgument::PartSums, parts.sums);
  signature.addInput(MergeArgument::PartAcc, parts.acc);
  signature.addOutput(MergeArgument::Output, destinations.output);
  signature.addOutput(MergeArgument::Lse, destinations.lse);
  KernelOp kernel =
      signature.createKernel(lowering, op, "_merge", mergeSchedule(op));
  emitMergeKernel(kernel, op, signature);
  Value isOne = b.compare(arith::CmpIPredicate::eq, splits, b.constant(1));
  Value rowBlocks = b.ceilDiv(b.dim(op.getQuery(), op.lengthDim()),
                              b.constant(kernel.getSchedule().getTileRows()));
  rowBlocks = arith::SelectOp::create(b, isOne, b.constant(0), rowBlocks);
  Grid grid = {rowBlocks, b.dim(op.getQuery(), op.headDim()), batch};
  NamedValues<MergeArgument> filled = signature.launch(b, kernel, grid);
  return {filled[MergeArgument::Output], filled[MergeArgument::Lse], {}};
}

/// Where keys may be split, the forward kernel fills the results or partial
/// ones, and the merge kernel results from partial ones.
void SdpaLauncher::launch() {
  emitShapeChecks(b, op, lowering);
  batch = b.dim(op.getQuery(), op.batchDim());
  blocks = b.ceilDiv(b.dim(op.getQuery(), op.lengthDim()),
                     b.constant(schedule.getQueries()));
  splits = emitSplits(b, op, b.mul(b.mul(blocks, groups.headTiles()), batch));
  SdpaDestinations destinations = emitDestinations(b, op);
  Results results = {destinations.output, destinations.lse, {}};
  if (!isOneSplit(splits))
    results.parts = emitPartialResults(b, op, splits);
  results = launchForward(results);
  if (!isOneSplit(splits))
    results = launchMerge(results.parts, results);
  if (results.output)
    lowering.replace(cast<OpResult>(op.getOutput()), results.output);
  if (results.lse)
    lowering.replace(cast<OpResult>(op.getLse()), results.lse);
}

namespace {

struct SdpaLaunch : public LaunchableOp::ExternalModel<SdpaLaunch, SdpaOp> {
  void launch(Operation *op, FunctionLowering &lowering) const {
    SdpaLauncher(cast<SdpaOp>(op), lowering).launch();
  }
};

} // namespace

void attn::attachSdpaLaunch(MLIRContext *context) {
  SdpaOp::attachInterface<SdpaLaunch>(*context);
}
