//===- Pipelines.cpp - Stages of the compiler -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Pipeline/Pipelines.h"

#include "attn/Conversion/AttnToReference/Passes.h"
#include "attn/Conversion/AttnToTile/Passes.h"
#include "attn/Conversion/TileToNVVM/Passes.h"
#include "attn/Conversion/TileToVector/Passes.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Tile/IR/AttributeNames.h"
#include "attn/Dialect/Tile/IR/Tile.h"
#include "attn/Dialect/Tile/Transforms/Passes.h"
#include "attn/InitAll.h"
#include "attn/Package/Passes.h"
#include "attn/Schedule/Passes.h"
#include "attn/Target/TargetRegistry.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace attn;

/// Goes from what is computed to how. What stands before attention goes into it
/// first, so that it is not left behind: attention is then taken out of
/// functions that do other things, too, which nothing below concerns. Masks are
/// expanded before anything reads them. The judges are made, and schedules
/// chosen, while attention is still one operation.
static void buildAttnStage(OpPassManager &manager,
                           const AttnToTileOptions &options) {
  FuseProducersOptions fuse;
  fuse.numerics = options.numerics;
  manager.addPass(createFuseProducers(fuse));
  manager.addPass(createOutline());
  manager.addPass(createCheckSupport());
  manager.addPass(createNameFunctions());
  manager.addPass(createCanonicalizerPass());
  manager.addNestedPass<func::FuncOp>(createExpandScores());
  manager.addNestedPass<func::FuncOp>(createExpandMasks());
  manager.addPass(createConvertAttnToReference());
  SelectScheduleOptions select;
  select.target = options.target;
  select.schedule = options.schedule;
  select.relaxed = options.relaxed;
  manager.addPass(createSelectSchedule(select));
  manager.addPass(createExpandMath());
  manager.addPass(createConvertAttnToTile());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

/// Operands are staged before loads are pipelined (what is copied decides what
/// can be in flight), products are skewed among warps that have roles, walks
/// become loops when all passes on walks are done, barriers follow the final
/// order of copies, layouts the final set of values.
static void buildTileStage(OpPassManager &manager) {
  OpPassManager &kernels = manager.nest<tile::KernelOp>();
  kernels.addPass(tile::createStageOperands());
  kernels.addPass(tile::createStageStores());
  kernels.addPass(tile::createSpecializeWarps());
  kernels.addPass(tile::createSkewProducts());
  kernels.addPass(tile::createTakeTurns());
  kernels.addPass(tile::createPipelineLoads());
  kernels.addPass(tile::createAlternateLoads());
  kernels.addPass(tile::createExpandWalks());
  kernels.addPass(tile::createInsertBarriers());
  kernels.addPass(tile::createAssignLayouts());
  kernels.addPass(tile::createAllocateShared());
  kernels.addPass(createCanonicalizerPass());
  kernels.addPass(createCSEPass());
  manager.addPass(tile::createMakeTensorMaps());
}

bool attn::isForProcessor(StringRef target) {
  const TargetDesc *desc = lookupTarget(target);
  return desc && desc->isProcessor();
}

static LogicalResult checkTarget(Operation *kernel, StringRef name,
                                 const TargetDesc &wanted) {
  const TargetDesc *target = lookupTarget(name);
  bool areGpus = target && !target->isProcessor() && !wanted.isProcessor();
  if (!target || areGpus || target == &wanted)
    return success();
  return kernel->emitOpError("is for `")
         << name << "`, and what is compiled for is `" << wanted.name << "`";
}

LogicalResult attn::checkKernelTargets(ModuleOp module,
                                       const TargetDesc &wanted) {
  for (auto kernel : module.getOps<tile::KernelOp>())
    if (failed(checkTarget(kernel, kernel.getTarget(), wanted)))
      return failure();
  for (auto function : module.getOps<func::FuncOp>())
    if (auto target = function->getAttrOfType<StringAttr>(tile::kTargetAttr))
      if (failed(checkTarget(function, target, wanted)))
        return failure();
  return success();
}

bool attn::takeSpills(ModuleOp module) {
  return bool(module->removeAttr(tile::kSpillsAttr));
}

void attn::buildGradientPipeline(OpPassManager &manager, bool saved) {
  DifferentiateOptions options;
  options.saved = saved;
  manager.addPass(createDifferentiate(options));
}

void attn::buildAttnToTilePipeline(OpPassManager &manager,
                                   const AttnToTileOptions &options) {
  buildAttnStage(manager, options);
  // A processor's kernels have nothing to stage.
  if (!isForProcessor(options.target))
    buildTileStage(manager);
}

/// Vectors stay until the package's host code is lowered, of which they are a
/// part.
void attn::buildTileToVectorPipeline(OpPassManager &manager) {
  manager.addPass(createConvertTileToVector());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createLoopInvariantCodeMotionPass());
}

