//===- SharedMemory.cpp - Swizzled tiles and ldmatrix ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Memory.h"
#include "Patterns.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

//===----------------------------------------------------------------------===//
// SwizzledTile
//===----------------------------------------------------------------------===//

SwizzledTile::SwizzledTile(SharedType type)
    : rows(type.getRows()),
      chunks(type.getColumns() * type.getElementBytes() / kChunkBytes),
      panelChunks(type.getSwizzle() / kChunkBytes) {}

/// The low bits of a chunk's index are XORed with bits of its row: of 8 chunks
/// a row with row % 8, of 4 with row/2 % 4, of 2 with row/4 % 2.
static Value emitSwizzle(OpBuilder &builder, Location loc, Value row,
                         int64_t panelChunks) {
  int64_t shift = panelChunks == 8 ? 0 : panelChunks == 4 ? 1 : 2;
  Value shifted =
      arith::ShRUIOp::create(builder, loc, row, emitI32(builder, loc, shift));
  return arith::AndIOp::create(builder, loc, shifted,
                               emitI32(builder, loc, panelChunks - 1));
}

Value SwizzledTile::offset(OpBuilder &builder, Location loc, int64_t row,
                           Value laneRow, int64_t chunk,
                           Value laneChunk) const {
  assert(row % kPatternRows == 0 && chunk % 2 == 0 &&
         "the swizzle would depend on them");
  int64_t panel = chunk / panelChunks, inPanel = chunk % panelChunks;
  Value lane = arith::XOrIOp::create(
      builder, loc, laneChunk, emitSwizzle(builder, loc, laneRow, panelChunks));
  Value swizzled =
      arith::XOrIOp::create(builder, loc, lane, emitI32(builder, loc, inPanel));
  Value inRow = arith::MulIOp::create(builder, loc, swizzled,
                                      emitI32(builder, loc, kChunkBytes));
  Value rowOffset = arith::MulIOp::create(
      builder, loc, laneRow, emitI32(builder, loc, panelChunks * kChunkBytes));
  Value fromLane = arith::AddIOp::create(builder, loc, rowOffset, inRow);
  int64_t fixed = panel * panelBytes() + row * panelChunks * kChunkBytes;
  return arith::AddIOp::create(builder, loc, fromLane,
                               emitI32(builder, loc, fixed));
}

Value SwizzledTile::offset(OpBuilder &builder, Location loc, Value row,
                           Value chunk) const {
  Value perPanel = emitI32(builder, loc, panelChunks);
  Value panel = arith::DivUIOp::create(builder, loc, chunk, perPanel);
  Value inPanel = arith::RemUIOp::create(builder, loc, chunk, perPanel);
  Value inPlace = offset(builder, loc, /*row=*/0, row, /*chunk=*/0, inPanel);
  Value before = arith::MulIOp::create(builder, loc, panel,
                                       emitI32(builder, loc, panelBytes()));
  return arith::AddIOp::create(builder, loc, inPlace, before);
}

bool attn::tile::isInChunks(MemRefType type) {
  int64_t columns = type.getShape().back();
  return !ShapedType::isDynamic(columns) &&
         columns * type.getElementTypeBitWidth() %
                 (8 * SwizzledTile::kChunkBytes) ==
             0;
}

Value attn::tile::emitSharedAddress(OpBuilder &builder, Location loc,
                                    int64_t offset) {
  Value base = LLVM::AddressOfOp::create(
      builder, loc, LLVM::LLVMPointerType::get(builder.getContext(), 3),
      kSharedMemoryName);
  return emitSharedOffset(builder, loc, base, emitI32(builder, loc, offset));
}

Value attn::tile::emitSharedOffset(OpBuilder &builder, Location loc,
                                   Value pointer, Value bytes) {
  return LLVM::GEPOp::create(builder, loc, pointer.getType(),
                             builder.getI8Type(), pointer, bytes);
}

