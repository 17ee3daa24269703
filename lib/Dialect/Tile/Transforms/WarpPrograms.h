//===- WarpPrograms.h - Programs of warps that copy and compute -*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_DIALECT_TILE_TRANSFORMS_WARPPROGRAMS_H
#define ATTN_LIB_DIALECT_TILE_TRANSFORMS_WARPPROGRAMS_H

#include "CopyPlan.h"

#include "attn/Dialect/Tile/Analysis/Slices.h"

namespace attn::tile {

/// The uses of channels up to some place of a program, by counter. They are
/// added up only where the sum is needed.
class UseCounts {
public:
  UseCounts(size_t counters, mlir::Value none)
      : counts(counters, none), pending(counters) {}

  /// Uses in front of what comes next.
  llvm::SmallVector<mlir::Value> get(mlir::OpBuilder &builder,
                                     mlir::Location loc,
                                     llvm::ArrayRef<unsigned> counters);
  mlir::Value get(mlir::OpBuilder &builder, mlir::Location loc,
                  unsigned counter) {
    return get(builder, loc, llvm::ArrayRef(counter)).front();
  }
  void set(unsigned counter, mlir::Value count) { counts[counter] = count; }
  /// One more use of a slot.
  void add(unsigned counter) { pending[counter].emplace_back(); }
  /// One for each tile of [first, last).
  void add(unsigned counter, mlir::Value first, mlir::Value last) {
    pending[counter].emplace_back(first, last);
  }

private:
  llvm::SmallVector<mlir::Value> counts;
  /// Tiles of walks; none for a single use.
  llvm::SmallVector<llvm::SmallVector<std::pair<mlir::Value, mlir::Value>>>
      pending;
};

/// Writes the program of the warps that fetch the tiles of one role.
class ProducerWriter {
public:
  ProducerWriter(CopyPlan &plan, mlir::StringAttr role, mlir::Region &body,
                 mlir::Location loc)
      : plan(plan), role(role), body(body), loc(loc) {}
  void write(mlir::Block &from, mlir::OpBuilder &builder, UseCounts &counts);

private:
  bool isMine(CopyAsyncOp copy) { return plan.channelOf(copy).role == role; }
  void writeLoop(mlir::scf::ForOp loop, mlir::OpBuilder &builder,
                 UseCounts &counts);
  void writeWalk(WalkOp walk, mlir::OpBuilder &builder, UseCounts &counts);
  void writeFetches(WalkOp walk, unsigned segment, mlir::Value from,
                    mlir::Value to, mlir::OpBuilder &builder,
                    UseCounts &counts);
  void writeFetch(CopyAsyncOp copy, mlir::Value use, mlir::OpBuilder &builder);
  mlir::Value toProducer(mlir::Value value, mlir::OpBuilder &builder) {
    return materialise(builder, value, body, mapping);
  }

  CopyPlan &plan;
  mlir::StringAttr role;
  mlir::Region &body; // of the consumers
  mlir::Location loc;
  mlir::IRMapping mapping;
};

/// Makes the kernel's own program that of the consumers.
class ConsumerWriter {
public:
  explicit ConsumerWriter(CopyPlan &plan) : plan(plan) {}
  void countUses(mlir::Block &block, UseCounts &counts);
  mlir::LogicalResult write();

private:
  void countLoop(mlir::scf::ForOp loop, UseCounts &counts);
  mlir::LogicalResult writeStep(WalkOp walk, unsigned segment);
  mlir::LogicalResult writeOnce(CopyAsyncOp copy);
  mlir::LogicalResult awaitCopies(mlir::Block &block);

  CopyPlan &plan;
  llvm::DenseMap<std::pair<mlir::Operation *, unsigned>, mlir::Value>
      usesBefore;                                       // a place
  llvm::DenseMap<mlir::Operation *, mlir::Value> useOf; // a copy
};

/// The slot of use `use` of a channel, as a tile of that type.
mlir::Value slotOf(mlir::OpBuilder &builder, mlir::Location loc,
                   const CopyPlan::Channel &channel, mlir::Value use,
                   SharedType tile);

} // namespace attn::tile

#endif // ATTN_LIB_DIALECT_TILE_TRANSFORMS_WARPPROGRAMS_H
