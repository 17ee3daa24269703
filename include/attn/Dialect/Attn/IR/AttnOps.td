//===- AttnOps.td - Operations of the attn dialect ---------*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNOPS_TD
#define ATTN_DIALECT_ATTN_IR_ATTNOPS_TD

include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "attn/Dialect/Attn/IR/AttnAttrs.td"
include "attn/Dialect/Attn/IR/AttnDialect.td"
include "attn/Dialect/Attn/IR/AttnInterfaces.td"

class Attn_Op<string mnemonic, list<Trait> traits = []>
    : Op<Attn_Dialect, mnemonic, traits>;

//===----------------------------------------------------------------------===//
// What attention and its gradients have in common
//===----------------------------------------------------------------------===//

/// The operands and attributes of clauses, behind the operands of the op.
defvar AttentionClauses = (ins
    Variadic<AnyRankedTensor>:$captures,
    Optional<AnyRankedTensor>:$alibi,
    Optional<AnyRankedTensor>:$relative_bias,
    Optional<AnyRankedTensor>:$bias,
    Optional<AnyRankedTensor>:$sinks,
    Optional<AnyRankedTensor>:$prefix_lengths,
    Optional<AnyRankedTensor>:$query_documents,
    Optional<AnyRankedTensor>:$key_documents,
    Optional<AnyRankedTensor>:$mask,
    Optional<AnyType>:$seed,
    Optional<AnyType>:$offset,
    OptionalAttr<F32Attr>:$scale,
    OptionalAttr<F32Attr>:$softcap,
    OptionalAttr<I64Attr>:$max_distance,
    UnitAttr:$bidirectional,
    OptionalAttr<Attn_CausalAttr>:$causal,
    OptionalAttr<Attn_WindowAttr>:$window,
    OptionalAttr<I64Attr>:$prefix,
    OptionalAttr<I64Attr>:$chunked,
    DefaultValuedAttr<Attn_LayoutAttr, "::attn::Layout::BHSD">:$layout,
    DefaultValuedAttr<Attn_MaskedRowAttr, "::attn::MaskedRow::Zero">:$masked_row,
    OptionalAttr<F64Attr>:$dropout,
    OptionalAttr<Attn_PrecisionAttr>:$precision);

/// What `Attn_AttentionOp` asks of an op.
defvar AttentionDeclarations = [{
    int64_t batchDim() { return 0; }
    int64_t headDim() { return getLayout() == Layout::BHSD ? 1 : 2; }
    int64_t lengthDim() { return getLayout() == Layout::BHSD ? 2 : 1; }
    int64_t featureDim() { return 3; }

    /// The static head dims: of query and key, and of value and output.
    int64_t getHeadDimQK() { return getQuery().getType().getShape().back(); }
    int64_t getHeadDimV() { return getValue().getType().getShape().back(); }

    /// The type of the elements of query, key, value and output.
    ::mlir::FloatType getElementType() {
      return ::llvm::cast<::mlir::FloatType>(
          getQuery().getType().getElementType());
    }

    /// The factor of the scores: `scale`, or 1/sqrt(dqk).
    float getScaleOrDefault() {
      return ::attn::scaleOrDefault(getScale(), getHeadDimQK());
    }

    /// The distance from which on `relative_bias` has one bucket.
    int64_t getMaxDistanceOrDefault() {
      return getMaxDistance().value_or(128);
    }

    /// A weight is dropped if its 16 random bits are below this; 0 where none
    /// is.
    int64_t getDropThreshold() { return ::attn::dropThreshold(getDropout()); }
    /// The factor of the weights that are left.
    double getDropFactor() { return ::attn::dropFactor(getDropout()); }

    /// How f32 operands are multiplied; without meaning for others.
    ::attn::Precision getPrecisionOrDefault() {
      return getPrecision().value_or(::attn::Precision::TF32x3);
    }

    /// Whether a clause stands for a part of the keep region.
    bool hasMaskClause() {
      return getCausal() || getWindow() || getPrefix() || getPrefixLengths() ||
             getChunked() || getQueryDocuments() || getMask();
    }
    /// Whether a clause stands for a part of the score region.
    bool hasScoreClause() {
      return getSoftcap() || getAlibi() || getRelativeBias() || getBias();
    }
}];