void attn::buildTileToNVVMPipeline(OpPassManager &manager) {
  manager.addPass(createConvertTileToNVVM());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addNestedPass<gpu::GPUModuleOp>(createConvertNVVMToLLVMPass());
  manager.addNestedPass<gpu::GPUModuleOp>(createRecordOrigins());
}

/// LLVM calls a function for each bfloat16 where the processor has no
/// instruction that rounds to them, and cannot even do that for every vector.
static bool roundsToBF16(const TargetDesc *target) {
  return target && target->isProcessor() && target->processor->hasBF16Dot;
}

/// Host code, all upstream: the judges' loops and the entries.
void attn::buildHostPipeline(OpPassManager &manager, const TargetDesc *target) {
  manager.addPass(createSCFToControlFlowPass());
  ConvertVectorToLLVMPassOptions vectors;
  vectors.x86Vector = true;
  manager.addPass(createConvertVectorToLLVMPass(vectors));
  manager.addPass(memref::createExpandStridedMetadataPass());
  manager.addPass(createLowerAffinePass());
  arith::ArithExpandOpsPassOptions expansion;
  expansion.includeBf16 = !roundsToBF16(target);
  manager.addPass(arith::createArithExpandOpsPass(expansion));
  manager.addPass(createFinalizeMemRefToLLVMConversionPass());
  manager.addPass(createConvertMathToLLVMPass());
  manager.addPass(createConvertMathToLibmPass());
  manager.addPass(createArithToLLVMConversionPass());
  manager.addPass(createConvertControlFlowToLLVMPass());
  manager.addPass(createConvertFuncToLLVMPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
}

/// Kernels are assembled last: that takes the most time, and may fail for lack
/// of tools.
void attn::buildAttnToPackagePipeline(OpPassManager &manager,
                                      const AttnToTileOptions &options) {
  buildAttnToTilePipeline(manager, options);
  if (isForProcessor(options.target)) {
    buildTileToVectorPipeline(manager);
    manager.addPass(createBuildEntries());
    buildHostPipeline(manager, lookupTarget(options.target));
    return;
  }
  buildTileToNVVMPipeline(manager);
  manager.addPass(createBuildEntries());
  manager.addPass(createAssembleKernels());
  buildHostPipeline(manager, /*target=*/nullptr);
}

void attn::registerAllPipelines() {
  PassPipelineRegistration<AttnToTileOptions>(
      "attn-to-tile", "From attention to kernels on tiles",
      buildAttnToTilePipeline);
  PassPipelineRegistration<>("tile-to-nvvm",
                             "From kernels on tiles to threads' code",
                             buildTileToNVVMPipeline);
  PassPipelineRegistration<>("tile-to-vector",
                             "From kernels on tiles to loops over vectors",
                             buildTileToVectorPipeline);
  PassPipelineRegistration<AttnToTileOptions>(
      "attn-to-package", "From attention to the module of a package",
      buildAttnToPackagePipeline);
}
