//===- KernelAssembly.cpp - A package's kernels, in the making ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Package/KernelAssembly.h"

#include "AbiTypes.h"

#include "attn/Dialect/Tile/IR/AttributeNames.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace attn;

LogicalResult KernelAssembly::start(ModuleOp package, bool machineCode) {
  auto modules = llvm::to_vector(package.getOps<gpu::GPUModuleOp>());
  if (modules.empty())
    return success();
  if (modules.size() > 1)
    return modules[1].emitError("expected one module of kernels");
  FailureOr<std::string> text = emitPtx(modules.front());
  if (failed(text))
    return failure();
  ptx = std::move(*text);
  modules.front()->remove();
  kernels = modules.front();
  std::optional<std::string> path = machineCode ? findPtxas() : std::nullopt;
  if (!path)
    return success();
  auto target = cast<NVVM::NVVMTargetAttr>(kernels->getTargetsAttr()[0]);
  ptxas = PtxasRun::start(kernels->getLoc(), target.getChip(), ptx, *path);
  return success(bool(ptxas));
}

LogicalResult KernelAssembly::finish(ModuleOp package) {
  if (!ptxas)
    return success();
  auto assembled = ptxas->finish(kernels->getLoc(), ptx);
  if (failed(assembled) || failed(record(package, *assembled)))
    return failure();
  cubin = std::move(assembled->cubin);
  return success();
}

//===----------------------------------------------------------------------===//
// What ptxas says
//===----------------------------------------------------------------------===//

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

LogicalResult KernelAssembly::record(ModuleOp package,
                                     const AssembledKernels &assembled) {
  Builder builder(package.getContext());
  for (auto kernel : kernels->getOps<LLVM::LLVMFuncOp>()) {
    auto it = assembled.resources.find(kernel.getSymName());
    if (it == assembled.resources.end())
      return emitError(kernel.getLoc())
             << "ptxas said nothing of kernel `" << kernel.getSymName() << "`";
    const KernelResources &resources = it->second;
    if (resources.spillBytes)
      package->setAttr(tile::kSpillsAttr, builder.getUnitAttr());
    if (failed(checkResources(kernel, resources)))
      return failure();
    auto descriptor = package.lookupSymbol<LLVM::GlobalOp>(
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
    descriptor->setAttr(abi::kKernelAttr,
                        facts.getDictionary(package.getContext()));
  }
  return success();
}

//===----------------------------------------------------------------------===//
// The module's descriptor
//===----------------------------------------------------------------------===//

/// A byte array of the module; the text keeps its terminating zero.
static void emitBytes(OpBuilder &builder, Location loc, StringRef name,
                      StringRef bytes) {
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), bytes.size());
  LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/true,
                         LLVM::Linkage::Private, name,
                         builder.getStringAttr(bytes), /*alignment=*/16);
}

void KernelAssembly::embed(ModuleOp module) const {
  if (!kernels)
    return;
  gpu::GPUModuleOp source = kernels.get();
  Location loc = source.getLoc();
  MLIRContext *context = module.getContext();
  auto builder = OpBuilder::atBlockBegin(module.getBody());
  emitBytes(builder, loc, kPtxSymbol, ptx + '\0');
  if (!cubin.empty())
    emitBytes(builder, loc, kCubinSymbol, cubin);
  if (Operation *declared = module.lookupSymbol(abi::kModuleSymbol))
    declared->erase();
  Type pointer = abi::pointerType(context);
  SymbolTable symbols(module);
  auto descriptor = abi::emitStruct(
      builder, loc, module, abi::kModuleSymbol, abi::moduleType(context),
      /*isConstant=*/false, [&](OpBuilder &body) -> SmallVector<Value> {
        Value null = LLVM::ZeroOp::create(body, loc, pointer);
        Value binary = cubin.empty() ? null
                                     : Value(LLVM::AddressOfOp::create(
                                           body, loc, pointer, kCubinSymbol));
        return {abi::emitString(body, loc, symbols, source.getName()),
                LLVM::AddressOfOp::create(body, loc, pointer, kPtxSymbol),
                abi::emitConstant(body, loc, 64, ptx.size()),
                binary,
                abi::emitConstant(body, loc, 64, cubin.size()),
                null, // no code for processors
                abi::emitConstant(body, loc, 64, 0),
                null};
      });
  // The entries that refer to it may stand in another object.
  abi::makeHidden(descriptor);
}
