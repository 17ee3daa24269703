//===- Passes.td - From tiles to the code of a processor ---*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_CONVERSION_TILETOVECTOR_PASSES_TD
#define ATTN_CONVERSION_TILETOVECTOR_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertTileToVector : Pass<"convert-tile-to-vector", "::mlir::ModuleOp"> {
  let summary = "Turns kernels on tiles into loops over vectors.";
  let description = [{
    Input: kernels for a processor, before anything is staged. Output: for each
    a function of upstream dialects that computes one CTA,

    ```mlir
    func.func private @k(%cta: !llvm.ptr, %params: !llvm.ptr)
        attributes {tile.scratch_bytes = …, tile.target = "host", …}
    ```

    where `%cta` says which CTA it is and has its scratch memory (`AttnrtCta`),
    and `%params` has the addresses of the kernel's arguments as launches pass
    them. Kernels of GPUs stay as they are.

    Right operands of products are packed in panels that are as wide as a block
    of registers. What depends on the rows of a product's result alone runs over
    a block of rows at a time: products of the block, then loops over its rows
    in whole vectors. Rows that no store keeps are not computed.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
    "::mlir::x86vector::X86VectorDialect", "::mlir::LLVM::LLVMDialect"
  ];
}

#endif // ATTN_CONVERSION_TILETOVECTOR_PASSES_TD
