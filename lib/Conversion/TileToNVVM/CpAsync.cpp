//===- CpAsync.cpp - Asynchronous copies by all threads -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tile is copied in chunks of 16 bytes, in the order in which they lie in
// shared memory (but for the swizzle): threads that follow one another write
// to different banks, and read whole sectors of a row. Chunks outside the
// memref are written as zeros and read nothing.
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"

using namespace mlir;
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

struct BarrierConversion : OpConversionPattern<BarrierOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(BarrierOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<NVVM::Barrier0Op>(op);
    return success();
  }
};

/// Copies of one tile, a chunk a thread at a time.
class ChunkCopier {
public:
  ChunkCopier(OpBuilder &builder, CopyAsyncOp op, GlobalView source,
              Value dest)
      : builder(builder), loc(op.getLoc()), view(std::move(source)), dest(dest),
        type(op.getDest().getType()), tile(type), threads(threadsOf(op)),
        chunksInMemory(op.getSource().getType().getShape().back() *
                       type.getElementBytes() / SwizzledTile::kChunkBytes) {
    for (Value index : op.getIndices())
      indices.push_back(arith::IndexCastOp::create(
          builder, loc, builder.getI32Type(), index));
  }

  void copyTile();

private:
  void copyStep(int64_t first);
  void copyChunk(Value row, int64_t rowBase, Value panel, int64_t panelBase,
                 Value chunk);
  Value add(Value a, int64_t b) {
    return b ? arith::AddIOp::create(builder, loc, a, emitI32(builder, loc, b))
             : a;
  }

  OpBuilder &builder;
  Location loc;
  GlobalView view;
  Value dest;
  SharedType type;
  SwizzledTile tile;
  int64_t threads;
  int64_t chunksInMemory;
  SmallVector<Value> indices;
};

} // namespace

/// Copies chunk `chunk` of panel `panelBase + panel` of row `rowBase + row`;
/// `rowBase` is a multiple of 8.
void ChunkCopier::copyChunk(Value row, int64_t rowBase, Value panel,
                            int64_t panelBase, Value chunk) {
  int64_t perPanel = tile.chunksPerPanel();
  Value target = tile.offset(builder, loc, rowBase, row, 0, chunk);
  target = add(target, panelBase * tile.panelBytes());
  Value column = add(chunk, panelBase * perPanel);
  if (panel) {
    Value bytes = arith::MulIOp::create(
        builder, loc, panel, emitI32(builder, loc, tile.panelBytes()));
    target = arith::AddIOp::create(builder, loc, target, bytes);
    Value skipped = arith::MulIOp::create(builder, loc, panel,
                                          emitI32(builder, loc, perPanel));
    column = arith::AddIOp::create(builder, loc, column, skipped);
  }

  size_t rowDim = view.dims.size() - 2;
  Value rowIndex =
      arith::AddIOp::create(builder, loc, indices[rowDim], add(row, rowBase));
  Value isInside =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, rowIndex,
                            view.dims[rowDim]);
  if (chunksInMemory < tile.chunksPerRow()) {
    Value isColumn =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, column,
                              emitI32(builder, loc, chunksInMemory));
    isInside = arith::AndIOp::create(builder, loc, isInside, isColumn);
  }
  Value bytes = arith::SelectOp::create(
      builder, loc, isInside, emitI32(builder, loc, SwizzledTile::kChunkBytes),
      emitI32(builder, loc, 0));

  SmallVector<Value> at(indices);
  at[rowDim] = rowIndex;
  at.push_back(arith::MulIOp::create(
      builder, loc, column,
      emitI32(builder, loc,
              SwizzledTile::kChunkBytes / type.getElementBytes())));
  NVVM::CpAsyncOp::create(builder, loc,
                          emitSharedOffset(builder, loc, dest, target),
                          view.address(builder, loc, at),
                          SwizzledTile::kChunkBytes,
                          NVVM::LoadCacheModifierKind::CG, bytes);
}

/// Threads take chunks `first`, `first + 1`, … of the tile.
void ChunkCopier::copyStep(int64_t first) {
  int64_t perPanel = tile.chunksPerPanel();
  int64_t panelChunks = type.getRows() * perPanel;
  int64_t total = type.getRows() * tile.chunksPerRow();
  Value thread = emitThreadId(builder, loc);
  auto divide = [&](Value value, int64_t by) -> Value {
    return arith::DivUIOp::create(builder, loc, value,
                                  emitI32(builder, loc, by));
  };
  auto remainder = [&](Value value, int64_t by) -> Value {
    return arith::RemUIOp::create(builder, loc, value,
                                  emitI32(builder, loc, by));
  };
  Value chunk = remainder(thread, perPanel);
  bool isInOnePanel = panelChunks % threads == 0 &&
                      threads % (8 * perPanel) == 0;
  if (isInOnePanel)
    return copyChunk(divide(thread, perPanel),
                     first % panelChunks / perPanel, Value(),
                     first / panelChunks, chunk);

  // A step that crosses panels, or ends before the last thread.
  Value linear = add(thread, first);
  Value inPanel = remainder(linear, panelChunks);
  auto copy = [&] {
    copyChunk(divide(inPanel, perPanel), 0, divide(linear, panelChunks), 0,
              chunk);
  };
  if (first + threads <= total)
    return copy();
  Value isChunk =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, linear,
                            emitI32(builder, loc, total));
  auto guard = scf::IfOp::create(builder, loc, isChunk, /*withElse=*/false);
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPoint(guard.thenBlock()->getTerminator());
  copy();
}

void ChunkCopier::copyTile() {
  int64_t total = type.getRows() * tile.chunksPerRow();
  for (int64_t first = 0; first < total; first += threads)
    copyStep(first);
}

LogicalResult CopyAsyncConversion::matchAndRewrite(
    CopyAsyncOp op, OneToNOpAdaptor adaptor,
    ConversionPatternRewriter &rewriter) const {
  MemRefType source = op.getSource().getType();
  int64_t columns = source.getShape().back();
  if (ShapedType::isDynamic(columns) || columns % 8 != 0)
    return rewriter.notifyMatchFailure(op, "expected columns in eights");
  GlobalView view = GlobalView::unpack(rewriter, op.getLoc(), source,
                                       adaptor.getSource());
  ChunkCopier(rewriter, op, std::move(view), adaptor.getDest().front())
      .copyTile();
  rewriter.eraseOp(op);
  return success();
}

void attn::tile::populateCpAsyncPatterns(const TypeConverter &converter,
                                         RewritePatternSet &patterns) {
  patterns.add<CopyAsyncConversion, CommitConversion, WaitConversion,
               BarrierConversion>(converter, patterns.getContext());
}
