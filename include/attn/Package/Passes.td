//===- Passes.td - Passes that make a package -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_PACKAGE_PASSES_TD
#define ATTN_PACKAGE_PASSES_TD

include "mlir/Pass/PassBase.td"

def BuildEntries : Pass<"package-build-entries", "::mlir::ModuleOp"> {
  let summary = "Gives each function its C entries.";
  let description = [{
    Input: functions with `tile.launch`es of lowered kernels, all for GPUs or all
    for processors, whose arguments and
    results `tile.args` and `tile.results` describe, and the functions that
    `convert-attn-to-reference` made beside them. Output: for each such function
    `f` the exported `llvm.func`s of `attnrt/Abi.h`, under `attnpkg_f…`: the entry
    (checks of every tensor, the device that they lie on, the asserted rules
    between shapes, launches on the caller's stream), the shape function, and
    wrappers of reference, baseline and flops. `f` itself is erased, and so is
    everything that such functions do not refer to: a package does not hold it.

    Every operation of `f` says through `HostStep` what it does in the entry; one
    without that interface is an error. What a module and its functions say in
    attributes of other dialects is dropped.
  }];
  let options = [Option<"needsFunctions", "needs-functions", "bool",
                        /*default=*/"true",
                        "whether kernels that no function launches are an error, "
                        "where there is no function that launches any">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def AssembleKernels : Pass<"package-assemble-kernels", "::mlir::ModuleOp"> {
  let summary = "Turns kernels into PTX and machine code.";
  let description = [{
    Input: one `gpu.module`, after `package-build-entries`. Output: the module
    descriptor of `attnrt/Abi.h` with the PTX text and, where `ptxas` is found,
    a cubin; what ptxas reports for each kernel is kept on its descriptor.
    Spills and performance warnings (codes C75xx) are errors.
  }];
  let options = [Option<"cubin", "cubin", "bool", /*default=*/"true",
                        "whether to run ptxas where it is found">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def ListHostCode : Pass<"package-list-host-code", "::mlir::ModuleOp"> {
  let summary = "Lists the kernels that are code for processors.";
  let description = [{
    Input: kernels for processors as `llvm.func`s that name their target, after
    `package-build-entries` and the lowering of host code. Output: the module
    descriptor of `attnrt/Abi.h` with a table of their addresses, targets and
    scratch. Nothing happens where there are none.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // ATTN_PACKAGE_PASSES_TD
