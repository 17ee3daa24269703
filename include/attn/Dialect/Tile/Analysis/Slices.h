//===- Slices.h - What values are computed from -----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_DIALECT_TILE_ANALYSIS_SLICES_H
#define ATTN_DIALECT_TILE_ANALYSIS_SLICES_H

#include "attn/Dialect/Tile/IR/Tile.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/DenseSet.h"

#include <optional>

namespace attn::tile {

/// Clones what `value` is computed from, as far as it is defined in `region`
/// and not mapped yet, and returns what `value` becomes.
mlir::Value materialise(mlir::OpBuilder &builder, mlir::Value value,
                        mlir::Region &region, mlir::IRMapping &mapping);

/// True if `materialise` can clone `value`: within `region`, it is computed
/// without side effects from nothing but `known` values.
bool canMaterialise(mlir::Value value, mlir::Region &region,
                    const llvm::DenseSet<mlir::Value> &known);

/// Returns by how much an index value grows from one step to the next, where
/// `tile` is the number of the step's tile, or nothing where that is not known.
std::optional<int64_t> growthPerStep(mlir::Value value,
                                     mlir::BlockArgument tile);

/// True if `a` and `b` are computed alike, each within its block, once the
/// values of `equal` are taken for one another.
bool isComputedAlike(mlir::Value a, mlir::Value b,
                     llvm::ArrayRef<std::pair<mlir::Value, mlir::Value>> equal);

/// Operations of `block` without side effects whose results nothing but `users`
/// and one another needs, in order. `isKept` says which not to take.
llvm::SmallVector<mlir::Operation *>
feedsOnly(const llvm::DenseSet<mlir::Operation *> &users, mlir::Block &block,
          llvm::function_ref<bool(mlir::Operation *)> isKept);

} // namespace attn::tile

#endif // ATTN_DIALECT_TILE_ANALYSIS_SLICES_H
