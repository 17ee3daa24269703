//===- AllocateShared.cpp - Places in shared memory -----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %b = tile.alloc : !tile.shared<…>   =>   %b = tile.alloc at 16384 : …
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/Transforms/Passes.h"
#include "attn/Target/TargetRegistry.h"

#include "llvm/Support/MathExtras.h"

namespace attn::tile {
#define GEN_PASS_DEF_ALLOCATESHARED
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

/// The swizzle pattern of the widest panel repeats after eight rows of 128
/// bytes.
constexpr int64_t kAlignment = 1024;

struct AllocateShared
    : public attn::tile::impl::AllocateSharedBase<AllocateShared> {
  void runOnOperation() override;
};

} // namespace

void AllocateShared::runOnOperation() {
  KernelOp kernel = getOperation();
  const TargetDesc *target = lookupTarget(kernel.getTarget());
  if (!target) {
    kernel.emitOpError("expected a known target (")
        << knownTargetNames() << "), got `" << kernel.getTarget() << "`";
    return signalPassFailure();
  }
  int64_t bytes = 0;
  kernel.walk([&](AllocOp alloc) {
    bytes = llvm::alignTo(bytes, kAlignment);
    alloc.setOffset(bytes);
    bytes += alloc.getType().getBytes();
  });
  if (bytes > target->sharedBytesPerBlock) {
    // Plain emitError: the dump of a whole kernel would bury the line.
    emitError(kernel.getLoc())
        << "schedule `" << kernel.getSchedule().toFlag() << "` needs " << bytes
        << " bytes of shared memory, " << bytes - target->sharedBytesPerBlock
        << " more than the " << target->sharedBytesPerBlock << " of "
        << target->name;
    return signalPassFailure();
  }
  kernel.setSharedBytes(bytes);
}
