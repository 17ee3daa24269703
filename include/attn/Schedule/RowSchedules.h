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

/// 16-bit columns that a thread of a rotary kernel accesses at once.
inline constexpr int64_t kRopeAccess = 8;

/// Width of the tile that holds `columns` rotated columns: a power of two,
/// which threads share evenly.
int64_t ropeTileColumns(int64_t columns);
/// Threads that share one row of a rotary kernel.
int64_t ropeThreadsPerRow(RopeOp op);
/// Rows that one CTA rotates, and its warps.
tile::RowScheduleAttr ropeSchedule(RopeOp op);

/// Width of the tile of values in a kernel that merges partial results.
int64_t mergeTileColumns(SdpaOp op);
/// Rows of the output that one CTA merges, and its warps.
tile::RowScheduleAttr mergeSchedule(SdpaOp op);

/// Width of the tile of outputs in a kernel of what gradients need of each row.
int64_t gradRowsTileColumns(SdpaGradOp op);
/// Rows of the output that one CTA reads for it, and its warps.
tile::RowScheduleAttr gradRowsSchedule(SdpaGradOp op);

/// Rows of queries that one warp evaluates a predicate on at a time.
tile::RowScheduleAttr blockMapSchedule(SdpaOp op);

} // namespace attn

#endif // ATTN_SCHEDULE_ROWSCHEDULES_H
