//===- TensorGradLaunch.cpp - Launches for gradients of tensors -----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One kernel computes what the pairs contribute to the gradient of a tensor,
// summed as far as a CTA has them, and a second one adds these sums. Where a
// CTA has all pairs that read an element, there is no second one. Sums of sinks
// are there already.
//
//===----------------------------------------------------------------------===//

#include "TensorGradLaunch.h"

#include "GradSumsLaunch.h"
#include "Host/Grid.h"
#include "Host/Workspace.h"
#include "Kernels/GradTensors.h"
#include "Kernels/ProductTypes.h"
#include "attn/Dialect/Tile/IR/AttributeNames.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

using Dim = TensorReads::Dim;
using Form = TensorReads::Form;

/// Launches for one tensor.
class TensorGradLauncher {
public:
  TensorGradLauncher(HostBuilder &b, SdpaGradOp op, FunctionLowering &lowering,
                     const GradientRows &rows, OpResult gradient)
      : b(b), op(op), lowering(lowering), rows(rows), gradient(gradient),
        tensor(op.getTensorOf(gradient)), reads(TensorReads::of(op, tensor)),
        schedule(op->getAttrOfType<GradientScheduleAttr>(kQueryScheduleAttr)),
        number(gradient.getResultNumber()) {
    if (reads.dims.empty())
      reads.dims.push_back(Dim::One); // the kernel has one dimension for none
  }
  void launch();

private:
  Value destination();
  Value emitSums();
  LaunchTiles tiles(Value shares);
  Value lengthOf(Value tensor) { return b.dim(tensor, op.lengthDim()); }
  Value blocksOf(Value length, int64_t rowsOfTile) {
    return b.ceilDiv(length, b.constant(rowsOfTile));
  }
  Value countEntries();
  Value countShares();
  TileGrid addGrid(const LaunchTiles &tiles);
  Value launchTensors();
  Value launchSums(Value sums);
  std::string suffix(StringRef word) {
    return ("_" + word + Twine(number - 3)).str();
  }

  HostBuilder &b;
  SdpaGradOp op;
  FunctionLowering &lowering;
  const GradientRows &rows;
  OpResult gradient;
  Value tensor;
  TensorReads reads;
  GradientScheduleAttr schedule;
  unsigned number;
};

} // namespace

/// Each destination has a number of its own among those of the operation.
static Value numbered(HostBuilder &b, Value tensor, int64_t number) {
  tensor.getDefiningOp()->setAttr(kDestinationAttr,
                                  b.getI64IntegerAttr(number));
  return tensor;
}

Value TensorGradLauncher::destination() {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<Value> dims;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    dims.push_back(b.dim(tensor, dim));
  Value empty = numbered(b, emitDestination(b, type, dims), 2 * number);
  if (type.getRank() > 0)
    return empty;
  return tensor::ExpandShapeOp::create(b, type.clone({1}), empty,
                                       ArrayRef<ReassociationIndices>());
}

/// The elements that only their indices tell.
Value TensorGradLauncher::countEntries() {
  Value count = b.constant(1);
  for (auto [dim, kind] : llvm::enumerate(reads.dims))
    if (kind == Dim::Entry)
      count = b.mul(count, b.dim(tensor, dim));
  return count;
}

/// Some CTAs share the queries of a head, where few entries leave room.
Value TensorGradLauncher::countShares() {
  constexpr int64_t kMost = 8;
  if (reads.form() != Form::Entries)
    return {};
  return b.atLeastOne(
      b.min(blocksOf(lengthOf(op.getQuery()), schedule.getRows()),
            b.constant(kMost)));
}

