//===- AssembleKernels.cpp - Kernels become PTX and machine code ----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   gpu.module @kernels { llvm.func @f_0(…) … }
// =>
//   llvm.mlir.global @attnpkg.module = {name, PTX, cubin, …}
//
//===----------------------------------------------------------------------===//

#include "AbiTypes.h"

#include "attn/Dialect/Tile/IR/AttributeNames.h"
#include "attn/Package/KernelAssembler.h"
#include "attn/Package/Passes.h"

namespace attn {
#define GEN_PASS_DEF_ASSEMBLEKERNELS
#include "attn/Package/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;

namespace {

struct AssembleKernels
    : public attn::impl::AssembleKernelsBase<AssembleKernels> {
  using AssembleKernelsBase::AssembleKernelsBase;
  void runOnOperation() override;

private:
  LogicalResult assembleModule(gpu::GPUModuleOp kernels);
  LogicalResult checkAndRecord(gpu::GPUModuleOp kernels,
                               const AssembledKernels &assembled);
  void embed(gpu::GPUModuleOp kernels, StringRef ptx, StringRef cubin);
};

} // namespace

/// The gate: a kernel that spills, or whose warpgroup instructions were
/// serialised, is not what the schedule promised.
static LogicalResult checkResources(LLVM::LLVMFuncOp kernel,
                                    const KernelResources &resources) {
  // Plain emitError: the dump of a whole kernel would bury the line.
  if (resources.spillBytes)
    return emitError(kernel.getLoc())
           << "kernel `" << kernel.getSymName() << "` spills "
           << resources.spillBytes << " bytes of registers";
  for (const std::string &warning : resources.warnings)
    if (StringRef(warning).contains("(C75"))
      return emitError(kernel.getLoc())
             << "kernel `" << kernel.getSymName() << "`: " << warning;
  return success();
}

LogicalResult
AssembleKernels::checkAndRecord(gpu::GPUModuleOp kernels,
                                const AssembledKernels &assembled) {
  Builder builder(&getContext());
  for (auto kernel : kernels.getOps<LLVM::LLVMFuncOp>()) {
    auto it = assembled.resources.find(kernel.getSymName());
    if (it == assembled.resources.end())
      return emitError(kernel.getLoc())
             << "ptxas said nothing of kernel `" << kernel.getSymName() << "`";
    const KernelResources &resources = it->second;
    if (resources.spillBytes)
      getOperation()->setAttr(tile::kSpillsAttr, builder.getUnitAttr());
    if (failed(checkResources(kernel, resources)))
      return failure();
    auto descriptor = getOperation().lookupSymbol<LLVM::GlobalOp>(
        abi::kernelSymbol(kernel.getSymName()));
    if (!descriptor)
      continue;
    NamedAttrList facts(
        descriptor->getAttrOfType<DictionaryAttr>(abi::kKernelAttr));
    facts.set("registers", builder.getI64IntegerAttr(resources.registers));
    facts.set("spill_bytes", builder.getI64IntegerAttr(resources.spillBytes));
    SmallVector<StringRef> warnings(resources.warnings.begin(),
                                    resources.warnings.end());
    facts.set("ptxas_warnings", builder.getStrArrayAttr(warnings));
    descriptor->setAttr(abi::kKernelAttr, facts.getDictionary(&getContext()));
  }
  return success();
}

/// A byte array of the module; the text keeps its terminating zero.
static void emitBytes(OpBuilder &builder, Location loc, StringRef name,
                      StringRef bytes) {
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), bytes.size());
  LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/true,
                         LLVM::Linkage::Private, name,
                         builder.getStringAttr(bytes), /*alignment=*/16);
}

void AssembleKernels::embed(gpu::GPUModuleOp kernels, StringRef ptx,
                            StringRef cubin) {
  Location loc = kernels.getLoc();
  auto builder = OpBuilder::atBlockBegin(getOperation().getBody());
  emitBytes(builder, loc, kPtxSymbol, ptx.str() + '\0');
  if (!cubin.empty())
    emitBytes(builder, loc, kCubinSymbol, cubin);
  if (Operation *declared = getOperation().lookupSymbol(abi::kModuleSymbol))
    declared->erase();
  Type pointer = abi::pointerType(&getContext());
  SymbolTable symbols(getOperation());
  abi::emitStruct(
      builder, loc, getOperation(), abi::kModuleSymbol,
      abi::moduleType(&getContext()), /*isConstant=*/false,
      [&](OpBuilder &body) -> SmallVector<Value> {
        Value null = LLVM::ZeroOp::create(body, loc, pointer);
        Value binary = cubin.empty() ? null
                                     : Value(LLVM::AddressOfOp::create(
                                           body, loc, pointer, kCubinSymbol));
        return {abi::emitString(body, loc, symbols, kernels.getName()),
                LLVM::AddressOfOp::create(body, loc, pointer, kPtxSymbol),
                abi::emitConstant(body, loc, 64, ptx.size()),
                binary,
                abi::emitConstant(body, loc, 64, cubin.size()),
                null, // no code for processors
                abi::emitConstant(body, loc, 64, 0),
                null};
      });
}

LogicalResult AssembleKernels::assembleModule(gpu::GPUModuleOp kernels) {
  FailureOr<std::string> ptx = emitPtx(kernels);
  if (failed(ptx))
    return failure();
  std::string binary;
  std::optional<std::string> ptxas = cubin ? findPtxas() : std::nullopt;
  if (ptxas) {
    auto chip =
        cast<NVVM::NVVMTargetAttr>(kernels.getTargetsAttr()[0]).getChip();
    auto assembled = assemble(kernels, chip, *ptx, *ptxas);
    if (failed(assembled) || failed(checkAndRecord(kernels, *assembled)))
      return failure();
    binary = std::move(assembled->cubin);
  }
  embed(kernels, *ptx, binary);
  kernels.erase();
  return success();
}

void AssembleKernels::runOnOperation() {
  SmallVector<gpu::GPUModuleOp> modules(
      getOperation().getOps<gpu::GPUModuleOp>());
  if (modules.size() > 1) {
    modules[1].emitError("expected one module of kernels");
    return signalPassFailure();
  }
  for (gpu::GPUModuleOp kernels : modules)
    if (failed(assembleModule(kernels)))
      return signalPassFailure();
}
