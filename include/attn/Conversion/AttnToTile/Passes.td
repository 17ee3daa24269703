//===- Passes.td - From attention to kernels on tiles ------*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_CONVERSION_ATTNTOTILE_PASSES_TD
#define ATTN_CONVERSION_ATTNTOTILE_PASSES_TD

include "mlir/Pass/PassBase.td"

def NameFunctions : Pass<"attn-name-functions", "::mlir::ModuleOp"> {
  let summary = "Gives functions with attention symbols from which others are derived.";
  let description = [{
    Input: any module. Output: the same, with functions that hold `attn`
    operations under symbols that are identifiers of PTX and C, and from which the
    names `f__…` can be derived without a clash in the module. A function whose symbol changes keeps
    its name in the attribute `attn.name`; descriptions and reports use that name.

    Example:

    ```mlir
    func.func @"layer.0"(…)
    ```
    becomes
    ```mlir
    func.func @layer_0(…) attributes {attn.name = "layer.0"}
    ```
  }];
}

def ConvertAttnToTile : Pass<"convert-attn-to-tile", "::mlir::ModuleOp"> {
  let summary = "Turns attention into kernels on tiles and launches of them.";
  let description = [{
    Input: functions that `attn-check-support` accepts, after
    `attn-expand-masks` and `attn-select-schedule`. Output: in the function a
    `tile.launch` for each kernel, and a `cf.assert` for each rule between shapes
    that types cannot state; beside it the `tile.kernel`s:

    - for `attn.sdpa` an online softmax in a `tile.walk` over key tiles, with a
      segment for the tiles before those that every row keeps, one without a mask
      for those, and one for the tiles behind them. Where several CTAs may share the keys of a query tile, a second
      kernel merges their partial results;
    - for `attn.rope` and `attn.norm` a pass over rows, with what is `fused` into
      it. What is fused into the query of an attention its kernel computes; for
      processors, and where memory has other elements, a kernel before it.

    Each operation brings its launches as an external model of `LaunchableOp`.
  }];
  let dependentDialects = ["::attn::tile::TileDialect",
                           "::mlir::cf::ControlFlowDialect"];
}

def ExpandMath : Pass<"attn-expand-math"> {
  let summary = "Expands functions in regions into those that targets have.";
  let description = [{
    Input: `attn.sdpa` with a target. Output: the same, with `score` and `keep`
    regions of `arith` and of the functions of `math` that the target has an
    instruction for: on GPUs exp2, log2, tanh, sqrt, floor and the like. All others
    become these, or arithmetic in f32 that approximates them. It runs behind
    `convert-attn-to-reference`, whose functions are exact.

    Example: `math.exp %x` becomes `math.exp2` of `%x * log2(e)`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

#endif // ATTN_CONVERSION_ATTNTOTILE_PASSES_TD
