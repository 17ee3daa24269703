//===- WarpRoles.cpp - Warps with programs of their own ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Lowering.h"

#include "attn/Target/ScheduleTable.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

/// All threads meet, so that barriers are there. Then producers give registers
/// away, one thread of theirs goes on, and consumers take what was given.
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

static constexpr char kUniformWarpAttr[] = "tile.uniform_warp";

/// The warp's index, which ptxas knows to be the same in all of its lanes since
/// it comes from one of them. Computed once, at the start of the function.
Value attn::tile::emitUniformWarpId(OpBuilder &builder, Operation *op) {
  auto function = op->getParentOfType<LLVM::LLVMFuncOp>();
  Block &entry = function.getBody().front();
  for (auto shuffle : entry.getOps<NVVM::ShflOp>())
    if (shuffle->hasAttr(kUniformWarpAttr))
      return shuffle;
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPointToStart(&entry);
  Location loc = function.getLoc();
  Value warp = arith::ShRUIOp::create(
      builder, loc, emitThreadId(builder, loc), emitI32(builder, loc, 5));
  auto shuffle = NVVM::ShflOp::create(
      builder, loc, warp.getType(), emitI32(builder, loc, -1), warp,
      emitI32(builder, loc, 0), emitI32(builder, loc, 31), NVVM::ShflKind::idx,
      UnitAttr());
  shuffle->setAttr(kUniformWarpAttr, builder.getUnitAttr());
  return shuffle;
}

Value attn::tile::emitWarpgroupId(OpBuilder &builder, Location loc,
                                  Operation *op) {
  return arith::ShRUIOp::create(builder, loc, emitUniformWarpId(builder, op),
                                emitI32(builder, loc, 2));
}

//===----------------------------------------------------------------------===//
// Turns
//===----------------------------------------------------------------------===//

/// A warpgroup's turn is a barrier of its own, behind that of the CTA, at which
/// it waits and the one before it arrives.
static constexpr int64_t kFirstTurn = 1;
static constexpr int64_t kTurnThreads =
    2 * ScheduleAttr::kWarpgroup * ScheduleAttr::kWarpSize;

/// The warpgroup behind the last one is the first.
static Value emitNextWarpgroup(OpBuilder &builder, Location loc,
                               Operation *op) {
  Value group = emitWarpgroupId(builder, loc, op);
  Value isLast = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::eq, group,
      emitI32(builder, loc, scheduleOf(op).getWarpgroups() - 1));
  Value next =
      arith::AddIOp::create(builder, loc, group, emitI32(builder, loc, 1));
  return arith::SelectOp::create(builder, loc, isLast,
                                 emitI32(builder, loc, 0), next);
}

LogicalResult TakeTurnConversion::matchAndRewrite(
    TakeTurnOp op, OpAdaptor, ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  Value turn = arith::AddIOp::create(rewriter, loc,
                                     emitWarpgroupId(rewriter, loc, op),
                                     emitI32(rewriter, loc, kFirstTurn));
  std::string text = llvm::formatv("bar.sync $0, {0};", kTurnThreads);
  emitAssembly(rewriter, loc, text, TypeRange(), ValueRange(), turn);
  rewriter.eraseOp(op);
  return success();
}

/// Which barrier it is depends on what is to be computed before.
LogicalResult PassTurnConversion::matchAndRewrite(
    PassTurnOp op, OneToNOpAdaptor adaptor,
    ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  Value turn = arith::AddIOp::create(rewriter, loc,
                                     emitNextWarpgroup(rewriter, loc, op),
                                     emitI32(rewriter, loc, kFirstTurn));
  SmallVector<Value> inputs = {turn};
  for (ValueRange tile : adaptor.getComputed())
    llvm::append_range(inputs, tile);
  std::string arrive =
      llvm::formatv("{0}, {1};", inputs.size() > 1 ? "t" : "$0", kTurnThreads);
  std::string text = "bar.arrive " + arrive;
  if (inputs.size() > 1)
    text = "{\n.reg .pred q;\n.reg .b32 t;\n" +
           choosePredicate(1, inputs.size() - 1) +
           "selp.b32 t, 0, $0, q;\n" + text + "\n}";
  emitAssembly(rewriter, loc, text, TypeRange(), ValueRange(), inputs);
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

LogicalResult
RolesConversion::matchAndRewrite(RolesOp op, OneToNOpAdaptor,
                                 ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  int64_t consumers = scheduleOf(op).getWarps();
  RegisterSplit split = splitRegisters(targetOf(op), consumers);

  NVVM::FenceMbarrierInitOp::create(rewriter, loc);
  NVVM::Barrier0Op::create(rewriter, loc);
  Value warp = emitUniformWarpId(rewriter, op);
  Value first = emitI32(rewriter, loc, consumers);
  auto compare = [&](arith::CmpIPredicate predicate) -> Value {
    return arith::CmpIOp::create(rewriter, loc, predicate, warp, first);
  };
  auto roles = scf::IfOp::create(rewriter, loc,
                                 compare(arith::CmpIPredicate::sge),
                                 /*withElseRegion=*/true);

  rewriter.setInsertionPointToStart(roles.thenBlock());
  setRegisters(rewriter, loc, split.producer,
               NVVM::SetMaxRegisterAction::decrease);
  auto oneWarp = scf::IfOp::create(rewriter, loc,
                                   compare(arith::CmpIPredicate::eq),
                                   /*withElseRegion=*/false);
  rewriter.setInsertionPointToStart(oneWarp.thenBlock());
  Value isElected = NVVM::ElectSyncOp::create(
      rewriter, loc, rewriter.getI1Type(), /*membermask=*/Value());
  auto oneThread = scf::IfOp::create(rewriter, loc, isElected,
                                     /*withElseRegion=*/false);
  rewriter.inlineBlockBefore(&op.getProducer().front(),
                             oneThread.thenBlock()->getTerminator());

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
  patterns.add<RolesConversion, WarpgroupIdConversion, TakeTurnConversion,
               PassTurnConversion>(converter, patterns.getContext());
}
