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
// nobody reads tile t - 1 any more.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Tile/Transforms/Passes.h"

#include "llvm/ADT/DenseSet.h"

namespace attn::tile {
#define GEN_PASS_DEF_INSERTBARRIERS
#include "attn/Dialect/Tile/Transforms/Passes.h.inc"
} // namespace attn::tile

using namespace mlir;
using namespace attn::tile;

namespace {

/// What has happened to the buffers since the last barrier.
struct State {
  llvm::DenseSet<Value> copied;  // a copy was started
  llvm::DenseSet<Value> arrived; // … and waited for, by its own thread; or put
  llvm::DenseSet<Value> read;

  /// True if that added something.
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
  void visitLoop(scf::ForOp loop, State &state);

  /// False while the state around a back edge is still being found.
  bool isInserting = true;
};

} // namespace

/// The allocation behind a tile in shared memory.
static Value bufferOf(Value tile) {
  if (auto slot = tile.getDefiningOp<SlotOp>())
    return slot.getRing();
  return tile;
}

static SmallVector<Value> buffersReadBy(Operation &op) {
  SmallVector<Value> buffers;
  if (isa<DotOp, FragmentOp, CopyOutOp>(op))
    for (Value operand : op.getOperands())
      if (isa<SharedType>(operand.getType()))
        buffers.push_back(bufferOf(operand));
  return buffers;
}

static SmallVector<Value> buffersCopiedBy(Operation &op) {
  SmallVector<Value> buffers;
  op.walk([&](CopyAsyncOp copy) { buffers.push_back(bufferOf(copy.getDest())); });
  return buffers;
}

/// Around the back edge the state is the join of both ways in.
void InsertBarriers::visitLoop(scf::ForOp loop, State &state) {
  bool wasInserting = isInserting;
  isInserting = false;
  State entry = state;
  for (bool isGrowing = true; isGrowing;) {
    State end = entry;
    visit(*loop.getBody(), end);
    isGrowing = entry.join(end);
  }
  isInserting = wasInserting;
  state.join(entry);
  State end = entry;
  visit(*loop.getBody(), end);
  state = std::move(end);
  // A loop without steps leaves what was there before it.
  state.join(entry);
}

void InsertBarriers::visit(Operation &op, State &state) {
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return visitLoop(loop, state);
  if (isa<BarrierOp>(op))
    return state.synchronise();
  if (isa<WaitCopiesOp>(op)) {
    state.arrived.insert(state.copied.begin(), state.copied.end());
    return;
  }
  SmallVector<Value> reads = buffersReadBy(op), copies = buffersCopiedBy(op);
  auto put = dyn_cast<PutOp>(op);
  bool needsBarrier =
      llvm::any_of(reads, [&](Value b) { return state.arrived.contains(b); }) ||
      llvm::any_of(copies, [&](Value b) { return state.read.contains(b); }) ||
      (put && !state.isFresh());
  if (needsBarrier) {
    if (isInserting) {
      OpBuilder builder(&op);
      BarrierOp::create(builder, op.getLoc());
    }
    state.synchronise();
  }
  if (put)
    state.arrived.insert(put.getDest());
  state.read.insert(reads.begin(), reads.end());
  state.copied.insert(copies.begin(), copies.end());
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
