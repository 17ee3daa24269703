//===- Registers.cpp - Tiles as registers of a thread ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Lowering.h"

using namespace mlir;
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

/// (T32,V4) -> (M16,N8) for accumulators, (T32,V8) -> (M16,K16) for left
/// operands, whose four registers are pairs: rows first, then columns.
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
  bool isPaired = element.isFloat() && element.getIntOrFloatBitWidth() == 16;
  registerType = isPaired ? Type(VectorType::get(2, element)) : element;
  if (isa<OperandAAttr>(tile.getEncoding())) {
    strips = rows / (16 * warpsOf(tile.getEncoding()));
    atoms = columns / 16;
    return;
  }
  if (rows == 1)
    rowsOfAtom = 1;
  else
    strips = rows / (16 * warpsOf(tile.getEncoding()));
  if (columns == 1 || isFolded(tile) || isPaired)
    columnsOfAtom = 1;
  if (columns != 1 && !isFolded(tile))
    atoms = columns / 8;
}

TileTypeConverter::TileTypeConverter(MLIRContext *context) {
  addConversion([](Type type) { return type; });
  addConversion([](RankedTensorType tile, SmallVectorImpl<Type> &types)
                    -> std::optional<LogicalResult> {
    if (!isa_and_nonnull<AccumulatorAttr, OperandAAttr, BlockedAttr>(tile.getEncoding()))
      return failure();
    RegisterGrid grid(tile);
    types.append(grid.size(), grid.registerType);
    return success();
  });
  addConversion([](MemRefType type, SmallVectorImpl<Type> &types)
                    -> std::optional<LogicalResult> {
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

Value attn::tile::emitI32(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIntOp::create(builder, loc, value, 32);
}

Value attn::tile::emitI64(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIntOp::create(builder, loc, value, 64);
}

Value attn::tile::emitThreadId(OpBuilder &builder, Location loc) {
  return NVVM::ThreadIdXOp::create(builder, loc, builder.getI32Type());
}

Value attn::tile::emitLaneId(OpBuilder &builder, Location loc) {
  return arith::AndIOp::create(builder, loc, emitThreadId(builder, loc),
                               emitI32(builder, loc, 31));
}

int64_t attn::tile::threadsOf(Operation *op) {
  auto function = op->getParentOfType<LLVM::LLVMFuncOp>();
  auto bound = function->getAttrOfType<DenseI32ArrayAttr>(
      NVVM::NVVMDialect::getMaxntidAttrName());
  return bound.asArrayRef().front();
}

ScheduleAttr attn::tile::scheduleOf(Operation *op) {
  auto function = op->getParentOfType<LLVM::LLVMFuncOp>();
  return function->getAttrOfType<ScheduleAttr>("tile.schedule");
}

Value attn::tile::emitAnew(OpBuilder &builder, Location loc, Value value) {
  return LLVM::InlineAsmOp::create(
             builder, loc, value.getType(), ValueRange{value},
             "mov.b32 $0, $1;", "=r,r", /*has_side_effects=*/true,
             /*is_align_stack=*/false, LLVM::TailCallKind::None,
             LLVM::AsmDialectAttr(), ArrayAttr())
      .getResult(0);
}

const attn::TargetDesc &attn::tile::targetOf(Operation *op) {
  auto module = op->getParentOfType<gpu::GPUModuleOp>();
  auto target = cast<NVVM::NVVMTargetAttr>(module.getTargetsAttr()[0]);
  return *lookupTarget(target.getChip());
}

ThreadOrigin attn::tile::emitThreadOrigin(OpBuilder &builder, Location loc,
                                          RankedTensorType tile) {
  Value thread = emitThreadId(builder, loc);
  if (auto blocked = dyn_cast<BlockedAttr>(tile.getEncoding())) {
    Value threads = emitI32(builder, loc, blocked.getColumns());
    Value each = emitI32(
        builder, loc,
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
