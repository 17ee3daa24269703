//===- Mbarrier.cpp - Barriers of a ring's slots -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Use n of a ring of S slots is of slot n mod S. Its phase ends as the n / S-th
// of that barrier, counted from 0; waits name a phase by its parity. The phase
// before the first one counts as over.
//
//===----------------------------------------------------------------------===//
#include "Memory.h"
#include "Patterns.h"

using namespace mlir;
using namespace attn::tile;

namespace {

struct ChannelConversion : OpConversionPattern<ChannelOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(ChannelOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct AwaitConversion : OpConversionPattern<AwaitOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(AwaitOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct AcquireConversion : OpConversionPattern<AcquireOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(AcquireOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct ReleaseConversion : OpConversionPattern<ReleaseOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(ReleaseOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

} // namespace

/// The first thread sets up a barrier for each slot.
static Value emitBarriers(OpBuilder &builder, Location loc, BarriersType type,
                          int64_t offset, int64_t arrivals) {
  Value base = emitSharedAddress(builder, loc, offset);
  Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                        emitThreadId(builder, loc),
                                        emitI32(builder, loc, 0));
  auto guard = scf::IfOp::create(builder, loc, isFirst, /*withElse=*/false);
  OpBuilder inner = guard.getThenBodyBuilder();
  for (int64_t slot = 0; slot < type.getSlots(); ++slot)
    NVVM::MBarrierInitOp::create(
        inner, loc,
        emitSharedOffset(inner, loc, base,
                         emitI32(inner, loc, slot * BarriersType::kBytes)),
        emitI32(inner, loc, arrivals), /*predicate=*/Value());
  return base;
}

/// At `full`, the thread that starts a copy arrives, and the copy itself
/// completes the phase.
LogicalResult
ChannelConversion::matchAndRewrite(ChannelOp op, OpAdaptor,
                                   ConversionPatternRewriter &rewriter) const {
  if (!op.getOffsets())
    return op.emitOpError("has no place in shared memory; run "
                          "tile-allocate-shared first");
  Location loc = op.getLoc();
  ArrayRef<int64_t> offsets = *op.getOffsets();
  BarriersType type = op.getFull().getType();
  Value ring = emitSharedAddress(rewriter, loc, offsets[0]);
  Value full = emitBarriers(rewriter, loc, type, offsets[1], /*arrivals=*/1);
  Value empty =
      emitBarriers(rewriter, loc, type, offsets[2], op.getConsumers());
  rewriter.replaceOp(op, {ring, full, empty});
  return success();
}

Value attn::tile::emitBarrier(OpBuilder &builder, Location loc,
                              BarriersType type, Value base, Value use) {
  Value index =
      arith::IndexCastOp::create(builder, loc, builder.getI32Type(), use);
  Value slot = arith::RemUIOp::create(builder, loc, index,
                                      emitI32(builder, loc, type.getSlots()));
  return emitSharedOffset(
      builder, loc, base,
      arith::MulIOp::create(builder, loc, slot,
                            emitI32(builder, loc, BarriersType::kBytes)));
}

/// Parity of the phase of use `use` + `later` * slots.
static Value emitParity(OpBuilder &builder, Location loc, BarriersType type,
                        Value use, int64_t later) {
  Value index =
      arith::IndexCastOp::create(builder, loc, builder.getI32Type(), use);
  Value phase = arith::DivUIOp::create(builder, loc, index,
                                       emitI32(builder, loc, type.getSlots()));
  phase =
      arith::AddIOp::create(builder, loc, phase, emitI32(builder, loc, later));
  return arith::AndIOp::create(builder, loc, phase, emitI32(builder, loc, 1));
}

/// A try may return before the phase is complete, so it is repeated.
static void emitWait(OpBuilder &builder, Location loc, Value barrier,
                     Value parity) {
  scf::WhileOp::create(
      builder, loc, TypeRange(), ValueRange(),
      [&](OpBuilder &before, Location, ValueRange) {
        Value isOver = NVVM::MBarrierTryWaitOp::create(
                           before, loc, before.getI1Type(), barrier, parity,
                           /*ticks=*/Value())
                           .getRes();
        Value goesOn = arith::XOrIOp::create(
            before, loc, isOver,
            arith::ConstantIntOp::create(before, loc, 1, 1));
        scf::ConditionOp::create(before, loc, goesOn, ValueRange());
      },
      [&](OpBuilder &after, Location, ValueRange) {
        scf::YieldOp::create(after, loc);
      });
}

LogicalResult
AwaitConversion::matchAndRewrite(AwaitOp op, OpAdaptor adaptor,
                                 ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  BarriersType type = op.getBarriers().getType();
  emitWait(rewriter, loc,
           emitBarrier(rewriter, loc, type, adaptor.getBarriers(), op.getUse()),
           emitParity(rewriter, loc, type, op.getUse(), /*later=*/0));
  rewriter.eraseOp(op);
  return success();
}

LogicalResult
AcquireConversion::matchAndRewrite(AcquireOp op, OpAdaptor adaptor,
                                   ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  BarriersType type = op.getBarriers().getType();
  // The phase before this one has the parity of the one after it.
  emitWait(rewriter, loc,
           emitBarrier(rewriter, loc, type, adaptor.getBarriers(), op.getUse()),
           emitParity(rewriter, loc, type, op.getUse(), /*later=*/1));
  rewriter.eraseOp(op);
  return success();
}

LogicalResult
ReleaseConversion::matchAndRewrite(ReleaseOp op, OpAdaptor adaptor,
                                   ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  Value isFirst = arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::eq,
                                        emitLaneId(rewriter, loc),
                                        emitI32(rewriter, loc, 0));
  Value barrier = emitBarrier(rewriter, loc, op.getBarriers().getType(),
                              adaptor.getBarriers(), op.getUse());
  auto guard = scf::IfOp::create(rewriter, loc, isFirst, /*withElse=*/false);
  OpBuilder inner = guard.getThenBodyBuilder();
  NVVM::MBarrierArriveOp::create(inner, loc, inner.getI64Type(), barrier,
                                 /*count=*/Value());
  rewriter.eraseOp(op);
  return success();
}

void attn::tile::populateMbarrierPatterns(const TypeConverter &converter,
                                          RewritePatternSet &patterns) {
  patterns.add<ChannelConversion, AwaitConversion, AcquireConversion,
               ReleaseConversion>(converter, patterns.getContext());
}
