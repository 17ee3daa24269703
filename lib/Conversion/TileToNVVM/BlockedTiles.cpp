//===- BlockedTiles.cpp - Tiles that are only copied and mapped -----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A thread's segment of columns is one access: `tile-assign-layouts` gave it a
// width that every row of an operand begins at a multiple of. Results need not,
// and are then written in pieces.
//
//===----------------------------------------------------------------------===//
#include "Memory.h"
#include "Patterns.h"
#include "Registers.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace attn::tile;

static bool isBlocked(Value tile) {
  return isa_and_nonnull<BlockedAttr>(
      cast<RankedTensorType>(tile.getType()).getEncoding());
}

namespace {

/// Neighbouring columns of one row of a thread, and whether memory has it.
struct Segment {
  Value address, isInside;
};

/// Computes where a thread's segments lie in memory.
class ThreadSegments {
public:
  ThreadSegments(OpBuilder &builder, Operation *op, RankedTensorType tile,
                 GlobalView view, int64_t memoryColumns,
                 const RowIndexer &places)
      : builder(builder), loc(op->getLoc()), tile(tile), grid(tile), view(view),
        origin(emitThreadOriginFor(builder, op, tile)),
        memoryColumns(memoryColumns), places(places) {}

  /// The segment of strip `strip`; the column's test only where it may fail.
  Segment at(int64_t strip);
  /// The same, but outside memory for all but the first of the threads that
  /// share an element of a row vector.
  Segment onceAt(int64_t strip);
  int64_t count() const { return grid.strips; }
  int64_t width() const { return grid.columnsOfAtom; }
  Type type() const {
    return width() == 1 ? view.elementType
                        : Type(VectorType::get(width(), view.elementType));
  }
  unsigned alignment() const {
    return width() * view.elementType.getIntOrFloatBitWidth() / 8;
  }

private:
  OpBuilder &builder;
  Location loc;
  RankedTensorType tile;
  RegisterGrid grid;
  GlobalView view;
  ThreadOrigin origin;
  int64_t memoryColumns;
  RowIndexer places;
};

struct BlockedLoadConversion : OpConversionPattern<LoadOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(LoadOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct BlockedStoreConversion : OpConversionPattern<StoreOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(StoreOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct DeinterleaveConversion : OpConversionPattern<DeinterleaveOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(DeinterleaveOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    SmallVector<Value> halves[2];
    for (auto [i, value] : llvm::enumerate(adaptor.getInput()))
      halves[i % 2].push_back(value);
    rewriter.replaceOpWithMultiple(op, {halves[0], halves[1]});
    return success();
  }
};

struct InterleaveConversion : OpConversionPattern<InterleaveOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(InterleaveOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    SmallVector<Value> registers;
    for (auto [even, odd] : llvm::zip(adaptor.getEven(), adaptor.getOdd()))
      registers.append({even, odd});
    rewriter.replaceOpWithMultiple(op, {registers});
    return success();
  }
};

/// A column vector of constants is a table in global memory.
struct TableConversion : OpConversionPattern<arith::ConstantOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(arith::ConstantOp op, OneToNOpAdaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

/// The approximate instruction; of sine and cosine there is no other, and it is
/// meant for arguments within one turn.
template <typename OpT>
struct ApproximateConversion : OpConversionPattern<OpT> {
  ApproximateConversion(const TypeConverter &converter, MLIRContext *context,
                        StringRef intrinsic)
      : OpConversionPattern<OpT>(converter, context, /*benefit=*/2),
        intrinsic(intrinsic) {}
  LogicalResult matchAndRewrite(
      OpT op,
      typename OpT::template GenericAdaptor<ArrayRef<ValueRange>> adaptor,
      ConversionPatternRewriter &rewriter) const override {
    if (!isa<RankedTensorType>(op.getType()))
      return failure();
    SmallVector<Value> registers;
    for (Value value : adaptor.getOperand())
      registers.push_back(LLVM::CallIntrinsicOp::create(
                              rewriter, op.getLoc(), rewriter.getF32Type(),
                              rewriter.getStringAttr(intrinsic), value)
                              .getResult(0));
    rewriter.replaceOpWithMultiple(op, {registers});
    return success();
  }
  StringRef intrinsic;
};

/// A range of columns.
struct SubViewConversion : OpConversionPattern<memref::SubViewOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(memref::SubViewOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

} // namespace

Segment ThreadSegments::at(int64_t strip) {
  SmallVector<Value> position =
      places.at(builder, loc, origin.row, grid.rowStep * strip);
  Value isInside = places.isInside(builder, loc, view, position);
  if (tile.getDimSize(1) != 1) {
    position.push_back(origin.column);
    if (memoryColumns < tile.getDimSize(1))
      isInside = arith::AndIOp::create(
          builder, loc, isInside,
          arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                                origin.column,
                                emitI32(builder, loc, memoryColumns)));
  }
  return {view.address(builder, loc, position), isInside};
}

Segment ThreadSegments::onceAt(int64_t strip) {
  Segment segment = at(strip);
  if (tile.getDimSize(1) != 1)
    return segment;
  Value isFirst =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                            origin.column, emitI32(builder, loc, 0));
  return {segment.address,
          arith::AndIOp::create(builder, loc, segment.isInside, isFirst)};
}

