//===- GlobalMemory.cpp - Loads from and stores to global memory ----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Memory.h"
#include "Patterns.h"
#include "Ptxas.h"
#include "Registers.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

namespace {

struct DimConversion : OpConversionPattern<memref::DimOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(memref::DimOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    std::optional<int64_t> dim = op.getConstantIndex();
    auto type = dyn_cast<MemRefType>(op.getSource().getType());
    if (!dim || !type || *dim < 0 || *dim >= type.getRank())
      return op.emitOpError("expected a constant dimension of the memref");
    GlobalView view =
        GlobalView::unpack(rewriter, op.getLoc(), type, adaptor.getSource());
    rewriter.replaceOpWithNewOp<arith::IndexCastOp>(op, rewriter.getIndexType(),
                                                    view.dims[*dim]);
    return success();
  }
};

struct TransposeConversion : OpConversionPattern<memref::TransposeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(memref::TransposeOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto from = cast<MemRefType>(op.getIn().getType());
    GlobalView source =
        GlobalView::unpack(rewriter, op.getLoc(), from, adaptor.getIn());
    GlobalView view = source;
    for (auto [to, expr] : llvm::enumerate(op.getPermutation().getResults())) {
      unsigned dim = cast<AffineDimExpr>(expr).getPosition();
      view.dims[to] = source.dims[dim];
      view.strides[to] = source.strides[dim];
    }
    rewriter.replaceOpWithMultiple(op, {view.pack(op.getType())});
    return success();
  }
};

/// One element, the same for all threads.
template <typename OpT>
struct ElementConversion : OpConversionPattern<OpT> {
  using OpConversionPattern<OpT>::OpConversionPattern;
  LogicalResult matchAndRewrite(
      OpT op,
      typename OpT::template GenericAdaptor<ArrayRef<ValueRange>> adaptor,
      ConversionPatternRewriter &rewriter) const override {
    auto type = cast<MemRefType>(op->getOperand(0).getType());
    GlobalView view = GlobalView::unpack(rewriter, op.getLoc(), type,
                                         adaptor.getOperands().front());
    Value address = view.address(rewriter, op.getLoc(), op.getIndices());
    rewriter.replaceOpWithNewOp<LLVM::LoadOp>(op, op.getType(), address);
    return success();
  }
};

/// The first thread writes the element, which all have.
struct ElementStoreConversion : OpConversionPattern<memref::StoreOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(memref::StoreOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

/// Tiles that are laid out as products have them.
struct LoadConversion : OpConversionPattern<LoadOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(LoadOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct StoreConversion : OpConversionPattern<StoreOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(StoreOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;

private:
  void storeTile(StoreOp op, const GlobalView &view, ValueRange registers,
                 const RowIndexer &places, OpBuilder &builder) const;
  void storeElements(StoreOp op, const GlobalView &view, ValueRange registers,
                     const RowIndexer &places, OpBuilder &builder) const;
  void storeRowVector(StoreOp op, const GlobalView &view, ValueRange registers,
                      const RowIndexer &places, OpBuilder &builder) const;
};

} // namespace

/// Builds what `body` builds under `condition`.
static void emitIf(OpBuilder &builder, Location loc, Value condition,
                   function_ref<void(OpBuilder &)> body) {
  auto guard = scf::IfOp::create(builder, loc, condition, /*withElse=*/false);
  OpBuilder inner = guard.getThenBodyBuilder();
  body(inner);
}

LogicalResult ElementStoreConversion::matchAndRewrite(
    memref::StoreOp op, OneToNOpAdaptor adaptor,
    ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  GlobalView view = GlobalView::unpack(rewriter, loc, op.getMemRefType(),
                                       adaptor.getMemref());
  Value isFirst = arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::eq,
                                        emitThreadId(rewriter, loc),
                                        emitI32(rewriter, loc, 0));
  emitIf(rewriter, loc, isFirst, [&](OpBuilder &inner) {
    LLVM::StoreOp::create(inner, loc, op.getValue(),
                          view.address(inner, loc, op.getIndices()));
  });
  rewriter.eraseOp(op);
  return success();
}

