//===- AbiTypes.cpp - Abi.h as LLVM types ---------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "AbiTypes.h"

#include "attnrt/Abi.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

#include <cstddef>

using namespace mlir;
using namespace attn;

static_assert(offsetof(DLTensor, data) == abi::DLTensorOffset::data &&
                  offsetof(DLTensor, shape) == abi::DLTensorOffset::shape &&
                  offsetof(DLTensor, strides) == abi::DLTensorOffset::strides &&
                  offsetof(DLTensor, byte_offset) ==
                      abi::DLTensorOffset::byteOffset,
              "generated code reads DLTensor by offset");

LLVM::LLVMStructType abi::moduleType(MLIRContext *context) {
  Type pointer = pointerType(context), i64 = IntegerType::get(context, 64);
  return LLVM::LLVMStructType::getLiteral(
      context, {pointer, pointer, i64, pointer, i64, pointer, i64, pointer});
}

LLVM::LLVMStructType abi::hostCodeType(MLIRContext *context) {
  Type pointer = pointerType(context), i64 = IntegerType::get(context, 64);
  return LLVM::LLVMStructType::getLiteral(
      context, {pointer, pointer, pointer, pointer, i64});
}

LLVM::LLVMStructType abi::kernelType(MLIRContext *context) {
  Type pointer = pointerType(context);
  return LLVM::LLVMStructType::getLiteral(context, {pointer, pointer, pointer});
}

LLVM::LLVMStructType abi::tensorSpecType(MLIRContext *context) {
  auto integer = [&](unsigned bits) { return IntegerType::get(context, bits); };
  return LLVM::LLVMStructType::getLiteral(
      context,
      {pointerType(context), integer(8), integer(8), integer(16), integer(32),
       LLVM::LLVMArrayType::get(integer(64), ATTNRT_MAX_RANK)});
}

static_assert(offsetof(AttnrtBox, swizzle) ==
                      offsetof(AttnrtTensorSpec, alignment) &&
                  offsetof(AttnrtBox, shape) ==
                      offsetof(AttnrtTensorSpec, shape),
              "tensorSpecType is both");

Value abi::emitConstant(OpBuilder &builder, Location loc, unsigned bits,
                        int64_t value) {
  return LLVM::ConstantOp::create(builder, loc, builder.getIntegerType(bits),
                                  value);
}

Value abi::emitString(OpBuilder &builder, Location loc, SymbolTable &symbols,
                      StringRef text) {
  std::string name = "attnpkg.text." + llvm::utohexstr(llvm::xxh3_64bits(text));
  if (!symbols.lookup(name)) {
    auto atModule =
        OpBuilder::atBlockBegin(cast<ModuleOp>(symbols.getOp()).getBody());
    std::string terminated = text.str() + '\0';
    auto type =
        LLVM::LLVMArrayType::get(builder.getI8Type(), terminated.size());
    symbols.insert(LLVM::GlobalOp::create(atModule, loc, type,
                                          /*isConstant=*/true,
                                          LLVM::Linkage::Private, name,
                                          builder.getStringAttr(terminated)));
  }
  return LLVM::AddressOfOp::create(builder, loc,
                                   pointerType(builder.getContext()), name);
}

LLVM::GlobalOp
abi::emitStruct(OpBuilder &builder, Location loc, Operation *module,
                StringRef name, LLVM::LLVMStructType type, bool isConstant,
                function_ref<SmallVector<Value>(OpBuilder &)> fields) {
  auto atModule = OpBuilder::atBlockBegin(cast<ModuleOp>(module).getBody());
  auto global =
      LLVM::GlobalOp::create(atModule, loc, type, isConstant,
                             LLVM::Linkage::Private, name, Attribute());
  OpBuilder body(&global.getInitializerRegion().emplaceBlock(),
                 global.getInitializerRegion().front().begin());
  Value value = LLVM::UndefOp::create(body, loc, type);
  for (auto [i, field] : llvm::enumerate(fields(body)))
    value = LLVM::InsertValueOp::create(body, loc, value, field, i);
  LLVM::ReturnOp::create(body, loc, value);
  return global;
}

void abi::makeHidden(LLVM::GlobalOp global) {
  global.setLinkage(LLVM::Linkage::External);
  global.setVisibility_(LLVM::Visibility::Hidden);
}
