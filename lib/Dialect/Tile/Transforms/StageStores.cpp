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
// Where warps have roles, a `tile.send` takes the place of the `tile.copy_out`.
//
//===----------------------------------------------------------------------===//

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

/// Returns true for matrices of 16-bit elements. The lanes of a quad write
/// whole sectors of wider ones by themselves.
static bool isWorthStaging(StoreOp store) {
  auto tile = cast<RankedTensorType>(store.getValue().getType());
  return tile.getDimSize(1) != 1 && tile.getElementTypeBitWidth() == 16;
}

void StageStores::runOnOperation() {
  // A tile that is laid out as memory is read is also stored that wide.
  LayoutClasses classes(getOperation());
  SmallVector<StoreOp> stores;
  getOperation().walk([&](StoreOp store) {
    if (isWorthStaging(store) && !classes.isOfMemory(store.getValue()))
      stores.push_back(store);
  });
  auto atStart = OpBuilder::atBlockBegin(&getOperation().getBody().front());
  for (StoreOp store : stores) {
    Location loc = store.getLoc();
    auto type =
        SharedType::get(cast<RankedTensorType>(store.getValue().getType()));
    Value buffer = AllocOp::create(atStart, loc, type, IntegerAttr());
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
