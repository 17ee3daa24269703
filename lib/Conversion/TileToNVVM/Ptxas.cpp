//===- Ptxas.cpp - Ways to steer LLVM and ptxas ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Ptxas.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace attn::tile;

//===----------------------------------------------------------------------===//
// Values that are computed again
//===----------------------------------------------------------------------===//

static constexpr char kUniformWarpAttr[] = "tile.uniform_warp";

Value attn::tile::makeOpaque(OpBuilder &builder, Location loc, Value value) {
  return LLVM::InlineAsmOp::create(
             builder, loc, value.getType(), ValueRange{value},
             "mov.b32 $0, $1;", "=r,r", /*has_side_effects=*/true,
             /*is_align_stack=*/false, LLVM::TailCallKind::None,
             LLVM::AsmDialectAttr(), ArrayAttr())
      .getResult(0);
}

//===----------------------------------------------------------------------===//
// Values that ptxas keeps where they are cheap
//===----------------------------------------------------------------------===//

Value attn::tile::emitUniformWarpId(OpBuilder &builder, Operation *op) {
  auto function = op->getParentOfType<LLVM::LLVMFuncOp>();
  Block &entry = function.getBody().front();
  for (auto shuffle : entry.getOps<NVVM::ShflOp>())
    if (shuffle->hasAttr(kUniformWarpAttr))
      return shuffle;
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPointToStart(&entry);
  Location loc = function.getLoc();
  Value warp = arith::ShRUIOp::create(builder, loc, emitThreadId(builder, loc),
                                      emitI32(builder, loc, 5));
  auto shuffle = NVVM::ShflOp::create(
      builder, loc, warp.getType(), emitI32(builder, loc, -1), warp,
      emitI32(builder, loc, 0), emitI32(builder, loc, 31), NVVM::ShflKind::idx,
      UnitAttr());
  shuffle->setAttr(kUniformWarpAttr, builder.getUnitAttr());
  return shuffle;
}

Value attn::tile::makeLoopVariant(OpBuilder &builder, Location loc,
                                  Value descriptor, Value base) {
  constexpr int64_t kTopBit = 31;
  Value address =
      LLVM::PtrToIntOp::create(builder, loc, builder.getI32Type(), base);
  Value bit = arith::ShRUIOp::create(builder, loc, address,
                                     emitI32(builder, loc, kTopBit));
  bit = arith::ExtUIOp::create(builder, loc, descriptor.getType(), bit);
  return arith::AddIOp::create(builder, loc, descriptor, bit);
}

//===----------------------------------------------------------------------===//
// Instructions that stay behind values
//===----------------------------------------------------------------------===//

/// Assembly that sets the predicate q from `count` operands from `first` on.
/// Always false, but ptxas cannot prove it.
static std::string falsePredicate(size_t first, size_t count) {
  // A NaN that no instruction gives.
  constexpr unsigned kNever = 0x7fa5a5a5;
  std::string text;
  for (size_t i = 0; i < count; ++i)
    text += llvm::formatv("setp.eq.{0}b32 q, ${1}, {2}{3};\n", i ? "or." : "",
                          first + i, kNever, i ? ", q" : "");
  return text;
}

std::string attn::tile::waitAfterValues(StringRef wait, size_t first,
                                        size_t count) {
  if (count == 0)
    return wait.str();
  return "{\n.reg .pred q;\n.reg .b32 m;\n" + falsePredicate(first, count) +
         "selp.b32 m, 1, -1, q;\nbar.warp.sync m;\n" + wait.str() + "\n}";
}

std::string attn::tile::arriveAfterValues(int64_t threads, size_t count) {
  if (count == 0)
    return llvm::formatv("bar.arrive $0, {0};", threads);
  return "{\n.reg .pred q;\n.reg .b32 t;\n" + falsePredicate(1, count) +
         "selp.b32 t, 0, $0, q;\n" +
         llvm::formatv("bar.arrive t, {0};", threads).str() + "\n}";
}

//===----------------------------------------------------------------------===//
// Control flow that stays as it is
//===----------------------------------------------------------------------===//

void attn::tile::emitPredicatedCopy(OpBuilder &builder, Location loc,
                                    Value dest, Value source, Value bytes,
                                    Value condition) {
  Value address =
      LLVM::PtrToIntOp::create(builder, loc, builder.getI32Type(), dest);
  NVVM::InlinePtxOp::create(
      builder, loc, TypeRange(), ValueRange{address, source, bytes},
      /*readWriteArgs=*/ValueRange(),
      "cp.async.cg.shared.global [%0], [%1], 16, %2;", condition);
}

void attn::tile::disableUnrolling(gpu::GPUModuleOp kernels) {
  MLIRContext *context = kernels.getContext();
  auto disable = LLVM::LoopUnrollAttr::get(
      context, /*disable=*/BoolAttr::get(context, true), {}, {}, {}, {}, {},
      {});
  auto annotation = LLVM::LoopAnnotationAttr::get(
      context, {}, {}, {}, disable, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {});
  kernels.walk([&](scf::ForOp loop) {
    loop->setAttr(LLVM::BrOp::getLoopAnnotationAttrName(
                      OperationName(LLVM::BrOp::getOperationName(), context)),
                  annotation);
  });
}
