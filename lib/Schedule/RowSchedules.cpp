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

/// Appends columns [first, end) of a row, `step` at a time. With a `partner`,
/// each piece is followed by one that begins so much further on.
static void appendPieces(RowTiling &tiling, int64_t first, int64_t end,
                         int64_t step, int64_t partner, int64_t pairsPerColumn,
                         bool arePairs) {
  for (int64_t at = first; at < end; at += step) {
    int64_t count = std::min(step, end - at);
    int64_t pair = arePairs ? at / pairsPerColumn : -1;
    tiling.pieces.push_back({at, count, 0, pair});
    if (partner)
      tiling.pieces.push_back({at + partner, count, 0, pair});
  }
}

/// Columns of a row that threads access at once, of a piece that begins at a
/// multiple of `first` and has a multiple of `count`.
static int64_t accessOf(int64_t first, int64_t count, int64_t most) {
  return std::gcd(std::gcd(first, count), most);
}

/// Pieces of the first and of the second elements of the same pairs.
static SmallVector<std::pair<RowTiling::Piece *, RowTiling::Piece *>>
partners(RowTiling &tiling) {
  SmallVector<std::pair<RowTiling::Piece *, RowTiling::Piece *>> found;
  for (size_t i = 0; i + 1 < tiling.pieces.size(); ++i) {
    RowTiling::Piece &x = tiling.pieces[i], &y = tiling.pieces[i + 1];
    if (x.firstPair >= 0 && x.firstPair == y.firstPair)
      found.emplace_back(&x, &y);
  }
  return found;
}

/// A row is shared by lanes of one warp, which norms exchange sums among.
static RowTiling tilingOf(ArrayRef<RowOp> chain, int64_t features, int64_t bits,
                          int64_t leastThreads, int64_t columns) {
  constexpr int64_t kAccessBits = 128;
  int64_t most = kAccessBits / bits;
  RowTiling tiling;
  auto append = [&](int64_t first, int64_t end, int64_t partner,
                    int64_t perPair, bool arePairs) {
    int64_t access = accessOf(first, end - first, most);
    appendPieces(tiling, first, end, CtaAttr::kWarpSize * access, partner,
                 perPair, arePairs);
  };
  int64_t rotary = 0;
  for (RowOp op : chain)
    if (auto rope = dyn_cast<RopeOp>(op.getOperation())) {
      rotary = rope.getRotaryDimsOrDefault();
      if (rope.getPairing() == Pairing::Half)
        append(0, rotary / 2, /*partner=*/rotary / 2, 1, true);
      else
        append(0, rotary, /*partner=*/0, /*perPair=*/2, true);
    }
  if (rotary < features)
    append(rotary, features, 0, 1, false);
  int64_t threads = std::max<int64_t>(leastThreads, 1);
  for (auto &piece : tiling.pieces)
    piece.columns = accessOf(piece.first, piece.count, most);
  for (auto [x, y] : partners(tiling))
    x->columns = y->columns = std::min(x->columns, y->columns);
  for (auto &piece : tiling.pieces) {
    threads = std::max<int64_t>(threads, llvm::PowerOf2Ceil(llvm::divideCeil(
                                             piece.count, piece.columns)));
    // One column, also of every second one, would be a row vector.
    if (piece.columns <= 2)
      threads = std::max<int64_t>(threads, 2);
  }
  RowTiling::Piece &last = tiling.pieces.back();
  while (threads * last.columns < columns - last.first)
    threads *= 2;
  for (auto &piece : tiling.pieces)
    piece.columns *= threads;
  tiling.threadsPerRow = threads;
  return tiling;
}

RowTiling attn::tilingOf(ArrayRef<RowOp> chain, int64_t leastThreads,
                         int64_t columns) {
  RowOp source = chain.front();
  return ::tilingOf(chain, source.getFeatures(),
                    source.getInputElement().getWidth(), leastThreads, columns);
}

RowTiling attn::tilingOfRows(int64_t features, int64_t bits) {
  return ::tilingOf({}, features, bits, /*leastThreads=*/1, /*columns=*/0);
}

/// Each thread has a part of two rows.
static RowScheduleAttr scheduleOf(Operation *op, const RowTiling &tiling) {
  constexpr int64_t kRowsPerThread = 2;
  int64_t threads = kWarps * CtaAttr::kWarpSize;
  return scheduleOf(op, kRowsPerThread * threads / tiling.threadsPerRow);
}

RowScheduleAttr attn::rowSchedule(RowOp op) {
  SmallVector<RowOp, 2> chain = fusedRowOps(op.getInput());
  chain.push_back(op);
  return scheduleOf(op, tilingOf(chain));
}

RowTiling attn::normGradTiling(NormGradOp op) {
  return tilingOfRows(op.getFeatures(),
                      op.getInput().getType().getElementTypeBitWidth());
}

RowScheduleAttr attn::normGradSchedule(NormGradOp op) {
  return scheduleOf(op, normGradTiling(op));
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

/// Each thread has eight 16-bit columns at once, of two rows.
static int64_t rowsOfWidth(int64_t columns) {
  constexpr int64_t kAccess = 8, kRowsPerThread = 2;
  int64_t threadsPerRow = llvm::divideCeil(columns, kAccess);
  return kRowsPerThread * kWarps * CtaAttr::kWarpSize / threadsPerRow;
}

int64_t attn::gradRowsTileColumns(SdpaGradOp op) {
  constexpr int64_t kAccessBits = 128;
  int64_t most =
      CtaAttr::kWarpSize * kAccessBits / op.getElementType().getWidth();
  return std::min<int64_t>(llvm::PowerOf2Ceil(op.getHeadDimV()), most);
}

RowScheduleAttr attn::gradRowsSchedule(SdpaGradOp op) {
  return scheduleOf(op, rowsOfWidth(gradRowsTileColumns(op)));
}

int64_t attn::sumTileColumns(SumOp op) {
  return op.hasRows() ? llvm::PowerOf2Ceil(op.getSumType().getShape().back())
                      : 1;
}

RowScheduleAttr attn::sumSchedule(SumOp op) {
  if (op.hasRows())
    return scheduleOf(op, rowsOfWidth(sumTileColumns(op)));
  return scheduleOf(op, WarpFragment::kRows, /*warps=*/1);
}

RowScheduleAttr attn::gradSumsSchedule(Operation *op) {
  return scheduleOf(op, WarpFragment::kRows, /*warps=*/1);
}

RowScheduleAttr attn::blockMapSchedule(SdpaOp op) {
  return scheduleOf(op, WarpFragment::kRows, /*warps=*/1);
}
