//===- Effects.cpp - What operations do to shared memory ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Dialect/Tile/Analysis/Effects.h"

using namespace mlir;
using namespace attn::tile;

/// Views have no effects, and are made from one tile or ring.
Value attn::tile::bufferOf(Value tile) {
  while (Operation *def = tile.getDefiningOp()) {
    if (!isPure(def) || def->getNumOperands() == 0 ||
        !isa<SharedType>(def->getOperand(0).getType()))
      break;
    tile = def->getOperand(0);
  }
  return tile;
}

template <typename EffectT>
static SmallVector<Value> buffersOf(Operation *op) {
  SmallVector<Value> buffers;
  auto effects = dyn_cast<MemoryEffectOpInterface>(op);
  if (!effects)
    return buffers;
  SmallVector<MemoryEffects::EffectInstance> instances;
  effects.getEffectsOnResource(SharedMemory::get(), instances);
  for (const MemoryEffects::EffectInstance &instance : instances)
    if (isa<EffectT>(instance.getEffect()) && instance.getValue())
      buffers.push_back(bufferOf(instance.getValue()));
  return buffers;
}

SmallVector<Value> attn::tile::buffersReadBy(Operation *op) {
  return buffersOf<MemoryEffects::Read>(op);
}

SmallVector<Value> attn::tile::buffersWrittenBy(Operation *op) {
  return buffersOf<MemoryEffects::Write>(op);
}

bool attn::tile::isWait(Operation *op) {
  return hasEffectOn<MemoryEffects::Read, AsyncCopies>(op) ||
         hasEffectOn<MemoryEffects::Read, Products>(op) ||
         hasEffectOn<MemoryEffects::Read, ChannelBarriers>(op);
}

static bool readsWithin(Operation &op, Value buffer) {
  WalkResult result = op.walk([&](Operation *inner) {
    return llvm::is_contained(buffersReadBy(inner), buffer)
               ? WalkResult::interrupt()
               : WalkResult::advance();
  });
  return result.wasInterrupted();
}

Operation *attn::tile::lastReader(Value buffer, Block &block) {
  for (Operation &op : llvm::reverse(block))
    if (readsWithin(op, buffer))
      return &op;
  return nullptr;
}

Operation *attn::tile::firstReader(Value buffer, Block &block) {
  for (Operation &op : block)
    if (readsWithin(op, buffer))
      return &op;
  return nullptr;
}
