//===- Kernels.cpp - Kernels as functions ---------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Context.h"
#include "Patterns.h"
#include "Ptxas.h"

#include "attn/Dialect/Tile/IR/AttributeNames.h"
#include "attn/Dialect/Tile/IR/Origins.h"

using namespace mlir;
using namespace attn::tile;

namespace {

struct KernelConversion : OpConversionPattern<KernelOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(KernelOp op, OneToNOpAdaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct ReturnConversion : OpConversionPattern<ReturnOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(ReturnOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<LLVM::ReturnOp>(op, ValueRange());
    return success();
  }
};

struct BlockIdConversion : OpConversionPattern<BlockIdOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(BlockIdOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

struct GridDimConversion : OpConversionPattern<GridDimOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(GridDimOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override;
};

} // namespace

/// Replaces the operation by X, Y or Z, whichever stands for the dimension of
/// the grid.
template <typename X, typename Y, typename Z>
static void replaceByDim(Operation *op, GridDim dim,
                         ConversionPatternRewriter &rewriter) {
  Location loc = op->getLoc();
  Type i32 = rewriter.getI32Type();
  Value value = dim == GridDim::x   ? Value(X::create(rewriter, loc, i32))
                : dim == GridDim::y ? Value(Y::create(rewriter, loc, i32))
                                    : Value(Z::create(rewriter, loc, i32));
  rewriter.replaceOpWithNewOp<arith::IndexCastOp>(op, rewriter.getIndexType(),
                                                  value);
}

LogicalResult
BlockIdConversion::matchAndRewrite(BlockIdOp op, OpAdaptor,
                                   ConversionPatternRewriter &rewriter) const {
  replaceByDim<NVVM::BlockIdXOp, NVVM::BlockIdYOp, NVVM::BlockIdZOp>(
      op, op.getDim(), rewriter);
  return success();
}

LogicalResult
GridDimConversion::matchAndRewrite(GridDimOp op, OpAdaptor,
                                   ConversionPatternRewriter &rewriter) const {
  replaceByDim<NVVM::GridDimXOp, NVVM::GridDimYOp, NVVM::GridDimZOp>(
      op, op.getDim(), rewriter);
  return success();
}

/// Writes down what ptxas and the launch need to know about a kernel.
static void setKernelAttributes(LLVM::LLVMFuncOp function, KernelOp kernel) {
  Builder builder(function.getContext());
  function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(),
                    builder.getUnitAttr());
  int32_t threads = kernel.getCta().getAllThreads();
  function->setAttr(NVVM::NVVMDialect::getMaxntidAttrName(),
                    builder.getDenseI32ArrayAttr({threads}));
  // Without this attribute, ptxas aims at registers for two CTAs, and spills to
  // get there.
  function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(),
                    builder.getI32IntegerAttr(1));
  // Subnormal scores, sums and probabilities are flushed: `.ftz` throughout.
  auto flush = builder.getStrArrayAttr(
      {"denormal-fp-math-f32", "preserve-sign,preserve-sign"});
  function.setPassthroughAttr(builder.getArrayAttr({flush}));
  function->setAttr(kCtaAttr, kernel.getCta());
  if (KernelSchedule schedule = kernel.getSchedule())
    function->setAttr(kScheduleAttr, schedule);
  function->setAttr(kSharedBytesAttr, kernel.getSharedBytesAttr());
  if (Attribute source = kernel->getAttr(kSourceAttr))
    function->setAttr(kSourceAttr, source);
}

/// A map is a parameter by value that copies read in place.
static void setMapAttributes(LLVM::LLVMFuncOp function, unsigned argument) {
  Builder builder(function.getContext());
  constexpr int64_t kWords = 16, kAlignment = 64;
  auto words = LLVM::LLVMArrayType::get(builder.getI64Type(), kWords);
  function.setArgAttr(argument, LLVM::LLVMDialect::getByValAttrName(),
                      TypeAttr::get(words));
  function.setArgAttr(argument, LLVM::LLVMDialect::getAlignAttrName(),
                      builder.getI64IntegerAttr(kAlignment));
  function.setArgAttr(argument, NVVM::NVVMDialect::getGridConstantAttrName(),
                      builder.getUnitAttr());
}

LogicalResult
KernelConversion::matchAndRewrite(KernelOp op, OneToNOpAdaptor,
                                  ConversionPatternRewriter &rewriter) const {
  if (!op.getSharedBytes())
    return op.emitOpError("has no `shared_bytes`; run tile-allocate-shared "
                          "first");
  TypeConverter::SignatureConversion signature(op.getNumArguments());
  for (auto [i, type] : llvm::enumerate(op.getArgumentTypes())) {
    SmallVector<Type> types;
    if (type.isIndex())
      types.push_back(rewriter.getI32Type());
    else if (failed(typeConverter->convertTypes(type, types)))
      return failure();
    signature.addInputs(i, types);
  }
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(getContext()),
                                          signature.getConvertedTypes());
  auto function =
      LLVM::LLVMFuncOp::create(rewriter, op.getLoc(), op.getSymName(), type);
  setKernelAttributes(function, op);
  for (auto [i, type] : llvm::enumerate(op.getArgumentTypes()))
    if (isa<TensorMapType>(type))
      setMapAttributes(function, signature.getInputMapping(i)->inputNo);
  rewriter.inlineRegionBefore(op.getBody(), function.getBody(),
                              function.getBody().end());
  rewriter.applySignatureConversion(&function.getBody().front(), signature,
                                    getTypeConverter());
  rewriter.eraseOp(op);
  return success();
}

void attn::tile::populateKernelPatterns(const TypeConverter &converter,
                                        RewritePatternSet &patterns) {
  patterns.add<KernelConversion, ReturnConversion, BlockIdConversion,
               GridDimConversion>(converter, patterns.getContext());
}
