//===- TileToNVVM.cpp - Kernels on tiles become threads' code -------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In two steps: tiles become registers (the patterns by mechanism), then what
// is left of scf, arith and math becomes LLVM. `index` is 32 bits wide in
// kernels; addresses and strides are 64.
//
//===----------------------------------------------------------------------===//

#include "Memory.h"
#include "Patterns.h"
#include "Ptxas.h"
#include "Registers.h"

#include "attn/Conversion/TileToNVVM/Passes.h"
#include "attn/Target/TargetRegistry.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"

namespace attn {
#define GEN_PASS_DEF_CONVERTTILETONVVM
#include "attn/Conversion/TileToNVVM/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

struct ConvertTileToNVVM
    : public attn::impl::ConvertTileToNVVMBase<ConvertTileToNVVM> {
  void runOnOperation() override;

private:
  FailureOr<gpu::GPUModuleOp> collectKernels();
  void renameLaunches(gpu::GPUModuleOp kernels);
  LogicalResult lowerTiles(gpu::GPUModuleOp kernels);
  LogicalResult lowerToLLVM(gpu::GPUModuleOp kernels);
};

} // namespace

/// Dynamic shared memory is one array without a size.
static void declareSharedMemory(gpu::GPUModuleOp module) {
  auto builder = OpBuilder::atBlockBegin(module.getBody());
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), 0);
  LLVM::GlobalOp::create(builder, module.getLoc(), type, /*isConstant=*/false,
                         LLVM::Linkage::External, kSharedMemoryName,
                         Attribute(), /*alignment=*/1024, /*addrSpace=*/3);
}

/// Moves all kernels of the module into one `gpu.module` for their target; null
/// when there are none.
FailureOr<gpu::GPUModuleOp> ConvertTileToNVVM::collectKernels() {
  SmallVector<KernelOp> kernels(getOperation().getOps<KernelOp>());
  if (kernels.empty())
    return gpu::GPUModuleOp();
  StringRef name = kernels.front().getTarget();
  const TargetDesc *target = lookupTarget(name);
  if (!target)
    return kernels.front().emitOpError("expected a known target (")
           << knownTargetNames() << "), got `" << name << "`";
  auto builder = OpBuilder::atBlockEnd(getOperation().getBody());
  auto chip = NVVM::NVVMTargetAttr::get(
      &getContext(), /*optLevel=*/3, "nvptx64-nvidia-cuda", target->name,
      target->ptxFeatures, DictionaryAttr(), ArrayAttr());
  SymbolTable symbols(getOperation());
  auto module = gpu::GPUModuleOp::create(builder, getOperation().getLoc(),
                                         "kernels", builder.getArrayAttr(chip));
  symbols.insert(module); // under another name where the user has this one
  for (KernelOp kernel : kernels) {
    if (kernel.getTarget() != name)
      return kernel.emitOpError("expected the target `")
             << name << "` of the module's first kernel, got `"
             << kernel.getTarget() << "`";
    kernel->moveBefore(module.getBody(), module.getBody()->end());
  }
  declareSharedMemory(module);
  return module;
}

/// Launches name kernels by where they are now.
void ConvertTileToNVVM::renameLaunches(gpu::GPUModuleOp kernels) {
  getOperation().walk([&](LaunchOp launch) {
    auto kernel = FlatSymbolRefAttr::get(launch.getKernel().getRootReference());
    launch.setKernelAttr(SymbolRefAttr::get(kernels.getSymNameAttr(), kernel));
  });
}

LogicalResult ConvertTileToNVVM::lowerTiles(gpu::GPUModuleOp kernels) {
  TileTypeConverter converter(&getContext());
  RewritePatternSet patterns(&getContext());
  populateKernelPatterns(converter, patterns);
  populateGlobalMemoryPatterns(converter, patterns);
  populateGatherPatterns(converter, patterns);
  populateRandomPatterns(converter, patterns);
  populateBlockedTilePatterns(converter, patterns);
  populateElementwisePatterns(converter, patterns);
  populateColumnBoundPatterns(converter, patterns);
  populateRowReductionPatterns(converter, patterns);
  populateCpAsyncPatterns(converter, patterns);
  populateSharedMemoryPatterns(converter, patterns);
  populateStagedStorePatterns(converter, patterns);
  populateMbarrierPatterns(converter, patterns);
  populateTmaPatterns(converter, patterns);
  populateWarpRolePatterns(converter, patterns);
  populateWgmmaPatterns(converter, patterns);
  populateMmaSyncPatterns(converter, patterns);
  populateSplitProductPatterns(converter, patterns);

  ConversionTarget target(getContext());
  target.addIllegalDialect<TileDialect>();
  target
      .addLegalDialect<LLVM::LLVMDialect, NVVM::NVVMDialect, gpu::GPUDialect>();
  target.markUnknownOpDynamicallyLegal([](Operation *op) {
    auto isScalar = [](Type type) {
      return !isa<RankedTensorType, MemRefType>(type);
    };
    return llvm::all_of(op->getOperandTypes(), isScalar) &&
           llvm::all_of(op->getResultTypes(), isScalar);
  });
  scf::populateSCFStructuralTypeConversionsAndLegality(converter, patterns,
                                                       target);
  return applyPartialConversion(kernels, target, std::move(patterns));
}

LogicalResult ConvertTileToNVVM::lowerToLLVM(gpu::GPUModuleOp kernels) {
  disableUnrolling(kernels);
  RewritePatternSet toBranches(&getContext());
  populateSCFToControlFlowConversionPatterns(toBranches);
  ConversionTarget branches(getContext());
  branches.addIllegalDialect<scf::SCFDialect>();
  branches.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
  if (failed(applyPartialConversion(kernels, branches, std::move(toBranches))))
    return failure();

  LowerToLLVMOptions options(&getContext());
  options.overrideIndexBitwidth(32);
  LLVMTypeConverter converter(&getContext(), options);
  RewritePatternSet patterns(&getContext());
  arith::populateCeilFloorDivExpandOpsPatterns(patterns);
  arith::populateArithToLLVMConversionPatterns(converter, patterns);
  populateMathToLLVMConversionPatterns(converter, patterns);
  cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
  ConversionTarget llvm(getContext());
  llvm.addLegalDialect<LLVM::LLVMDialect, NVVM::NVVMDialect, gpu::GPUDialect>();
  llvm.addLegalOp<UnrealizedConversionCastOp>();
  return applyFullConversion(kernels, llvm, std::move(patterns));
}

void ConvertTileToNVVM::runOnOperation() {
  nameOrigins(getOperation());
  FailureOr<gpu::GPUModuleOp> kernels = collectKernels();
  if (failed(kernels))
    return signalPassFailure();
  if (!*kernels)
    return;
  renameLaunches(*kernels);
  if (failed(lowerTiles(*kernels)) || failed(lowerToLLVM(*kernels)))
    return signalPassFailure();
  kernels->walk([](LLVM::LLVMFuncOp kernel) { kernel->removeAttr(kCtaAttr); });
}
