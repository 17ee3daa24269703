//===- Groups.h - What is computed a block of rows at a time ----*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operations of a basic block whose rows depend on no other rows form a group:
// one loop over blocks of rows computes them all. A group is a sequence of
// nodes, each of which is one product or one loop over the rows of the block.
// Operations that compute each element alone are in no node; they are computed
// where they are needed (Values.h).
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETOVECTOR_GROUPS_H
#define ATTN_LIB_CONVERSION_TILETOVECTOR_GROUPS_H

#include "Values.h"

#include "llvm/ADT/MapVector.h"

namespace attn::tile {

/// One thing that a loop over rows does: a reduction (`tile.reduce`,
/// `tile.fold`), a store, or the writing of a value to its place.
struct RowItem {
  mlir::Operation *op = nullptr; // of a reduction or a store
  mlir::Value value;             // that is written to its place
  /// The tile that is read, column by column.
  mlir::Value getInput() const;
};

struct Node {
  DotOp product; // null in loops over rows
  llvm::SmallVector<RowItem> items;
};

struct Group {
  int64_t rows;
  std::vector<Node> nodes;
  llvm::SmallVector<DotOp> products;
  /// Row vectors that are written to their places when a block is done.
  llvm::SmallVector<mlir::Value> keptRowVectors;
  /// Tiles that have a place in memory, and whether all their rows are needed
  /// at a time.
  llvm::MapVector<mlir::Value, bool> places;
};

/// One step of a basic block: a group, or an operation of another kind.
struct Step {
  mlir::Operation *op = nullptr;
  std::unique_ptr<Group> group;
};

/// The steps of a block, in order. Fails with a message where an operation on
/// tiles cannot be computed like this.
llvm::FailureOr<std::vector<Step>> planBlock(mlir::Block &block, int64_t lanes);

/// Whether a walk's or a loop's carried tile can be replaced in place by what
/// the step yields; the values that are then in its place.
bool isReplacedInPlace(mlir::Value carried, mlir::Value yielded,
                       llvm::SmallVectorImpl<mlir::Value> &inPlace);

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETOVECTOR_GROUPS_H
