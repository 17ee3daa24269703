//===- CopyPlan.cpp - What warps that only copy have to do ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "CopyPlan.h"

#include "attn/Dialect/Tile/Analysis/Effects.h"
#include "attn/Dialect/Tile/Analysis/Slices.h"

using namespace mlir;
using namespace attn::tile;

Operation *attn::tile::placeOf(CopyAsyncOp copy) {
  auto walk = dyn_cast<WalkOp>(copy->getParentOp());
  return walk ? walk.getOperation() : copy.getOperation();
}

SharedType attn::tile::withSwizzle(SharedType tile, int64_t swizzle) {
  return SharedType::get(tile.getContext(), tile.getShape(),
                         tile.getElementType(), swizzle);
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

/// Returns the loops around a place, up to the kernel, or nothing if anything
/// else stands around it.
static FailureOr<SmallVector<scf::ForOp>> loopsAround(Operation *place) {
  SmallVector<scf::ForOp> loops;
  Operation *parent = place->getParentOp();
  for (; !isa<KernelOp>(parent); parent = parent->getParentOp()) {
    auto loop = dyn_cast<scf::ForOp>(parent);
    if (!loop)
      return failure();
    loops.push_back(loop);
  }
  return loops;
}

/// * a whole buffer is filled, once in a step, by one role;
/// * the copy runs whenever the loops around it do;
/// * where it reads, and how often, follows from the kernel's arguments and the
///   numbers that loops count.
LogicalResult CopyPlan::check(CopyAsyncOp copy, KernelOp kernel) {
  Operation *place = placeOf(copy);
  FailureOr<SmallVector<scf::ForOp>> loops = loopsAround(place);
  if (failed(loops))
    return copy.emitOpError(
        "expected copies in walks and loops only, where warps "
        "have roles");
  Region &body = kernel.getBody();
  DenseSet<Value> known(kernel.getBody().args_begin(),
                        kernel.getBody().args_end());
  SmallVector<Value> needed = {copy.getSource()};
  llvm::append_range(needed, copy.getIndices());
  for (scf::ForOp loop : *loops) {
    known.insert(loop.getInductionVar());
    needed.append({loop.getLowerBound(), loop.getUpperBound(), loop.getStep()});
  }
  if (auto walk = dyn_cast<WalkOp>(place)) {
    known.insert(walk.getTile(*walk.getSegmentOf(copy->getBlock())));
    needed.push_back(walk.getFirst());
    llvm::append_range(needed, walk.getBounds());
  }
  for (Value value : needed)
    if (!canMaterialise(value, body, known))
      return copy.emitOpError(
          "depends on what the warps that compute find out");
  return success();
}

LogicalResult CopyPlan::add(CopyAsyncOp copy) {
  auto buffer = copy.getDest().getDefiningOp<AllocOp>();
  if (!buffer || buffer.getType().isRing())
    return copy.emitOpError("expected a whole buffer as destination");
  Operation *place = placeOf(copy);
  auto walk = dyn_cast<WalkOp>(place);
  StringAttr role = copy.getRoleAttr() ? copy.getRoleAttr()
                                       : StringAttr::get(copy.getContext());
  Channel &channel = channels[buffer];
  if (!channel.buffer) {
    channel.buffer = buffer;
    channel.tile = channel.place = buffer.getType();
    channel.role = role;
  }
  if (channel.role != role)
    return copy.emitOpError("fills the buffer of the role ") << channel.role;
  for (CopyAsyncOp other : copies)
    if (other->getBlock() == copy->getBlock() && walk &&
        other.getDest() == copy.getDest())
      return copy.emitOpError("fills a buffer twice in a step");
  int64_t slots = copy.getSlots().value_or(walk ? walk.getStages() : 1);
  channel.slots = std::max(channel.slots, slots);
  if (!llvm::is_contained(channel.places, place))
    channel.places.push_back(place);
  if (!llvm::is_contained(roles, role))
    roles.push_back(role);
  copies.push_back(copy);
  bufferOfCopy[copy] = buffer;
  return success();
}

//===----------------------------------------------------------------------===//
// Counters
//===----------------------------------------------------------------------===//

/// Numbers the counters in the order of their first places.
void CopyPlan::assignCounters() {
  for (CopyAsyncOp copy : copies) {
    Channel &channel = channelOf(copy);
    auto known = llvm::find(counters, channel.places);
    channel.counter = known - counters.begin();
    if (known == counters.end())
      counters.push_back(channel.places);
  }
}

SmallVector<unsigned> CopyPlan::countersAt(Operation *place, StringAttr role) {
  llvm::SmallSetVector<unsigned, 4> found;
  for (CopyAsyncOp copy : copies)
    if (placeOf(copy) == place && (!role || channelOf(copy).role == role))
      found.insert(channelOf(copy).counter);
  SmallVector<unsigned> sorted(found.takeVector());
  llvm::sort(sorted);
  return sorted;
}

SmallVector<unsigned> CopyPlan::countersWithin(Operation *loop,
                                               StringAttr role) {
  llvm::SmallSetVector<unsigned, 4> found;
  for (CopyAsyncOp copy : copies)
    if (loop->isProperAncestor(copy) && (!role || channelOf(copy).role == role))
      found.insert(channelOf(copy).counter);
  SmallVector<unsigned> sorted(found.takeVector());
  llvm::sort(sorted);
  return sorted;
}

//===----------------------------------------------------------------------===//
// Stored tiles
//===----------------------------------------------------------------------===//

SharedType attn::tile::placeForBoth(SharedType a, SharedType b) {
  SharedType wider = a.getColumns() < b.getColumns() ? b : a;
  return withSwizzle(wider, std::min(a.getSwizzle(), b.getSwizzle()));
}

/// True if every reader of the tile is a product that takes its rows from it: a
/// warp reads only those that it computes. All of them stand in front of `put`.
static bool isFreeFor(PutOp put, CopyAsyncOp copy) {
  Block *block = copy->getBlock();
  for (OpOperand &use : copy.getDest().getUses()) {
    Operation *user = use.getOwner();
    if (user == copy)
      continue;
    auto dot = dyn_cast<DotOp>(user);
    Operation *top = block->findAncestorOpInBlock(*user);
    if (!dot || &use != &dot.getAMutable() || !top ||
        !top->isBeforeInBlock(put))
      return false;
  }
  return copy->isBeforeInBlock(put);
}

static bool hasOnePut(AllocOp buffer) {
  return llvm::count_if(buffer->getUsers(), llvm::IsaPred<PutOp>) == 1;
}

/// Results leave from the place of operands that are no longer needed: only the
/// warp that writes a row there has read that row.
void CopyPlan::assignPuts(KernelOp kernel) {
  llvm::SmallPtrSet<Operation *, 4> taken;
  kernel.walk([&](PutOp put) {
    auto buffer = put.getDest().getDefiningOp<AllocOp>();
    if (!buffer || put.getColumns() || !hasOnePut(buffer))
      return;
    SharedType type = buffer.getType();
    for (CopyAsyncOp copy : copies) {
      Channel &channel = channelOf(copy);
      SharedType tile = channel.tile;
      if (copy->getBlock() != put->getBlock() ||
          taken.contains(channel.buffer) || channel.places.size() != 1 ||
          tile.getRows() != type.getRows() ||
          tile.getElementType() != type.getElementType() ||
          !isFreeFor(put, copy))
        continue;
      taken.insert(channel.buffer);
      channel.place = placeForBoth(channel.place, type);
      channel.tile = withSwizzle(tile, channel.place.getSwizzle());
      puts[put] = copy;
      return;
    }
  });
}

FailureOr<CopyPlan> CopyPlan::make(KernelOp kernel) {
  CopyPlan plan;
  WalkResult result = kernel.walk([&](CopyAsyncOp copy) {
    return WalkResult(
        failure(failed(plan.check(copy, kernel)) || failed(plan.add(copy))));
  });
  if (result.wasInterrupted())
    return failure();
  plan.assignCounters();
  plan.assignPuts(kernel);
  return plan;
}
