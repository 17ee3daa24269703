//===- Passes.td - The naive lowering ----------------------*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CONVERSION_ATTNTOREFERENCE_PASSES_TD
#define ATTN_CONVERSION_ATTNTOREFERENCE_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertAttnToReference
    : Pass<"convert-attn-to-reference", "::mlir::ModuleOp"> {
  let summary = "Adds the functions that judge a function with attention.";
  let description = [{
    For every public `func.func @f` with `attn.sdpa` or operations on rows this adds
    three functions of naive host loops and leaves `@f` as it is.

    - `@f__reference(args, results, begin, end)` computes in f64.
    - `@f__baseline(args, results, begin, end)` computes with the op's own
      roundings: scores, softmax and sums in f32; probabilities rounded to the
      element type of `value` before the second product; the output rounded to
      that type; the LSE in f32. Rounding is to nearest even.
    - `@f__flops(args) -> f64` counts 2 * (dqk + dv) for every kept pair of
      query and key, and 6 for every pair of elements that is rotated.

    Arguments are memrefs with `strided<[?, …, 1], offset: ?>`; results are such
    memrefs of f64. Rows are numbered ((b * H) + h) * S + i, with the heads and
    the length of the result; the functions compute those of [begin, end) that
    exist, and write no others. A result of an op that `@f` does not return is
    not computed. Each op of a function counts its own rows.

    Regions are computed naively, too, key by key. In the reference their floats
    are f64, constants included; integers and indices are as they are. What asks
    for the bits of a float (`arith.bitcast`) is refused. In the baseline f32 is
    f32, f16 and bf16 are rounded after each operation, and `math.tanh` is
    rounded to 11 bits, as far as a GPU's instruction is from it.
    `attn.capture` clamps each index into its dimension; a tensor without
    elements reads as 0. `@f__flops` counts the pairs that the mask keeps if the
    data of all tensors that the mask reads is there, and else all pairs.

    Input contract: `attn-check-support` passed, then `attn-expand-scores` and
    `attn-expand-masks` ran.
    The two judges evaluate `keep` for every key and never read `range`: what
    is derived from `keep` is judged, too.

    Rounding to bf16 is integer arithmetic, and so is widening from it; both to
    and from f16 are `arith.truncf` and `arith.extf`, which the host has as
    instructions (F16C) or in its compiler's library. The host needs `exp` and
    `log` of libm, in f32 and f64, and what regions ask of `math`.

    Example:

    ```mlir
    func.func @f(%q: tensor<1x2x4x8xf16>, …) -> tensor<1x2x4x8xf16>
    ```
    becomes that and
    ```mlir
    func.func @f__reference(
        %q: memref<1x2x4x8xf16, strided<[?, ?, ?, 1], offset: ?>>, …,
        %o: memref<1x2x4x8xf64, strided<[?, ?, ?, 1], offset: ?>>,
        %begin: index, %end: index)
    ```
    and `@f__baseline`, `@f__flops`.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect"
  ];
}

#endif // ATTN_CONVERSION_ATTNTOREFERENCE_PASSES_TD
