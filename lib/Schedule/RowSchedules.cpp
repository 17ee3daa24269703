//===- RowSchedules.cpp - Schedules of kernels without keys ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Schedule/RowSchedules.h"

#include "attn/Dialect/Tile/IR/AttributeNames.h"
#include "attn/Target/TargetRegistry.h"

#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace attn;
using namespace attn::tile;

static constexpr int64_t kWarps = 4;

/// \p rows are those of a GPU's CTA; a processor's has as many as suit a task.
static RowScheduleAttr scheduleOf(Operation *op, int64_t rows,
                                  int64_t warps = kWarps) {
  constexpr int64_t kRowsOfTask = 64;
  auto target = op->getAttrOfType<StringAttr>(kTargetAttr);
  bool isProcessor = target && lookupTarget(target)->isProcessor();
  RowKeys keys;
  keys.rows = isProcessor ? kRowsOfTask : rows;
  keys.warps = isProcessor ? 0 : warps;
  return RowScheduleAttr::get(op->getContext(), keys);
}

int64_t attn::ropeTileColumns(int64_t columns) {
  // One column would be a row vector.
  return std::max<int64_t>(llvm::PowerOf2Ceil(columns), 2);
}

int64_t attn::ropeThreadsPerRow(RopeOp op) {
  int64_t rotary = op.getRotaryDimsOrDefault();
  int64_t columns = op.getPairing() == Pairing::Half ? rotary / 2 : rotary;
  return ropeTileColumns(columns) / std::gcd(columns, kRopeAccess);
}

RowScheduleAttr attn::ropeSchedule(RopeOp op) {
  constexpr int64_t kRowsPerThread = 2;
  int64_t threads = kWarps * CtaAttr::kWarpSize;
  int64_t rows = kRowsPerThread * threads / ropeThreadsPerRow(op);
  return scheduleOf(op, rows);
}

int64_t attn::mergeTileColumns(SdpaOp op) {
  return op.getOutput().use_empty() ? 1 : llvm::PowerOf2Ceil(op.getHeadDimV());
}

/// Each thread accesses four f32 columns at once.
RowScheduleAttr attn::mergeSchedule(SdpaOp op) {
  constexpr int64_t kAccess = 4;
  int64_t threadsPerRow = llvm::divideCeil(mergeTileColumns(op), kAccess);
  int64_t rows = kWarps * CtaAttr::kWarpSize / threadsPerRow;
  return scheduleOf(op, rows);
}

int64_t attn::gradRowsTileColumns(SdpaGradOp op) {
  return llvm::PowerOf2Ceil(op.getHeadDimV());
}

/// Each thread has eight 16-bit columns at once, of two rows.
RowScheduleAttr attn::gradRowsSchedule(SdpaGradOp op) {
  constexpr int64_t kAccess = 8, kRowsPerThread = 2;
  int64_t threadsPerRow = llvm::divideCeil(gradRowsTileColumns(op), kAccess);
  int64_t rows = kRowsPerThread * kWarps * CtaAttr::kWarpSize / threadsPerRow;
  return scheduleOf(op, rows);
}

RowScheduleAttr attn::blockMapSchedule(SdpaOp op) {
  return scheduleOf(op, WarpFragment::kRows, /*warps=*/1);
}