//===----------------------------------------------------------------------===//
// ldmatrix
//===----------------------------------------------------------------------===//

/// Bit `bit` of the lane, 0 or 1.
static Value emitLaneBit(OpBuilder &builder, Location loc, Value lane,
                         int64_t bit) {
  Value shifted =
      arith::ShRUIOp::create(builder, loc, lane, emitI32(builder, loc, bit));
  return arith::AndIOp::create(builder, loc, shifted, emitI32(builder, loc, 1));
}

/// Lane L gives the address of row L % 8 of matrix L / 8.
SmallVector<Value> attn::tile::emitLdmatrix(OpBuilder &builder, Location loc,
                                            const SwizzledTile &tile,
                                            Value pointer, int64_t row,
                                            Value rowOffset, int64_t chunk,
                                            MatrixOrder order, bool transpose) {
  Value lane = emitLaneId(builder, loc);
  bool rowsFirst = order == MatrixOrder::RowsFirst;
  Value rowHalf = emitLaneBit(builder, loc, lane, rowsFirst ? 3 : 4);
  Value laneChunk = emitLaneBit(builder, loc, lane, rowsFirst ? 4 : 3);
  Value laneRow =
      arith::AndIOp::create(builder, loc, lane, emitI32(builder, loc, 7));
  Value half =
      arith::ShLIOp::create(builder, loc, rowHalf, emitI32(builder, loc, 3));
  laneRow = arith::AddIOp::create(builder, loc, laneRow, half);
  if (rowOffset)
    laneRow = arith::AddIOp::create(builder, loc, laneRow, rowOffset);
  Value offset = tile.offset(builder, loc, row, laneRow, chunk, laneChunk);

  Type i32 = builder.getI32Type();
  auto result = LLVM::LLVMStructType::getLiteral(builder.getContext(),
                                                 {i32, i32, i32, i32});
  auto shape = NVVM::LdStMatrixShapeAttr::get(builder.getContext(), 8, 8);
  Value loaded = NVVM::LdMatrixOp::create(
      builder, loc, result, emitSharedOffset(builder, loc, pointer, offset),
      /*num=*/4, transpose ? NVVM::MMALayout::col : NVVM::MMALayout::row, shape,
      NVVM::LdStMatrixEltType::B16);
  SmallVector<Value> matrices;
  for (int64_t matrix = 0; matrix < 4; ++matrix)
    matrices.push_back(
        LLVM::ExtractValueOp::create(builder, loc, loaded, matrix));
  return matrices;
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

namespace {

struct AllocConversion : OpConversionPattern<AllocOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(AllocOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (!op.getOffset())
      return op.emitOpError("has no place in shared memory; run "
                            "tile-allocate-shared first");
    rewriter.replaceOp(
        op, emitSharedAddress(rewriter, op.getLoc(), *op.getOffset()));
    return success();
  }
};

struct SlotConversion : OpConversionPattern<SlotOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(SlotOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value use = arith::IndexCastOp::create(rewriter, loc, rewriter.getI32Type(),
                                           op.getUse());
    Value index = arith::RemUIOp::create(
        rewriter, loc, use,
        emitI32(rewriter, loc, op.getRing().getType().getSlots()));
    Value bytes = arith::MulIOp::create(
        rewriter, loc, index,
        emitI32(rewriter, loc, op.getRing().getType().getSlotBytes()));
    rewriter.replaceOp(
        op, emitSharedOffset(rewriter, loc, adaptor.getRing(), bytes));
    return success();
  }
};

struct ReuseConversion : OpConversionPattern<ReuseOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(ReuseOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, adaptor.getSource());
    return success();
  }
};

} // namespace

void attn::tile::populateSharedMemoryPatterns(const TypeConverter &converter,
                                              RewritePatternSet &patterns) {
  patterns.add<AllocConversion, SlotConversion, ReuseConversion>(
      converter, patterns.getContext());
}
