//===- CpAsync.cpp - Asynchronous copies by all threads -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tile is copied in chunks of 16 bytes. Threads that follow one another take
// chunks that do so in shared memory (but for the swizzle): they write to
// different banks, and read whole sectors of a row. Chunks outside the memref
// are written as zeros and read nothing.
//
//===----------------------------------------------------------------------===//

#include "Memory.h"
#include "Patterns.h"
#include "Ptxas.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

struct CopyAsyncConversion : OpConversionPattern<CopyAsyncOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(CopyAsyncOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct CommitConversion : OpConversionPattern<CommitCopiesOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(CommitCopiesOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<NVVM::CpAsyncCommitGroupOp>(op);
    return success();
  }
};

struct WaitConversion : OpConversionPattern<WaitCopiesOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(WaitCopiesOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<NVVM::CpAsyncWaitGroupOp>(op, op.getPending());
    return success();
  }
};

/// Copies of one tile. Each thread has a chunk of a panel and a row; it steps
/// through the rows, and in each row through the panels: a step to the next
/// panel is an immediate offset on both sides, a step to the next row one
/// addition.
class TileCopier {
public:
  TileCopier(OpBuilder &builder, CopyAsyncOp op, const GlobalView &view,
             Value dest);
  void copyTile();

private:
  Value addressOf(ArrayRef<Value> row);
  void copyRow(ArrayRef<Value> indices, Value pointer, int64_t row);
  void copyChunk(Value pointer, int64_t row, int64_t panel, Value isInside,
                 Value isMine);
  void copy(Value dest, Value source, Value bytes, Value isMine);
  Value isLess(Value a, Value b) {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, a, b);
  }
  Value plus(Value a, int64_t b) {
    return b ? arith::AddIOp::create(builder, loc, a, emitI32(builder, loc, b))
             : a;
  }

  OpBuilder &builder;
  Location loc;
  const GlobalView &view;
  Value dest;
  SharedType type;
  SwizzledTile tile;
  int64_t rows, panels, chunksInMemory;
  /// The rows and panels that all threads cover at a time. Threads that are
  /// left over, where their number does not divide that of rows, do nothing.
  int64_t rowsPerStep, panelsPerStep;
  bool hasIdleThreads;

  RowIndexer places;
  Value chunk, laneRow, lanePanel; // of the thread; no panel where it is 0
};

} // namespace

TileCopier::TileCopier(OpBuilder &builder, CopyAsyncOp op,
                       const GlobalView &view, Value dest)
    : builder(builder), loc(op.getLoc()), view(view), dest(dest),
      type(op.getDest().getType()), tile(type), rows(type.getRows()),
      panels(tile.chunksPerRow() / tile.chunksPerPanel()),
      chunksInMemory(op.getSource().getType().getShape().back() *
                     type.getElementBytes() / SwizzledTile::kChunkBytes),
      places(builder, loc, op.getIndices(), op.getBox()) {
  int64_t perPanel = tile.chunksPerPanel();
  int64_t slots = threadsOf(op) / perPanel;
  rowsPerStep = std::min(slots, rows);
  panelsPerStep = std::max<int64_t>(1, slots / rows);
  hasIdleThreads = slots > rowsPerStep * panelsPerStep;

  Value thread = emitThreadId(builder, loc);
  chunk = arith::RemUIOp::create(builder, loc, thread,
                                 emitI32(builder, loc, perPanel));
  laneRow = arith::DivUIOp::create(builder, loc, thread,
                                   emitI32(builder, loc, perPanel));
  if (slots <= rows)
    return;
  lanePanel = arith::DivUIOp::create(builder, loc, laneRow,
                                     emitI32(builder, loc, rows));
  laneRow = arith::RemUIOp::create(builder, loc, laneRow,
                                   emitI32(builder, loc, rows));
}

/// Copies 16 bytes of which `bytes` are read and the others zeros, where
/// `isMine`, if there is one, holds.
void TileCopier::copy(Value dest, Value source, Value bytes, Value isMine) {
  constexpr int64_t kBytes = SwizzledTile::kChunkBytes;
  if (!isMine) {
    NVVM::CpAsyncOp::create(builder, loc, dest, source, kBytes,
                            NVVM::LoadCacheModifierKind::CG, bytes);
    return;
  }
  emitPredicatedCopy(builder, loc, dest, source, bytes, isMine);
}

