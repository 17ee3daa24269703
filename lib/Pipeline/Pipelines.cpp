//===- Pipelines.cpp - Stages of the compiler -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Pipeline/Pipelines.h"

#include "attn/Conversion/Passes.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Tile/Transforms/Passes.h"
#include "attn/InitAll.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace attn;

/// From what to how. Masks are expanded before anything reads them; schedules
/// are chosen where attention is still one operation.
static void buildAttnStage(OpPassManager &manager,
                           const AttnToTileOptions &options) {
  manager.addPass(createCheckSupport());
  manager.addPass(createCanonicalizerPass());
  manager.addNestedPass<func::FuncOp>(createExpandMasks());
  SelectScheduleOptions select;
  select.target = options.target;
  select.schedule = options.schedule;
  manager.addPass(createSelectSchedule(select));
  manager.addPass(createConvertAttnToTile());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

/// Operands are staged before loads are pipelined (what is copied decides what
/// can be in flight), barriers follow the final order of copies, layouts the
/// final set of values.
static void buildTileStage(OpPassManager &manager) {
  OpPassManager &kernels = manager.nest<tile::KernelOp>();
  kernels.addPass(tile::createStageOperands());
  kernels.addPass(tile::createPipelineLoads());
  kernels.addPass(tile::createInsertBarriers());
  kernels.addPass(tile::createAssignLayouts());
  kernels.addPass(tile::createAllocateShared());
  kernels.addPass(createCanonicalizerPass());
  kernels.addPass(createCSEPass());
}

void attn::buildAttnToTilePipeline(OpPassManager &manager,
                                   const AttnToTileOptions &options) {
  buildAttnStage(manager, options);
  buildTileStage(manager);
}

void attn::buildTileToNVVMPipeline(OpPassManager &manager) {
  manager.addPass(createConvertTileToNVVM());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

void attn::registerAllPipelines() {
  PassPipelineRegistration<AttnToTileOptions>(
      "attn-to-tile", "From attention to kernels on tiles",
      buildAttnToTilePipeline);
  PassPipelineRegistration<>("tile-to-nvvm",
                             "From kernels on tiles to threads' code",
                             buildTileToNVVMPipeline);
}