//===----------------------------------------------------------------------===//
// attn.sdpa
//===----------------------------------------------------------------------===//

def Attn_SdpaOp : Attn_Op<"sdpa", [
    Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames",
                                                 "getAsmBlockArgumentNames"]>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<Attn_CompilableOp, ["checkSupport",
                                                  "mayFeedOthers",
                                                  "getEdgeRows"]>,
    DeclareOpInterfaceMethods<Attn_DifferentiableOp,
                              ["checkDifferentiable", "completeForGradients",
                               "isSaved"]>,
    Attn_AttentionOp]> {
  let summary = "Computes scaled dot-product attention.";
  let description = [{
    For every batch entry b, query head h and query row i, with
    hk = h div (Hq / Hkv):

    ```
    s_j = scale * <query[b, h, i], key[b, hk, j]>     for every kept key j
    s_j = softcap, biases and the score region of s_j, in this order
    p_j = exp(s_j - max s) / sum exp(s - max s)
    O   = sum_j p_j * value[b, hk, j]
    LSE = ln(sum exp(s - max s)) + max s
    ```

    Scores, softmax and sums are f32; p_j is rounded to the element type of
    `value` before the last product. The natural-log LSE is there when the op
    has two results.

    Clauses, in any order, each at most once. Those of the first table say what
    a score is:

    | clause | meaning | default |
    |---|---|---|
    | `scale(x)` | factor of the dot product, a finite f32 | 1/sqrt(dqk) |
    | `softcap(c)` | s becomes c * tanh(s / c) | none |
    | `alibi(%t)` | adds -t[h] * abs(p - j), t of Hq slopes | none |
    | `relative_bias(%t, max_distance = n, bidirectional)` | adds t[bucket(j - p), h], t of buckets x Hq, as T5 has it | none |
    | `bias(%t)` | adds t[b, h, i, j], t of rank 4, sizes of 1 broadcast | none |
    | `score {…}` | any score: (s, b, h, i, j) -> f32 | none |
    | `sinks(%t)` | one more score t[h] in each row, that of a value of zeros | none |

    Those of the second say which keys a row keeps; a key has to pass all of
    them:

    | clause | meaning |
    |---|---|
    | `causal(top_left)`, `causal(bottom_right)`, `causal(offset = n)` | j <= p with p = i, i + Sk - Sq, i + n |
    | `window(l, r)` | p - l <= j <= p + r; counts or `inf` |
    | `prefix(n)`, `prefix(%n)` | j < n, or j <= p; one n, or one for each batch entry |
    | `chunked(n)` | p and j are in the same run of n positions |
    | `documents(%q, %k)` | q[b, i] = k[b, j], integers |
    | `mask(%t)` | t[b, h, i, j], i1 of rank 4, sizes of 1 broadcast |
    | `keep {…}` | predicate (b, h, i, j) -> i1, the final form of every mask |
    | `range {…}` | what `keep` means for consecutive queries, see below |

    And the rest:

    | clause | meaning | default |
    |---|---|---|
    | `captures(%t, …)` | tensors that the regions read by `attn.capture` | none |
    | `layout(bhsd)`, `layout(bshd)` | order of the dimensions | `bhsd` |
    | `masked_row(zero)`, `(nan)`, `(uniform)` | O of a row without a kept key: 0, NaN, mean of all values; LSE is -inf | `zero` |
    | `dropout(rate, %seed, %offset)` | weights become 0 at random, the others grow by 1 / (1 - rate); l and LSE are those without it | none |
    | `precision(tf32x3)`, `(tf32)` | how matrix instructions multiply f32 operands: in two parts of 11 bits, as exact as f32, or rounded to 11 bits | `tf32x3` |

    Which weights `dropout` takes follows from seed and offset, i64 or
    `tensor<i64>` each, and from (b, h, i, j) alone: `docs/AttnSpec.md` has the
    generator, and ten lines of Python that reproduce a mask. `attn-outline`
    makes `tensor<i64>` of both.

    `score`, `keep` and `range` are what the other clauses become:
    `attn-expand-scores` and `attn-expand-masks` make them, and stages below
    read nothing else but `scale` and `sinks`. `range` takes (b, h, i0, i1) and
    yields begin, full_begin, full_end, end with
    0 <= begin <= full_begin <= full_end <= end <= Sk: no row of [i0, i1),
    i0 < i1, keeps a key outside [begin, end), and every row keeps all of
    [full_begin, full_end). Two more values, gap_begin and gap_end, say of a run
    of keys within [begin, full_begin) that no row keeps any of them.

    Users create this op. `convert-attn-to-tile` and
    `convert-attn-to-reference` consume it. The rules that must hold are
    (C1) to (C36) of `docs/AttnSpec.md`.

    Example:

    ```mlir
    // Grouped-query attention: 32 query heads on 8 key/value heads.
    %o, %lse = attn.sdpa %q, %k, %v scale(0.0883883) causal(bottom_right)
      : (tensor<?x32x?x128xbf16>, tensor<?x8x?x128xbf16>, tensor<?x8x?x128xbf16>)
      -> (tensor<?x32x?x128xbf16>, tensor<?x32x?xf32>)
    ```
  }];

  let arguments = !con((ins AnyRankedTensor:$query, AnyRankedTensor:$key,
                            AnyRankedTensor:$value), AttentionClauses);
  let results = (outs AnyRankedTensor:$output, Optional<AnyRankedTensor>:$lse);
  let regions = (region AnyRegion:$score, AnyRegion:$keep, AnyRegion:$range);

  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let hasCanonicalizer = 1;

  let extraClassDeclaration = !strconcat([{
    // Positions of the dimensions of query, key, value and output.
    static constexpr int64_t kRank = 4;
    static int64_t batchDim(Layout) { return 0; }
    static int64_t headDim(Layout layout) {
      return layout == Layout::BHSD ? 1 : 2;
    }
    static int64_t lengthDim(Layout layout) {
      return layout == Layout::BHSD ? 2 : 1;
    }
    static int64_t featureDim(Layout) { return 3; }
    /// Lengths are below this, and so every position fits 32 bits.
    static constexpr int64_t kMaxLength = int64_t(1) << 30;

    /// The result types that the operands imply.
    static ::mlir::RankedTensorType
    inferOutputType(::mlir::RankedTensorType query,
                    ::mlir::RankedTensorType value);
    static ::mlir::RankedTensorType
    inferLseType(::mlir::RankedTensorType query, Layout layout);
  }], AttentionDeclarations);
}

