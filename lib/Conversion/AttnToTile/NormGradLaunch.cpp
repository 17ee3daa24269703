//===- NormGradLaunch.cpp - Launches in the place of norm gradients -------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One kernel has the gradient of the input. Another one has sums over rows for
// those of weight and bias, and a third adds these up.
//
//===----------------------------------------------------------------------===//

#include "GradSumsLaunch.h"
#include "LaunchModels.h"

#include "Host/Checks.h"
#include "Host/Grid.h"
#include "Host/Workspace.h"
#include "Kernels/NormGrad.h"
#include "attn/Dialect/Tile/IR/AttributeNames.h"
#include "attn/Schedule/RowSchedules.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

using Argument = NormGradArgument;

class NormGradLauncher {
public:
  NormGradLauncher(NormGradOp op, FunctionLowering &lowering)
      : b(op), op(op), lowering(lowering),
        rows(normGradSchedule(op).getTileRows()) {
    for (int64_t i = 0; i < SdpaOp::kRank; ++i)
      dims.push_back(b.dim(op.getInput(), i));
  }
  void launch();

private:
  Value blocks() { return b.ceilDiv(dims[op.lengthDim()], b.constant(rows)); }
  /// Some CTAs share the rows of a head.
  Value shares() {
    constexpr int64_t kMost = 8;
    return b.atLeastOne(b.min(blocks(), b.constant(kMost)));
  }
  TileGrid addGrid(Value along, NormGradSignature &signature);
  Value emitSums(Value gradient, int64_t number);
  void launchInput();
  void launchFactors();
  void launchFactor(Value gradient, Value sums, StringRef suffix,
                    int64_t number);

  HostBuilder b;
  NormGradOp op;
  FunctionLowering &lowering;
  int64_t rows;
  SmallVector<Value> dims;
};

} // namespace

static bool isUsed(Value gradient) { return gradient && !gradient.use_empty(); }

/// Two destinations of one type would become one.
static Value numbered(HostBuilder &b, Value tensor, int64_t number) {
  tensor.getDefiningOp()->setAttr(kDestinationAttr,
                                  b.getI64IntegerAttr(number));
  return tensor;
}

/// A CTA for each head and part of its rows.
TileGrid NormGradLauncher::addGrid(Value along, NormGradSignature &signature) {
  LaunchTiles tiles = {along, dims[op.headDim()], dims[op.batchDim()]};
  emitGridChecks(b, tiles, isFolded(tiles), lowering.nameOf(op.getInput()));
  TileGrid grid = emitTileGrid(b, tiles);
  signature.addInput(Argument::Input, op.getInput());
  signature.addInput(Argument::OutputGrad, op.getOutputGrad());
  signature.addInput(Argument::Blocks, grid.blocks);
  signature.addInput(Argument::Heads, grid.heads);
  return grid;
}

void NormGradLauncher::launchInput() {
  if (!isUsed(op.getInputGrad()))
    return;
  NormGradSignature signature;
  TileGrid grid = addGrid(blocks(), signature);
  signature.addInput(Argument::Weight, op.getWeight());
  signature.addOutput(Argument::InputGrad,
                      emitDestination(b, op.getInputGrad().getType(), dims));
  KernelOp kernel =
      signature.createKernel(lowering, op, "_input", normGradSchedule(op));
  emitNormGradKernel(kernel, op, signature);
  lowering.replace(cast<OpResult>(op.getInputGrad()),
                   signature.launch(b, kernel, grid.grid)[Argument::InputGrad]);
}

/// [batch, head, row of tiles, column] of f32, or [batch, head, 1, row of
/// tiles] where the gradient has one column for each head.
Value NormGradLauncher::emitSums(Value gradient, int64_t number) {
  if (!isUsed(gradient))
    return {};
  int64_t columns =
      cast<RankedTensorType>(gradient.getType()).getShape().back();
  Value places = b.mul(shares(), b.constant(rows));
  SmallVector<OpFoldResult> sizes = getAsOpFoldResult(
      {dims[op.batchDim()], dims[op.headDim()], places, b.constant(columns)});
  if (columns == 1)
    std::swap(sizes[2], sizes[3]);
  return numbered(b, tensor::EmptyOp::create(b, sizes, b.getF32Type()), number);
}

void NormGradLauncher::launchFactor(Value gradient, Value sums,
                                    StringRef suffix, int64_t number) {
  if (!sums)
    return;
  using Dim = TensorReads::Dim;
  auto type = cast<RankedTensorType>(gradient.getType());
  TensorReads reads;
  SmallVector<Value> sizes;
  if (type.getRank() == 2) {
    reads.dims.push_back(Dim::Head);
    sizes.push_back(dims[op.headDim()]);
  }
  int64_t columns = type.getShape().back();
  reads.dims.push_back(columns == 1 ? Dim::One : Dim::Entry);
  sizes.push_back(b.constant(columns));
  Value destination = numbered(b, emitDestination(b, type, sizes), number);
  Value filled = launchGradSums(
      b, op, lowering, reads, {sums, /*endsInEntries=*/columns != 1},
      destination, sizes, suffix,
      "a factor of rows (" + lowering.nameOf(op.getInput()) + ")");
  lowering.replace(cast<OpResult>(gradient), filled);
}

void NormGradLauncher::launchFactors() {
  if (!isUsed(op.getWeightGrad()) && !isUsed(op.getBiasGrad()))
    return;
  NormGradSignature signature;
  TileGrid grid = addGrid(shares(), signature);
  signature.addInput(Argument::Shares, shares());
  signature.addOutput(Argument::WeightSums, emitSums(op.getWeightGrad(), 1));
  signature.addOutput(Argument::BiasSums, emitSums(op.getBiasGrad(), 2));
  KernelOp kernel =
      signature.createKernel(lowering, op, "_factors", normGradSchedule(op));
  emitNormGradSumsKernel(kernel, op, signature);
  NamedValues<Argument> filled = signature.launch(b, kernel, grid.grid);
  launchFactor(op.getWeightGrad(), filled[Argument::WeightSums], "_weight", 3);
  launchFactor(op.getBiasGrad(), filled[Argument::BiasSums], "_bias", 4);
}

void NormGradLauncher::launch() {
  emitShapeChecks(b, op, lowering);
  launchInput();
  launchFactors();
}

namespace {

struct NormGradLaunch
    : public LaunchableOp::ExternalModel<NormGradLaunch, NormGradOp> {
  void launch(Operation *op, FunctionLowering &lowering) const {
    NormGradLauncher(cast<NormGradOp>(op), lowering).launch();
  }
};

} // namespace

void attn::attachNormGradLaunch(MLIRContext *context) {
  NormGradOp::attachInterface<NormGradLaunch>(*context);
}
