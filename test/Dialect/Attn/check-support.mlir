// attn-check-support changes nothing; it refuses, by name, what this version
// does not compile:
//
//   attn.sdpa %q, %k, %v keep {…}
// gives
//   error: 'attn.sdpa' op `keep` is not supported yet; nearest are …
//
// RUN: attn-opt %s --attn-check-support | FileCheck %s

!t = tensor<?x?x?x8xf16>
!l = tensor<?x?x?xf32>

// CHECK-LABEL: func.func @both_results
// CHECK: attn.sdpa {{.*}} causal(top_left) window(3, inf) layout(bshd)
func.func @both_results(%q: !t, %k: !t, %v: !t) -> (!l, !t) {
  %o, %lse = attn.sdpa %q, %k, %v causal(top_left) window(3, inf) layout(bshd) : (!t, !t, !t) -> (!t, !l)
  return %lse, %o : !l, !t
}

// Two ops that do not know each other, one argument that nobody reads, one
// result that nobody returns.
// CHECK-LABEL: func.func @several
func.func @several(%q: !t, %unused: tensor<3xi32>, %v: !t) -> (!t, !l) {
  %a, %unread = attn.sdpa %q, %q, %v : (!t, !t, !t) -> (!t, !l)
  %b, %lse = attn.sdpa %v, %q, %v : (!t, !t, !t) -> (!t, !l)
  return %a, %lse : !t, !l
}

// Functions without attention are no concern of this pass.
// CHECK-LABEL: func.func @other
func.func @other(%a: f32) -> (f32, f32) {
  %0 = arith.addf %a, %a : f32
  return %0, %0 : f32, f32
}

// CHECK: func.func private @declaration
func.func private @declaration(!t) -> !t
