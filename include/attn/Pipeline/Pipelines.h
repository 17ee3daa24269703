//===- Pipelines.h - Stages of the compiler ---------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_PIPELINE_PIPELINES_H
#define ATTN_PIPELINE_PIPELINES_H

#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Target/TargetRegistry.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace attn {

struct AttnToTileOptions : mlir::PassPipelineOptions<AttnToTileOptions> {
  Option<std::string> target{
      *this, "target",
      llvm::cl::desc("chip or processor to compile for (default: "
                     "the chip whose code runs on the most)")};
  Option<std::string> schedule{
      *this, "schedule",
      llvm::cl::desc("keys of the schedule to override, e.g. q=128,kv=64")};
  Option<unsigned> relaxed{
      *this, "relaxed",
      llvm::cl::desc("how often to halve the key tiles of the table"),
      llvm::cl::init(0)};
  Option<NumericsPolicy> numerics{
      *this, "numerics",
      llvm::cl::desc("what is rounded where attention takes producers in"),
      llvm::cl::values(
          clEnumValN(NumericsPolicy::strict, "strict",
                     "what the separate operations round"),
          clEnumValN(NumericsPolicy::flash, "flash", "a row once, at the end")),
      llvm::cl::init(NumericsPolicy::strict)};
};

/// Input: functions on tensors with `attn` operations. Output: kernels in the
/// `tile` dialect with everything decided, functions that launch them, and for
/// each function its reference and baseline as host loops. IR that has no
/// `attn` operations passes through.
/// Gradients of every function on attention, as `attn-differentiate` makes
/// them.
void buildGradientPipeline(mlir::OpPassManager &manager, bool saved);

void buildAttnToTilePipeline(mlir::OpPassManager &manager,
                             const AttnToTileOptions &options);

/// Whether code for the target runs on a processor.
bool isForProcessor(llvm::StringRef target);

/// Whether the kernels that a module has, in `tile` or lowered for a processor,
/// are for the target. Those of GPUs run on later ones.
llvm::LogicalResult checkKernelTargets(mlir::ModuleOp module,
                                       const TargetDesc &wanted);

/// Whether the module has failed to compile since a kernel of it spills. It is
/// forgotten then.
bool takeSpills(mlir::ModuleOp module);

/// Input: kernels in the `tile` dialect, for processors. Output: functions of
/// upstream dialects that compute one CTA. IR without kernels passes through.
void buildTileToVectorPipeline(mlir::OpPassManager &manager);

/// Input: kernels in the `tile` dialect. Output: a `gpu.module` in the `llvm`
/// and `nvvm` dialects. IR without kernels passes through.
void buildTileToNVVMPipeline(mlir::OpPassManager &manager);

/// Input: entries in the `llvm` dialect that call judges on memrefs. Output:
/// the module in the `llvm` dialect alone. Code for a processor uses what the
/// target has; entries and judges of GPUs run on any processor.
void buildHostPipeline(mlir::OpPassManager &manager, const TargetDesc *target);

/// Input: any stage. Output: the module that a package is made of, in the
/// `llvm` dialect, with kernels as PTX (and cubin, where ptxas is found).
void buildAttnToPackagePipeline(mlir::OpPassManager &manager,
                                const AttnToTileOptions &options);

} // namespace attn

#endif // ATTN_PIPELINE_PIPELINES_H
