//===- TileToVector.cpp - Kernels on tiles become loops over vectors ------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Loops.h"
#include "WidenProducts.h"

#include "attn/Conversion/TileToVector/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace attn {
#define GEN_PASS_DEF_CONVERTTILETOVECTOR
#include "attn/Conversion/TileToVector/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;
using namespace attn::tile;

/// The processor that the kernel is for; null where it is for a GPU.
static FailureOr<const ProcessorDesc *> processorOf(KernelOp kernel) {
  const TargetDesc *target = lookupTarget(kernel.getTarget());
  if (!target)
    return kernel.emitOpError("expected a known target (")
           << knownTargetNames() << "), got `" << kernel.getTarget() << "`";
  return target->processor;
}

static LogicalResult lowerKernel(KernelOp kernel) {
  FailureOr<const ProcessorDesc *> processor = processorOf(kernel);
  if (failed(processor))
    return failure();
  if (!*processor)
    return success();
  widenProducts(kernel, **processor);
  Frame frame(kernel, **processor);
  if (failed(KernelLowering(frame, kernel).lower()))
    return failure();
  frame.finish();
  kernel.erase();
  return success();
}

namespace {

struct ConvertTileToVector
    : public attn::impl::ConvertTileToVectorBase<ConvertTileToVector> {
  void runOnOperation() override {
    for (auto kernel :
         llvm::make_early_inc_range(getOperation().getOps<KernelOp>()))
      if (failed(lowerKernel(kernel)))
        return signalPassFailure();
  }
};

} // namespace
