//===- StepPlan.h - Which operations of a step run one step later -*- C++
//-*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Splits a step of a walk for tile-skew-products: products of stage 1, with
// what has to be around them, run while the next step's products of stage 0 do.
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_DIALECT_TILE_TRANSFORMS_STEPPLAN_H
#define ATTN_LIB_DIALECT_TILE_TRANSFORMS_STEPPLAN_H

#include "attn/Dialect/Tile/IR/Tile.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"

namespace attn::tile {

struct StepPlan {
  /// Fails with the reason where the step cannot be split.
  static mlir::FailureOr<StepPlan> make(WalkOp walk, unsigned segment,
                                        llvm::StringRef &reason);

  /// True if the operation runs where it stands, in its own step.
  bool runsNow(mlir::Operation *op) const {
    return !delayed.contains(op) && !late.contains(op) && !skipped.contains(op);
  }
  mlir::Value accumulatorOf(size_t product) const {
    return DotOp(later[product]).getAcc();
  }
  /// The buffers, or rings, that a product reads.
  static llvm::SmallVector<mlir::Value> buffersOf(DotOp dot);
  /// True if `op` may not run before `dot` is done: it uses the result, signals
  /// that a buffer which `dot` reads is free, or writes such a buffer.
  static bool dependsOn(mlir::Operation *op, DotOp dot);

  WalkOp walk;
  unsigned segment = 0;
  mlir::Block *step = nullptr;
  /// Products of stage 0, and the last of them that waits for no other.
  llvm::SmallVector<DotOp> now;
  DotOp lastOfWave;
  /// Products of stage 1, and for each the carried value that is its result.
  llvm::SmallVector<DotOp> later;
  llvm::SmallVector<unsigned> carriedAs;
  /// Products of stage 1, waits for what only they read, and releases of what
  /// they read, in order.
  llvm::SetVector<mlir::Operation *> delayed;
  /// Operations that make tiles only for products of stage 1; they stand behind
  /// the waits.
  llvm::SetVector<mlir::Operation *> late;
  /// Operations that compute indices only for the delayed operations; they are
  /// computed again.
  llvm::DenseSet<mlir::Operation *> skipped;
  /// Operands of products of stage 1 that steps carry to the next one, besides
  /// accumulators.
  llvm::SetVector<mlir::Value> crossing;
  /// Results that are computed before the products of stage 1 are waited for,
  /// and how many percent of each one's columns.
  llvm::SmallVector<std::pair<mlir::Value, int64_t>> computedFirst;

private:
  bool findProducts(llvm::StringRef &reason);
  void delayBarriers();
  bool hasRoom() const;
  void findFeeding();
  void findCrossing();
};

} // namespace attn::tile

#endif // ATTN_LIB_DIALECT_TILE_TRANSFORMS_STEPPLAN_H
