//===- SdpaGradLaunch.cpp - Launches in the place of gradients ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What each query needs is computed first; then come a kernel that has the
// gradients of keys and values, or one for each of both, and one that has those
// of queries. Each sums all that a gradient consists of, so nothing is added by
// atomic operations, and the workspace is two vectors of the queries. Gradients
// of tensors that scores read come last.
//
//===----------------------------------------------------------------------===//

#include "LaunchModels.h"
#include "TensorGradLaunch.h"

#include "Host/CaptureChecks.h"
#include "Host/Checks.h"
#include "Host/Grid.h"
#include "Host/Workspace.h"
#include "Kernels/GradKeys.h"
#include "Kernels/GradQueries.h"
#include "Kernels/GradRows.h"
#include "Kernels/ProductTypes.h"
#include "attn/Dialect/Tile/IR/AttributeNames.h"
#include "attn/Schedule/RowSchedules.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

/// Puts launches in the place of one gradient.
class SdpaGradLauncher {
public:
  SdpaGradLauncher(SdpaGradOp op, FunctionLowering &lowering)
      : b(op), op(op), lowering(lowering),
        keySchedule(cast<GradientScheduleAttr>(scheduleOf(op))),
        querySchedule(
            op->getAttrOfType<GradientScheduleAttr>(kQueryScheduleAttr)) {}
  void launch();

private:
  LaunchTiles tilesOf(Value tensor, int64_t rows);
  TileGrid addGrid(Value tensor, int64_t rows, StringRef name);
  Value destinationLike(Value tensor);
  bool hasSinkGradient() {
    return llvm::any_of(op.getTensorGrads(), [&](Value gradient) {
      return op.getTensorOf(cast<OpResult>(gradient)) == op.getSinks() &&
             !gradient.use_empty();
    });
  }
  void launchRows();
  void launchKeys(bool hasKeys, bool hasValues, StringRef suffix);
  void launchQueries();
  void replace(Value gradient, Value filled) {
    if (filled)
      lowering.replace(cast<OpResult>(gradient), filled);
  }

  HostBuilder b;
  SdpaGradOp op;
  FunctionLowering &lowering;
  GradientScheduleAttr keySchedule, querySchedule;
  GradientRows perQuery;
  int64_t destinations = 0;
};

} // namespace

LaunchTiles SdpaGradLauncher::tilesOf(Value tensor, int64_t rows) {
  Value blocks = b.ceilDiv(b.dim(tensor, op.lengthDim()), b.constant(rows));
  return {blocks, b.dim(tensor, op.headDim()), b.dim(tensor, op.batchDim())};
}

/// A CTA for each tile of rows of each head of the tensor.
TileGrid SdpaGradLauncher::addGrid(Value tensor, int64_t rows, StringRef name) {
  LaunchTiles tiles = tilesOf(tensor, rows);
  emitGridChecks(b, tiles, isFolded(tiles),
                 name + " (" + lowering.nameOf(tensor) + ")");
  return emitTileGrid(b, tiles);
}

Value SdpaGradLauncher::destinationLike(Value tensor) {
  SmallVector<Value> dims;
  for (int64_t i = 0; i < SdpaOp::kRank; ++i)
    dims.push_back(b.dim(tensor, i));
  Value destination =
      emitDestination(b, cast<RankedTensorType>(tensor.getType()), dims);
  destination.getDefiningOp()->setAttr(kDestinationAttr,
                                       b.getI64IntegerAttr(destinations++));
  return destination;
}

void SdpaGradLauncher::launchRows() {
  using Argument = GradRowsArgument;
  RowScheduleAttr schedule = gradRowsSchedule(op);
  TileGrid grid = addGrid(op.getQuery(), schedule.getTileRows(), "query");
  GradRowsSignature signature;
  signature.addInput(Argument::Output, op.getOutput());
  signature.addInput(Argument::OutputGrad, op.getOutputGrad());
  signature.addInput(Argument::Lse, op.getLse());
  signature.addInput(Argument::LseGrad, op.getLseGrad());
  signature.addInput(Argument::Blocks, grid.blocks);
  signature.addInput(Argument::Heads, grid.heads);
  auto type = cast<RankedTensorType>(op.getLse().getType());
  Value query = op.getQuery();
  SmallVector<Value> dims = {b.dim(query, op.batchDim()),
                             b.dim(query, op.headDim()),
                             b.dim(query, op.lengthDim())};
  signature.addOutput(Argument::Exponents, emitDestination(b, type, dims));
  signature.addOutput(Argument::Deltas, emitDestination(b, type, dims));
  if (hasSinkGradient()) {
    signature.addInput(Argument::Sinks, op.getSinks());
    SmallVector<OpFoldResult> sizes = getAsOpFoldResult(dims);
    sizes.insert(sizes.begin() + 2, b.getIndexAttr(1));
    signature.addOutput(Argument::SinkTerms,
                        tensor::EmptyOp::create(b, sizes, b.getF32Type()));
  }
  KernelOp kernel = signature.createKernel(lowering, op, "_rows", schedule);
  emitGradRowsKernel(kernel, op, signature);
  NamedValues<Argument> filled = signature.launch(b, kernel, grid.grid);
  perQuery = {filled[Argument::Exponents], filled[Argument::Deltas],
              filled[Argument::SinkTerms]};
}

