//===- RowSchedules.h - Schedules of row kernels ----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels that map rows to rows share them among threads by width alone, so
// their schedules follow from the operation and need no table.
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_SCHEDULE_ROWSCHEDULES_H
#define ATTN_SCHEDULE_ROWSCHEDULES_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Tile/IR/Tile.h"

namespace attn {

/// How tiles hold rows that a chain of operations on rows maps.
struct RowTiling {
  /// Columns [first, first + count) of a row, in a tile of `columns`. Where
  /// they belong to pairs, `firstPair` is the number of the first one; else it
  /// is negative. A piece of first elements is followed by that of the second
  /// ones.
  struct Piece {
    int64_t first, count, columns, firstPair;
  };
  llvm::SmallVector<Piece> pieces; // in the order of columns, but for pairs
  int64_t threadsPerRow = 1;
};

/// `leastThreads` is the number of threads that share a row at least, and
/// `columns` that of columns to which the last piece can be extended.
RowTiling tilingOf(llvm::ArrayRef<RowOp> chain, int64_t leastThreads = 1,
                   int64_t columns = 0);
/// The same for rows of so many features that nothing pairs, of elements of so
/// many bits.
RowTiling tilingOfRows(int64_t features, int64_t bits);
/// Rows that one CTA maps, and its warps. It computes `op`, and what is fused
/// into it.
tile::RowScheduleAttr rowSchedule(RowOp op);

/// Width of the tile of values in a kernel that merges partial results.
int64_t mergeTileColumns(SdpaOp op);
/// Rows of the output that one CTA merges, and its warps.
tile::RowScheduleAttr mergeSchedule(SdpaOp op);

/// Width of the tiles of outputs in a kernel of what gradients need of each
/// row, whose rows lanes of one warp share.
int64_t gradRowsTileColumns(SdpaGradOp op);
/// Rows of the output that one CTA reads for it, and its warps.
tile::RowScheduleAttr gradRowsSchedule(SdpaGradOp op);

/// Elements of the gradient of a tensor that one warp adds up.
tile::RowScheduleAttr gradSumsSchedule(mlir::Operation *op);

RowTiling normGradTiling(NormGradOp op);
/// Rows that one CTA of the gradient of a norm has at a time, and its warps.
tile::RowScheduleAttr normGradSchedule(NormGradOp op);

/// Width of the tile of a sum, 1 where tensors are no rows.
int64_t sumTileColumns(SumOp op);
/// Rows, or elements, that one CTA adds up, and its warps.
tile::RowScheduleAttr sumSchedule(SumOp op);

/// Rows of queries that one warp evaluates a predicate on at a time.
tile::RowScheduleAttr blockMapSchedule(SdpaOp op);

} // namespace attn

#endif // ATTN_SCHEDULE_ROWSCHEDULES_H
