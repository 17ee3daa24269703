//===- Walk.h - The loops over KV tiles -------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_DIALECT_TILE_TRANSFORMS_WALK_H
#define ATTN_LIB_DIALECT_TILE_TRANSFORMS_WALK_H

#include "attn/Dialect/Tile/IR/Tile.h"

namespace attn::tile {

/// The walk over KV tiles [first, last): masked and unmasked tiles are separate
/// loops, each of which begins where the one before it ends.
struct Walk {
  /// By what its steps do: copy tiles or, where other warps do that, multiply.
  static Walk find(KernelOp kernel);
  static Walk findProducts(KernelOp kernel);

  mlir::Value first() { return loops.front().getLowerBound(); }
  mlir::Value last() { return loops.back().getUpperBound(); }

  /// Where copies for the first steps start: before the wait for tiles that are
  /// loaded once, if there is one, so that they travel together. `groups` of
  /// them stay in flight over that wait.
  mlir::OpBuilder prologue(KernelOp kernel, int64_t groups);

  /// Builds `body` under the condition that the walk gets to `tile`.
  void emitIfThere(mlir::OpBuilder &builder, mlir::Location loc,
                   mlir::Value tile,
                   llvm::function_ref<void(mlir::OpBuilder &)> body);

  llvm::SmallVector<mlir::scf::ForOp> loops;
};

/// Copies, commits and waits of the loop's body.
llvm::SmallVector<mlir::Operation *> synchronousCopies(mlir::scf::ForOp loop);

/// Clones `copy` of `loop` for tile `tile` into `dest`, with whatever its
/// indices compute from the loop's induction variable.
void cloneCopy(mlir::OpBuilder &builder, CopyAsyncOp copy,
               mlir::scf::ForOp loop, mlir::Value tile, mlir::Value dest);

} // namespace attn::tile

#endif // ATTN_LIB_DIALECT_TILE_TRANSFORMS_WALK_H
