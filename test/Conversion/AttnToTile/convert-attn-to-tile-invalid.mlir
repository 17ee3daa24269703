// RUN: attn-opt %s --convert-attn-to-tile -split-input-file -verify-diagnostics

!q = tensor<1x2x?x64xbf16>
func.func @no_schedule(%q: !q, %k: !q, %v: !q) -> !q {
  // expected-error@+1 {{has no schedule; run attn-select-schedule first}}
  %o = attn.sdpa %q, %k, %v : (!q, !q, !q) -> !q
  return %o : !q
}

// -----

!q = tensor<1x2x?x64xbf16>
func.func @summed(%q: !q, %k: !q, %v: !q) -> !q {
  // expected-error@+1 {{stands in a function that attn-check-support refuses}}
  %o = attn.sum %q, %q : !q
  %p = attn.sdpa %o, %k, %v : (!q, !q, !q) -> !q
  return %p : !q
}

// -----

!q = tensor<1x2x?x64xbf16>
func.func @returns_argument(%q: !q, %k: !q, %v: !q) -> (!q, !q) {
  // expected-error@+1 {{stands in a function that attn-check-support refuses}}
  %o = attn.sdpa %q, %k, %v : (!q, !q, !q) -> !q
  return %o, %q : !q, !q
}