/// Copies the thread's chunk of one panel, or zeros.
void TileCopier::copyChunk(Value pointer, int64_t row, int64_t panel,
                           Value isInside, Value isMine) {
  int64_t perPanel = tile.chunksPerPanel();
  bool swizzleIsFixed = row % SwizzledTile::kPatternRows == 0;
  Value target =
      tile.offset(builder, loc, swizzleIsFixed ? row : 0,
                  swizzleIsFixed ? laneRow : plus(laneRow, row), 0, chunk);
  target = plus(target, panel * tile.panelBytes());
  if (lanePanel) {
    Value bytes = arith::MulIOp::create(
        builder, loc, lanePanel, emitI32(builder, loc, tile.panelBytes()));
    target = arith::AddIOp::create(builder, loc, target, bytes);
  }
  if ((panel + panelsPerStep) * perPanel > chunksInMemory) {
    Value column = plus(chunk, panel * perPanel);
    if (lanePanel)
      column = arith::AddIOp::create(
          builder, loc, column,
          arith::MulIOp::create(builder, loc, lanePanel,
                                emitI32(builder, loc, perPanel)));
    Value isColumn = isLess(column, emitI32(builder, loc, chunksInMemory));
    isInside = arith::AndIOp::create(builder, loc, isInside, isColumn);
  }
  Value bytes = arith::SelectOp::create(
      builder, loc, isInside, emitI32(builder, loc, SwizzledTile::kChunkBytes),
      emitI32(builder, loc, 0));
  int64_t elements =
      panel * perPanel * SwizzledTile::kChunkBytes / type.getElementBytes();
  Value source =
      LLVM::GEPOp::create(builder, loc, pointer.getType(), view.elementType,
                          pointer, ArrayRef<LLVM::GEPArg>{int32_t(elements)});
  copy(emitSharedOffset(builder, loc, dest, target), source, bytes, isMine);
}

/// Copies the thread's chunks of row `row + laneRow`, which is at `pointer` and
/// has these indices.
void TileCopier::copyRow(ArrayRef<Value> indices, Value pointer, int64_t row) {
  Value inTile = plus(laneRow, row);
  Value isInside = places.isInside(builder, loc, view, indices);
  for (int64_t panel = 0; panel < panels; panel += panelsPerStep) {
    Value isMine;
    auto restrict = [&](Value condition) {
      isMine = isMine ? arith::AndIOp::create(builder, loc, isMine, condition)
                      : condition;
    };
    if (row + rowsPerStep > rows)
      restrict(isLess(inTile, emitI32(builder, loc, rows)));
    if (panel + panelsPerStep > panels || hasIdleThreads) {
      int64_t count = std::min(panelsPerStep, panels - panel);
      if (lanePanel)
        restrict(isLess(lanePanel, emitI32(builder, loc, count)));
    }
    copyChunk(pointer, row, panel, isInside, isMine);
  }
}

/// Returns the address of the thread's first chunk of a row.
Value TileCopier::addressOf(ArrayRef<Value> row) {
  int64_t perChunk = SwizzledTile::kChunkBytes / type.getElementBytes();
  Value column = arith::MulIOp::create(builder, loc, chunk,
                                       emitI32(builder, loc, perChunk));
  if (lanePanel)
    column = arith::AddIOp::create(
        builder, loc, column,
        arith::MulIOp::create(
            builder, loc, lanePanel,
            emitI32(builder, loc, perChunk * tile.chunksPerPanel())));
  SmallVector<Value> indices(row);
  indices.push_back(column);
  return view.address(builder, loc, indices);
}

/// Without a box, all rows are a stride apart.
void TileCopier::copyTile() {
  Value pointer = addressOf(places.at(builder, loc, laneRow));
  Value stride = view.strides[view.strides.size() - 2];
  Value step = arith::MulIOp::create(builder, loc, stride,
                                     emitI64(builder, loc, rowsPerStep));
  for (int64_t row = 0; row < rows; row += rowsPerStep) {
    SmallVector<Value> indices = places.at(builder, loc, laneRow, row);
    if (row && places.hasBox())
      pointer = addressOf(indices);
    else if (row)
      pointer = LLVM::GEPOp::create(builder, loc, pointer.getType(),
                                    view.elementType, pointer, step);
    copyRow(indices, pointer, row);
  }
}

LogicalResult CopyAsyncConversion::matchAndRewrite(
    CopyAsyncOp op, OneToNOpAdaptor adaptor,
    ConversionPatternRewriter &rewriter) const {
  MemRefType source = op.getSource().getType();
  if (!isInChunks(source))
    return rewriter.notifyMatchFailure(op, "expected rows of whole chunks");
  GlobalView view =
      GlobalView::unpack(rewriter, op.getLoc(), source, adaptor.getSource());
  TileCopier(rewriter, op, view, adaptor.getDest().front()).copyTile();
  rewriter.eraseOp(op);
  return success();
}

void attn::tile::populateCpAsyncPatterns(const TypeConverter &converter,
                                         RewritePatternSet &patterns) {
  patterns.add<CopyAsyncConversion, CommitConversion, WaitConversion>(
      converter, patterns.getContext());
}
