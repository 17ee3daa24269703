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

#include "Walks.h"

#include "attn/Dialect/Tile/Transforms/Passes.h"

#include "llvm/ADT/MapVector.h"

namespace attn::tile {
#define GEN_PASS_DEF_STAGEOPERANDS
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn::tile;

namespace {

struct StageOperands
    : public attn::tile::impl::StageOperandsBase<StageOperands> {
  void runOnOperation() override;

private:
  Value bufferFor(LoadOp load);
  void stage(LoadOp load);

  /// Loads of one memref in different blocks are never live together, so they
  /// share a buffer.
  llvm::MapVector<std::pair<Value, Type>,
                  SmallVector<std::pair<Block *, Value>>>
      buffers;
};

} // namespace

/// Copies cannot begin where a tile begins within a row.
static bool feedsOnlyDots(LoadOp load) {
  return !load->use_empty() && !load.hasColumnIndex() &&
         llvm::all_of(load->getUsers(),
                      [](Operation *op) { return isa<DotOp>(op); });
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
  CopyAsyncOp::create(builder, loc, load.getSource(), load.getIndices(), buffer,
                      load.getBoxAttr(), load.getSlotsAttr(),
                      load.getRoleAttr());
  CommitCopiesOp::create(builder, loc);
  WaitCopiesOp::create(builder, loc, 0);

  auto tile = cast<RankedTensorType>(load.getType());
  bool isHeld = load.getHeld() && !getOperation().isSpecialized();
  if (load.getHeld() && !isHeld)
    remarkMissed(
        load, getArgument(), "NotHeld",
        "warpgroups read left operands from shared memory at the same rate");
  Value fragment;
  for (OpOperand &use : llvm::make_early_inc_range(load->getUses())) {
    auto dot = cast<DotOp>(use.getOwner());
    bool isLeft = use.getOperandNumber() == 0;
    bool isOutsideLoop = dot->getBlock() != load->getBlock();
    if (!isLeft || !isOutsideLoop || !isHeld) {
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
