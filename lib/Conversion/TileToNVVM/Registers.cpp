//===- Registers.cpp - Tiles as registers of a thread ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Registers.h"
#include "Memory.h"
#include "Ptxas.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

static int64_t warpsOf(Attribute layout) {
  if (auto accumulator = dyn_cast<AccumulatorAttr>(layout))
    return accumulator.getWarps();
  if (auto blocked = dyn_cast<BlockedAttr>(layout))
    return blocked.getWarps();
  return cast<OperandAAttr>(layout).getWarps();
}

/// One column for each lane of a quad.
static bool isFolded(RankedTensorType tile) { return tile.getDimSize(1) == 4; }

static Type packed(Type element, int64_t count) {
  return count == 1 ? element : Type(VectorType::get(count, element));
}

/// Fragments are those of `MmaAtom.h`; of a left operand, the four registers of
/// an atom are ordered by row first, then by column.
RegisterGrid::RegisterGrid(RankedTensorType tile) {
  int64_t rows = tile.getDimSize(0), columns = tile.getDimSize(1);
  Type element = tile.getElementType();
  if (auto blocked = dyn_cast<BlockedAttr>(tile.getEncoding())) {
    rowStep = blocked.getRowStep();
    strips = llvm::divideCeil(rows, rowStep);
    rowsOfAtom = 1;
    columnsOfAtom = llvm::divideCeil(columns, blocked.getColumns());
    registerType = element;
    return;
  }
  int64_t bits = element.getIntOrFloatBitWidth();
  int64_t stripRows = WarpFragment::kRows * warpsOf(tile.getEncoding());
  if (isa<OperandAAttr>(tile.getEncoding())) {
    registerType = packed(element, WarpFragment::packing(bits));
    strips = rows / stripRows;
    atoms = columns / WarpFragment::depth(bits);
    return;
  }
  bool isPaired = element.isFloat() && bits == 16 && columns != 1;
  registerType = packed(element, isPaired ? 2 : 1);
  if (rows == 1)
    rowsOfAtom = 1;
  else
    strips = rows / stripRows;
  if (columns == 1 || isFolded(tile) || isPaired)
    columnsOfAtom = 1;
  if (columns != 1 && !isFolded(tile))
    atoms = columns / WarpFragment::kColumns;
}

TileTypeConverter::TileTypeConverter(MLIRContext *context) {
  addConversion([](Type type) { return type; });
  addConversion(
      [](RankedTensorType tile,
         SmallVectorImpl<Type> &types) -> std::optional<LogicalResult> {
        if (!isa_and_nonnull<AccumulatorAttr, OperandAAttr, BlockedAttr>(
                tile.getEncoding()))
          return failure();
        RegisterGrid grid(tile);
        types.append(grid.size(), grid.registerType);
        return success();
      });
  addConversion(
      [](MemRefType type,
         SmallVectorImpl<Type> &types) -> std::optional<LogicalResult> {
        GlobalView::partTypes(type, types);
        return success();
      });
  addConversion([context](SharedType) -> Type {
    return LLVM::LLVMPointerType::get(context, 3);
  });
  addConversion([context](BarriersType) -> Type {
    return LLVM::LLVMPointerType::get(context, 3);
  });
  addConversion([context](TensorMapType) -> Type {
    return LLVM::LLVMPointerType::get(context);
  });
  // Kernels take `index` arguments as i32.
  addSourceMaterialization([](OpBuilder &builder, IndexType type,
                              ValueRange inputs, Location loc) -> Value {
    return arith::IndexCastOp::create(builder, loc, type, inputs.front());
  });
}

ThreadOrigin attn::tile::emitThreadOrigin(OpBuilder &builder, Location loc,
                                          RankedTensorType tile) {
  Value thread = emitThreadId(builder, loc);
  if (auto blocked = dyn_cast<BlockedAttr>(tile.getEncoding())) {
    Value threads = emitI32(builder, loc, blocked.getColumns());
    Value each =
        emitI32(builder, loc,
                llvm::divideCeil(tile.getDimSize(1), blocked.getColumns()));
    Value column = arith::RemUIOp::create(builder, loc, thread, threads);
    return {arith::DivUIOp::create(builder, loc, thread, threads),
            arith::MulIOp::create(builder, loc, column, each)};
  }
  Value lane = emitLaneId(builder, loc);
  Value warp =
      arith::ShRUIOp::create(builder, loc, thread, emitI32(builder, loc, 5));
  int64_t rowsPerWarp = tile.getDimSize(0) / warpsOf(tile.getEncoding());
  Value strip = arith::MulIOp::create(builder, loc, warp,
                                      emitI32(builder, loc, rowsPerWarp));
  Value quad =
      arith::ShRUIOp::create(builder, loc, lane, emitI32(builder, loc, 2));
  Value inQuad =
      arith::AndIOp::create(builder, loc, lane, emitI32(builder, loc, 3));
  Value row = arith::AddIOp::create(builder, loc, strip, quad);
  if (isFolded(tile))
    return {row, inQuad};
  return {row, arith::ShLIOp::create(builder, loc, inQuad,
                                     emitI32(builder, loc, 1))};
}

ThreadOrigin attn::tile::emitThreadOriginFor(OpBuilder &builder, Operation *op,
                                             RankedTensorType tile) {
  Location loc = op->getLoc();
  ThreadOrigin origin = emitThreadOrigin(builder, loc, tile);
  if (ctaOf(op).isSpecialized() && op->getParentOfType<scf::ForOp>()) {
    origin.row = makeOpaque(builder, loc, origin.row);
    origin.column = makeOpaque(builder, loc, origin.column);
  }
  return origin;
}
