// What convert-attn-to-reference asks of its input.
//
// RUN: attn-opt %s --convert-attn-to-reference --split-input-file --verify-diagnostics

!q = tensor<1x2x?x8xf16>
func.func @clauses(%q: !q) -> !q {
  // expected-error @below {{'attn.sdpa' op expected the clauses of masks as a `keep` region, as attn-expand-masks leaves them}}
  %o = attn.sdpa %q, %q, %q causal(top_left) : (!q, !q, !q) -> !q
  return %o : !q
}

// -----

!q = tensor<1x2x?x8xf16>
func.func @summed(%q: !q) -> !q {
  %o = attn.sum %q, %q : !q
  // expected-error @below {{'attn.sdpa' op expected arguments of the function as operands, as attn-check-support leaves them}}
  %p = attn.sdpa %o, %q, %q : (!q, !q, !q) -> !q
  return %p : !q
}

// -----

!q = tensor<1x2x?x8xf16>
func.func @returned_argument(%q: !q) -> (!q, !q) {
  %o = attn.sdpa %q, %q, %q : (!q, !q, !q) -> !q
  // expected-error @below {{'func.return' op expected results of attn operations, as attn-check-support leaves them}}
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

// -----

!q = tensor<1x2x?x8xf16>
func.func @score_clauses(%q: !q) -> !q {
  // expected-error @below {{'attn.sdpa' op expected the clauses of scores as a `score` region, as attn-expand-scores leaves them}}
  %o = attn.sdpa %q, %q, %q softcap(30.0) : (!q, !q, !q) -> !q
  return %o : !q
}

// -----

!q = tensor<1x2x?x8xf16>
func.func @bits(%q: !q) -> !q {
  %o = attn.sdpa %q, %q, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    // expected-error @below {{'arith.bitcast' op is not supported in a region of `attn.sdpa`: the reference computes in f64, where a float has other bits}}
    %bits = arith.bitcast %s : f32 to i32
    %x = arith.sitofp %bits : i32 to f32
    attn.yield %x : f32
  } : (!q, !q, !q) -> !q
  return %o : !q
}

// -----

!q = tensor<1x2x?x8xf16>
func.func @small_floats(%q: !q) -> !q {
  %o = attn.sdpa %q, %q, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    // expected-error @below {{'arith.truncf' op is not supported in a region of `attn.sdpa`: expected integers, indices, f16, bf16, f32 or f64, got 'f8E4M3FN'}}
    %t = arith.truncf %s : f32 to f8E4M3FN
    %x = arith.extf %t : f8E4M3FN to f32
    attn.yield %x : f32
  } : (!q, !q, !q) -> !q
  return %o : !q
}
