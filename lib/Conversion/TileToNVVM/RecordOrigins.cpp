//===- RecordOrigins.cpp - Origins of lowered operations ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %3 = llvm.add %1, %2 : i32 loc(fused<"tile.slot:52:12">[…])
// =>
//   %3 = llvm.add %1, %2 {tile.op = "tile.slot:52:12"} : i32
//
//===----------------------------------------------------------------------===//

#include "attn/Conversion/TileToNVVM/Passes.h"
#include "attn/Dialect/Tile/IR/Origins.h"
#include "mlir/IR/Matchers.h"

namespace attn {
#define GEN_PASS_DEF_RECORDORIGINS
#include "attn/Conversion/TileToNVVM/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;

namespace {

struct RecordOrigins : public attn::impl::RecordOriginsBase<RecordOrigins> {
  void runOnOperation() override;
};

} // namespace

/// The origin that convert-tile-to-nvvm put into the location; null without
/// one.
static StringAttr findOrigin(Location loc) {
  StringAttr origin;
  loc->walk([&](Location part) {
    auto fused = dyn_cast<FusedLocWith<StringAttr>>(part);
    if (!fused || !tile::Origin::parse(fused.getMetadata()))
      return WalkResult::advance();
    origin = fused.getMetadata();
    return WalkResult::interrupt();
  });
  return origin;
}

void RecordOrigins::runOnOperation() {
  getOperation().walk([](LLVM::LLVMFuncOp kernel) {
    // Most operations share their location with others.
    llvm::DenseMap<Location, StringAttr> origins;
    kernel.getBody().walk([&](Operation *op) {
      // Constants become operands, and have many uses.
      if (matchPattern(op, m_Constant()))
        return;
      auto [found, isNew] = origins.try_emplace(op->getLoc());
      if (isNew)
        found->second = findOrigin(op->getLoc());
      if (found->second)
        op->setAttr(tile::kOriginAttr, found->second);
    });
  });
}
