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
// attn.sdpa
//===----------------------------------------------------------------------===//

def Attn_SdpaOp : Attn_Op<"sdpa", [
    Pure, IsolatedFromAbove,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames",
                                                 "getAsmBlockArgumentNames"]>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<Attn_CompilableOp, ["checkSupport",
                                                  "getEdgeRows"]>]> {
  let summary = "Computes scaled dot-product attention.";
  let description = [{
    For every batch entry b, query head h and query row i, with
    hk = h div (Hq / Hkv):

    ```
    s_j = scale * <query[b, h, i], key[b, hk, j]>     for every kept key j
    p_j = exp(s_j - max s) / sum exp(s - max s)
    O   = sum_j p_j * value[b, hk, j]
    LSE = ln(sum exp(s - max s)) + max s
    ```

    Scores, softmax and sums are f32; p_j is rounded to the element type of
    `value` before the last product. The natural-log LSE is there when the op
    has two results.

    Clauses, in any order, each at most once:

    | clause | meaning | default |
    |---|---|---|
    | `scale(x)` | factor of the scores, a finite f32 | 1/sqrt(dqk) |
    | `causal(top_left)`, `causal(bottom_right)`, `causal(offset = n)` | keep j <= p with p = i, i + Sk - Sq, i + n | keep all |
    | `window(l, r)` | keep p - l <= j <= p + r; counts or `inf` | keep all |
    | `layout(bhsd)`, `layout(bshd)` | order of the dimensions | `bhsd` |
    | `masked_row(zero)`, `(nan)`, `(uniform)` | O of a row without a kept key: 0, NaN, mean of all values; LSE is -inf | `zero` |
    | `keep {…}` | predicate (b, h, i, j) -> i1, the final form of every mask | keep all |
    | `range {…}` | what `keep` means for consecutive queries, see below | none |

    `keep` and `range` are what masks become: `attn-expand-masks` makes both
    from `causal` and `window`, and stages below read nothing else. `range`
    takes (b, h, i0, i1) and yields begin, full_begin, full_end, end with
    0 <= begin <= full_begin <= full_end <= end <= Sk: no row of [i0, i1),
    i0 < i1, keeps a key outside [begin, end), and every row keeps all of
    [full_begin, full_end).

    Users create this op. `convert-attn-to-tile` and
    `convert-attn-to-reference` consume it. The rules that must hold are
    (C1) to (C22) of `docs/AttnSpec.md`.

    Example:

    ```mlir
    // Grouped-query attention: 32 query heads on 8 key/value heads.
    %o, %lse = attn.sdpa %q, %k, %v scale(0.0883883) causal(bottom_right)
      : (tensor<?x32x?x128xbf16>, tensor<?x8x?x128xbf16>, tensor<?x8x?x128xbf16>)
      -> (tensor<?x32x?x128xbf16>, tensor<?x32x?xf32>)
    ```
  }];

  let arguments = (ins
    AnyRankedTensor:$query,
    AnyRankedTensor:$key,
    AnyRankedTensor:$value,
    OptionalAttr<F32Attr>:$scale,
    OptionalAttr<Attn_CausalAttr>:$causal,
    OptionalAttr<Attn_WindowAttr>:$window,
    DefaultValuedAttr<Attn_LayoutAttr, "::attn::Layout::BHSD">:$layout,
    DefaultValuedAttr<Attn_MaskedRowAttr, "::attn::MaskedRow::Zero">:$masked_row
  );
  let results = (outs AnyRankedTensor:$output, Optional<AnyRankedTensor>:$lse);
  let regions = (region AnyRegion:$keep, AnyRegion:$range);

  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let hasCanonicalizer = 1;

  let extraClassDeclaration = [{
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
    int64_t batchDim() { return batchDim(getLayout()); }
    int64_t headDim() { return headDim(getLayout()); }
    int64_t lengthDim() { return lengthDim(getLayout()); }
    int64_t featureDim() { return featureDim(getLayout()); }

    /// Lengths are below this, and so every position fits 32 bits.
    static constexpr int64_t kMaxLength = int64_t(1) << 30;

    /// The static head dims: of query and key, and of value and output.
    int64_t getHeadDimQK() { return getQuery().getType().getShape().back(); }
    int64_t getHeadDimV() { return getValue().getType().getShape().back(); }

    /// The type of the elements of query, key, value and output.
    ::mlir::FloatType getElementType() {
      return ::llvm::cast<::mlir::FloatType>(
          getQuery().getType().getElementType());
    }

    /// The factor of the scores: `scale`, or 1/sqrt(dqk).
    float getScaleOrDefault();

    /// Whether any clause or region may exclude a key.
    bool hasMask() {
      return getCausal() || getWindow() || !getKeep().empty();
    }

    /// The result types that the operands imply.
    static ::mlir::RankedTensorType
    inferOutputType(::mlir::RankedTensorType query,
                    ::mlir::RankedTensorType value);
    static ::mlir::RankedTensorType
    inferLseType(::mlir::RankedTensorType query, Layout layout);
  }];
}

//===----------------------------------------------------------------------===//
// attn.rope
//===----------------------------------------------------------------------===//

def Attn_RopeOp : Attn_Op<"rope", [
    Pure, AllTypesMatch<["input", "output"]>, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<Attn_CompilableOp, ["checkSupport",
                                                  "mayFeedOthers"]>]> {
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
    | `positions(%p : tensor<BxSxi32>)` | of each row | 0, 1, … |
    | `offsets(%o : tensor<Bxi32>)` | of each batch entry | 0 |
    | `scaling(attribute)` | `#attn.rope_…` below | none |
    | `layout(bhsd)`, `layout(bshd)` | order of the dimensions | `bhsd` |

    `convert-attn-to-tile` and `convert-attn-to-reference` consume the op. The
    rules that must hold are (R1) to (R11) of `docs/AttnSpec.md`.

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
    OptionalAttr<Attn_RopeScalingAttrInterface>:$scaling,
    DefaultValuedAttr<Attn_LayoutAttr, "::attn::Layout::BHSD">:$layout
  );
  let results = (outs AnyRankedTensor:$output);

  let assemblyFormat = [{
    $input
    oilist(
        `base` `(` $base `)`
      | `pairing` `(` custom<Pairing>($pairing) `)`
      | `rotary_dims` `(` $rotary_dims `)`
      | `offset` `(` $offset `)`
      | `positions` `(` $positions `:` type($positions) `)`
      | `offsets` `(` $offsets `:` type($offsets) `)`
      | `scaling` `(` $scaling `)`
      | `layout` `(` custom<Layout>($layout) `)`
    )
    attr-dict `:` type($input)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;

  let extraClassDeclaration = [{
    // Positions of the dimensions.
    int64_t batchDim();
    int64_t headDim();
    int64_t lengthDim();

    int64_t getFeatures() { return getInput().getType().getShape().back(); }
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
// Inside the regions
//===----------------------------------------------------------------------===//

def Attn_YieldOp : Attn_Op<"yield", [
    Pure, ReturnLike, Terminator, HasParent<"SdpaOp">]> {
  let summary = "Ends a region of `attn.sdpa`.";
  let description = [{
    Yields the i1 of a `keep` region or the four index values of a `range`
    region. It goes where its region is inlined: in `convert-attn-to-tile` and
    `convert-attn-to-reference`.

    Example: `attn.yield %p : i1`.
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let builders = [OpBuilder<(ins), [{ /* nothing to yield yet */ }]>];
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
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
