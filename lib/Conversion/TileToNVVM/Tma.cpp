//===- Tma.cpp - Tiles copied by the tensor memory accelerator -----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A copy is a box of the tensor that is as wide as a panel in shared memory, so
// a tile of several panels is several copies. Coordinates count elements, the
// innermost first; what is outside the tensor is zero, or is not written.
//
//===----------------------------------------------------------------------===//
#include "Memory.h"
#include "Patterns.h"
#include "Ptxas.h"

using namespace mlir;
using namespace attn::tile;

namespace {

struct FetchConversion : OpConversionPattern<FetchOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(FetchOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct SendConversion : OpConversionPattern<SendOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(SendOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

/// Computes where the boxes of a tile lie, in global and in shared memory.
class Boxes {
public:
  Boxes(OpBuilder &builder, Location loc, TensorMapType map, SharedType tile,
        const RowIndexer &places)
      : builder(builder), loc(loc), map(map), tile(tile), places(places) {}

  int64_t panels() const { return tile.getColumns() / columns(); }
  /// Rows of the tile in one box.
  int64_t rows() const {
    return ShapedType::getNumElements(map.getBox().drop_back());
  }
  /// Offset of a box in shared memory, without that of its rows.
  int64_t panelOffset(int64_t panel) const {
    return panel * tile.getRows() * tile.getSwizzle();
  }
  /// The coordinates of the panel's box whose rows begin at `row`, in elements.
  SmallVector<Value> coordinates(int64_t panel, Value row) const;

private:
  int64_t columns() const { return map.getBox().back(); }

  OpBuilder &builder;
  Location loc;
  TensorMapType map;
  SharedType tile;
  const RowIndexer &places;
};

} // namespace

SmallVector<Value> Boxes::coordinates(int64_t panel, Value row) const {
  SmallVector<Value> position = {emitI32(builder, loc, panel * columns())};
  llvm::append_range(position, llvm::reverse(places.at(builder, loc, row)));
  return position;
}

/// The CTA's own memory has the same addresses among its cluster's.
static Value emitInCluster(OpBuilder &builder, Location loc, Value pointer) {
  Value address =
      LLVM::PtrToIntOp::create(builder, loc, builder.getI64Type(), pointer);
  auto type = LLVM::LLVMPointerType::get(builder.getContext(), 7);
  return LLVM::IntToPtrOp::create(builder, loc, type, address);
}

LogicalResult
FetchConversion::matchAndRewrite(FetchOp op, OneToNOpAdaptor adaptor,
                                 ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  auto map = dyn_cast<TensorMapType>(op.getSource().getType());
  if (!map)
    return op.emitOpError("expected a tensor map; run tile-make-tensor-maps "
                          "first");
  SharedType tile = op.getDest().getType();
  Value barrier = emitBarrier(rewriter, loc, op.getBarriers().getType(),
                              adaptor.getBarriers().front(), op.getUse());
  NVVM::MBarrierArriveExpectTxOp::create(
      rewriter, loc, rewriter.getI64Type(), barrier,
      emitI32(rewriter, loc, tile.getBytes()), NVVM::MemScopeKind::CTA,
      /*relaxed=*/false, /*predicate=*/Value());
  RowIndexer places(rewriter, loc, op.getIndices(), op.getBox());
  Boxes boxes(rewriter, loc, map, tile, places);
  for (int64_t panel = 0; panel < boxes.panels(); ++panel)
    for (int64_t row = 0; row < tile.getRows(); row += boxes.rows()) {
      int64_t offset = boxes.panelOffset(panel) + row * tile.getSwizzle();
      Value dest = emitSharedOffset(rewriter, loc, adaptor.getDest().front(),
                                    emitI32(rewriter, loc, offset));
      Value firstRow = emitI32(rewriter, loc, row);
      NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp::create(
          rewriter, loc, emitInCluster(rewriter, loc, dest),
          adaptor.getSource().front(), boxes.coordinates(panel, firstRow),
          barrier, /*im2colOffsets=*/ValueRange(), /*multicastMask=*/Value(),
          /*l2CacheHint=*/Value(), NVVM::TMALoadMode::TILE,
          /*isCTAOnly=*/false, /*group=*/nullptr, /*predicate=*/Value());
    }
  rewriter.eraseOp(op);
  return success();
}

/// Each lane of the warp makes its writes visible to the copy engine by a
/// fence. One lane then starts the copies, and all go on when the copies have
/// read the tile.
LogicalResult
SendConversion::matchAndRewrite(SendOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  auto map = dyn_cast<TensorMapType>(op.getDest().getType());
  if (!map)
    return op.emitOpError("expected a tensor map; run tile-make-tensor-maps "
                          "first");
  SharedType tile = op.getSource().getType();
  NVVM::FenceProxyOp::create(
      rewriter, loc, NVVM::ProxyKind::async_shared,
      NVVM::SharedSpaceAttr::get(getContext(), NVVM::SharedSpace::shared_cta));
  Value all = emitI32(rewriter, loc, -1);
  NVVM::SyncWarpOp::create(rewriter, loc, all);
  RowIndexer places(rewriter, loc, op.getIndices(), op.getBox());
  Boxes boxes(rewriter, loc, map, tile, places);
  Value row =
      arith::MulIOp::create(rewriter, loc, emitUniformWarpId(rewriter, op),
                            emitI32(rewriter, loc, boxes.rows()));
  Value rowBytes =
      arith::MulIOp::create(rewriter, loc, makeOpaque(rewriter, loc, row),
                            emitI32(rewriter, loc, tile.getSwizzle()));
  Value source =
      emitSharedOffset(rewriter, loc, adaptor.getSource().front(), rowBytes);
  SmallVector<SmallVector<Value>> coordinates;
  for (int64_t panel = 0; panel < boxes.panels(); ++panel)
    coordinates.push_back(boxes.coordinates(panel, row));
  Value isElected = NVVM::ElectSyncOp::create(
      rewriter, loc, rewriter.getI1Type(), /*membermask=*/Value());
  auto guard = scf::IfOp::create(rewriter, loc, isElected, /*withElse=*/false);
  OpBuilder inner = guard.getThenBodyBuilder();
  for (int64_t panel = 0; panel < boxes.panels(); ++panel)
    NVVM::CpAsyncBulkTensorSharedCTAToGlobalOp::create(
        inner, loc, adaptor.getDest().front(),
        emitSharedOffset(inner, loc, source,
                         emitI32(inner, loc, boxes.panelOffset(panel))),
        coordinates[panel], /*l2CacheHint=*/Value(), NVVM::TMAStoreMode::TILE,
        /*predicate=*/Value());
  NVVM::CpAsyncBulkCommitGroupOp::create(inner, loc);
  NVVM::CpAsyncBulkWaitGroupOp::create(inner, loc, 0,
                                       inner.getUnitAttr() /*read*/);
  NVVM::SyncWarpOp::create(rewriter, loc, all);
  rewriter.eraseOp(op);
  return success();
}

void attn::tile::populateTmaPatterns(const TypeConverter &converter,
                                     RewritePatternSet &patterns) {
  patterns.add<FetchConversion, SendConversion>(converter,
                                                patterns.getContext());
}
