//===- RowReductions.cpp - Reductions of the rows of a tile ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Patterns.h"
#include "Registers.h"

using namespace mlir;
using namespace attn::tile;

namespace {

struct ReduceConversion : OpConversionPattern<ReduceOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(ReduceOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct FoldConversion : OpConversionPattern<FoldOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(FoldOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

/// A vote among the lanes of a warp.
struct AnyConversion : OpConversionPattern<AnyOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(AnyOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

} // namespace

static Value emitCombine(OpBuilder &builder, Location loc, Combiner kind,
                         Value a, Value b) {
  if (kind == Combiner::max)
    return arith::MaxNumFOp::create(builder, loc, a, b);
  return arith::AddFOp::create(builder, loc, a, b);
}

/// Combines with the lane whose index differs in the bits of `mask`.
static Value emitLaneExchange(OpBuilder &builder, Location loc, Combiner kind,
                              Value value, int64_t mask) {
  Value other = NVVM::ShflOp::create(
      builder, loc, value.getType(), emitI32(builder, loc, -1), value,
      emitI32(builder, loc, mask), emitI32(builder, loc, 31),
      NVVM::ShflKind::bfly, UnitAttr());
  return emitCombine(builder, loc, kind, value, other);
}

/// The bits in which lanes differ that share a row.
static SmallVector<int64_t> sharingMasks(Attribute layout) {
  int64_t lanes = 4; // of a quad
  if (auto blocked = dyn_cast<BlockedAttr>(layout))
    lanes = blocked.getColumns();
  SmallVector<int64_t> masks;
  for (int64_t mask = 1; mask < lanes; mask *= 2)
    masks.push_back(mask);
  return masks;
}

/// Reduces first what the thread holds of a row, then across the lanes that
/// share it.
LogicalResult
ReduceConversion::matchAndRewrite(ReduceOp op, OneToNOpAdaptor adaptor,
                                  ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  RegisterGrid from(cast<RankedTensorType>(op.getInput().getType()));
  RegisterGrid to(cast<RankedTensorType>(op.getType()));
  if (!from.registerType.isF32())
    return op.emitOpError("expected f32 elements");
  SmallVector<int64_t> masks = sharingMasks(
      cast<RankedTensorType>(op.getInput().getType()).getEncoding());
  SmallVector<Value> registers(to.size());
  for (int64_t strip = 0; strip < from.strips; ++strip)
    for (int64_t row = 0; row < from.rowsOfAtom; ++row) {
      Value value;
      for (int64_t atom = 0; atom < from.atoms; ++atom)
        for (int64_t column = 0; column < from.columnsOfAtom; ++column) {
          Value next = adaptor.getInput()[from.index(strip, atom, row, column)];
          value = value ? emitCombine(rewriter, loc, op.getKind(), value, next)
                        : next;
        }
      for (int64_t mask : masks)
        value = emitLaneExchange(rewriter, loc, op.getKind(), value, mask);
      registers[to.index(strip, 0, row, 0)] = value;
    }
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

LogicalResult
FoldConversion::matchAndRewrite(FoldOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  RegisterGrid from(cast<RankedTensorType>(op.getInput().getType()));
  RegisterGrid to(cast<RankedTensorType>(op.getType()));
  if (!from.registerType.isF32())
    return op.emitOpError("expected f32 elements");
  SmallVector<Value> registers(to.size());
  for (int64_t strip = 0; strip < from.strips; ++strip)
    for (int64_t atom = 0; atom < from.atoms; ++atom)
      for (int64_t row = 0; row < from.rowsOfAtom; ++row)
        for (int64_t column = 0; column < from.columnsOfAtom; ++column) {
          Value next = adaptor.getInput()[from.index(strip, atom, row, column)];
          Value &sum = registers[to.index(strip, 0, row, 0)];
          sum =
              sum ? emitCombine(rewriter, loc, op.getKind(), sum, next) : next;
        }
  rewriter.replaceOpWithMultiple(op, {registers});
  return success();
}

LogicalResult
AnyConversion::matchAndRewrite(AnyOp op, OneToNOpAdaptor adaptor,
                               ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  Value any = adaptor.getInput().front();
  for (Value value : adaptor.getInput().drop_front())
    any = arith::OrIOp::create(rewriter, loc, any, value);
  rewriter.replaceOpWithNewOp<NVVM::VoteSyncOp>(op, rewriter.getI1Type(),
                                                emitI32(rewriter, loc, -1), any,
                                                NVVM::VoteSyncKind::any);
  return success();
}

void attn::tile::populateRowReductionPatterns(const TypeConverter &converter,
                                              RewritePatternSet &patterns) {
  patterns.add<ReduceConversion, FoldConversion, AnyConversion>(
      converter, patterns.getContext());
}
