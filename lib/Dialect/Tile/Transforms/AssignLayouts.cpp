//===- AssignLayouts.cpp - Which thread holds which element ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %p = arith.truncf %e : tensor<64x64xf32> to tensor<64x64xbf16>
//   %o = tile.dot %p, %v, %acc
// =>
//   %p = arith.truncf %e : tensor<…, #tile.accumulator<…>> to …
//   %a = tile.convert_layout %p : … -> tensor<64x64xbf16, #tile.operand_a<…>>
//   %o = tile.dot %a, %v, %acc
//
// Tiles that are loaded, and not computed with any product, have no MMA to
// please: they are blocked, as wide as memory can be read at once.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/Analysis/Layouts.h"
#include "attn/Dialect/Tile/Transforms/Passes.h"
#include "attn/Target/MmaAtom.h"

namespace attn::tile {
#define GEN_PASS_DEF_ASSIGNLAYOUTS
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include <numeric>

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

struct AssignLayouts
    : public attn::tile::impl::AssignLayoutsBase<AssignLayouts> {
  void runOnOperation() override;
};

} // namespace

/// Gives what memory lays out constants and counts of its own.
static void splitAnyLayouts(KernelOp kernel, const LayoutClasses &classes) {
  auto isOfMemory = [&](Operation *op) {
    auto isTile = [&](Value value) { return classes.isOfMemory(value); };
    return llvm::any_of(op->getOperands(), isTile) ||
           llvm::any_of(op->getResults(), isTile);
  };
  kernel.walk([&](Operation *op) {
    if (!isOfAnyLayout(op) ||
        !isa<RankedTensorType>(op->getResult(0).getType()))
      return;
    auto ofMemory = [&](OpOperand &use) { return isOfMemory(use.getOwner()); };
    if (llvm::all_of(op->getUses(), ofMemory) ||
        llvm::none_of(op->getUses(), ofMemory))
      return;
    OpBuilder builder(op);
    Value copy = builder.clone(*op)->getResult(0);
    op->getResult(0).replaceUsesWithIf(copy, ofMemory);
  });
}

static bool needsLayout(Type type) {
  auto tile = dyn_cast<RankedTensorType>(type);
  return tile && !tile.getEncoding();
}

static LogicalResult assign(Value value, Attribute layout) {
  auto tile = cast<RankedTensorType>(value.getType());
  auto emitError = [&] {
    return mlir::emitError(value.getLoc()) << "tile " << tile << ": ";
  };
  if (failed(cast<VerifiableTensorEncoding>(layout).verifyEncoding(
          tile.getShape(), tile.getElementType(), emitError)))
    return failure();
  auto type = tile.cloneWithEncoding(layout);
  value.setType(type);
  if (auto constant = value.getDefiningOp<arith::ConstantOp>())
    constant.setValueAttr(
        cast<DenseElementsAttr>(constant.getValue()).reshape(type));
  return success();
}

/// Gives left operands of dots, where they are values, the layout that an MMA
/// wants. Fragments are made in that layout; what was computed keeps its order.
static LogicalResult convertLeftOperand(DotOp dot, int64_t warps) {
  auto tile = dyn_cast<RankedTensorType>(dot.getA().getType());
  if (!tile || isa_and_nonnull<OperandAAttr>(tile.getEncoding()))
    return success();
  bool isFragment = bool(dot.getA().getDefiningOp<FragmentOp>());
  bool isOfResult =
      !isFragment && !areOrdersEqual(tile.getElementTypeBitWidth());
  auto layout = OperandAAttr::get(dot.getContext(), warps, isOfResult);
  if (isFragment)
    return assign(dot.getA(), layout);
  OpBuilder builder(dot);
  dot.getAMutable().assign(ConvertLayoutOp::create(
      builder, dot.getLoc(), tile.cloneWithEncoding(layout), dot.getA()));
  return success();
}

/// Neighbouring columns that one access may take: up to 16 bytes, from wherever
/// the columns begin.
static int64_t accessColumns(Value memory) {
  auto type = cast<MemRefType>(memory.getType());
  int64_t columns = type.getShape().back();
  if (auto view = memory.getDefiningOp<memref::SubViewOp>())
    columns = std::gcd(columns, view.getStaticOffsets().back());
  return std::gcd(columns, 128 / type.getElementTypeBitWidth());
}

/// Pushes the values that share a value's layout: the operands and results of
/// an elementwise computation, and the values that a loop starts with, carries
/// and returns.
static void pushNeighbours(Value value, SmallVectorImpl<Value> &work) {
  auto push = [&](ValueRange values) {
    for (Value each : values)
      if (needsLayout(each.getType()))
        work.push_back(each);
  };
  Operation *producer = value.getDefiningOp();
  if (auto argument = dyn_cast<BlockArgument>(value))
    producer = argument.getOwner()->getParentOp();
  if (auto loop = dyn_cast_or_null<scf::ForOp>(producer))
    push(loop.getRegionIterArgs());
  if (producer) {
    push(producer->getOperands());
    push(producer->getResults());
  }
  for (Operation *user : value.getUsers()) {
    push(user->getOperands());
    push(user->getResults());
  }
}

