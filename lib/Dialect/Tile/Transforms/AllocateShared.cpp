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

#include "attn/Dialect/Tile/Analysis/Effects.h"
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

/// Adds the operations of the kernel's block in which a buffer, or a view of
/// it, is used.
static void collectUsers(Value buffer, Block &body,
                         SmallVectorImpl<Operation *> &users) {
  for (Operation *user : buffer.getUsers()) {
    users.push_back(body.findAncestorOpInBlock(*user));
    for (Value result : user->getResults())
      if (isa<SharedType>(result.getType()))
        collectUsers(result, body, users);
  }
}

/// True if the first use of `buffer` is a write by its threads, behind all uses
/// of `other`: tile-insert-barriers has all threads meet there.
static bool follows(Value buffer, Value other) {
  Block &body = *buffer.getParentBlock();
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
  bool isWritten = llvm::is_contained(buffersWrittenBy(first), buffer) &&
                   !hasEffectOn<MemoryEffects::Write, AsyncCopies>(first);
  return isWritten && last->isBeforeInBlock(first);
}

namespace {

/// A buffer or ring with a place.
struct Placed {
  Value buffer;
  int64_t offset;

  int64_t end() const {
    return offset + cast<SharedType>(buffer.getType()).getBytes();
  }
};

} // namespace

/// Returns the first place behind everything that `buffer` must not overlap.
static int64_t placeFor(Value buffer, ArrayRef<Placed> placed) {
  int64_t free = 0;
  for (const Placed &other : placed)
    if (!follows(buffer, other.buffer) && !follows(other.buffer, buffer))
      free = std::max(free, other.end());
  return llvm::alignTo(free, kAlignment);
}

/// Barriers lie behind all tiles.
static int64_t placeBarriers(Block &body, int64_t bytes) {
  for (auto channel : body.getOps<ChannelOp>()) {
    bytes = llvm::alignTo(bytes, BarriersType::kBytes);
    int64_t each = channel.getFull().getType().getBytes();
    SmallVector<int64_t> offsets(*channel.getOffsets());
    std::tie(offsets[1], offsets[2]) = std::pair(bytes, bytes + each);
    channel.setOffsets(offsets);
    bytes += 2 * each;
  }
  return bytes;
}

/// Gives all buffers, rings and barriers their places. Returns the bytes they
/// take.
static int64_t placeAll(Block &body) {
  int64_t bytes = 0;
  SmallVector<Placed> placed;
  auto place = [&](Value buffer) {
    placed.push_back({buffer, placeFor(buffer, placed)});
    bytes = std::max(bytes, placed.back().end());
    return placed.back().offset;
  };
  for (Operation &op : body) {
    if (auto alloc = dyn_cast<AllocOp>(op))
      alloc.setOffset(place(alloc.getResult()));
    if (auto channel = dyn_cast<ChannelOp>(op))
      channel.setOffsets(ArrayRef<int64_t>{place(channel.getRing()), 0, 0});
  }
  return placeBarriers(body, bytes);
}

void AllocateShared::runOnOperation() {
  KernelOp kernel = getOperation();
  const TargetDesc *target = lookupTarget(kernel.getTarget());
  if (!target) {
    kernel.emitOpError("expected a known target (")
        << knownTargetNames() << "), got `" << kernel.getTarget() << "`";
    return signalPassFailure();
  }
  int64_t bytes = placeAll(kernel.getBody().front());
  if (bytes > target->sharedBytesPerBlock) {
    // Plain emitError: the dump of a whole kernel would bury the line.
    InFlightDiagnostic error = emitError(kernel.getLoc());
    if (KernelSchedule schedule = kernel.getSchedule())
      error << "schedule `" << schedule.toFlag() << "`";
    else
      error << "kernel `" << kernel.getSymName() << "`";
    error << " needs " << bytes << " bytes of shared memory, "
          << bytes - target->sharedBytesPerBlock << " more than the "
          << target->sharedBytesPerBlock << " of " << target->name;
    return signalPassFailure();
  }
  kernel.setSharedBytes(bytes);
}