void attn::addGradientOperands(HostBuilder &b, SdpaGradOp op,
                               const GradientRows &rows, const TileGrid &grid,
                               bool hasValues, GradientSignature &signature) {
  using Argument = GradientArgument;
  signature.addInput(Argument::Query, op.getQuery());
  signature.addInput(Argument::Key, op.getKey());
  if (hasValues) {
    signature.addInput(Argument::Value, op.getValue());
    signature.addInput(Argument::Deltas, rows.deltas);
  }
  signature.addInput(Argument::OutputGrad, op.getOutputGrad());
  signature.addInput(Argument::Exponents, rows.exponents);
  Value keyHeads = b.dim(op.getKey(), op.headDim());
  signature.addInput(Argument::HeadsPerKeyHead,
                     b.atLeastOne(b.div(b.dim(op.getQuery(), op.headDim()),
                                        b.atLeastOne(keyHeads))));
  signature.addInput(Argument::Blocks, grid.blocks);
  signature.addInput(Argument::Heads, grid.heads);
  if (op.getDropThreshold()) {
    signature.addInput(Argument::Seed, op.getSeed());
    signature.addInput(Argument::Offset, op.getOffset());
  }
  for (auto [i, capture] : llvm::enumerate(op.getCaptures()))
    signature.addInput(Argument(size_t(Argument::FirstCapture) + i), capture);
}

void SdpaGradLauncher::launchKeys(bool hasKeys, bool hasValues,
                                  StringRef suffix) {
  using Argument = GradientArgument;
  if (!hasKeys && !hasValues)
    return;
  TileGrid grid = addGrid(op.getKey(), keySchedule.getRows(), "key");
  GradientSignature signature;
  addGradientOperands(b, op, perQuery, grid, /*hasValues=*/hasKeys, signature);
  if (hasKeys)
    signature.addOutput(Argument::KeyGrad, destinationLike(op.getKey()));
  if (hasValues)
    signature.addOutput(Argument::ValueGrad, destinationLike(op.getValue()));
  KernelOp kernel = signature.createKernel(lowering, op, suffix, keySchedule);
  emitGradKeysKernel(kernel, op, signature);
  setProductParts(kernel, op);
  NamedValues<Argument> filled = signature.launch(b, kernel, grid.grid);
  replace(op.getKeyGrad(), filled[Argument::KeyGrad]);
  replace(op.getValueGrad(), filled[Argument::ValueGrad]);
}

void SdpaGradLauncher::launchQueries() {
  using Argument = GradientArgument;
  TileGrid grid = addGrid(op.getQuery(), querySchedule.getRows(), "query");
  GradientSignature signature;
  addGradientOperands(b, op, perQuery, grid, /*hasValues=*/true, signature);
  signature.addOutput(Argument::QueryGrad, destinationLike(op.getQuery()));
  KernelOp kernel =
      signature.createKernel(lowering, op, "_queries", querySchedule);
  emitGradQueriesKernel(kernel, op, signature);
  setProductParts(kernel, op);
  NamedValues<Argument> filled = signature.launch(b, kernel, grid.grid);
  replace(op.getQueryGrad(), filled[Argument::QueryGrad]);
}

void SdpaGradLauncher::launch() {
  emitShapeChecks(b, op, lowering);
  emitSavedChecks(b, op, lowering);
  emitCaptureChecks(b, op, lowering);
  launchRows();
  bool hasKeys = !op.getKeyGrad().use_empty();
  bool hasValues = !op.getValueGrad().use_empty();
  if (keySchedule.getParted()) {
    launchKeys(/*hasKeys=*/false, hasValues, "_values");
    launchKeys(hasKeys, /*hasValues=*/false, "_keys");
  } else {
    launchKeys(hasKeys, hasValues, "_keys");
  }
  if (!op.getQueryGrad().use_empty())
    launchQueries();
  launchTensorGradients(b, op, lowering, perQuery);
}

namespace {

struct SdpaGradLaunch
    : public LaunchableOp::ExternalModel<SdpaGradLaunch, SdpaGradOp> {
  void launch(Operation *op, FunctionLowering &lowering) const {
    SdpaGradLauncher(cast<SdpaGradOp>(op), lowering).launch();
  }
};

} // namespace

void attn::attachSdpaGradLaunch(MLIRContext *context) {
  SdpaGradOp::attachInterface<SdpaGradLaunch>(*context);
}
