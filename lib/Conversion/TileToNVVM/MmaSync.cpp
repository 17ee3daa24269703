//===- MmaSync.cpp - Products of tiles by warps ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// tile.dot as steps of the target's atom, m16n8k16 for 16 bits. A warp owns its
// strips of 16 rows; the inner dimension is the outer loop, so that consecutive
// MMAs have different accumulators. Right operands are read by ldmatrix as they
// are needed, one for two MMAs of each strip.
//
//===----------------------------------------------------------------------===//

#include "MmaSync.h"
#include "Patterns.h"
#include "Registers.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

struct DotConversion : OpConversionPattern<DotOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(DotOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct FragmentConversion : OpConversionPattern<FragmentOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(FragmentOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

} // namespace

/// A register of elements, as the MMA op wants it: a pair of f16, or a word.
static Value toMmaType(OpBuilder &builder, Location loc, Value value,
                       Type element) {
  Type type = element.isF16() ? Type(VectorType::get(2, element))
                              : Type(builder.getI32Type());
  if (value.getType() == type)
    return value;
  return LLVM::BitcastOp::create(builder, loc, type, value);
}

static NVVM::MMATypes nvvmTypeOf(MmaType type) {
  switch (type) {
  case MmaType::F16:
    return NVVM::MMATypes::f16;
  case MmaType::BF16:
    return NVVM::MMATypes::bf16;
  case MmaType::TF32:
    return NVVM::MMATypes::tf32;
  case MmaType::E4M3:
    return NVVM::MMATypes::e4m3;
  case MmaType::E5M2:
    return NVVM::MMATypes::e5m2;
  }
  llvm_unreachable("every type has a name in NVVM");
}

SmallVector<Value> attn::tile::emitMma(OpBuilder &builder, Location loc,
                                       const MmaAtom &atom, Type element,
                                       ArrayRef<Value> a, ArrayRef<Value> b,
                                       ArrayRef<Value> c) {
  auto convert = [&](ArrayRef<Value> values) {
    return llvm::map_to_vector(values, [&](Value value) {
      return toMmaType(builder, loc, value, element);
    });
  };
  NVVM::MMATypes type = nvvmTypeOf(atom.type);
  Type f32 = builder.getF32Type();
  auto result = LLVM::LLVMStructType::getLiteral(builder.getContext(),
                                                 {f32, f32, f32, f32});
  Value packed = NVVM::MmaOp::create(
      builder, loc, result, convert(a), convert(b), c, {atom.m, atom.n, atom.k},
      std::nullopt, std::nullopt, std::array<NVVM::MMATypes, 2>{type, type},
      std::array<NVVM::MMALayout, 2>{NVVM::MMALayout::row,
                                     NVVM::MMALayout::col});
  SmallVector<Value> accumulators;
  for (int64_t i = 0; i < WarpFragment::kResultRegisters; ++i)
    accumulators.push_back(
        LLVM::ExtractValueOp::create(builder, loc, packed, i));
  return accumulators;
}

Value attn::tile::emitFirstRow(OpBuilder &builder, Location loc,
                               int64_t rowsPerWarp) {
  Value warp = arith::ShRUIOp::create(builder, loc, emitThreadId(builder, loc),
                                      emitI32(builder, loc, 5));
  return arith::MulIOp::create(builder, loc, warp,
                               emitI32(builder, loc, rowsPerWarp));
}

SmallVector<SmallVector<Value>>
attn::tile::emitLeftFromShared(OpBuilder &builder, Location loc,
                               SharedType type, Value pointer, Value firstRow,
                               int64_t rowsPerWarp, int64_t step) {
  SmallVector<SmallVector<Value>> operands;
  SwizzledTile tile(type);
  for (int64_t row = 0; row < rowsPerWarp; row += WarpFragment::kRows)
    operands.push_back(emitLdmatrix(builder, loc, tile, pointer, row, firstRow,
                                    step * kStepChunks, MatrixOrder::RowsFirst,
                                    /*transpose=*/false));
  return operands;
}

/// The same, of the rows of the thread's warp.
static SmallVector<SmallVector<Value>>
emitLeftOfWarp(OpBuilder &builder, Location loc, SharedType type, Value pointer,
               int64_t warps, int64_t step) {
  int64_t rowsPerWarp = type.getRows() / warps;
  return emitLeftFromShared(builder, loc, type, pointer,
                            emitFirstRow(builder, loc, rowsPerWarp),
                            rowsPerWarp, step);
}

SmallVector<SmallVector<Value>>
attn::tile::leftFromRegisters(RankedTensorType type, ValueRange registers,
                              int64_t step) {
  RegisterGrid grid(type);
  SmallVector<SmallVector<Value>> operands;
  for (int64_t strip = 0; strip < grid.strips; ++strip)
    operands.emplace_back(registers.slice(grid.index(strip, step, 0, 0),
                                          WarpFragment::kLeftRegisters));
  return operands;
}

/// Right operands of two neighbouring n-steps: two registers each. Stored as
/// NxK (`transpose_b`), the chunks of a row run along k; stored as KxN they run
/// along n, and the matrices are transposed on the way.
static SmallVector<Value> emitRight(OpBuilder &builder, Location loc, DotOp op,
                                    Value pointer, int64_t step,
                                    int64_t column) {
  SwizzledTile tile(cast<SharedType>(op.getB().getType()));
  if (op.getTransposeB())
    return emitLdmatrix(builder, loc, tile, pointer, column, Value(),
                        step * kStepChunks, MatrixOrder::ChunksFirst,
                        /*transpose=*/false);
  int64_t bits = cast<SharedType>(op.getB().getType())
                     .getElementType()
                     .getIntOrFloatBitWidth();
  int64_t perChunk = 8 * SwizzledTile::kChunkBytes / bits;
  return emitLdmatrix(builder, loc, tile, pointer,
                      step * WarpFragment::depth(bits), Value(),
                      column / perChunk, MatrixOrder::RowsFirst,
                      /*transpose=*/true);
}

LogicalResult
DotConversion::matchAndRewrite(DotOp op, OneToNOpAdaptor adaptor,
                               ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  auto right = dyn_cast<SharedType>(op.getB().getType());
  if (!right)
    return op.emitOpError("expected its right operand in shared memory");
  auto accumulator = cast<RankedTensorType>(op.getType());
  if (!accumulator.getElementType().isF32())
    return op.emitOpError("expected an f32 accumulator");
  Type element = right.getElementType();
  FailureOr<MmaAtom> atom = atomOf(op, element);
  if (failed(atom))
    return failure();
  if (atom->warps != 1 || element.isF32())
    return rewriter.notifyMatchFailure(op, "expected 16-bit operands of warps");
  RegisterGrid grid(accumulator);
  SmallVector<Value> registers(adaptor.getAcc());
  int64_t inner = op.getTransposeB() ? right.getColumns() : right.getRows();

  for (int64_t step = 0; step < inner / atom->k; ++step) {
    SmallVector<SmallVector<Value>> left;
    if (auto shared = dyn_cast<SharedType>(op.getA().getType()))
      left = emitLeftOfWarp(
          rewriter, loc, shared, adaptor.getA().front(),
          cast<AccumulatorAttr>(accumulator.getEncoding()).getWarps(), step);
    else
      left = leftFromRegisters(cast<RankedTensorType>(op.getA().getType()),
                               adaptor.getA(), step);
    for (int64_t column = 0; column < grid.atoms; column += 2) {
      SmallVector<Value> pair = emitRight(
          rewriter, loc, op, adaptor.getB().front(), step, column * atom->n);
      for (int64_t strip = 0; strip < grid.strips; ++strip)
        for (int64_t half = 0; half < 2; ++half) {
          auto c = MutableArrayRef(registers).slice(
              grid.index(strip, column + half, 0, 0),
              WarpFragment::kResultRegisters);
          llvm::copy(emitMma(rewriter, loc, *atom, element, left[strip],
                             ArrayRef(pair).slice(2 * half, 2), c),
                     c.begin());
        }
    }
  }
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

LogicalResult
FragmentConversion::matchAndRewrite(FragmentOp op, OneToNOpAdaptor adaptor,
                                    ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  auto type = cast<RankedTensorType>(op.getType());
  auto layout = dyn_cast<OperandAAttr>(type.getEncoding());
  if (!layout)
    return op.emitOpError("expected the layout of a left operand");
  RegisterGrid grid(type);
  SmallVector<Value> registers(grid.size());
  for (int64_t step = 0; step < grid.atoms; ++step) {
    auto left =
        emitLeftOfWarp(rewriter, loc, op.getSource().getType(),
                       adaptor.getSource().front(), layout.getWarps(), step);
    for (int64_t strip = 0; strip < grid.strips; ++strip)
      for (auto [i, value] : llvm::enumerate(left[strip]))
        registers[grid.index(strip, step, 0, 0) + i] =
            LLVM::BitcastOp::create(rewriter, loc, grid.registerType, value);
  }
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

void attn::tile::populateMmaSyncPatterns(const TypeConverter &converter,
                                         RewritePatternSet &patterns) {
  patterns.add<DotConversion, FragmentConversion>(converter,
                                                  patterns.getContext());
}
