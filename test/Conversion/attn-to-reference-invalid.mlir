// What convert-attn-to-reference asks of its input.
//
// RUN: attn-opt %s --convert-attn-to-reference --split-input-file --verify-diagnostics

!q = tensor<1x2x?x8xf16>
func.func @clauses(%q: !q) -> !q {
  // expected-error @below {{'attn.sdpa' op expected `causal` and `window` as a `keep` region, as attn-expand-masks leaves them}}
  %o = attn.sdpa %q, %q, %q causal(top_left) : (!q, !q, !q) -> !q
  return %o : !q
}

// -----

!q = tensor<1x2x?x8xf16>
func.func @chained(%q: !q) -> !q {
  %o = attn.sdpa %q, %q, %q : (!q, !q, !q) -> !q
  // expected-error @below {{'attn.sdpa' op expected arguments of the function as operands, as attn-check-support leaves them}}
  %p = attn.sdpa %o, %q, %q : (!q, !q, !q) -> !q
  return %p : !q
}

// -----

!q = tensor<1x2x?x8xf16>
func.func @returned_argument(%q: !q) -> (!q, !q) {
  %o = attn.sdpa %q, %q, %q : (!q, !q, !q) -> !q
  // expected-error @below {{'func.return' op expected results of `attn.sdpa` or `attn.rope`, as attn-check-support leaves them}}
  return %o, %q : !q, !q
}

// -----

!q = tensor<1x2x?x8xf16>
// expected-error @below {{'func.func' op expected the name `taken__baseline` to be free}}
func.func @taken(%q: !q) -> !q {
  %o = attn.sdpa %q, %q, %q : (!q, !q, !q) -> !q
  return %o : !q
}
// expected-note @below {{it is taken here}}
func.func private @taken__baseline()
