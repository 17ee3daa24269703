//===- StageStores.cpp - Stored tiles go through shared memory ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   tile.store %o, %O[…]    =>    tile.put %o to %buffer
//                                 tile.copy_out %buffer to %O[…]
//
// Where warps have roles, a `tile.send` takes the place of the `tile.copy_out`,
// and the buffer is that of an operand which the kernel computed and no longer
// needs.
//
//===----------------------------------------------------------------------===//

#include "CopyPlan.h"

#include "attn/Dialect/Tile/Analysis/Layouts.h"
#include "attn/Dialect/Tile/Transforms/Passes.h"

namespace attn::tile {
#define GEN_PASS_DEF_STAGESTORES
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn::tile;

namespace {

struct StageStores : public attn::tile::impl::StageStoresBase<StageStores> {
  void runOnOperation() override;
};

} // namespace

/// Returns true for matrices of 16-bit elements, from the first column of
/// memory on. The lanes of a quad write whole sectors of wider ones by
/// themselves.
static bool isWorthStaging(StoreOp store) {
  auto tile = cast<RankedTensorType>(store.getValue().getType());
  return tile.getDimSize(1) != 1 && tile.getElementTypeBitWidth() == 16 &&
         !store.hasColumnIndex();
}

/// True if the kernel puts an operand there, in the block of `store`, and what
/// reads it stands before the store.
static bool isFreeFor(StoreOp store, AllocOp buffer, SharedType type) {
  bool isPut = false;
  for (Operation *user : buffer->getUsers()) {
    Operation *top = store->getBlock()->findAncestorOpInBlock(*user);
    if (!top || !top->isBeforeInBlock(store) || isa<ReuseOp>(user))
      return false;
    isPut |= isa<PutOp>(user);
  }
  SharedType operand = buffer.getType();
  return isPut && operand.getRows() == type.getRows() &&
         operand.getElementType() == type.getElementType();
}

/// Makes a place that holds the operand's tile and the result's, one after the
/// other.
static Value shareBuffer(AllocOp buffer, SharedType type) {
  SharedType operand = buffer.getType(), both = placeForBoth(operand, type);
  OpBuilder builder(buffer);
  Location loc = buffer.getLoc();
  Value place = AllocOp::create(builder, loc, both, IntegerAttr());
  auto view = [&](SharedType tile) -> Value {
    return ReuseOp::create(builder, loc, withSwizzle(tile, both.getSwizzle()),
                           place);
  };
  Value result = view(type);
  buffer.replaceAllUsesWith(view(operand));
  buffer.erase();
  return result;
}

/// Where CTAs loop over tiles, a buffer's place is its own all the time, so
/// that results take that of an operand. Each operand's is taken once: a result
/// is still on its way when the next one is ready.
static Value bufferFor(StoreOp store, SmallVectorImpl<AllocOp> &operands,
                       SharedType type, OpBuilder &atStart) {
  for (AllocOp &buffer : operands)
    if (isFreeFor(store, buffer, type)) {
      Value shared = shareBuffer(buffer, type);
      operands.erase(&buffer);
      return shared;
    }
  return AllocOp::create(atStart, store.getLoc(), type, IntegerAttr());
}

void StageStores::runOnOperation() {
  // A tile that is laid out as memory is read is also stored that wide.
  LayoutClasses classes(getOperation());
  SmallVector<StoreOp> stores;
  getOperation().walk([&](StoreOp store) {
    if (isWorthStaging(store) && !classes.isOfMemory(store.getValue()))
      stores.push_back(store);
  });
  SmallVector<AllocOp> operands;
  if (getOperation().isSpecialized())
    llvm::append_range(operands,
                       getOperation().getBody().front().getOps<AllocOp>());
  auto atStart = OpBuilder::atBlockBegin(&getOperation().getBody().front());
  for (StoreOp store : stores) {
    Location loc = store.getLoc();
    auto type =
        SharedType::get(cast<RankedTensorType>(store.getValue().getType()));
    Value buffer = bufferFor(store, operands, type, atStart);
    OpBuilder builder(store);
    PutOp::create(builder, loc, store.getValue(), buffer);
    if (getOperation().isSpecialized())
      SendOp::create(builder, loc, buffer, store.getDest(), store.getIndices(),
                     store.getBoxAttr());
    else
      CopyOutOp::create(builder, loc, buffer, store.getDest(),
                        store.getIndices(), store.getBoxAttr());
    store.erase();
  }
}
