//===- StagedStores.cpp - Stores by way of shared memory ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A thread holds pairs of neighbouring columns of a tile. It puts them into a
// swizzled tile in shared memory, where no two lanes of a warp meet in a bank,
// and takes chunks of 16 bytes out of it, as copies by threads bring them in.
//
//===----------------------------------------------------------------------===//

#include "Memory.h"
#include "Patterns.h"
#include "Ptxas.h"
#include "Registers.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

struct PutConversion : OpConversionPattern<PutOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(PutOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct GetConversion : OpConversionPattern<GetOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(GetOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct CopyOutConversion : OpConversionPattern<CopyOutOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(CopyOutOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

/// Each thread has a chunk of a panel and a row; it steps through the rows, and
/// in each row through the panels.
class ChunkWriter {
public:
  ChunkWriter(OpBuilder &builder, CopyOutOp op, const GlobalView &view,
              Value source);
  void writeTile();

private:
  Value addressOf(ArrayRef<Value> row);
  void writeRow(OpBuilder &inner, Value pointer, int64_t row);
  void writeChunk(OpBuilder &inner, Value pointer, Value chunkInTile);
  Value isLess(OpBuilder &at, Value a, Value b) {
    return arith::CmpIOp::create(at, loc, arith::CmpIPredicate::slt, a, b);
  }

  OpBuilder &builder;
  Location loc;
  const GlobalView &view;
  Value source;
  SharedType type;
  SwizzledTile tile;
  int64_t panels, chunksInMemory, rowsPerStep;

  RowIndexer places;
  Value chunk, laneRow; // of the thread
  Value isAligned;      // rows begin at multiples of 16 bytes
};

} // namespace

/// Each thread writes its pairs of columns.
static void putPairs(OpBuilder &builder, PutOp op, Value dest,
                     ValueRange registers) {
  Location loc = op.getLoc();
  auto tile = cast<RankedTensorType>(op.getValue().getType());
  constexpr int64_t kPairBytes = 4;
  RegisterGrid grid(tile);
  ThreadOrigin origin = emitThreadOrigin(builder, loc, tile);
  SwizzledTile shared(op.getDest().getType());
  Value inChunk = arith::MulIOp::create(builder, loc, origin.column,
                                        emitI32(builder, loc, kPairBytes / 2));
  Value base = emitSharedOffset(builder, loc, dest, inChunk);
  for (int64_t strip = 0; strip < grid.strips; ++strip)
    for (int64_t atom = 0; atom < grid.atoms; ++atom)
      for (int64_t half = 0; half < grid.rowsOfAtom; ++half) {
        // A row of an atom is one chunk.
        Value offset =
            shared.offset(builder, loc, grid.rowOf(strip, half), origin.row,
                          atom / 2 * 2, emitI32(builder, loc, atom % 2));
        LLVM::StoreOp::create(builder, loc,
                              registers[grid.index(strip, atom, half, 0)],
                              emitSharedOffset(builder, loc, base, offset));
      }
}

/// A warp writes four matrices of 8x8 at a time: both halves of the rows of two
/// atoms. Lanes 8m to 8m + 7 name the rows of matrix m.
static void putMatrices(OpBuilder &builder, PutOp op, Value dest,
                        ValueRange registers) {
  Location loc = op.getLoc();
  auto tile = cast<RankedTensorType>(op.getValue().getType());
  RegisterGrid grid(tile);
  SwizzledTile shared(op.getDest().getType());
  Value lane = makeOpaque(builder, loc, emitLaneId(builder, loc));
  auto field = [&](int64_t shift, int64_t mask) -> Value {
    Value shifted = arith::ShRUIOp::create(builder, loc, lane,
                                           emitI32(builder, loc, shift));
    return arith::AndIOp::create(builder, loc, shifted,
                                 emitI32(builder, loc, mask));
  };
  Value laneChunk = field(/*shift=*/4, /*mask=*/1);
  Value half = arith::MulIOp::create(
      builder, loc, field(3, 1), emitI32(builder, loc, WarpFragment::kRowStep));
  Value laneRow = arith::AddIOp::create(builder, loc, field(0, 7), half);
  int64_t rowsPerWarp = op.getDest().getType().getRows() / ctaOf(op).getWarps();
  Value warpRow =
      arith::MulIOp::create(builder, loc, emitUniformWarpId(builder, op),
                            emitI32(builder, loc, rowsPerWarp));
  laneRow = arith::AddIOp::create(builder, loc, laneRow, warpRow);
  auto shape = NVVM::LdStMatrixShapeAttr::get(builder.getContext(), 8, 8);
  for (int64_t strip = 0; strip < grid.strips; ++strip)
    for (int64_t atom = 0; atom < grid.atoms; atom += 2) {
      SmallVector<Value> matrices;
      for (int64_t i = 0; i < 4; ++i)
        matrices.push_back(LLVM::BitcastOp::create(
            builder, loc, builder.getI32Type(),
            registers[grid.index(strip, atom + i / 2, i % 2, 0)]));
      Value offset = shared.offset(builder, loc, grid.rowOf(strip, 0), laneRow,
                                   atom, laneChunk);
      NVVM::StMatrixOp::create(
          builder, loc, emitSharedOffset(builder, loc, dest, offset), matrices,
          NVVM::MMALayout::row, shape, NVVM::LdStMatrixEltType::B16);
    }
}

/// Each thread writes its segments of memory's layout, which lie in one chunk
/// each.
static void putSegments(OpBuilder &builder, PutOp op, Value dest,
                        ValueRange registers) {
  Location loc = op.getLoc();
  auto tile = cast<RankedTensorType>(op.getValue().getType());
  RegisterGrid grid(tile);
  ThreadOrigin origin = emitThreadOriginFor(builder, op, tile);
  if (Value row = op.getRow()) {
    row = arith::IndexCastOp::create(builder, loc, builder.getI32Type(), row);
    origin.row = arith::AddIOp::create(builder, loc, origin.row, row);
  }
  SwizzledTile shared(op.getDest().getType());
  int64_t first = 0, count = tile.getDimSize(1), width = grid.columnsOfAtom;
  if (std::optional<ArrayRef<int64_t>> columns = op.getColumns())
    std::tie(first, count) = std::pair(columns->front(), columns->back());
  Value column = arith::AddIOp::create(builder, loc, origin.column,
                                       emitI32(builder, loc, first));
  int64_t bytes = op.getDest().getType().getElementBytes();
  Value perChunk = emitI32(builder, loc, SwizzledTile::kChunkBytes / bytes);
  Value chunk = arith::DivUIOp::create(builder, loc, column, perChunk);
  Value inChunk = arith::RemUIOp::create(builder, loc, column, perChunk);
  inChunk = arith::MulIOp::create(builder, loc, inChunk,
                                  emitI32(builder, loc, bytes));
  Value isInside;
  if (count < tile.getDimSize(1))
    isInside =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                              origin.column, emitI32(builder, loc, count));
  for (int64_t strip = 0; strip < grid.strips; ++strip) {
    OpBuilder body = builder;
    if (isInside)
      body = scf::IfOp::create(builder, loc, isInside).getThenBodyBuilder();
    Value row = arith::AddIOp::create(body, loc, origin.row,
                                      emitI32(body, loc, grid.rowStep * strip));
    Value offset = arith::AddIOp::create(
        body, loc, shared.offset(body, loc, row, chunk), inChunk);
    storeSegment(body, loc, emitSharedOffset(body, loc, dest, offset),
                 registers.slice(strip * width, width), bytes * width);
  }
}

LogicalResult
PutConversion::matchAndRewrite(PutOp op, OneToNOpAdaptor adaptor,
                               ConversionPatternRewriter &rewriter) const {
  auto tile = cast<RankedTensorType>(op.getValue().getType());
  bool isBlocked = isa<BlockedAttr>(tile.getEncoding());
  if (tile.getElementTypeBitWidth() != 16 && !isBlocked)
    return op.emitOpError("expected 16-bit elements, or memory's layout");
  if (op.getColumns() && !isBlocked)
    return op.emitOpError("expected columns of a tile in memory's layout");
  auto put = targetOf(op).has(Feature::StoreMatrix) ? putMatrices : putPairs;
  if (isBlocked)
    put = putSegments;
  put(rewriter, op, adaptor.getDest().front(), adaptor.getValue());
  rewriter.eraseOp(op);
  return success();
}

/// Each thread reads its pairs of columns. A chunk has the pairs of all lanes
/// of a quad, or of two of them where elements are of 32 bits.
LogicalResult
GetConversion::matchAndRewrite(GetOp op, OneToNOpAdaptor adaptor,
                               ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  auto tile = cast<RankedTensorType>(op.getType());
  int64_t bytes = op.getSource().getType().getElementBytes();
  if (!isa<AccumulatorAttr>(tile.getEncoding()) || (bytes != 2 && bytes != 4))
    return op.emitOpError(
        "expected 16-bit or 32-bit elements in an accumulator's layout");
  RegisterGrid grid(tile);
  ThreadOrigin origin = emitThreadOrigin(rewriter, loc, tile);
  SwizzledTile shared(op.getSource().getType());
  auto constant = [&](int64_t value) { return emitI32(rewriter, loc, value); };
  int64_t perChunk = SwizzledTile::kChunkBytes / bytes;
  int64_t chunksOfAtom = WarpFragment::kColumns / perChunk;
  Value column = origin.column;
  Value first = arith::DivUIOp::create(
      rewriter, loc, adaptor.getColumn().front(), constant(perChunk));
  if (chunksOfAtom > 1) {
    Value ofLane =
        arith::DivUIOp::create(rewriter, loc, column, constant(perChunk));
    first = arith::AddIOp::create(rewriter, loc, first, ofLane);
    column = arith::RemUIOp::create(rewriter, loc, column, constant(perChunk));
  }
  Value inChunk = arith::MulIOp::create(rewriter, loc, column, constant(bytes));
  Value source =
      emitSharedOffset(rewriter, loc, adaptor.getSource().front(), inChunk);
  Type pair = VectorType::get(2, tile.getElementType());
  SmallVector<Value> registers(grid.size());
  for (int64_t strip = 0; strip < grid.strips; ++strip)
    for (int64_t atom = 0; atom < grid.atoms; ++atom)
      for (int64_t half = 0; half < grid.rowsOfAtom; ++half) {
        Value chunk = arith::AddIOp::create(rewriter, loc, first,
                                            constant(atom * chunksOfAtom));
        Value row = arith::AddIOp::create(rewriter, loc, origin.row,
                                          constant(grid.rowOf(strip, half)));
        Value offset = shared.offset(rewriter, loc, row, chunk);
        Value loaded = LLVM::LoadOp::create(
            rewriter, loc, pair,
            emitSharedOffset(rewriter, loc, source, offset),
            /*alignment=*/2 * bytes);
        int64_t at = grid.index(strip, atom, half, 0);
        if (grid.registerType == pair)
          registers[at] = loaded;
        else
          for (int64_t i = 0; i < grid.columnsOfAtom; ++i)
            registers[at + i] = LLVM::ExtractElementOp::create(
                rewriter, loc, loaded, constant(i));
      }
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

ChunkWriter::ChunkWriter(OpBuilder &builder, CopyOutOp op,
                         const GlobalView &view, Value source)
    : builder(builder), loc(op.getLoc()), view(view), source(source),
      type(op.getSource().getType()), tile(type),
      panels(tile.chunksPerRow() / tile.chunksPerPanel()),
      chunksInMemory(op.getDest().getType().getShape().back() *
                     type.getElementBytes() / SwizzledTile::kChunkBytes),
      rowsPerStep(
          std::min(threadsOf(op) / tile.chunksPerPanel(), type.getRows())),
      places(builder, loc, op.getIndices(), op.getBox()) {
  Value thread = makeOpaque(builder, loc, emitThreadId(builder, loc));
  Value perPanel = emitI32(builder, loc, tile.chunksPerPanel());
  chunk = arith::RemUIOp::create(builder, loc, thread, perPanel);
  laneRow = arith::DivUIOp::create(builder, loc, thread, perPanel);
  isAligned = view.isAligned(builder, loc, SwizzledTile::kChunkBytes);
}

/// Writes 16 bytes at once, or pairs of elements.
void ChunkWriter::writeChunk(OpBuilder &inner, Value pointer,
                             Value chunkInTile) {
  constexpr int64_t kWords = SwizzledTile::kChunkBytes / 4;
  Type i32 = inner.getI32Type();
  Value words =
      LLVM::LoadOp::create(inner, loc, VectorType::get(kWords, i32),
                           emitSharedOffset(inner, loc, source, chunkInTile),
                           SwizzledTile::kChunkBytes);
  auto guard = scf::IfOp::create(inner, loc, isAligned, /*withElse=*/true);
  OpBuilder wide = guard.getThenBodyBuilder();
  LLVM::StoreOp::create(wide, loc, words, pointer, SwizzledTile::kChunkBytes);
  OpBuilder narrow = guard.getElseBodyBuilder();
  for (int64_t word = 0; word < kWords; ++word)
    LLVM::StoreOp::create(
        narrow, loc,
        LLVM::ExtractElementOp::create(narrow, loc, words,
                                       emitI32(narrow, loc, word)),
        LLVM::GEPOp::create(narrow, loc, pointer.getType(), i32, pointer,
                            ArrayRef<LLVM::GEPArg>{int32_t(word)}),
        /*alignment=*/4);
}

/// Writes the thread's chunks of row `row + laneRow`, which is at `pointer`.
void ChunkWriter::writeRow(OpBuilder &inner, Value pointer, int64_t row) {
  int64_t perPanel = tile.chunksPerPanel();
  bool swizzleIsFixed = row % SwizzledTile::kPatternRows == 0;
  Value inTile = arith::AddIOp::create(
      inner, loc, laneRow, emitI32(inner, loc, swizzleIsFixed ? 0 : row));
  for (int64_t panel = 0; panel < panels; ++panel) {
    Value offset =
        tile.offset(inner, loc, swizzleIsFixed ? row : 0, inTile, 0, chunk);
    offset = arith::AddIOp::create(
        inner, loc, offset, emitI32(inner, loc, panel * tile.panelBytes()));
    int64_t elements =
        panel * perPanel * SwizzledTile::kChunkBytes / type.getElementBytes();
    Value target =
        LLVM::GEPOp::create(inner, loc, pointer.getType(), view.elementType,
                            pointer, ArrayRef<LLVM::GEPArg>{int32_t(elements)});
    if ((panel + 1) * perPanel <= chunksInMemory) {
      writeChunk(inner, target, offset);
      continue;
    }
    Value left = emitI32(inner, loc, chunksInMemory - panel * perPanel);
    auto guard = scf::IfOp::create(inner, loc, isLess(inner, chunk, left),
                                   /*withElse=*/false);
    OpBuilder body = guard.getThenBodyBuilder();
    writeChunk(body, target, offset);
  }
}

/// Returns the address of the thread's first chunk of a row.
Value ChunkWriter::addressOf(ArrayRef<Value> row) {
  int64_t perChunk = SwizzledTile::kChunkBytes / type.getElementBytes();
  SmallVector<Value> indices(row);
  indices.push_back(arith::MulIOp::create(builder, loc, chunk,
                                          emitI32(builder, loc, perChunk)));
  return view.address(builder, loc, indices);
}

/// Without a box, all rows are a stride apart.
void ChunkWriter::writeTile() {
  Value pointer = addressOf(places.at(builder, loc, laneRow));
  Value step =
      arith::MulIOp::create(builder, loc, view.strides[view.strides.size() - 2],
                            emitI64(builder, loc, rowsPerStep));
  for (int64_t row = 0; row < type.getRows(); row += rowsPerStep) {
    SmallVector<Value> indices = places.at(builder, loc, laneRow, row);
    if (row && places.hasBox())
      pointer = addressOf(indices);
    else if (row)
      pointer = LLVM::GEPOp::create(builder, loc, pointer.getType(),
                                    view.elementType, pointer, step);
    Value isInside = places.isInside(builder, loc, view, indices);
    // Where the number of threads does not divide that of rows, some threads
    // have no row in the last step.
    if (row + rowsPerStep > type.getRows()) {
      Value rest = emitI32(builder, loc, type.getRows() - row);
      isInside = arith::AndIOp::create(builder, loc, isInside,
                                       isLess(builder, laneRow, rest));
    }
    auto guard = scf::IfOp::create(builder, loc, isInside, /*withElse=*/false);
    OpBuilder body = guard.getThenBodyBuilder();
    writeRow(body, pointer, row);
  }
}

LogicalResult
CopyOutConversion::matchAndRewrite(CopyOutOp op, OneToNOpAdaptor adaptor,
                                   ConversionPatternRewriter &rewriter) const {
  MemRefType dest = op.getDest().getType();
  int64_t perPanel = SwizzledTile(op.getSource().getType()).chunksPerPanel();
  if (!isInChunks(dest))
    return rewriter.notifyMatchFailure(op, "expected rows of whole chunks");
  if (threadsOf(op) % perPanel != 0 ||
      threadsOf(op) / perPanel > op.getSource().getType().getRows())
    return op.emitOpError("expected no more threads than chunks of a panel");
  GlobalView view =
      GlobalView::unpack(rewriter, op.getLoc(), dest, adaptor.getDest());
  ChunkWriter(rewriter, op, view, adaptor.getSource().front()).writeTile();
  rewriter.eraseOp(op);
  return success();
}

void attn::tile::populateStagedStorePatterns(const TypeConverter &converter,
                                             RewritePatternSet &patterns) {
  patterns.add<PutConversion, GetConversion, CopyOutConversion>(
      converter, patterns.getContext());
}
