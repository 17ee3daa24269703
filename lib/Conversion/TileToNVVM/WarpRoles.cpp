//===- WarpRoles.cpp - Warps with programs of their own ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Lowering.h"

#include "attn/Target/ScheduleTable.h"

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

static void setRegisters(OpBuilder &builder, Location loc, int64_t registers,
                         NVVM::SetMaxRegisterAction action) {
  if (registers)
    NVVM::SetMaxRegisterOp::create(builder, loc, registers, action);
}

LogicalResult
RolesConversion::matchAndRewrite(RolesOp op, OneToNOpAdaptor,
                                 ConversionPatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  auto module = op->getParentOfType<gpu::GPUModuleOp>();
  auto chip = cast<NVVM::NVVMTargetAttr>(module.getTargetsAttr()[0]).getChip();
  int64_t consumers = scheduleOf(op).getWarps();
  RegisterSplit split = splitRegisters(*lookupTarget(chip), consumers);

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
  patterns.add<RolesConversion>(converter, patterns.getContext());
}
