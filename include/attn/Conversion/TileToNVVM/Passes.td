//===- Passes.td - From tiles to the code of threads -------*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_CONVERSION_TILETONVVM_PASSES_TD
#define ATTN_CONVERSION_TILETONVVM_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertTileToNVVM : Pass<"convert-tile-to-nvvm", "::mlir::ModuleOp"> {
  let summary = "Turns kernels on tiles into the code of one thread.";
  let description = [{
    Input: kernels after the tile passes (layouts assigned, shared memory
    allocated). Output: one `gpu.module` with an `llvm.func` for each kernel, in
    the `llvm` and `nvvm` dialects; it is `@kernels` unless that name is taken. A tile becomes the registers of
    one thread, in the order its layout states; a memref its address, its
    dynamic dimensions (i32) and its strides but the innermost one (i64).
    Launches stay, and name the lowered kernels. The location of an operation
    says which operation it comes from.
  }];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect",
    "::mlir::gpu::GPUDialect", "::mlir::cf::ControlFlowDialect"
  ];
}

def RecordOrigins : Pass<"record-origins", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Records which operation on tiles lowered code comes from.";
  let description = [{
    Input: kernels after `convert-tile-to-nvvm`. Output: the same with an
    attribute `tile.op = "tile.dot:77:9"` on each operation but constants: the
    name of the operation that it comes from, and its line and column in the
    module on tiles as the tools print it. Attributes, unlike locations, are
    there in printed IR. Equal operations of different origin are no longer
    equal, so this comes after they were merged.
  }];
}

#endif // ATTN_CONVERSION_TILETONVVM_PASSES_TD