LogicalResult BlockedLoadConversion::matchAndRewrite(
    LoadOp op, OneToNOpAdaptor adaptor,
    ConversionPatternRewriter &rewriter) const {
  if (!isBlocked(op.getResult()))
    return rewriter.notifyMatchFailure(op, "expected a blocked tile");
  Location loc = op.getLoc();
  MemRefType type = op.getSource().getType();
  ThreadSegments segments(
      rewriter, op, cast<RankedTensorType>(op.getType()),
      GlobalView::unpack(rewriter, loc, type, adaptor.getSource()),
      type.getShape().back(),
      RowIndexer(rewriter, loc, op.getIndices(), op.getBox()));
  SmallVector<Value> registers;
  for (int64_t strip = 0; strip < segments.count(); ++strip) {
    Segment segment = segments.at(strip);
    auto guarded = scf::IfOp::create(
        rewriter, loc, segment.isInside,
        [&](OpBuilder &then, Location) {
          Value loaded =
              LLVM::LoadOp::create(then, loc, segments.type(), segment.address,
                                   segments.alignment());
          scf::YieldOp::create(then, loc, loaded);
        },
        [&](OpBuilder &otherwise, Location) {
          Value zero = LLVM::ZeroOp::create(otherwise, loc, segments.type());
          scf::YieldOp::create(otherwise, loc, zero);
        });
    Value loaded = guarded.getResult(0);
    for (int64_t i = 0; i < segments.width(); ++i)
      registers.push_back(
          segments.width() == 1
              ? loaded
              : Value(LLVM::ExtractElementOp::create(
                    rewriter, loc, loaded, emitI32(rewriter, loc, i))));
  }
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

/// Guaranteed alignment of results, in bytes.
static constexpr int64_t kPieceBytes = 4;

static void storePieces(OpBuilder &builder, Location loc,
                        const GlobalView &view, Value address,
                        ValueRange columns) {
  size_t width = kPieceBytes * 8 / view.elementType.getIntOrFloatBitWidth();
  for (size_t i = 0; i < columns.size(); i += width) {
    Value piece =
        LLVM::GEPOp::create(builder, loc, address.getType(), view.elementType,
                            address, ArrayRef<LLVM::GEPArg>{int32_t(i)});
    storeSegment(builder, loc, piece, columns.slice(i, width), kPieceBytes);
  }
}

LogicalResult BlockedStoreConversion::matchAndRewrite(
    StoreOp op, OneToNOpAdaptor adaptor,
    ConversionPatternRewriter &rewriter) const {
  auto tile = cast<RankedTensorType>(op.getValue().getType());
  if (!isBlocked(op.getValue()) || op.hasColumnIndex())
    return rewriter.notifyMatchFailure(
        op, "expected a blocked tile and its first column");
  Location loc = op.getLoc();
  MemRefType type = op.getDest().getType();
  GlobalView view = GlobalView::unpack(rewriter, loc, type, adaptor.getDest());
  ThreadSegments segments(
      rewriter, op, tile, view, type.getShape().back(),
      RowIndexer(rewriter, loc, op.getIndices(), op.getBox()));
  Value isAligned;
  if (segments.alignment() > kPieceBytes)
    isAligned = view.isAligned(rewriter, loc, segments.alignment());
  for (int64_t strip = 0; strip < segments.count(); ++strip) {
    Segment segment = segments.onceAt(strip);
    ValueRange columns =
        adaptor.getValue().slice(strip * segments.width(), segments.width());
    auto guard = scf::IfOp::create(rewriter, loc, segment.isInside);
    OpBuilder body = guard.getThenBodyBuilder();
    if (!isAligned) {
      storeSegment(body, loc, segment.address, columns, segments.alignment());
      continue;
    }
    auto choice = scf::IfOp::create(body, loc, isAligned, /*withElse=*/true);
    OpBuilder whole = choice.getThenBodyBuilder();
    storeSegment(whole, loc, segment.address, columns, segments.alignment());
    OpBuilder inPieces = choice.getElseBodyBuilder();
    storePieces(inPieces, loc, view, segment.address, columns);
  }
  rewriter.eraseOp(op);
  return success();
}

/// The table of those values in the kernels' module, made where there is none.
static LLVM::GlobalOp getTable(gpu::GPUModuleOp module, Location loc,
                               DenseElementsAttr values) {
  unsigned count = 0;
  for (auto table : module.getOps<LLVM::GlobalOp>()) {
    if (table.getValueAttr() == values)
      return table;
    ++count;
  }
  auto builder = OpBuilder::atBlockBegin(module.getBody());
  auto type = LLVM::LLVMArrayType::get(values.getElementType(),
                                       values.getNumElements());
  return LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/true,
                                LLVM::Linkage::Internal,
                                "attn_table_" + std::to_string(count), values,
                                /*alignment=*/16, /*addrSpace=*/1);
}

