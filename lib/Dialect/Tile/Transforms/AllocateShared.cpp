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

/// Adds the operations of the kernel's block in which a buffer, or a slot of
/// it, is used.
static void collectUsers(Value buffer, Block &body,
                         SmallVectorImpl<Operation *> &users) {
  for (Operation *user : buffer.getUsers()) {
    users.push_back(body.findAncestorOpInBlock(*user));
    if (auto slot = dyn_cast<SlotOp>(user))
      collectUsers(slot, body, users);
  }
}

/// True if the first use of `buffer` is a `tile.put` behind all uses of
/// `other`: tile-insert-barriers has all threads meet there.
static bool follows(AllocOp buffer, AllocOp other) {
  Block &body = *buffer->getBlock();
  SmallVector<Operation *> users, others;
  collectUsers(buffer, body, users);
  collectUsers(other, body, others);
  if (users.empty() || others.empty())
    return false;
  auto isBefore = [](Operation *a, Operation *b) {
    return a->isBeforeInBlock(b);
  };
  Operation *first = *llvm::min_element(users, isBefore);
  Operation *last = *llvm::max_element(others, isBefore);
  return isa<PutOp>(first) && last->isBeforeInBlock(first);
}

/// Bytes from the start up to the end of what `alloc` must not overlap.
static int64_t firstFreeByte(AllocOp alloc, ArrayRef<AllocOp> placed) {
  int64_t free = 0;
  for (AllocOp other : placed)
    if (!follows(alloc, other) && !follows(other, alloc))
      free = std::max<int64_t>(free,
                               *other.getOffset() + other.getType().getBytes());
  return llvm::alignTo(free, kAlignment);
}

void AllocateShared::runOnOperation() {
  KernelOp kernel = getOperation();
  const TargetDesc *target = lookupTarget(kernel.getTarget());
  if (!target) {
    kernel.emitOpError("expected a known target (")
        << knownTargetNames() << "), got `" << kernel.getTarget() << "`";
    return signalPassFailure();
  }
  int64_t bytes = 0;
  SmallVector<AllocOp> placed;
  for (auto alloc : kernel.getBody().front().getOps<AllocOp>()) {
    int64_t offset = firstFreeByte(alloc, placed);
    alloc.setOffset(offset);
    bytes = std::max(bytes, offset + alloc.getType().getBytes());
    placed.push_back(alloc);
  }
  for (auto barriers : kernel.getBody().front().getOps<AllocBarriersOp>()) {
    bytes = llvm::alignTo(bytes, BarriersType::kBytes);
    barriers.setOffset(bytes);
    bytes += barriers.getType().getBytes();
  }
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
