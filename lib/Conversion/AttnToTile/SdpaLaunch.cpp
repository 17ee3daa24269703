//===- SdpaLaunch.cpp - Launches in the place of attention ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LaunchModels.h"

#include "BlockMapLaunch.h"
#include "Host/CaptureChecks.h"
#include "Host/Checks.h"
#include "Host/Grid.h"
#include "Host/HeadGroups.h"
#include "Host/Splits.h"
#include "Host/Workspace.h"
#include "Kernels/BlockMap.h"
#include "Kernels/Forward.h"
#include "Kernels/Merge.h"
#include "RowLaunch.h"
#include "attn/Schedule/RowSchedules.h"
#include "attn/Target/TargetRegistry.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// Makes the query what the kernel reads: the rows that it computes the query
/// from by these operations, or the query itself, computed by a kernel of its
/// own. Products of processors take their left operand from where loops over
/// rows leave it, and copies read elements of the query's type.
static SmallVector<RowOp, 2> takeQuery(SdpaOp op, FunctionLowering &lowering) {
  RowChain chain = RowChain::of(op.getQuery());
  if (chain.ops.empty())
    return {};
  bool isProcessor = lookupTarget(targetOf(op))->isProcessor();
  bool isEmpty = llvm::is_contained(op.getQuery().getType().getShape(), 0);
  if (isProcessor || isEmpty ||
      chain.ops.front().getInputElement() != op.getElementType()) {
    remark::missed(
        op.getLoc(),
        remark::RemarkOpts::name("NotFused").category("convert-attn-to-tile"))
        << "the query's rows are computed by a kernel of their own: "
        << (isProcessor ? "products of processors read them from memory"
            : isEmpty   ? "there are none"
                        : "memory has other elements");
    Value filled = launchRows(op, chain, lowering, "_query");
    lowering.replace(cast<OpResult>(op.getQuery()), filled);
    return {};
  }
  HostBuilder b(op);
  emitShapeChecks(b, chain, lowering);
  op.getQueryMutable().assign(chain.source);
  return chain.ops;
}

namespace {

/// Puts launches in the place of one attention.
class SdpaLauncher {
public:
  SdpaLauncher(SdpaOp op, FunctionLowering &lowering)
      : b(op), op(op), lowering(lowering),
        schedule(cast<ScheduleAttr>(scheduleOf(op))),
        queryOps(takeQuery(op, lowering)), groups(b, op, schedule.getHeads()) {}
  void launch();

private:
  /// The results that the launches of one attention fill.
  struct Results {
    Value output, lse;
    PartialResults parts;
  };
  void countTiles();
  void emitChecks();
  ForwardSignature signatureOf(const Results &destinations);
  Grid addGrid(ForwardSignature &signature);
  Results launchForward(const Results &destinations);
  Results launchMerge(const PartialResults &parts, const Results &destinations);

