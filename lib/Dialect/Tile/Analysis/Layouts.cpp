//===- Layouts.cpp - Which tiles products lay out -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Dialect/Tile/Analysis/Layouts.h"

using namespace mlir;
using namespace attn::tile;

bool attn::tile::isOfAnyLayout(Operation *op) {
  return isa_and_nonnull<arith::ConstantOp, IotaOp>(op);
}

static SmallVector<Value> tilesOf(Operation *op) {
  SmallVector<Value> tiles;
  auto add = [&](ValueRange values) {
    llvm::copy_if(values, std::back_inserter(tiles), [](Value value) {
      return isa<RankedTensorType>(value.getType()) &&
             !isOfAnyLayout(value.getDefiningOp());
    });
  };
  add(op->getOperands());
  add(op->getResults());
  for (Region &region : op->getRegions())
    for (Block &block : region) {
      add(block.getArguments());
      if (block.mightHaveTerminator())
        add(block.getTerminator()->getOperands());
    }
  return tiles;
}

/// Joins the operands and results of an operation; for a loop or a branch, also
/// the arguments and the terminator's operands of its regions.
void LayoutClasses::join(Operation *op) {
  // Moves elements from one layout to another.
  if (isa<ConvertLayoutOp>(op))
    return;
  SmallVector<Value> tiles = tilesOf(op);
  for (Value tile : tiles)
    classes.unionSets(tiles.front().getAsOpaquePointer(),
                      tile.getAsOpaquePointer());
}

/// True if rows of the tile may begin and end anywhere in memory: then no
/// thread can have several columns at a time, and the tile lies as products
/// have theirs.
static bool hasLooseColumns(LoadOp load) {
  auto tile = cast<RankedTensorType>(load.getType());
  MemRefType memory = load.getSource().getType();
  return load.hasColumnIndex() ||
         (tile.getDimSize(1) != 1 && memory.isDynamicDim(memory.getRank() - 1));
}

LayoutClasses::LayoutClasses(KernelOp kernel) {
  SmallVector<Value> products, loads;
  kernel.getBody().walk([&](Operation *op) {
    join(op);
    auto load = dyn_cast<LoadOp>(op);
    if (isa<DotOp>(op) || (load && hasLooseColumns(load)))
      products.push_back(op->getResult(0));
    else if (load)
      loads.push_back(load.getResult());
  });
  for (Value product : products)
    ofProducts.insert(leaderOf(product));
  for (Value load : loads)
    ofLoads.insert(leaderOf(load));
}

const void *LayoutClasses::leaderOf(Value tile) const {
  auto leader = classes.findLeader(tile.getAsOpaquePointer());
  return leader == classes.member_end() ? nullptr : *leader;
}

bool LayoutClasses::isOfProduct(Value tile) const {
  return ofProducts.contains(leaderOf(tile));
}

bool LayoutClasses::isOfMemory(Value tile) const {
  const void *leader = leaderOf(tile);
  return !ofProducts.contains(leader) && ofLoads.contains(leader);
}