LogicalResult
TableConversion::matchAndRewrite(arith::ConstantOp op, OneToNOpAdaptor,
                                 ConversionPatternRewriter &rewriter) const {
  auto tile = dyn_cast<RankedTensorType>(op.getType());
  auto values = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!tile || !values || values.isSplat() || !isBlocked(op.getResult()) ||
      tile.getDimSize(0) != 1)
    return rewriter.notifyMatchFailure(op, "expected a column vector");
  Location loc = op.getLoc();
  auto plain =
      RankedTensorType::get({tile.getNumElements()}, tile.getElementType());
  LLVM::GlobalOp table = getTable(op->getParentOfType<gpu::GPUModuleOp>(), loc,
                                  values.reshape(plain));
  Value base = LLVM::AddressOfOp::create(rewriter, loc, table);
  ThreadOrigin origin = emitThreadOriginFor(rewriter, op, tile);
  SmallVector<Value> registers;
  for (int64_t i = 0, e = RegisterGrid(tile).columnsOfAtom; i < e; ++i) {
    Value column = arith::AddIOp::create(rewriter, loc, origin.column,
                                         emitI32(rewriter, loc, i));
    Value address = LLVM::GEPOp::create(rewriter, loc, base.getType(),
                                        tile.getElementType(), base, column);
    registers.push_back(
        LLVM::LoadOp::create(rewriter, loc, tile.getElementType(), address));
  }
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

LogicalResult
SubViewConversion::matchAndRewrite(memref::SubViewOp op,
                                   OneToNOpAdaptor adaptor,
                                   ConversionPatternRewriter &rewriter) const {
  ArrayRef<int64_t> offsets = op.getStaticOffsets();
  bool isColumns =
      !ShapedType::isDynamic(offsets.back()) &&
      llvm::all_of(offsets.drop_back(), [](int64_t i) { return i == 0; }) &&
      llvm::all_of(op.getStaticStrides(), [](int64_t i) { return i == 1; }) &&
      op.getType().getRank() == op.getSourceType().getRank();
  if (!isColumns)
    return rewriter.notifyMatchFailure(op, "expected a range of columns");
  Location loc = op.getLoc();
  GlobalView view = GlobalView::unpack(rewriter, loc, op.getSourceType(),
                                       adaptor.getSource());
  view.pointer = LLVM::GEPOp::create(
      rewriter, loc, view.pointer.getType(), view.elementType, view.pointer,
      ArrayRef<LLVM::GEPArg>{int32_t(offsets.back())});
  view.dims.back() = emitI32(rewriter, loc, op.getType().getShape().back());
  rewriter.replaceOpWithMultiple(op, {view.pack(op.getType())});
  return success();
}

void attn::tile::populateBlockedTilePatterns(const TypeConverter &converter,
                                             RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<BlockedLoadConversion, BlockedStoreConversion, TableConversion>(
      converter, context, /*benefit=*/3);
  patterns.add<DeinterleaveConversion, InterleaveConversion, SubViewConversion>(
      converter, context);
  patterns.add<ApproximateConversion<math::RsqrtOp>>(
      converter, context, "llvm.nvvm.rsqrt.approx.ftz.f");
  patterns.add<ApproximateConversion<math::SinOp>>(
      converter, context, "llvm.nvvm.sin.approx.ftz.f");
  patterns.add<ApproximateConversion<math::CosOp>>(
      converter, context, "llvm.nvvm.cos.approx.ftz.f");
}
