//===- Effects.h - What operations do to shared memory ----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_DIALECT_TILE_ANALYSIS_EFFECTS_H
#define ATTN_DIALECT_TILE_ANALYSIS_EFFECTS_H

#include "attn/Dialect/Tile/IR/Tile.h"

namespace attn::tile {

/// The buffer or ring that a tile in shared memory is a view of.
mlir::Value bufferOf(mlir::Value tile);

/// Buffers that `op` itself reads or writes.
llvm::SmallVector<mlir::Value> buffersReadBy(mlir::Operation *op);
llvm::SmallVector<mlir::Value> buffersWrittenBy(mlir::Operation *op);

/// True if `op` itself has an effect of that kind on the resource.
template <typename EffectT, typename ResourceT>
bool hasEffectOn(mlir::Operation *op) {
  auto effects = llvm::dyn_cast<mlir::MemoryEffectOpInterface>(op);
  if (!effects)
    return false;
  llvm::SmallVector<mlir::MemoryEffects::EffectInstance> instances;
  effects.getEffectsOnResource(ResourceT::get(), instances);
  return llvm::any_of(instances, [](const auto &instance) {
    return llvm::isa<EffectT>(instance.getEffect());
  });
}

/// True if `op` waits for copies, products or barriers.
bool isWait(mlir::Operation *op);

/// Returns the last operation of `block` that reads the buffer itself or in one
/// of its regions; null where none does.
mlir::Operation *lastReader(mlir::Value buffer, mlir::Block &block);
/// Returns the first such operation.
mlir::Operation *firstReader(mlir::Value buffer, mlir::Block &block);

} // namespace attn::tile

#endif // ATTN_DIALECT_TILE_ANALYSIS_EFFECTS_H
