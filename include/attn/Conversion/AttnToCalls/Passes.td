//===- Passes.td - Attention as calls of a package ---------*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CONVERSION_ATTNTOCALLS_PASSES_TD
#define ATTN_CONVERSION_ATTNTOCALLS_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertAttnToCalls : Pass<"convert-attn-to-calls", "::mlir::ModuleOp"> {
  let summary = "Makes functions with attention call a package.";
  let description = [{
    The host's side of a package: `attn-compile` makes a package of a module's
    functions with attention, and this pass makes the same functions call it, so
    that the rest of the module can be bufferized and lowered by upstream's passes
    and run on memrefs.

    Input contract: each function with attention is one that `attn-check-support`
    accepts; `attn-outline` makes them so. No attention is left afterwards. The
    body of such a function becomes

    - allocations of its results (`memref.alloc`), whose sizes follow from those
      of the arguments;
    - a call of the package's function of the same name through the runtime's C
      interface (`attnrt/MemRefCalls.h`), which takes arguments and results as
      unranked memrefs;
    - the results as tensors.

    Arguments are only read, and results are new memory: `one-shot-bufferize`
    copies nothing on account of the call, and deallocation passes find the
    allocations. The function is not inlined, since descriptors lie on its stack.

    The option `package` is the file's name as the program will open it: a
    relative one counts from the working directory. At run time the program links
    `libattnrt.so`.

    Example, with `package=layer.so`:

    ```mlir
    func.func @f(%q: tensor<1x2x?x32xf32>, %k: …) -> tensor<1x2x?x32xf32> {
      %o = attn.sdpa %q, %k, %k : …
      return %o : tensor<1x2x?x32xf32>
    }
    ```
    becomes
    ```mlir
    func.func @f(%q: …, %k: …) -> tensor<1x2x?x32xf32> attributes {no_inline} {
      %length = tensor.dim %q, %c2 : tensor<1x2x?x32xf32>
      %o = memref.alloc(%length) {alignment = 64 : i64} : memref<1x2x?x32xf32>
      %call = call @attnrtBeginCall(%package, %name) : (!llvm.ptr, !llvm.ptr) -> !llvm.ptr
      %0 = bufferization.to_buffer %q read_only : tensor<1x2x?x32xf32>
        to memref<1x2x?x32xf32, strided<[?, ?, ?, ?], offset: ?>>
      %1 = memref.cast %0 : … to memref<*xf32>
      call @attnrtPassF32(%call, %1) : (!llvm.ptr, memref<*xf32>) -> ()
      …
      call @attnrtEndCall(%call) : (!llvm.ptr) -> ()
      %r = bufferization.to_tensor %o restrict writable : …
      return %r : tensor<1x2x?x32xf32>
    }
    ```
  }];
  let options = [
    Option<"package", "package", "std::string", /*default=*/"\"\"",
           "The package's file, as the program opens it.">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::bufferization::BufferizationDialect",
    "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::memref::MemRefDialect", "::mlir::tensor::TensorDialect"
  ];
}

#endif // ATTN_CONVERSION_ATTNTOCALLS_PASSES_TD
