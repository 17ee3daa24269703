//===- Passes.td - Passes within the attn dialect ----------*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_TRANSFORMS_PASSES_TD
#define ATTN_DIALECT_ATTN_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def CheckSupport : Pass<"attn-check-support", "::mlir::ModuleOp"> {
  let summary = "Refuses what this version does not compile";
  let description = [{
    The one gate between what the dialect can say and what the compiler can do.
    It changes nothing. It accepts functions that contain `attn.sdpa` when each

    - is a `func.func` of one block that holds nothing but `attn.sdpa` and the
      return,
    - has `attn.sdpa` operands that are its arguments,
    - returns results of `attn.sdpa`, each at most once;

    and it refuses `keep` and `range` regions that a user wrote, by name. It
    runs first, before `attn-expand-masks` makes such regions. Functions
    without `attn.sdpa`, and unused arguments, are no concern of it.
  }];
}

def ExpandMasks : Pass<"attn-expand-masks"> {
  let summary = "Turns causal and window into a keep and a range region";
  let description = [{
    Input: any `attn.sdpa`. Output: the same without the clauses `causal` and
    `window`; an op with a mask has a `keep` and a `range` region, an op
    without one has neither. No stage below needs to know the two words.

    `keep` spells the clauses in `arith` on `index`. Counts and offsets are
    clamped to +-2^30 first, which changes nothing, since lengths are below
    2^30. `range` is then derived from the `keep` region, not from the clauses:
    the region's comparisons are read as affine constraints on i, j, Sq and Sk,
    and evaluated at both ends of the run of rows. A `keep` region that is not
    of that form gets the range that claims nothing: visit every key, trust
    none. Under `masked_row(uniform)` a masked key weighs 1/Sk in a row without
    any kept key, so begin = 0 and end = Sk there.

    Example:

    ```mlir
    %o = attn.sdpa %q, %k, %v causal(top_left) : …
    ```
    becomes
    ```mlir
    %o = attn.sdpa %q, %k, %v keep {
    ^bb0(%b: index, %h: index, %i: index, %j: index):
      %kept = arith.cmpi sle, %j, %i : index
      attn.yield %kept : i1
    } range {
    ^bb0(%b: index, %h: index, %i0: index, %i1: index):
      …
      attn.yield %begin, %full_begin, %full_end, %end : index, index, index, index
    } : …
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

#endif // ATTN_DIALECT_ATTN_TRANSFORMS_PASSES_TD
