// Calls do not leave a nested module, so attention there stays, and is refused.
//
// RUN: attn-opt %s --attn-outline | FileCheck %s
// RUN: attn-opt %s --attn-outline --attn-check-support --verify-diagnostics

!t = tensor<2x4x?x32xf16>
func.func private @beside()
// CHECK: module @inner
// CHECK-NEXT: func.func @f
// CHECK-NEXT: tensor.empty
// CHECK-NEXT: attn.sdpa
module @inner {
  // expected-error @below {{'func.func' op with `attn.sdpa` is supported only directly in the outermost module, got it in `builtin.module`}}
  func.func @f(%q: !t) -> !t {
    %e = tensor.empty() : tensor<1xf32>
    %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
    return %o : !t
  }
}