/// Reads memory at `address` where `isInside` holds, and gives zero elsewhere.
static Value emitGuardedLoad(OpBuilder &builder, Location loc, Value isInside,
                             Value address, Type type) {
  auto guarded = scf::IfOp::create(
      builder, loc, isInside,
      [&](OpBuilder &then, Location) {
        scf::YieldOp::create(
            then, loc,
            LLVM::LoadOp::create(then, loc, type, address).getResult());
      },
      [&](OpBuilder &otherwise, Location) {
        scf::YieldOp::create(
            otherwise, loc,
            LLVM::ZeroOp::create(otherwise, loc, type).getResult());
      });
  return guarded.getResult(0);
}

/// Loads the register of element (row, column), which is a pair of neighbouring
/// columns where elements are of 16 bits. The row is inside.
static Value loadRegister(OpBuilder &builder, Location loc,
                          const GlobalView &view, ArrayRef<Value> row,
                          Value column, bool isColumnInside,
                          Type registerType) {
  auto pair = dyn_cast<VectorType>(registerType);
  int64_t count = pair ? pair.getNumElements() : 1;
  Value result =
      pair ? LLVM::ZeroOp::create(builder, loc, registerType) : Value();
  for (int64_t i = 0; i < count; ++i) {
    SmallVector<Value> position(row);
    Value isInside;
    if (column) {
      Value at = builder.createOrFold<arith::AddIOp>(loc, column,
                                                     emitI32(builder, loc, i));
      position.push_back(at);
      if (!isColumnInside)
        isInside = arith::CmpIOp::create(
            builder, loc, arith::CmpIPredicate::slt, at, view.dims.back());
    }
    Value address = view.address(builder, loc, position);
    Value loaded =
        isInside
            ? emitGuardedLoad(builder, loc, isInside, address, view.elementType)
            : LLVM::LoadOp::create(builder, loc, view.elementType, address)
                  .getResult();
    if (!pair)
      return loaded;
    result = LLVM::InsertElementOp::create(builder, loc, result, loaded,
                                           emitI32(builder, loc, i));
  }
  return result;
}

/// Loads what a thread holds of one row; zeros where that is not inside.
static SmallVector<Value> loadRow(OpBuilder &builder, Location loc,
                                  const GlobalView &view,
                                  const RegisterGrid &grid, ArrayRef<Value> row,
                                  Value isInside, Value column,
                                  bool isColumnInside) {
  int64_t count = grid.atoms * grid.columnsOfAtom;
  auto guarded = scf::IfOp::create(
      builder, loc, isInside,
      [&](OpBuilder &then, Location) {
        SmallVector<Value> loaded;
        for (int64_t atom = 0; atom < grid.atoms; ++atom)
          for (int64_t i = 0; i < grid.columnsOfAtom; ++i) {
            Value at = column ? arith::AddIOp::create(
                                    then, loc, column,
                                    emitI32(then, loc, grid.columnOf(atom, i)))
                              : Value();
            loaded.push_back(loadRegister(then, loc, view, row, at,
                                          isColumnInside, grid.registerType));
          }
        scf::YieldOp::create(then, loc, loaded);
      },
      [&](OpBuilder &otherwise, Location) {
        Value zero = LLVM::ZeroOp::create(otherwise, loc, grid.registerType);
        scf::YieldOp::create(otherwise, loc, SmallVector<Value>(count, zero));
      });
  return SmallVector<Value>(guarded.getResults());
}

