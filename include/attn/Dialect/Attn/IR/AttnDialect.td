//===- AttnDialect.td - The attn dialect -------------------*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNDIALECT_TD
#define ATTN_DIALECT_ATTN_IR_ATTNDIALECT_TD

include "mlir/IR/OpBase.td"

def Attn_Dialect : Dialect {
  let name = "attn";
  let cppNamespace = "::attn";
  let summary = "Says what attention to compute, and nothing of how.";
  let description = [{
    The `attn` dialect is the graph level of attn-mlir: tensors, value
    semantics, no hardware. One op, `attn.sdpa`, covers multi-head,
    grouped-query and multi-query attention; every convention that differs
    between systems (layout, causal alignment, window, fully masked rows) is
    written out. Tile sizes, stages and the like never appear here.

    The rules of the dialect, with their labels, are in `docs/AttnSpec.md`.
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNDIALECT_TD