  HostBuilder b;
  SdpaOp op;
  FunctionLowering &lowering;
  ScheduleAttr schedule;
  SmallVector<RowOp, 2> queryOps; // that the forward kernel computes
  HostHeadGroups groups;
  Value splits, blockLists;
  LaunchTiles tiles, mergeTiles; // the latter only where keys may be split
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
  signature.addInput(Argument::BlockLists, blockLists);
  if (mayBeOneSplit(splits))
    signature.addInput(Argument::Sinks, op.getSinks());
  if (op.getDropThreshold()) {
    signature.addInput(Argument::Seed, op.getSeed());
    signature.addInput(Argument::Offset, op.getOffset());
  }
  for (auto [i, capture] : llvm::enumerate(op.getCaptures()))
    signature.addInput(captureArgument(i), capture);
  for (auto [i, rows] : llvm::enumerate(queryOps)) {
    auto [first, second] = sideOperands(rows);
    size_t captures = op.getCaptures().size();
    signature.addInput(queryArgument(captures, i, 0), first);
    signature.addInput(queryArgument(captures, i, 1), second);
  }
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

/// Adds what the kernel needs to know of its grid. A kernel that chooses the
/// order of tiles counts them itself.
Grid SdpaLauncher::addGrid(ForwardSignature &signature) {
  using Argument = ForwardArgument;
  if (!schedule.countsTiles()) {
    TileGrid grid = emitTileGrid(b, tiles);
    signature.addInput(Argument::Blocks, grid.blocks);
    signature.addInput(Argument::Heads, grid.heads);
    return grid.grid;
  }
  signature.addInput(Argument::Blocks, tiles.blocks);
  signature.addInput(Argument::Heads, tiles.heads);
  signature.addInput(Argument::Batches, tiles.batches);
  bool isPaired = schedule.getPersistent() == Persistence::LongestFirst;
  signature.addInput(Argument::Section,
                     (isPaired ? emitPairedSection : emitSection)(
                         b, op, tiles, groups.tilesPerKeyHead()));
  return schedule.isPersistent() ? emitPersistentGrid(b, tiles)
                                 : emitLineGrid(b, tiles);
}

SdpaLauncher::Results SdpaLauncher::launchForward(const Results &destinations) {
  using Argument = ForwardArgument;
  ForwardSignature signature = signatureOf(destinations);
  Grid grid = addGrid(signature);
  KernelOp kernel = signature.createKernel(
      lowering, op, /*suffix=*/"", scheduleWithSplits(schedule, splits));
  emitForwardKernel(kernel, op, queryOps, signature);
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

/// The grid of the merge is empty where there is one split: the forward kernel
/// filled the results.
SdpaLauncher::Results SdpaLauncher::launchMerge(const PartialResults &parts,
                                                const Results &destinations) {
  TileGrid grid = emitTileGrid(b, mergeTiles);
  MergeSignature signature;
  signature.addInput(MergeArgument::Splits, splits);
  signature.addInput(MergeArgument::PartMax, parts.max);
  signature.addInput(MergeArgument::PartSums, parts.sums);
  signature.addInput(MergeArgument::PartAcc, parts.acc);
  signature.addInput(MergeArgument::Blocks, grid.blocks);
  signature.addInput(MergeArgument::Heads, grid.heads);
  signature.addInput(MergeArgument::Sinks, op.getSinks());
  signature.addOutput(MergeArgument::Output, destinations.output);
  signature.addOutput(MergeArgument::Lse, destinations.lse);
  KernelOp kernel =
      signature.createKernel(lowering, op, "_merge", mergeSchedule(op));
  emitMergeKernel(kernel, op, signature);
  NamedValues<MergeArgument> filled = signature.launch(b, kernel, grid.grid);
  return {filled[MergeArgument::Output], filled[MergeArgument::Lse], {}};
}

void SdpaLauncher::countTiles() {
  Value query = op.getQuery();
  Value batch = b.dim(query, op.batchDim());
  Value length = b.dim(query, op.lengthDim());
  Value blocks = b.ceilDiv(length, b.constant(schedule.getQueries()));
  tiles = {blocks, groups.headTiles(), batch};
  splits = emitSplits(b, op, b.mul(b.mul(blocks, tiles.heads), batch));
  tiles.blocks = b.mul(blocks, splits);
  if (isOneSplit(splits))
    return;
  Value isOne = b.compare(arith::CmpIPredicate::eq, splits, b.constant(1));
  Value rowBlocks = b.ceilDiv(length, b.constant(mergeSchedule(op).getRows()));
  rowBlocks = arith::SelectOp::create(b, isOne, b.constant(0), rowBlocks);
  mergeTiles = {rowBlocks, b.dim(query, op.headDim()), batch};
}

void SdpaLauncher::emitChecks() {
  std::string query = "query (" + lowering.nameOf(op.getQuery()) + ")";
  bool countsAlongX = schedule.countsTiles() || isFolded(tiles);
  emitGridChecks(b, tiles, countsAlongX, query);
  if (isOneSplit(splits))
    return;
  emitGridChecks(b, mergeTiles, isFolded(mergeTiles), query);
  assertAtMost(b, b.mul(tiles.batches, splits), INT32_MAX,
               "partial results of " + query);
}

/// Launches the kernels. Where keys may be split, the forward kernel fills the
/// results or partial results, and the merge kernel makes results of partial
/// ones.
void SdpaLauncher::launch() {
  emitShapeChecks(b, op, lowering);
  emitCaptureChecks(b, op, lowering);
  countTiles();
  emitChecks();
  if (usesBlockMap(op, schedule))
    blockLists = launchBlockMap(b, op, lowering, schedule);
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