LogicalResult
LoadConversion::matchAndRewrite(LoadOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  auto tile = cast<RankedTensorType>(op.getType());
  if (!isa_and_nonnull<AccumulatorAttr>(tile.getEncoding()))
    return rewriter.notifyMatchFailure(op, "expected an accumulator's layout");
  MemRefType type = op.getSource().getType();
  GlobalView view =
      GlobalView::unpack(rewriter, loc, type, adaptor.getSource());
  SmallVector<Value> indices(op.getIndices());
  Value column;
  ThreadOrigin origin = emitThreadOrigin(rewriter, loc, tile);
  if (tile.getDimSize(1) != 1)
    column = origin.column;
  if (op.hasColumnIndex())
    column = arith::AddIOp::create(
        rewriter, loc, column,
        arith::IndexCastOp::create(rewriter, loc, rewriter.getI32Type(),
                                   indices.pop_back_val()));
  RowIndexer places(rewriter, loc, indices, op.getBox());
  bool isOneRow = tile.getDimSize(0) == 1;
  bool isColumnInside =
      !op.hasColumnIndex() && tile.getDimSize(1) <= type.getShape().back();
  RegisterGrid grid(tile);
  SmallVector<Value> registers(grid.size());
  for (int64_t strip = 0; strip < grid.strips; ++strip)
    for (int64_t row = 0; row < grid.rowsOfAtom; ++row) {
      SmallVector<Value> at = places.at(
          rewriter, loc, isOneRow ? emitI32(rewriter, loc, 0) : origin.row,
          grid.rowStep * strip + 8 * row);
      Value isInside = places.isInside(rewriter, loc, view, at);
      SmallVector<Value> loaded = loadRow(rewriter, loc, view, grid, at,
                                          isInside, column, isColumnInside);
      for (int64_t atom = 0; atom < grid.atoms; ++atom)
        for (int64_t i = 0; i < grid.columnsOfAtom; ++i)
          registers[grid.index(strip, atom, row, i)] =
              loaded[atom * grid.columnsOfAtom + i];
    }
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

/// Pairs of 16-bit elements, or single wider ones, under one test a row.
void StoreConversion::storeTile(StoreOp op, const GlobalView &view,
                                ValueRange registers, const RowIndexer &places,
                                OpBuilder &builder) const {
  Location loc = op.getLoc();
  auto tile = cast<RankedTensorType>(op.getValue().getType());
  RegisterGrid grid(tile);
  ThreadOrigin origin = emitThreadOrigin(builder, loc, tile);
  origin.row = makeOpaque(builder, loc, origin.row);
  int64_t columns = op.getDest().getType().getShape().back();
  for (int64_t strip = 0; strip < grid.strips; ++strip)
    for (int64_t half = 0; half < grid.rowsOfAtom; ++half) {
      SmallVector<Value> at =
          places.at(builder, loc, origin.row, grid.rowOf(strip, half));
      Value isInside = places.isInside(builder, loc, view, at);
      emitIf(builder, loc, isInside, [&](OpBuilder &inner) {
        at.push_back(origin.column);
        Value base = view.address(inner, loc, at);
        for (int64_t atom = 0;
             atom < grid.atoms && grid.columnOf(atom, 0) < columns; ++atom)
          for (int64_t column = 0; column < grid.columnsOfAtom; ++column) {
            Value address = LLVM::GEPOp::create(
                inner, loc, base.getType(), view.elementType, base,
                ArrayRef<LLVM::GEPArg>{int32_t(grid.columnOf(atom, column))});
            LLVM::StoreOp::create(
                inner, loc, registers[grid.index(strip, atom, half, column)],
                address);
          }
      });
    }
}

/// The elements of a register, which is a pair where they are of 16 bits.
static SmallVector<Value> elementsOf(OpBuilder &builder, Location loc,
                                     Value held) {
  auto pair = dyn_cast<VectorType>(held.getType());
  if (!pair)
    return {held};
  SmallVector<Value> elements;
  for (int64_t i = 0; i < pair.getNumElements(); ++i)
    elements.push_back(LLVM::ExtractElementOp::create(
        builder, loc, held, emitI32(builder, loc, i)));
  return elements;
}

/// From any column on, of any number: each element by itself.
void StoreConversion::storeElements(StoreOp op, const GlobalView &view,
                                    ValueRange registers,
                                    const RowIndexer &places,
                                    OpBuilder &builder) const {
  Location loc = op.getLoc();
  auto tile = cast<RankedTensorType>(op.getValue().getType());
  RegisterGrid grid(tile);
  ThreadOrigin origin = emitThreadOrigin(builder, loc, tile);
  origin.row = makeOpaque(builder, loc, origin.row);
  Value first = arith::IndexCastOp::create(builder, loc, builder.getI32Type(),
                                           op.getIndices().back());
  first = arith::AddIOp::create(builder, loc, first, origin.column);
  auto storeRow = [&](OpBuilder &inner, ArrayRef<Value> at, int64_t strip,
                      int64_t half) {
    for (int64_t atom = 0; atom < grid.atoms; ++atom)
      for (int64_t column = 0; column < grid.columnsOfAtom; ++column) {
        Value held = registers[grid.index(strip, atom, half, column)];
        for (auto [i, element] :
             llvm::enumerate(elementsOf(inner, loc, held))) {
          SmallVector<Value> place(at);
          place.push_back(arith::AddIOp::create(
              inner, loc, first,
              emitI32(inner, loc, grid.columnOf(atom, column) + i)));
          Value isInside =
              arith::CmpIOp::create(inner, loc, arith::CmpIPredicate::slt,
                                    place.back(), view.dims.back());
          emitIf(inner, loc, isInside, [&](OpBuilder &body) {
            LLVM::StoreOp::create(body, loc, element,
                                  view.address(body, loc, place));
          });
        }
      }
  };
  for (int64_t strip = 0; strip < grid.strips; ++strip)
    for (int64_t half = 0; half < grid.rowsOfAtom; ++half) {
      SmallVector<Value> at =
          places.at(builder, loc, origin.row, grid.rowOf(strip, half));
      Value isInside = places.isInside(builder, loc, view, at);
      emitIf(builder, loc, isInside,
             [&](OpBuilder &inner) { storeRow(inner, at, strip, half); });
    }
}

/// A row vector is held by all lanes of a quad; the first one writes it.
void StoreConversion::storeRowVector(StoreOp op, const GlobalView &view,
                                     ValueRange registers,
                                     const RowIndexer &places,
                                     OpBuilder &builder) const {
  Location loc = op.getLoc();
  auto tile = cast<RankedTensorType>(op.getValue().getType());
  RegisterGrid grid(tile);
  ThreadOrigin origin = emitThreadOrigin(builder, loc, tile);
  origin.row = makeOpaque(builder, loc, origin.row);
  Value isFirst =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                            origin.column, emitI32(builder, loc, 0));
  for (int64_t strip = 0; strip < grid.strips; ++strip)
    for (int64_t half = 0; half < grid.rowsOfAtom; ++half) {
      SmallVector<Value> at =
          places.at(builder, loc, origin.row, grid.rowOf(strip, half));
      Value isInside = places.isInside(builder, loc, view, at);
      Value writes = arith::AndIOp::create(builder, loc, isFirst, isInside);
      emitIf(builder, loc, writes, [&](OpBuilder &inner) {
        LLVM::StoreOp::create(inner, loc,
                              registers[grid.index(strip, 0, half, 0)],
                              view.address(inner, loc, at));
      });
    }
}