//===----------------------------------------------------------------------===//
// attn.sdpa_grad
//===----------------------------------------------------------------------===//

def Attn_SdpaGradOp : Attn_Op<"sdpa_grad", [
    Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames",
                                                 "getAsmBlockArgumentNames"]>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<Attn_CompilableOp, ["checkSupport",
                                                  "mayFeedOthers",
                                                  "getEdgeRows"]>,
    Attn_AttentionOp]> {
  let summary = "Computes the gradients of `attn.sdpa` with respect to its operands.";
  let description = [{
    Takes the operands of an `attn.sdpa` with the same clauses, its two results,
    and the cotangent of each of them; that of the LSE may be left out and is 0
    then. With P the weights of the attention, for every row and every key that
    it keeps:

    ```
    P_ij  = exp(s_ij - lse_i)
    dP_ij = <output_grad_i, value_j>
    D_i   = <output_grad_i, output_i> - lse_grad_i
    dS_ij = P_ij * (dP_ij - D_i)        times ds / dt for s = score(t)
    query_grad_i = scale * sum_j dS_ij * key_j
    key_grad_j   = scale * sum_i dS_ij * query_i
    value_grad_j = sum_i P_ij * output_grad_i
    ```

    Under `dropout`, with r_ij what it makes of a weight, dP_ij and value_grad_j
    have r_ij in front; P and D_i stay what they are.
    Gradients of key and value are sums over the query heads that share them.
    Pairs that the mask excludes add nothing: a row without a kept key has a
    query gradient of 0, and so has a key that no row keeps. Under
    `masked_row(uniform)`, a row without a kept key adds output_grad_i / Sk to the
    gradient of each value.

    Scores and sums are f32; P and dS are rounded to the element type before the
    products over rows and keys. Clauses are those of `attn.sdpa`.
    `query_range` says of consecutive keys what `range` says of consecutive
    queries: it takes (b, h, j0, j1) and yields the queries begin, full_begin,
    full_end, end, and perhaps a gap, of which some, or all, keep keys of
    [j0, j1). `attn-expand-masks` makes it.

    `slope` takes what `score` takes and yields its derivative by the score;
    `attn-expand-scores` makes it.

    `gradients_of(%t, … : types)` names tensors of floats that clauses and the
    score region read; each has one more result, its gradient:

    ```
    t_grad[e] = sum_ij P_ij * (dP_ij - D_i) * ds_ij / dt[e]
    ```

    That is a sum over all pairs that read an element, in f32, and is rounded to
    the element type of the tensor once. An element that no pair reads has a
    gradient of 0. `slope` then says by `attn.add_gradient` what is added for a
    pair to which element.

    `attn-differentiate` creates this op. `convert-attn-to-tile` and
    `convert-attn-to-reference` consume it. The rules that must hold are (G1) to
    (G10) of `docs/AttnSpec.md`.

    Example:

    ```mlir
    %dq, %dk, %dv = attn.sdpa_grad %q, %k, %v, %o, %lse, %do causal(bottom_right)
      : (tensor<?x32x?x128xbf16>, tensor<?x8x?x128xbf16>, tensor<?x8x?x128xbf16>,
         tensor<?x32x?x128xbf16>, tensor<?x32x?xf32>, tensor<?x32x?x128xbf16>)
      -> (tensor<?x32x?x128xbf16>, tensor<?x8x?x128xbf16>, tensor<?x8x?x128xbf16>)
    ```
  }];

  let arguments = !con((ins AnyRankedTensor:$query, AnyRankedTensor:$key,
                            AnyRankedTensor:$value, AnyRankedTensor:$output,
                            AnyRankedTensor:$lse, AnyRankedTensor:$output_grad,
                            Optional<AnyRankedTensor>:$lse_grad),
                       AttentionClauses,
                       (ins Variadic<AnyRankedTensor>:$differentiated));
  let results = (outs AnyRankedTensor:$query_grad, AnyRankedTensor:$key_grad,
                      AnyRankedTensor:$value_grad,
                      Variadic<AnyRankedTensor>:$tensor_grads);
  let regions = (region AnyRegion:$score, AnyRegion:$keep, AnyRegion:$range,
                        AnyRegion:$query_range, AnyRegion:$slope);

  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = !strconcat([{
    /// The tensor whose gradient a result behind the first three is; null for
    /// these.
    ::mlir::Value getTensorOf(::mlir::OpResult result) {
      constexpr unsigned kOperands = 3;
      return result.getResultNumber() < kOperands
                 ? ::mlir::Value()
                 : getDifferentiated()[result.getResultNumber() - kOperands];
    }
    /// What the score region reads of a tensor.
    ::llvm::SmallVector<CaptureOp> getReadsOf(::mlir::Value tensor);
  }], AttentionDeclarations);
}

