//===- StageOperands.cpp - Operands of dots go through shared memory ------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %k = tile.load %K[…]                    tile.copy_async %K[…] to %buffer
//   %s = tile.dot %q, %k, %zero      =>     tile.commit_copies
//                                           tile.wait_copies pending = 0
//                                           %s = tile.dot %q, %buffer, %zero
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/Transforms/Passes.h"

#include "llvm/ADT/MapVector.h"

namespace attn::tile {
#define GEN_PASS_DEF_STAGEOPERANDS
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn::tile;

namespace {

/// Registers a thread may spend on a left operand that it keeps for a loop, and
/// on it and the largest result of a dot together: with more, ptxas spills for
/// some masks. A warp with more than one strip of 16 rows has as many times the
/// accumulators and scores, and none to spare.
constexpr int64_t kMaxFragmentRegisters = 32;
constexpr int64_t kMaxHeldRegisters = 144;
constexpr int64_t kMaxFragmentRows = 16;

struct StageOperands
    : public attn::tile::impl::StageOperandsBase<StageOperands> {
  void runOnOperation() override;

private:
  Value bufferFor(LoadOp load);
  void stage(LoadOp load);

  /// Loads of one memref in different blocks are never live together, so they
  /// share a buffer.
  llvm::MapVector<std::pair<Value, Type>, SmallVector<std::pair<Block *, Value>>>
      buffers;
};

} // namespace

static bool feedsOnlyDots(LoadOp load) {
  return !load->use_empty() && llvm::all_of(load->getUsers(), [](Operation *op) {
    return isa<DotOp>(op);
  });
}

/// Of a thread, for its part of the tile.
static int64_t registersOf(RankedTensorType tile, ScheduleAttr schedule) {
  return tile.getNumElements() * tile.getElementTypeBitWidth() / 32 /
         schedule.getThreads();
}

static int64_t largestResult(KernelOp kernel) {
  int64_t registers = 0;
  kernel.walk([&](DotOp dot) {
    auto type = cast<RankedTensorType>(dot.getType());
    registers = std::max(registers, registersOf(type, kernel.getSchedule()));
  });
  return registers;
}

/// Never where warpgroups multiply: they read it from shared memory as fast.
static bool fitsRegisters(RankedTensorType tile, KernelOp kernel) {
  ScheduleAttr schedule = kernel.getSchedule();
  if (kernel.isSpecialized())
    return false;
  int64_t registers = registersOf(tile, schedule);
  return registers <= kMaxFragmentRegisters &&
         registers + largestResult(kernel) <= kMaxHeldRegisters &&
         schedule.getRowsPerWarp() <= kMaxFragmentRows;
}

Value StageOperands::bufferFor(LoadOp load) {
  auto tile = cast<RankedTensorType>(load.getType());
  auto type = SharedType::get(tile);
  auto &candidates = buffers[{load.getSource(), type}];
  SmallVector<Value> taken;
  for (auto &[block, buffer] : candidates)
    if (block == load->getBlock())
      taken.push_back(buffer);
  for (auto &[block, buffer] : candidates)
    if (!llvm::is_contained(taken, buffer)) {
      Value shared = buffer;
      candidates.emplace_back(load->getBlock(), shared);
      return shared;
    }
  auto builder = OpBuilder::atBlockBegin(&getOperation().getBody().front());
  Value buffer = AllocOp::create(builder, load.getLoc(), type, IntegerAttr());
  candidates.emplace_back(load->getBlock(), buffer);
  return buffer;
}

void StageOperands::stage(LoadOp load) {
  Value buffer = bufferFor(load);
  OpBuilder builder(load);
  Location loc = load.getLoc();
  CopyAsyncOp::create(builder, loc, load.getSource(), load.getIndices(),
                      buffer, load.getBoxAttr());
  CommitCopiesOp::create(builder, loc);
  WaitCopiesOp::create(builder, loc, 0);

  auto tile = cast<RankedTensorType>(load.getType());
  bool fits = fitsRegisters(tile, getOperation());
  Value fragment;
  for (OpOperand &use : llvm::make_early_inc_range(load->getUses())) {
    auto dot = cast<DotOp>(use.getOwner());
    bool isLeft = use.getOperandNumber() == 0;
    bool isOutsideLoop = dot->getBlock() != load->getBlock();
    if (!isLeft || !isOutsideLoop || !fits) {
      use.set(buffer);
      continue;
    }
    if (!fragment)
      fragment = FragmentOp::create(builder, loc, tile, buffer);
    use.set(fragment);
  }
  load.erase();
}

void StageOperands::runOnOperation() {
  buffers.clear();
  SmallVector<LoadOp> loads;
  getOperation().walk([&](LoadOp load) {
    if (feedsOnlyDots(load))
      loads.push_back(load);
  });
  for (LoadOp load : loads)
    stage(load);
}