LogicalResult
StoreConversion::matchAndRewrite(StoreOp op, OneToNOpAdaptor adaptor,
                                 ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  MemRefType type = op.getDest().getType();
  auto tile = cast<RankedTensorType>(op.getValue().getType());
  bool isVector = tile.getDimSize(1) == 1;
  bool hasColumn = op.hasColumnIndex();
  if (!isVector && !hasColumn &&
      type.getShape().back() % WarpFragment::kColumns != 0)
    return rewriter.notifyMatchFailure(op, "expected columns in eights");
  GlobalView view = GlobalView::unpack(rewriter, loc, type, adaptor.getDest());
  RowIndexer places(rewriter, loc, op.getIndices().drop_back(hasColumn),
                    op.getBox());
  auto store = isVector    ? &StoreConversion::storeRowVector
               : hasColumn ? &StoreConversion::storeElements
                           : &StoreConversion::storeTile;
  (this->*store)(op, view, adaptor.getValue(), places, rewriter);
  rewriter.eraseOp(op);
  return success();
}

void attn::tile::populateGlobalMemoryPatterns(const TypeConverter &converter,
                                              RewritePatternSet &patterns) {
  patterns.add<DimConversion, ElementConversion<memref::LoadOp>,
               ElementConversion<ElementOp>, ElementStoreConversion,
               LoadConversion, TransposeConversion, StoreConversion>(
      converter, patterns.getContext());
}
