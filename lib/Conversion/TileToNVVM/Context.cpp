//===- Context.cpp - What every mechanism asks about its kernel -----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Context.h"

#include "Ptxas.h"

#include "attn/Dialect/Tile/IR/AttributeNames.h"
#include "attn/Dialect/Tile/IR/MmaTypes.h"

using namespace mlir;
using namespace attn::tile;

int64_t attn::tile::threadsOf(Operation *op) {
  auto function = op->getParentOfType<LLVM::LLVMFuncOp>();
  auto bound = function->getAttrOfType<DenseI32ArrayAttr>(
      NVVM::NVVMDialect::getMaxntidAttrName());
  return bound.asArrayRef().front();
}

CtaAttr attn::tile::ctaOf(Operation *op) {
  auto function = op->getParentOfType<LLVM::LLVMFuncOp>();
  return function->getAttrOfType<CtaAttr>(kCtaAttr);
}

const attn::TargetDesc &attn::tile::targetOf(Operation *op) {
  auto module = op->getParentOfType<gpu::GPUModuleOp>();
  auto target = cast<NVVM::NVVMTargetAttr>(module.getTargetsAttr()[0]);
  return *lookupTarget(target.getChip());
}

FailureOr<attn::MmaAtom> attn::tile::atomOf(Operation *op, Type element) {
  const TargetDesc &target = targetOf(op);
  std::optional<MmaType> type = mmaTypeOf(element);
  if (const MmaAtom *atom = type ? target.atomOf(*type) : nullptr)
    return *atom;
  return op->emitOpError("multiplies ")
         << element << ", for which " << target.name
         << " has no matrix instruction";
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

Value attn::tile::emitWarpgroupId(OpBuilder &builder, Location loc,
                                  Operation *op) {
  return arith::ShRUIOp::create(builder, loc, emitUniformWarpId(builder, op),
                                emitI32(builder, loc, 2));
}
