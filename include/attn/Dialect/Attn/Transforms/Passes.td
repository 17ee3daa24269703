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

def FuseProducers : Pass<"attn-fuse-producers", "::mlir::ModuleOp"> {
  let summary = "Takes what makes query and key into the kernels that read them.";
  let description = [{
    Looks at what stands before each `attn.sdpa`, and behind it:

    - *Layouts.* A `linalg.transpose` of heads and rows before query, key and
      value, with operations on rows or casts in between or not, becomes the
      layout of all that stands behind it. All three operands must come so, since
      an attention has one layout; one behind the output goes, too, or is made
      where somebody reads the output in the old order. Splitting and merging
      heads (`tensor.expand_shape`, `tensor.collapse_shape`) then is a view of
      memory, and stays outside.
    - *Casts.* `arith.extf` before an operation on rows (`attn.norm`, `attn.rope`)
      and `arith.truncf` behind it become the types of its input and result.
    - *Chains.* Operations on rows that make an operand and nothing else, in the
      attention's block, get the mark `fused`: the kernel of what reads the result
      computes it. Of a query that is the attention's kernel. The last operation on
      a key or a value keeps a kernel of its own, which computes the ones before
      it as well: rows of keys are needed by every query tile, and are mapped
      once. A chain has one rotation; what stands before an earlier one stays.

    `numerics` says what is rounded. `strict`: all that the separate operations
    would round. `flash`: what lies between two operations of a chain is f32 by
    its type, and casts from f32 before one are left out, so that a row is rounded
    once.

    Remarks say what was fused, what was not, and why. The pass runs before
    `attn-outline`, which then finds functions of attention alone.

    Example:

    ```mlir
    %n = attn.norm rms %q : tensor<1x8x?x64xbf16>
    %r = attn.rope %n : tensor<1x8x?x64xbf16>
    %o = attn.sdpa %r, %k, %v : …
    ```
    becomes, with `numerics=flash`,
    ```mlir
    %n = attn.norm rms %q fused : tensor<1x8x?x64xbf16> -> tensor<1x8x?x64xf32>
    %r = attn.rope %n fused : tensor<1x8x?x64xf32> -> tensor<1x8x?x64xbf16>
    %o = attn.sdpa %r, %k, %v : …
    ```
  }];
  let options = [
    Option<"numerics", "numerics", "::attn::NumericsPolicy",
           "::attn::NumericsPolicy::strict", "what is rounded", [{llvm::cl::values(
             clEnumValN(::attn::NumericsPolicy::strict, "strict",
                        "what the separate operations round"),
             clEnumValN(::attn::NumericsPolicy::flash, "flash",
                        "a row once, at the end"))}]>
  ];
  let dependentDialects = ["::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def Outline : Pass<"attn-outline", "::mlir::ModuleOp"> {
  let summary = "Moves attention into functions of its own.";
  let description = [{
    Attention may stand in any function of the module: beside other operations,
    in the regions of `scf.for`, `scf.if` and the like, on operands that anything
    computes, with results that anything reads. A package holds functions of
    attention alone. This pass takes attention out of the others: it moves each
    operation that implements `CompilableOp` into a public `func.func` and leaves a
    `func.call`.

    - Functions that `attn-check-support` accepts stay as they are, and so the
      pass does nothing more when it runs again.
    - An operation whose results others may read (`attn.rope`) goes with the one
      that reads them, if that is the only one, may take computed operands, and
      stands in the same block. If not, it gets a function of its own.
    - Arguments are the values that the moved operations read, each once, with
      their types as they are: what is static stays static. Constants that only a
      region reads move into the region.
    - Results are those that something reads; all, if nothing reads any.
    - Seed and offset of `dropout` are passed as `tensor<i64>`: the one that a
      `tensor.extract` reads, or a new one. In a function that
      `attn-check-support` would accept but for arguments of type i64 that are
      read by nothing else, these become tensors, and calls pass tensors.
    - The function is named `<outer>_attention_<n>`, where `<outer>` is the
      function around it and n counts from 0, or the next name that is free.
      Characters other than letters, digits, `_`, `$` and `.` become `_`.
    - Two operations that would become the same function share one, so that equal
      layers are compiled once.

    Operations in nested modules stay where they are, since calls do not leave
    these; `attn-check-support` refuses them.

    What is then left of the surrounding functions is the host's business: a
    package leaves it out, and `convert-attn-to-calls` makes the new functions
    call the package.

    Example:

    ```mlir
    func.func @layer(%x: tensor<2x4x64x32xf32>, %k: tensor<2x4x?x32xf32>)
        -> tensor<2x4x64x32xf32> {
      %q = linalg.exp ins(%x : tensor<2x4x64x32xf32>) outs(…)
      %r = attn.rope %q : tensor<2x4x64x32xf32>
      %o = attn.sdpa %r, %k, %k causal(bottom_right) : …
      return %o : tensor<2x4x64x32xf32>
    }
    ```
    becomes
    ```mlir
    func.func @layer(%x: …, %k: …) -> tensor<2x4x64x32xf32> {
      %q = linalg.exp ins(%x : tensor<2x4x64x32xf32>) outs(…)
      %o = call @layer_attention_0(%q, %k) : …
      return %o : tensor<2x4x64x32xf32>
    }
    func.func @layer_attention_0(%q: tensor<2x4x64x32xf32>,
        %k: tensor<2x4x?x32xf32>) -> tensor<2x4x64x32xf32> {
      %r = attn.rope %q : tensor<2x4x64x32xf32>
      %o = attn.sdpa %r, %k, %k causal(bottom_right) : …
      return %o : tensor<2x4x64x32xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::func::FuncDialect",
                           "::mlir::tensor::TensorDialect"];
}

def Differentiate : Pass<"attn-differentiate", "::mlir::ModuleOp"> {
  let summary = "Adds the function that computes the gradients of another.";
  let description = [{
    For `@f` this adds `@f_vjp`, its vector-Jacobian product, and leaves `@f` as it
    is. Arguments are those of `@f` and then a cotangent of each result of a
    floating-point type, of the type of the result. Results are the gradients of
    the floating-point arguments of `@f`, in their order and of their types.

    With `saved`, `@f_vjp` takes the results of `@f` between both, and does not
    compute attention again: `@f` has to return the output of its attention and
    the LSE.

    `@f` holds operations that implement `DifferentiableOp`. Values may be read
    more than once, and operations read each other's results: a cotangent is the
    sum of what the readers of a value add, by `attn.sum`. What no result depends
    on has a gradient of zeros. These have rules:

    - `attn.sdpa` becomes `attn.sdpa_grad` with the same clauses; operations of
      its `score` region have a derivative. Tensors of floats that scores read
      have gradients, but for those that comparisons alone read;
    - `attn.rope` becomes the rotation by the opposite angles;
    - `attn.norm` becomes `attn.norm_grad`.

    What has no rule is refused, at the operation.

    Example:

    ```mlir
    func.func @f(%q: …, %k: …, %v: …) -> tensor<2x4x64x32xf32> {
      %o = attn.sdpa %q, %k, %v causal(top_left) : …
      return %o : tensor<2x4x64x32xf32>
    }
    ```
    gets beside it
    ```mlir
    func.func @f_vjp(%q: …, %k: …, %v: …, %do: tensor<2x4x64x32xf32>)
        -> (…, …, …) {
      %o, %lse = attn.sdpa %q, %k, %v causal(top_left) : …
      %dq, %dk, %dv = attn.sdpa_grad %q, %k, %v, %o, %lse, %do causal(top_left) : …
      return %dq, %dk, %dv : …
    }
    ```
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"",
           "which function; all that hold attention where none is named">,
    Option<"saved", "saved", "bool", /*default=*/"false",
           "take the results of the function instead of computing them again">
  ];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def CheckSupport : Pass<"attn-check-support", "::mlir::ModuleOp"> {
  let summary = "Refuses what this version does not compile.";
  let description = [{
    The one gate between what the dialect can say and what the compiler can do.
    It changes nothing. Operations that implement `CompilableOp` bring their own
    rules, such as that `attn.sdpa` has no `range` region that a user wrote. A function that holds such operations is accepted when it

    - is a public `func.func` directly in the module, under a name of UTF-8 without
      control characters,
    - takes ranked tensors of f16, bf16, f32, i1, i8, i32 or i64, used or not,
    - has one block that holds nothing but such operations and the return,
    - gives them its arguments, or results of an operation that may feed others,
      as operands,
    - returns results of such operations, at least one, and each at most once.

    Everything else is refused by name. The pass runs before `attn-expand-masks`
    makes regions, and after `attn-outline`, which makes functions that it
    accepts. Functions without such operations are no
    concern of it: a package leaves them out.
  }];
}

def ExpandScores : Pass<"attn-expand-scores"> {
  let summary = "Turns `softcap`, `alibi`, `relative_bias` and `bias` into a `score` region.";
  let description = [{
    Input: any `attn.sdpa`. Output: the same without these clauses; their tensors
    are among `captures`. What they do to a score stands in the `score` region, in
    this order, and before what the region did. `attn.sdpa_grad` is also given the
    `slope` region, the derivatives of that one by the score and by the elements
    that it reads of tensors with gradients. It runs before
    `attn-expand-masks`, since `alibi` and `relative_bias` count from the position
    that `causal` gives a query.

    Example:

    ```mlir
    %o = attn.sdpa %q, %k, %v alibi(%t : tensor<8xf32>) : …
    ```
    becomes
    ```mlir
    %o = attn.sdpa %q, %k, %v captures(%t : tensor<8xf32>) score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      …
      %slope = attn.capture %t[%h] : tensor<8xf32>
      %bias = arith.mulf %distance, %slope : f32
      %biased = arith.subf %s, %bias : f32
      attn.yield %biased : f32
    } : …
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def ExpandMasks : Pass<"attn-expand-masks"> {
  let summary = "Turns the clauses of masks into a `keep` and a `range` region.";
  let description = [{
    Input: any `attn.sdpa`. Output: the same without the clauses `causal`,
    `window`, `prefix`, `chunked`, `documents` and `mask`, whose tensors are among
    `captures`; an op with a mask has a `keep` and a `range` region, an op without
    one has neither. No stage below needs to know these words.

    `keep` spells the clauses in `arith` on `index`. Counts and offsets are
    clamped to +-2^30 first, which changes nothing, since lengths are below
    2^30. `range` is then derived from the `keep` region, not from the clauses: the
    region is read as a disjunction of conjunctions of constraints on j, which are
    affine in i, Sq and Sk, or hold quotients, remainders, minima and the like of
    them, whose least and greatest values at the ends of the run of rows are
    evaluated. Each conjunction keeps one run of keys; the range spans all of
    them, and two that lie apart leave a gap. What is not of that form, such as a
    comparison of captured numbers, may hold for any key: the range does not
    exclude keys for it, and trusts none. Under `masked_row(uniform)` a masked key
    weighs 1/Sk in a row without any kept key, so begin = 0 and end = Sk there.

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