//===----------------------------------------------------------------------===//
// attn.rope
//===----------------------------------------------------------------------===//

/// Maps rows of a tensor to rows of the result, which may have elements of
/// another type.
class Attn_RowMap<string mnemonic> : Attn_Op<mnemonic, [
    Pure, AttrSizedOperandSegments, Attn_RowOp,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<Attn_CompilableOp, ["checkSupport",
                                                  "mayFeedOthers"]>,
    DeclareOpInterfaceMethods<Attn_DifferentiableOp>]>;

def Attn_RopeOp : Attn_RowMap<"rope"> {
  let summary = "Rotates pairs of elements by angles that grow with the position.";
  let description = [{
    For every row at position p, and i < rd / 2 with rd rotary dims:

    ```
    freq_i = base^(-2i / rd)                      or as `scaling` has it
    c, s   = a * cos(p * freq_i), a * sin(p * freq_i)    a = 1 but for scaling
    output[x], output[y] = input[x] * c - input[y] * s,
                           input[y] * c + input[x] * s
    ```

    The pair (x, y) is (i, i + rd / 2) or (2i, 2i + 1). Elements from rd on are
    copied. Row s of batch entry b stands at position
    p = offset + s, offset + offsets[b] + s or offset + positions[b, s].

    Clauses, in any order, each at most once:

    | clause | meaning | default |
    |---|---|---|
    | `base(x)` | positive f64 | 10000 |
    | `pairing(half)`, `pairing(interleaved)` | which elements are a pair | `half` |
    | `rotary_dims(n)` | even, at most the head dim | the head dim |
    | `offset(n)` | added to every position | 0 |
    | `inverse` | turns the other way, s = -sin: the gradient of a rotation | |
    | `positions(%p : tensor<BxSxi32>)` | of each row | 0, 1, … |
    | `offsets(%o : tensor<Bxi32>)` | of each batch entry | 0 |
    | `scaling(attribute)` | `#attn.rope_…` below | none |
    | `layout(bhsd)`, `layout(bshd)` | order of the dimensions | `bhsd` |
    | `fused` | the kernel that reads the result computes it | |

    The result's elements are those of the input, f32 of 16-bit ones, or 16-bit
    ones of f32; its type is then written behind the input's.

    `attn-fuse-producers` writes `fused`; `convert-attn-to-tile` and
    `convert-attn-to-reference` consume the op. The rules that must hold are (R1)
    to (R12) of `docs/AttnSpec.md`.

    Example:

    ```mlir
    %r = attn.rope %q base(500000.0)
        scaling(#attn.rope_llama3<factor = 8.0, original_length = 8192>)
        : tensor<?x32x?x128xbf16>
    ```
  }];

  let arguments = (ins
    AnyRankedTensor:$input,
    Optional<AnyRankedTensor>:$positions,
    Optional<AnyRankedTensor>:$offsets,
    DefaultValuedAttr<F64Attr, "10000.0">:$base,
    DefaultValuedAttr<Attn_PairingAttr, "::attn::Pairing::Half">:$pairing,
    OptionalAttr<I64Attr>:$rotary_dims,
    DefaultValuedAttr<I64Attr, "0">:$offset,
    UnitAttr:$inverse,
    OptionalAttr<Attn_RopeScalingAttrInterface>:$scaling,
    DefaultValuedAttr<Attn_LayoutAttr, "::attn::Layout::BHSD">:$layout,
    UnitAttr:$fused
  );
  let results = (outs AnyRankedTensor:$output);

  let assemblyFormat = [{
    $input
    oilist(
        `base` `(` $base `)`
      | `pairing` `(` custom<Pairing>($pairing) `)`
      | `rotary_dims` `(` $rotary_dims `)`
      | `offset` `(` $offset `)`
      | `inverse` $inverse
      | `positions` `(` $positions `:` type($positions) `)`
      | `offsets` `(` $offsets `:` type($offsets) `)`
      | `scaling` `(` $scaling `)`
      | `layout` `(` custom<Layout>($layout) `)`
      | `fused` $fused
    )
    attr-dict `:` custom<RowTypes>(type($input), type($output))
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;

  let extraClassDeclaration = [{
    int64_t getRotaryDimsOrDefault() {
      return getRotaryDims().value_or(getFeatures());
    }

    /// Radians per position of each pair; under `#attn.rope_dynamic_ntk` those
    /// of a context that is not stretched.
    ::llvm::SmallVector<double> getFrequencies();
    /// The factor of cosine and sine.
    double getRotationFactor();
  }];
}

//===----------------------------------------------------------------------===//
// attn.norm
//===----------------------------------------------------------------------===//

def Attn_NormOp : Attn_RowMap<"norm"> {
  let summary = "Normalises each row of a tensor.";
  let description = [{
    For every row x of d elements:

    ```
    rms    y = x / sqrt(mean(x^2) + eps)
    l2     y = x / max(sqrt(sum(x^2)), eps)
    layer  y = (x - mean(x)) / sqrt(mean((x - mean(x))^2) + eps)
    output = y * scale * weight + bias
    ```

    Sums, roots and products are f32, and the result is rounded once. `l2` is what
    torch's `normalize` computes, and like it gives zeros for a row of zeros; the
    others do so since `eps` is above 0.

    `weight` and `bias` have an element for each of the d columns, or for each head
    and column, or each head: tensors of [d], [H, d] or [H, 1]. A key's temperature
    is a weight of [H, 1], and the sqrt(d) of a QK-norm a `scale`.

    Clauses, in any order, each at most once:

    | clause | meaning | default |
    |---|---|---|
    | `weight(%w : type)` | factors, of f16, bf16 or f32 | 1 |
    | `bias(%b : type)` | of `layer` only: addends | 0 |
    | `eps(x)` | f32 from 2^-60 to 1 | 1e-6; `l2` 1e-12; `layer` 1e-5 |
    | `scale(x)` | f32 from -2^64 to 2^64 | 1 |
    | `layout(bhsd)`, `layout(bshd)` | order of the dimensions | `bhsd` |
    | `fused` | the kernel that reads the result computes it | |

    The result's elements are those of the input, f32 of 16-bit ones, or 16-bit
    ones of f32; its type is then written behind the input's.

    `attn-fuse-producers` writes `fused`; `convert-attn-to-tile` and
    `convert-attn-to-reference` consume the op. The rules that must hold are (N1)
    to (N8) of `docs/AttnSpec.md`.

    Example:

    ```mlir
    %n = attn.norm rms %q weight(%w : tensor<128xbf16>) eps(1.0e-5)
        : tensor<?x32x?x128xbf16> -> tensor<?x32x?x128xf32>
    ```
  }];

  let arguments = (ins
    AnyRankedTensor:$input,
    Optional<AnyRankedTensor>:$weight,
    Optional<AnyRankedTensor>:$bias,
    Attn_NormKindAttr:$kind,
    OptionalAttr<F32Attr>:$eps,
    OptionalAttr<F32Attr>:$scale,
    DefaultValuedAttr<Attn_LayoutAttr, "::attn::Layout::BHSD">:$layout,
    UnitAttr:$fused
  );
  let results = (outs AnyRankedTensor:$output);

  let assemblyFormat = [{
    custom<NormKind>($kind) $input
    oilist(
        `weight` `(` $weight `:` type($weight) `)`
      | `bias` `(` $bias `:` type($bias) `)`
      | `eps` `(` $eps `)`
      | `scale` `(` $scale `)`
      | `layout` `(` custom<Layout>($layout) `)`
      | `fused` $fused
    )
    attr-dict `:` custom<RowTypes>(type($input), type($output))
  }];
  let hasVerifier = 1;

  let extraClassDeclaration = [{
    float getEpsOrDefault();
    float getScaleOrDefault() {
      return getScale() ? getScale()->convertToFloat() : 1.0f;
    }
  }];
}

//===----------------------------------------------------------------------===//
// attn.norm_grad
//===----------------------------------------------------------------------===//

def Attn_NormGradOp : Attn_Op<"norm_grad", [
    Pure, AttrSizedResultSegments, AllTypesMatch<["input", "input_grad"]>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<Attn_CompilableOp, ["mayFeedOthers"]>]> {
  let summary = "Computes the gradients of `attn.norm` with respect to its operands.";
  let description = [{
    Takes the input and the weight of an `attn.norm` with the same clauses, and the
    cotangent dy of its result. For a row x of d elements, with n the divisor of the
    norm, c = x, or x - mean(x) under `layer`, and g = dy * weight * scale:

    ```
    rms    input_grad = g / n - c * sum(g * c) / (d * n^3)
    l2     input_grad = g / n - c * sum(g * c) / n^3, and g / n where eps is n
    layer  the same as rms, less the mean of it
    weight_grad = sum over rows of dy * c / n * scale
    bias_grad   = sum over rows of dy
    ```

    Sums are over all rows that read an element: those of all heads and entries of
    the batch for a weight of [d], those of a head for [H, d], and over its columns
    as well for [H, 1]. All is computed in f32, and each gradient is rounded once,
    to its element type.

    `attn-differentiate` creates this op. `convert-attn-to-tile` and
    `convert-attn-to-reference` consume it. The rules that must hold are (D1) to
    (D4) of `docs/AttnSpec.md`.

    Example:

    ```mlir
    %dx, %dw = attn.norm_grad rms %x, %dy weight(%w : tensor<128xbf16>)
        : tensor<?x32x?x128xbf16>, tensor<?x32x?x128xbf16>
          weight_grad(tensor<128xbf16>)
    ```
  }];

  let arguments = (ins
    AnyRankedTensor:$input,
    AnyRankedTensor:$output_grad,
    Optional<AnyRankedTensor>:$weight,
    Attn_NormKindAttr:$kind,
    OptionalAttr<F32Attr>:$eps,
    OptionalAttr<F32Attr>:$scale,
    DefaultValuedAttr<Attn_LayoutAttr, "::attn::Layout::BHSD">:$layout
  );
  let results = (outs AnyRankedTensor:$input_grad,
                      Optional<AnyRankedTensor>:$weight_grad,
                      Optional<AnyRankedTensor>:$bias_grad);

  let assemblyFormat = [{
    custom<NormKind>($kind) $input `,` $output_grad
    oilist(
        `weight` `(` $weight `:` type($weight) `)`
      | `eps` `(` $eps `)`
      | `scale` `(` $scale `)`
      | `layout` `(` custom<Layout>($layout) `)`
    )
    attr-dict `:` type($input) `,` type($output_grad)
    (`weight_grad` `(` type($weight_grad)^ `)`)?
    (`bias_grad` `(` type($bias_grad)^ `)`)?
  }];
  let hasVerifier = 1;

  let extraClassDeclaration = [{
    float getEpsOrDefault();
    float getScaleOrDefault() {
      return getScale() ? getScale()->convertToFloat() : 1.0f;
    }
    int64_t getFeatures() { return getInput().getType().getShape().back(); }
    // Positions of the dimensions.
    int64_t batchDim() { return 0; }
    int64_t headDim() { return getLayout() == Layout::BHSD ? 1 : 2; }
    int64_t lengthDim() { return getLayout() == Layout::BHSD ? 2 : 1; }
  }];
}

//===----------------------------------------------------------------------===//
// attn.sum
//===----------------------------------------------------------------------===//

def Attn_SumOp : Attn_Op<"sum", [
    Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<Attn_CompilableOp, ["mayFeedOthers"]>]> {
  let summary = "Adds up tensors of one type.";
  let description = [{
    The sum of its addends, element by element: in f32, in their order, rounded to
    the element type once. Without addends it is zeros, as many as `like` has
    elements.

    A value that several operations read has a cotangent from each of them, and
    `attn-differentiate` creates this op for their sum. Zeros are the cotangent of
    what nothing depends on. `convert-attn-to-tile` and `convert-attn-to-reference`
    consume the op. The rules that must hold are (S1) to (S3) of
    `docs/AttnSpec.md`.

    Example:

    ```mlir
    %dx = attn.sum %dq, %dk, %dv : tensor<?x8x?x128xbf16>
    %zero = attn.sum like %x : tensor<?x8x?x128xbf16>
    ```
  }];

  let arguments = (ins Variadic<AnyRankedTensor>:$addends,
                       Optional<AnyRankedTensor>:$like);
  let results = (outs AnyRankedTensor:$output);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// What has the sizes of the result: an addend, or `like`.
    ::mlir::Value getShaped() { return getOperand(0); }
    ::mlir::RankedTensorType getSumType() {
      return ::llvm::cast<::mlir::RankedTensorType>(getOutput().getType());
    }
    /// Whether the tensors have rows as attention has them.
    bool hasRows();
  }];
}

