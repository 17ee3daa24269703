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

#include "attn/Package/KernelAssembly.h"
#include "attn/Package/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

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
  void runOnOperation() override {
    KernelAssembly assembly;
    if (failed(assembly.start(getOperation(), cubin)) ||
        failed(assembly.finish(getOperation())))
      return signalPassFailure();
    assembly.embed(getOperation());
  }
};

} // namespace
