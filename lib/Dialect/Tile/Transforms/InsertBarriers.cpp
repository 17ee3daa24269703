//===- InsertBarriers.cpp - Barriers between threads that share a buffer --===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   tile.wait_copies pending = 0            tile.wait_copies pending = 0
//   tile.copy_async … to %next       =>     tile.barrier
//   … tile.dot %q, %now, …                  tile.copy_async … to %next
//                                           … tile.dot %q, %now, …
//
// One barrier serves both reasons to have one: tile t has arrived for all, and
// nobody reads tile t - 1 any more. What passes through a channel is ordered by
// its barriers, so only plain buffers count.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/Analysis/Effects.h"
#include "attn/Dialect/Tile/Transforms/Passes.h"
#include "mlir/Interfaces/LoopLikeInterface.h"

#include "llvm/ADT/DenseSet.h"

namespace attn::tile {
#define GEN_PASS_DEF_INSERTBARRIERS
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn::tile;

namespace {

using Buffers = llvm::DenseSet<Value>;

/// The accesses of an operation, and of those in its regions, to buffers.
struct Accesses {
  explicit Accesses(Operation *op);

  SmallVector<Value> reads, puts, copies;
  /// True if it writes a buffer in the kernel's own block, which may then have
  /// the place of buffers that were used before (tile-allocate-shared).
  bool takesPlaces;
};

/// The accesses to buffers since the last barrier.
struct State {
  Buffers copied;  // a copy was started
  Buffers arrived; // … and waited for, by its own thread; or put
  Buffers read;

  /// Returns true if the join added something.
  bool join(const State &other) {
    size_t before = copied.size() + arrived.size() + read.size();
    copied.insert(other.copied.begin(), other.copied.end());
    arrived.insert(other.arrived.begin(), other.arrived.end());
    read.insert(other.read.begin(), other.read.end());
    return copied.size() + arrived.size() + read.size() != before;
  }
  /// True if no other thread can be at work on a buffer whose copies have been
  /// waited for.
  bool isFresh() const { return arrived.empty() && read.empty(); }
  bool needsBarrier(const Accesses &accesses) const {
    auto isIn = [](const Buffers &buffers) {
      return [&](Value buffer) { return buffers.contains(buffer); };
    };
    return llvm::any_of(accesses.reads, isIn(arrived)) ||
           llvm::any_of(accesses.copies, isIn(read)) ||
           llvm::any_of(accesses.puts, isIn(read)) ||
           (accesses.takesPlaces && !isFresh());
  }
  void synchronise() {
    arrived.clear();
    read.clear();
  }
};

struct InsertBarriers
    : public attn::tile::impl::InsertBarriersBase<InsertBarriers> {
  void runOnOperation() override;

private:
  void visit(Block &block, State &state);
  void visit(Operation &op, State &state);
  void visitLoop(LoopLikeOpInterface loop, State &state);
  void visitBranches(Operation &op, State &state);
  void meetBefore(Operation &op, const Accesses &accesses, State &state);

  /// False while the state around a back edge is still being found.
  bool isInserting = true;
};

} // namespace

/// Leaves out the buffers of channels, which need no barrier.
static void appendBuffers(SmallVectorImpl<Value> &to, ArrayRef<Value> buffers) {
  llvm::copy_if(buffers, std::back_inserter(to), [](Value buffer) {
    return !buffer.getDefiningOp<ChannelOp>();
  });
}

Accesses::Accesses(Operation *op) {
  op->walk([&](Operation *inner) {
    bool isCopy = hasEffectOn<MemoryEffects::Write, AsyncCopies>(inner);
    appendBuffers(reads, buffersReadBy(inner));
    appendBuffers(isCopy ? copies : puts, buffersWrittenBy(inner));
  });
  takesPlaces = !puts.empty() && isa<KernelOp>(op->getParentOp());
}

void InsertBarriers::meetBefore(Operation &op, const Accesses &accesses,
                                State &state) {
  if (!state.needsBarrier(accesses))
    return;
  if (isInserting) {
    OpBuilder builder(&op);
    BarrierOp::create(builder, op.getLoc());
  }
  state.synchronise();
}

/// At a loop's start the state is the join of the states before it and at its
/// back edge.
void InsertBarriers::visitLoop(LoopLikeOpInterface loop, State &state) {
  Block &body = loop.getLoopRegions().front()->front();
  bool wasInserting = isInserting;
  isInserting = false;
  State entry = state;
  for (bool isGrowing = true; isGrowing;) {
    State end = entry;
    visit(body, end);
    isGrowing = entry.join(end);
  }
  isInserting = wasInserting;
  state.join(entry);
  State end = entry;
  visit(body, end);
  state = std::move(end);
  // A loop that runs no step leaves the state as it was before it.
  state.join(entry);
}

/// All threads meet in front of a branch if the branch may access what was
/// accessed before it, and within the branch for everything else.
void InsertBarriers::visitBranches(Operation &op, State &state) {
  meetBefore(op, Accesses(&op), state);
  State entry = state;
  for (Region &region : op.getRegions())
    for (Block &block : region) {
      State end = entry;
      visit(block, end);
      state.join(end);
    }
}

void InsertBarriers::visit(Operation &op, State &state) {
  if (auto loop = dyn_cast<LoopLikeOpInterface>(op))
    return visitLoop(loop, state);
  if (op.getNumRegions() != 0)
    return visitBranches(op, state);
  if (hasEffectOn<MemoryEffects::Read, SharedMemory>(&op) &&
      hasEffectOn<MemoryEffects::Write, SharedMemory>(&op) &&
      op.getNumOperands() == 0)
    return state.synchronise();
  if (hasEffectOn<MemoryEffects::Read, AsyncCopies>(&op)) {
    state.arrived.insert(state.copied.begin(), state.copied.end());
    return;
  }
  Accesses accesses(&op);
  meetBefore(op, accesses, state);
  state.arrived.insert(accesses.puts.begin(), accesses.puts.end());
  state.read.insert(accesses.reads.begin(), accesses.reads.end());
  state.copied.insert(accesses.copies.begin(), accesses.copies.end());
}

void InsertBarriers::visit(Block &block, State &state) {
  for (Operation &op : llvm::make_early_inc_range(block))
    visit(op, state);
}

void InsertBarriers::runOnOperation() {
  State state;
  isInserting = true;
  visit(getOperation().getBody().front(), state);
}
