//===- TileDialect.td - The tile dialect -------------------*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_TILE_IR_TILEDIALECT_TD
#define ATTN_DIALECT_TILE_IR_TILEDIALECT_TD

include "mlir/IR/OpBase.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let cppNamespace = "::attn::tile";
  let summary = "Says how one thread block computes, on tiles.";
  let description = [{
    A `tile.kernel` is the program of one CTA. Its values are static-shaped
    tiles, `tensor<MxNxT>`, on which `arith`, `math` and `scf` work directly; a
    row vector is `tensor<Mx1xT>`, a column vector `tensor<1xNxT>`. At first
    tiles are plain values that are loaded, multiplied and stored. Passes then
    take one decision each: which operands go through shared memory, how many
    stages a walk keeps in flight, where threads must meet, which thread holds
    which element. Afterwards each operation is a handful of instructions.

    Passes know kernels, and no algorithm: what they decide follows from
    dependences, from the effects that operations have on resources (shared
    memory, copies and products in flight, barriers), and from what the builder of
    a kernel wrote on its operations. One of those annotations may be on any
    operation: `tile.computed_first` says that its results are to be computed
    before the step waits for products of an earlier one, or passes a turn.

    What the dialect is not: a general tensor compiler, and a model of one chip (no
    operation names an instruction; the files of `Conversion/TileToNVVM` do).
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"
  ];
  let hasOperationAttrVerify = 1;
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
}

#endif // ATTN_DIALECT_TILE_IR_TILEDIALECT_TD
