//===- Walks.h - Copies of walks over tiles ---------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_DIALECT_TILE_TRANSFORMS_WALKS_H
#define ATTN_LIB_DIALECT_TILE_TRANSFORMS_WALKS_H

#include "attn/Dialect/Tile/IR/Tile.h"

namespace attn::tile {

llvm::SmallVector<CopyAsyncOp> copiesOf(mlir::Block &step);

/// True if every segment makes the same copies in the same order.
bool copiesAreAlike(WalkOp walk);

/// Returns the place where copies for a walk's first steps start: before the
/// wait for tiles that are loaded once, if there is one, so that they travel
/// together. `groups` of them stay in flight over that wait.
mlir::OpBuilder prologueOf(WalkOp walk, int64_t groups);

/// Builds `body` under the condition that the walk gets to `tile`.
void emitIfThere(mlir::OpBuilder &builder, WalkOp walk, mlir::Value tile,
                 llvm::function_ref<void(mlir::OpBuilder &)> body);

/// The use of the walk's rings at `tile`.
mlir::Value emitUse(mlir::OpBuilder &builder, WalkOp walk, mlir::Value tile);

/// Clones `copy`, of a step of `walk`, for tile `tile` into `dest`, with
/// whatever its indices compute from the number of its own tile.
void cloneCopy(mlir::OpBuilder &builder, CopyAsyncOp copy, WalkOp walk,
               mlir::Value tile, mlir::Value dest);

/// The step's copies with their commits and waits.
llvm::SmallVector<mlir::Operation *> copyingOpsOf(mlir::Block &step);

/// Says why a pass leaves a kernel or walk as it is; `pass` is its flag.
void remarkMissed(mlir::Operation *op, llvm::StringRef pass,
                  llvm::StringRef what, llvm::StringRef reason);

} // namespace attn::tile

#endif // ATTN_LIB_DIALECT_TILE_TRANSFORMS_WALKS_H
