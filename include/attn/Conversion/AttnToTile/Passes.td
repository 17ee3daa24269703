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

def ConvertAttnToTile : Pass<"convert-attn-to-tile", "::mlir::ModuleOp"> {
  let summary = "turns attention into kernels on tiles";
  let description = [{
    Input: functions that `attn-check-support` accepts, after
    `attn-expand-masks` and `attn-select-schedule`. Output: for each `attn.sdpa`
    a `tile.kernel`, an online softmax over KV tiles: one loop for the tiles
    before the fully kept ones, one without a mask for those, one for the tiles
    behind them; in the function a `tile.launch`, and a `cf.assert` for each
    rule between shapes that types cannot state.
  }];
  let dependentDialects = ["::attn::tile::TileDialect",
                           "::mlir::cf::ControlFlowDialect"];
}

#endif // ATTN_CONVERSION_ATTNTOTILE_PASSES_TD