LaunchTiles TensorGradLauncher::tiles(Value shares) {
  Value batches = b.dim(op.getQuery(), op.batchDim());
  Value heads = b.dim(op.getQuery(), op.headDim());
  int64_t ofRows = schedule.getRows();
  auto sizeOf = [&](Dim dim) {
    return reads.has(dim) ? b.dim(tensor, reads.find(dim)) : b.constant(1);
  };
  switch (reads.form()) {
  case Form::Queries:
    return {blocksOf(lengthOf(op.getQuery()), ofRows), heads, batches};
  case Form::Keys:
    return {blocksOf(lengthOf(op.getKey()), ofRows), heads, batches};
  case Form::Entries:
    return {b.mul(blocksOf(countEntries(), kEntriesOfTile), shares), heads,
            batches};
  case Form::Pairs:
    break;
  }
  bool keysAreLast = reads.dims.back() == Dim::Key;
  Value rowBlocks =
      blocksOf(sizeOf(keysAreLast ? Dim::Query : Dim::Key), ofRows);
  Value columnBlocks = blocksOf(sizeOf(reads.dims.back()), schedule.getStep());
  return {b.mul(rowBlocks, columnBlocks), sizeOf(Dim::Head),
          sizeOf(Dim::Batch)};
}

/// [batch, query head, entry, query, key or row of tiles] of f32.
Value TensorGradLauncher::emitSums() {
  Value places =
      lengthOf(reads.form() == Form::Keys ? op.getKey() : op.getQuery());
  Value entries = b.constant(1);
  if (reads.form() == Form::Entries) {
    Value chunk = b.constant(kEntriesOfTile);
    entries = b.mul(b.ceilDiv(countEntries(), chunk), chunk);
    places = b.mul(countShares(), b.constant(schedule.getRows()));
  }
  SmallVector<OpFoldResult> sizes =
      getAsOpFoldResult({b.dim(op.getQuery(), op.batchDim()),
                         b.dim(op.getQuery(), op.headDim()), entries, places});
  return numbered(b, tensor::EmptyOp::create(b, sizes, b.getF32Type()),
                  2 * number + 1);
}

TileGrid TensorGradLauncher::addGrid(const LaunchTiles &tiles) {
  emitGridChecks(b, tiles, isFolded(tiles),
                 "a tensor of scores (" + lowering.nameOf(tensor) + ")");
  return emitTileGrid(b, tiles);
}

Value TensorGradLauncher::launchTensors() {
  using Argument = GradientArgument;
  Value shares = countShares();
  TileGrid grid = addGrid(tiles(shares));
  GradientSignature signature;
  addGradientOperands(b, op, rows, grid, /*hasValues=*/true, signature);
  signature.addInput(Argument::Shares, shares);
  bool isWhole = reads.form() == Form::Pairs;
  Argument filled = isWhole ? Argument::TensorGrad : Argument::Sums;
  signature.addOutput(filled, isWhole ? destination() : emitSums());
  KernelOp kernel =
      signature.createKernel(lowering, op, suffix("tensor"), schedule);
  emitGradTensorsKernel(kernel, op, tensor, signature);
  setProductParts(kernel, op);
  return signature.launch(b, kernel, grid.grid)[filled];
}

Value TensorGradLauncher::launchSums(Value sums) {
  SmallVector<Value> sizes;
  for (int64_t i = 0; i < cast<RankedTensorType>(tensor.getType()).getRank();
       ++i)
    sizes.push_back(b.dim(tensor, i));
  return launchGradSums(b, op, lowering, reads, {sums}, destination(), sizes,
                        suffix("sums"),
                        "a tensor of scores (" + lowering.nameOf(tensor) + ")");
}

void TensorGradLauncher::launch() {
  Value filled = tensor == op.getSinks() ? rows.sinks : launchTensors();
  if (reads.form() != Form::Pairs)
    filled = launchSums(filled);
  if (cast<RankedTensorType>(tensor.getType()).getRank() == 0)
    filled = tensor::CollapseShapeOp::create(b, filled,
                                             ArrayRef<ReassociationIndices>());
  lowering.replace(gradient, filled);
}

void attn::launchTensorGradients(HostBuilder &b, SdpaGradOp op,
                                 FunctionLowering &lowering,
                                 const GradientRows &rows) {
  for (Value gradient : op.getTensorGrads())
    if (!gradient.use_empty())
      TensorGradLauncher(b, op, lowering, rows, cast<OpResult>(gradient))
          .launch();
}
