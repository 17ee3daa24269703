//===- WarpRoles.cpp - Warps with programs of their own ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Assembly.h"
#include "Patterns.h"
#include "Ptxas.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

/// All threads meet first, so that every barrier has been set up. Then the
/// warps that copy give registers away, one thread of each role goes on, and
/// consumers take the registers that were given.
struct RolesConversion : OpConversionPattern<RolesOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(RolesOp op, OneToNOpAdaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct WarpgroupIdConversion : OpConversionPattern<WarpgroupIdOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(WarpgroupIdOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<arith::IndexCastOp>(
        op, rewriter.getIndexType(),
        emitWarpgroupId(rewriter, op.getLoc(), op));
    return success();
  }
};

/// Lowers a barrier of all threads, or, where some warps only copy, of those
/// that compute.
struct BarrierConversion : OpConversionPattern<BarrierOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(BarrierOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct TakeTurnConversion : OpConversionPattern<TakeTurnOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(TakeTurnOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct PassTurnConversion : OpConversionPattern<PassTurnOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(PassTurnOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

} // namespace

//===----------------------------------------------------------------------===//
// Barriers
//===----------------------------------------------------------------------===//

/// The consumers' barrier has a number behind those of the CTA and of turns.
static constexpr int64_t kConsumersBarrier = 15;

/// Each thread makes its writes visible to the products that it starts later by
/// a fence.
LogicalResult
BarrierConversion::matchAndRewrite(BarrierOp op, OpAdaptor,
                                   ConversionPatternRewriter &rewriter) const {
  CtaAttr cta = ctaOf(op);
  if (!cta.isSpecialized()) {
    rewriter.replaceOpWithNewOp<NVVM::Barrier0Op>(op);
    return success();
  }
  Location loc = op.getLoc();
  NVVM::FenceProxyOp::create(
      rewriter, loc, NVVM::ProxyKind::async_shared,
      NVVM::SharedSpaceAttr::get(getContext(), NVVM::SharedSpace::shared_cta));
  std::string text =
      llvm::formatv("bar.sync {0}, {1};", kConsumersBarrier, cta.getThreads());
  emitAssembly(rewriter, loc, text, TypeRange(), ValueRange());
  rewriter.eraseOp(op);
  return success();
}

//===----------------------------------------------------------------------===//
// Turns
//===----------------------------------------------------------------------===//

/// A warpgroup's turn is a barrier of its own, numbered behind that of the CTA.
/// The warpgroup waits there, and the one before it arrives.
static constexpr int64_t kFirstTurn = 1;
static constexpr int64_t kTurnThreads =
    2 * CtaAttr::kWarpgroup * CtaAttr::kWarpSize;

/// The warpgroup behind the last one is the first.
static Value emitNextWarpgroup(OpBuilder &builder, Location loc,
                               Operation *op) {
  Value group = emitWarpgroupId(builder, loc, op);
  Value isLast = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::eq, group,
      emitI32(builder, loc, ctaOf(op).getWarpgroups() - 1));
  Value next =
      arith::AddIOp::create(builder, loc, group, emitI32(builder, loc, 1));
  return arith::SelectOp::create(builder, loc, isLast, emitI32(builder, loc, 0),
                                 next);
}

LogicalResult
TakeTurnConversion::matchAndRewrite(TakeTurnOp op, OpAdaptor,
                                    ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  Value turn =
      arith::AddIOp::create(rewriter, loc, emitWarpgroupId(rewriter, loc, op),
                            emitI32(rewriter, loc, kFirstTurn));
  std::string text = llvm::formatv("bar.sync $0, {0};", kTurnThreads);
  emitAssembly(rewriter, loc, text, TypeRange(), ValueRange(), turn);
  rewriter.eraseOp(op);
  return success();
}

LogicalResult
PassTurnConversion::matchAndRewrite(PassTurnOp op, OneToNOpAdaptor adaptor,
                                    ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  Value turn =
      arith::AddIOp::create(rewriter, loc, emitNextWarpgroup(rewriter, loc, op),
                            emitI32(rewriter, loc, kFirstTurn));
  SmallVector<Value> inputs = {turn};
  for (ValueRange tile : adaptor.getComputed())
    llvm::append_range(inputs, tile);
  emitAssembly(rewriter, loc,
               arriveAfterValues(kTurnThreads, inputs.size() - 1), TypeRange(),
               ValueRange(), inputs);
  rewriter.eraseOp(op);
  return success();
}

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

static void setRegisters(OpBuilder &builder, Location loc, int64_t registers,
                         NVVM::SetMaxRegisterAction action) {
  if (registers)
    NVVM::SetMaxRegisterOp::create(builder, loc, registers, action);
}

/// One thread of warp `index` runs the program.
static void emitProducer(Region &program, int64_t index, Value warp,
                         ConversionPatternRewriter &rewriter) {
  OpBuilder::InsertionGuard restore(rewriter);
  Location loc = program.getLoc();
  Value isMine = arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::eq,
                                       warp, emitI32(rewriter, loc, index));
  auto oneWarp =
      scf::IfOp::create(rewriter, loc, isMine, /*withElseRegion=*/false);
  rewriter.setInsertionPointToStart(oneWarp.thenBlock());
  Value isElected = NVVM::ElectSyncOp::create(
      rewriter, loc, rewriter.getI1Type(), /*membermask=*/Value());
  auto oneThread =
      scf::IfOp::create(rewriter, loc, isElected, /*withElseRegion=*/false);
  rewriter.inlineBlockBefore(&program.front(),
                             oneThread.thenBlock()->getTerminator());
}

LogicalResult
RolesConversion::matchAndRewrite(RolesOp op, OneToNOpAdaptor,
                                 ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  int64_t consumers = ctaOf(op).getWarps();
  RegisterSplit split = splitRegisters(targetOf(op), consumers);

  NVVM::FenceMbarrierInitOp::create(rewriter, loc);
  NVVM::Barrier0Op::create(rewriter, loc);
  Value warp = emitUniformWarpId(rewriter, op);
  Value isProducer =
      arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::sge, warp,
                            emitI32(rewriter, loc, consumers));
  auto roles = scf::IfOp::create(rewriter, loc, isProducer,
                                 /*withElseRegion=*/true);

  rewriter.setInsertionPointToStart(roles.thenBlock());
  setRegisters(rewriter, loc, split.producer,
               NVVM::SetMaxRegisterAction::decrease);
  for (auto [i, producer] : llvm::enumerate(op.getProducers()))
    emitProducer(producer, consumers + i, warp, rewriter);

  rewriter.setInsertionPointToStart(roles.elseBlock());
  setRegisters(rewriter, loc, split.consumer,
               NVVM::SetMaxRegisterAction::increase);
  rewriter.inlineBlockBefore(&op.getConsumer().front(),
                             roles.elseBlock()->getTerminator());
  rewriter.eraseOp(op);
  return success();
}

void attn::tile::populateWarpRolePatterns(const TypeConverter &converter,
                                          RewritePatternSet &patterns) {
  patterns.add<BarrierConversion, RolesConversion, WarpgroupIdConversion,
               TakeTurnConversion, PassTurnConversion>(converter,
                                                       patterns.getContext());
}
