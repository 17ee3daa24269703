// What convert-attn-to-calls refuses.
//
// RUN: attn-opt %s --convert-attn-to-calls=package=some.so --split-input-file --verify-diagnostics
// RUN: not attn-opt %s --convert-attn-to-calls --split-input-file 2>&1 | FileCheck %s
// CHECK: error: convert-attn-to-calls expects the option `package`, the file that attn-compile makes

!t = tensor<1x2x3x8xf16>
func.func @beside(%q: !t) -> !t {
  %e = arith.negf %q : !t
  // expected-error @below {{'attn.sdpa' op expected to stand in a function of attention alone; run attn-outline first}}
  %o = attn.sdpa %e, %q, %q : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<1x2x3x8xf16>
func.func private @beside()
module @inner {
  func.func @nested(%q: !t) -> !t {
    // expected-error @below {{'attn.rope' op expected to stand in a function of attention alone}}
    %o = attn.rope %q : !t
    return %o : !t
  }
}
