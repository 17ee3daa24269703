//===- CopyPlan.h - What warps that only copy have to do --------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Copies, the buffers they fill, and how often: what tile-specialize-warps has
// to know of a kernel before it gives copies to warps of their own.
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_DIALECT_TILE_TRANSFORMS_COPYPLAN_H
#define ATTN_LIB_DIALECT_TILE_TRANSFORMS_COPYPLAN_H

#include "attn/Dialect/Tile/IR/Tile.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"

namespace attn::tile {

class CopyPlan {
public:
  /// The places where a buffer is filled: by a copy that stands alone, once, or
  /// in a walk, once in each step.
  using Places = llvm::SmallVector<mlir::Operation *>;

  /// A buffer that becomes a ring between the warps that copy and the others.
  struct Channel {
    AllocOp buffer;
    SharedType tile;  // what a slot holds when it is full
    SharedType place; // what a slot has room for
    int64_t slots = 1;
    mlir::StringAttr role;
    Places places;
    unsigned counter = 0; // of `counters`
    ChannelOp op;         // when it is made
  };

  /// Fails with an error where warps that only copy cannot make the kernel's
  /// copies.
  static mlir::FailureOr<CopyPlan> make(KernelOp kernel);

  Channel &channelOf(CopyAsyncOp copy) {
    return channels.find(bufferOfCopy.lookup(copy))->second;
  }
  /// Counters of the channels of `role` (of all where it is null) that are
  /// filled at `place`, or within the loop `place`.
  llvm::SmallVector<unsigned> countersAt(mlir::Operation *place,
                                         mlir::StringAttr role);
  llvm::SmallVector<unsigned> countersWithin(mlir::Operation *loop,
                                             mlir::StringAttr role);

  llvm::SmallVector<CopyAsyncOp> copies; // in order
  llvm::MapVector<mlir::Operation *, Channel>
      channels; // by what makes the buffer
  llvm::SmallVector<mlir::StringAttr> roles;
  /// Channels that are filled at the same places share a count of uses.
  llvm::SmallVector<Places> counters;
  /// Stored tiles that leave from the place of an operand, and the copy of
  /// that.
  llvm::MapVector<mlir::Operation *, CopyAsyncOp> puts;

private:
  mlir::LogicalResult add(CopyAsyncOp copy);
  mlir::LogicalResult check(CopyAsyncOp copy, KernelOp kernel);
  void assignCounters();
  void assignPuts(KernelOp kernel);

  llvm::DenseMap<mlir::Operation *, mlir::Operation *> bufferOfCopy;
};

/// The walk in whose steps `copy` stands, or itself.
mlir::Operation *placeOf(CopyAsyncOp copy);

/// Returns the type of a place that can hold either tile row by row: as wide as
/// the wider one, in panels whose width divides both.
SharedType placeForBoth(SharedType a, SharedType b);

/// Tile type `tile` in panels of that width.
SharedType withSwizzle(SharedType tile, int64_t swizzle);

} // namespace attn::tile

#endif // ATTN_LIB_DIALECT_TILE_TRANSFORMS_COPYPLAN_H
