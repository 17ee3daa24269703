//===- ListHostCode.cpp - The table of kernels for processors -------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   llvm.func @f_0(%cta, %params) attributes {tile.target = "x86-64-v3", …}
// =>
//   llvm.mlir.global @attnpkg.module = {name, …, code, 1, …}
//
//===----------------------------------------------------------------------===//

#include "AbiTypes.h"
#include "Kernels.h"
#include "TargetDispatch.h"

#include "attn/Dialect/Tile/IR/AttributeNames.h"
#include "attn/Package/Passes.h"

namespace attn {
#define GEN_PASS_DEF_LISTHOSTCODE
#include "attn/Package/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;

static constexpr char kHostCodeSymbol[] = "attnpkg.hostcode";

namespace {

struct ListHostCode : public attn::impl::ListHostCodeBase<ListHostCode> {
  void runOnOperation() override;

private:
  Value emitCode(OpBuilder &body, LLVM::LLVMFuncOp kernel,
                 SymbolTable &symbols);
  void emitTable(ArrayRef<LLVM::LLVMFuncOp> kernels, SymbolTable &symbols);
  void emitModule(int64_t count, SymbolTable &symbols);
};

} // namespace

/// AttnrtHostCode of a kernel.
Value ListHostCode::emitCode(OpBuilder &body, LLVM::LLVMFuncOp kernel,
                             SymbolTable &symbols) {
  Location loc = kernel.getLoc();
  const TargetDesc &target = *processorOf(kernel);
  auto scratch = kernel->getAttrOfType<IntegerAttr>(tile::kScratchBytesAttr);
  auto text = [&](StringRef of) {
    return abi::emitString(body, loc, symbols, of);
  };
  Value fields[] = {
      text(kernel.getSymName()), text(displayNameOf(target)),
      text(featureListOf(target)), LLVM::AddressOfOp::create(body, loc, kernel),
      abi::emitConstant(body, loc, 64, scratch ? scratch.getInt() : 0)};
  Value code =
      LLVM::UndefOp::create(body, loc, abi::hostCodeType(&getContext()));
  for (auto [i, field] : llvm::enumerate(fields))
    code = LLVM::InsertValueOp::create(body, loc, code, field, i);
  return code;
}

void ListHostCode::emitTable(ArrayRef<LLVM::LLVMFuncOp> kernels,
                             SymbolTable &symbols) {
  Location loc = getOperation().getLoc();
  auto type = LLVM::LLVMArrayType::get(abi::hostCodeType(&getContext()),
                                       kernels.size());
  auto atModule = OpBuilder::atBlockBegin(getOperation().getBody());
  auto table = LLVM::GlobalOp::create(atModule, loc, type, /*isConstant=*/true,
                                      LLVM::Linkage::Private, kHostCodeSymbol,
                                      Attribute());
  Block &block = table.getInitializerRegion().emplaceBlock();
  auto body = OpBuilder::atBlockBegin(&block);
  Value codes = LLVM::UndefOp::create(body, loc, type);
  for (auto [i, kernel] : llvm::enumerate(kernels))
    codes = LLVM::InsertValueOp::create(body, loc, codes,
                                        emitCode(body, kernel, symbols), i);
  LLVM::ReturnOp::create(body, loc, codes);
}

void ListHostCode::emitModule(int64_t count, SymbolTable &symbols) {
  Location loc = getOperation().getLoc();
  if (Operation *declared = getOperation().lookupSymbol(abi::kModuleSymbol))
    symbols.erase(declared);
  Type pointer = abi::pointerType(&getContext());
  auto builder = OpBuilder::atBlockBegin(getOperation().getBody());
  abi::emitStruct(
      builder, loc, getOperation(), abi::kModuleSymbol,
      abi::moduleType(&getContext()), /*isConstant=*/false,
      [&](OpBuilder &body) -> SmallVector<Value> {
        Value null = LLVM::ZeroOp::create(body, loc, pointer);
        Value none = abi::emitConstant(body, loc, 64, 0);
        return {abi::emitString(body, loc, symbols, "kernels"),
                null,
                none,
                null,
                none,
                LLVM::AddressOfOp::create(body, loc, pointer, kHostCodeSymbol),
                abi::emitConstant(body, loc, 64, count),
                null};
      });
}

void ListHostCode::runOnOperation() {
  auto kernels = llvm::filter_to_vector(
      getOperation().getOps<LLVM::LLVMFuncOp>(), processorOf);
  if (kernels.empty())
    return;
  SymbolTable symbols(getOperation());
  emitTable(kernels, symbols);
  emitModule(kernels.size(), symbols);
}