//===----------------------------------------------------------------------===//
// Inside the regions
//===----------------------------------------------------------------------===//

def Attn_YieldOp : Attn_Op<"yield", [
    Pure, ReturnLike, Terminator,
    ParentOneOf<["SdpaOp", "SdpaGradOp"]>]> {
  let summary = "Ends a region of `attn.sdpa`.";
  let description = [{
    Yields the f32 of a `score` region, the i1 of a `keep` region, or the index
    values of a `range` region. It goes where its region is inlined: in `convert-attn-to-tile` and
    `convert-attn-to-reference`.

    Example: `attn.yield %p : i1`.
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let builders = [OpBuilder<(ins), [{ /* nothing to yield yet */ }]>];
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

def Attn_CaptureOp : Attn_Op<"capture", [Pure,
    TypesMatchWith<"the result has the element type of the tensor", "source",
                   "result",
                   "::llvm::cast<::mlir::RankedTensorType>($_self)"
                   ".getElementType()">]> {
  let summary = "Reads an element of a captured tensor.";
  let description = [{
    Legal only inside the regions of `attn.sdpa`, of tensors in its `captures`.
    An index whose range follows from the sizes of the operands is checked when
    the compiled function is called. Any other one, such as one that was itself
    read from a tensor, is clamped to the tensor's dimension: at least 0, at most
    its size less 1.

    `clause` names the clause that the tensor was given to, where one was
    expanded: messages use the name, and the tensor has to have exactly as many
    batch entries, heads, queries and keys as the operands, not just enough.

    Example: `%slope = attn.capture %slopes[%h] : tensor<32xf32>`.
  }];
  let arguments = (ins AnyRankedTensor:$source, Variadic<Index>:$indices,
                       OptionalAttr<StrAttr>:$clause);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$source `[` $indices `]` attr-dict `:` type($source)";
  let hasVerifier = 1;
}

def Attn_AddGradientOp : Attn_Op<"add_gradient",
                                 [ParentOneOf<["SdpaGradOp"]>]> {
  let summary = "Adds to the gradient of an element of a captured tensor.";
  let description = [{
    Legal only inside the `slope` region of `attn.sdpa_grad`, of tensors in its
    `gradients_of`. `derivative` is that of the score by the element at the
    indices, as one `attn.capture` reads it; the gradient of the score is
    multiplied by it and added. Indices are clamped as those of that capture.

    Example: `attn.add_gradient %d, %slopes[%h] : tensor<32xf32>`.
  }];
  let arguments = (ins F32:$derivative, AnyRankedTensor:$tensor,
                       Variadic<Index>:$indices);
  let assemblyFormat = [{
    $derivative `,` $tensor `[` $indices `]` attr-dict `:` type($tensor)
  }];
  let hasVerifier = 1;
}

class Attn_LengthOp<string mnemonic, string which> : Attn_Op<mnemonic, [Pure]> {
  let summary = "Returns the length of the " # which # ".";
  let description = [{
    Legal only inside the regions of `attn.sdpa`. `attn-expand-masks` creates
    it; whoever inlines the region replaces it by the dimension's value.
  }];
  let results = (outs Index:$length);
  let assemblyFormat = "attr-dict `:` type($length)";
  let hasVerifier = 1;
}

def Attn_QueryLengthOp : Attn_LengthOp<"query_length", "query, Sq">;
def Attn_KeyLengthOp : Attn_LengthOp<"key_length", "keys, Sk">;

#endif // ATTN_DIALECT_ATTN_IR_ATTNOPS_TD