static LogicalResult spread(Value seed, Attribute layout) {
  SmallVector<Value> work = {seed};
  while (!work.empty()) {
    Value value = work.pop_back_val();
    if (!needsLayout(value.getType()))
      continue;
    if (failed(assign(value, layout)))
      return failure();
    pushNeighbours(value, work);
  }
  return success();
}

/// Threads that share a row of a class, so that each load of it is one access:
/// as many as the narrowest access asks for.
static int64_t threadsOfRow(KernelOp kernel, const LayoutClasses &classes,
                            LoadOp load) {
  int64_t threads = 1;
  kernel.walk([&](LoadOp other) {
    int64_t columns = cast<RankedTensorType>(other.getType()).getDimSize(1);
    if (columns != 1 && classes.areAlike(load.getResult(), other.getResult()))
      threads = std::max(threads, columns / accessColumns(other.getSource()));
  });
  return threads;
}

/// Row vectors that no matrix goes with have a thread for each row, or several
/// that hold the same where there are more.
static LogicalResult
assignBlocked(KernelOp kernel, const LayoutClasses &classes, bool isVector) {
  int64_t warps = kernel.getCta().getWarps();
  WalkResult result = kernel.walk([&](LoadOp load) {
    auto tile = cast<RankedTensorType>(load.getType());
    if (!classes.isOfMemory(load.getResult()) || tile.getEncoding() ||
        (tile.getDimSize(1) == 1) != isVector)
      return WalkResult::advance();
    int64_t threads = kernel.getCta().getThreads();
    int64_t columns = isVector
                          ? std::max<int64_t>(threads / tile.getDimSize(0), 1)
                          : threadsOfRow(kernel, classes, load);
    auto layout = BlockedAttr::getChecked([&] { return load.emitOpError(); },
                                          kernel.getContext(), columns, warps);
    return WalkResult(layout ? spread(load.getResult(), layout) : failure());
  });
  return failure(result.wasInterrupted());
}

/// A constant that is stored is laid out as its memory is written best.
static LogicalResult assignStored(KernelOp kernel) {
  int64_t warps = kernel.getCta().getWarps();
  WalkResult result = kernel.walk([&](StoreOp store) {
    Value value = store.getValue();
    auto tile = cast<RankedTensorType>(value.getType());
    Operation *maker = value.getDefiningOp();
    if (tile.getEncoding() || !maker || !isOfAnyLayout(maker))
      return WalkResult::advance();
    int64_t columns = tile.getDimSize(1) == 1
                          ? kernel.getCta().getThreads() / tile.getDimSize(0)
                          : tile.getDimSize(1) / accessColumns(store.getDest());
    auto layout = BlockedAttr::getChecked([&] { return store.emitOpError(); },
                                          kernel.getContext(),
                                          std::max<int64_t>(columns, 1), warps);
    return WalkResult(layout ? spread(value, layout) : failure());
  });
  return failure(result.wasInterrupted());
}

/// Tiles that have no layout yet.
static LogicalResult assignAccumulators(KernelOp kernel) {
  auto layout =
      AccumulatorAttr::get(kernel.getContext(), kernel.getCta().getWarps());
  auto assignAll = [&](ValueRange values) {
    return success(llvm::all_of(values, [&](Value value) {
      return !needsLayout(value.getType()) || succeeded(assign(value, layout));
    }));
  };
  WalkResult result = kernel.walk([&](Operation *op) {
    if (failed(assignAll(op->getResults())))
      return WalkResult::interrupt();
    for (Region &region : op->getRegions())
      for (Block &block : region)
        if (failed(assignAll(ValueRange(block.getArguments()))))
          return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

void AssignLayouts::runOnOperation() {
  KernelOp kernel = getOperation();
  if (kernel.getCta().getWarps() == 0) {
    kernel.emitOpError("expected at least one warp, as kernels for GPUs have");
    return signalPassFailure();
  }
  int64_t warps = kernel.getCta().getWarps();
  LayoutClasses classes(kernel);
  splitAnyLayouts(kernel, classes);
  WalkResult result = kernel.walk(
      [&](DotOp dot) { return WalkResult(convertLeftOperand(dot, warps)); });
  if (result.wasInterrupted() ||
      failed(assignBlocked(kernel, classes, /*isVector=*/false)) ||
      failed(assignBlocked(kernel, classes, /*isVector=*/true)) ||
      failed(assignStored(kernel)) || failed(assignAccumulators(kernel)))
    signalPassFailure();
}
