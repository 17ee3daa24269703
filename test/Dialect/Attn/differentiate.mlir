// RUN: attn-opt %s --attn-differentiate | FileCheck %s
// RUN: attn-opt %s --attn-differentiate=function=rotated | FileCheck %s --check-prefix=ONE
// RUN: attn-opt %s --attn-differentiate='saved function=both' | FileCheck %s --check-prefix=SAVED

!q = tensor<?x4x?x64xbf16>
!k = tensor<?x2x?x64xbf16>
!l = tensor<?x4x?xf32>

// The LSE is computed, too; clauses and their tensors are the same.
// CHECK-LABEL: func.func @documents(
// CHECK:         attn.sdpa
// CHECK-NEXT:    return
// CHECK-LABEL: func.func @documents_vjp(
// CHECK-SAME:    %[[Q:.*]]: tensor<?x4x?x64xbf16>, %[[K:.*]]: tensor<?x2x?x64xbf16>, %[[V:.*]]: tensor<?x2x?x64xbf16>, %[[D:.*]]: tensor<?x?xi32>, %[[DO:.*]]: tensor<?x4x?x64xbf16>) -> (tensor<?x4x?x64xbf16>, tensor<?x2x?x64xbf16>, tensor<?x2x?x64xbf16>)
// CHECK-NEXT:    %[[O:.*]], %[[LSE:.*]] = attn.sdpa %[[Q]], %[[K]], %[[V]] scale(5.000000e-01) causal(top_left) documents(%[[D]], %[[D]]
// CHECK-NEXT:    %[[DQ:.*]], %[[DK:.*]], %[[DV:.*]] = attn.sdpa_grad %[[Q]], %[[K]], %[[V]], %[[O]], %[[LSE]], %[[DO]] scale(5.000000e-01) causal(top_left) documents(%[[D]], %[[D]]
// CHECK-NEXT:    return %[[DQ]], %[[DK]], %[[DV]]
// ONE-NOT:     @documents_vjp
func.func @documents(%q: !q, %k: !k, %v: !k, %d: tensor<?x?xi32>) -> !q {
  %o = attn.sdpa %q, %k, %v scale(0.5) causal(top_left) documents(%d, %d : tensor<?x?xi32>) : (!q, !k, !k) -> !q
  return %o : !q
}

// Gradients go back through rotations, one of which was a rotation back.
// CHECK-LABEL: func.func @rotated_vjp(
// CHECK-SAME:    %[[Q:.*]]: tensor<?x4x?x64xbf16>, %[[K:.*]]: tensor<?x2x?x64xbf16>, %[[V:.*]]: tensor<?x2x?x64xbf16>, %[[P:.*]]: tensor<?xi32>, %[[DO:.*]]: tensor<
// CHECK:         %[[RQ:.*]] = attn.rope %[[Q]] base(5.000000e+05) offsets(%[[P]] : tensor<?xi32>)
// CHECK:         %[[RK:.*]] = attn.rope %[[K]] inverse
// CHECK:         %[[DRQ:.*]], %[[DRK:.*]], %[[DV:.*]] = attn.sdpa_grad %[[RQ]], %[[RK]], %[[V]]
// CHECK-SAME:    keep {
// CHECK:         %[[DK:.*]] = attn.rope %[[DRK]] :
// CHECK:         %[[DQ:.*]] = attn.rope %[[DRQ]] base(5.000000e+05) inverse offsets(%[[P]] : tensor<?xi32>)
// CHECK:         return %[[DQ]], %[[DK]], %[[DV]]
// ONE:         func.func @rotated_vjp(
func.func @rotated(%q: !q, %k: !k, %v: !k, %p: tensor<?xi32>) -> !q {
  %rq = attn.rope %q base(500000.0) offsets(%p : tensor<?xi32>) : !q
  %rk = attn.rope %k inverse : !k
  %o = attn.sdpa %rq, %rk, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %kept = arith.cmpi sle, %j, %i : index
    attn.yield %kept : i1
  } : (!q, !k, !k) -> !q
  return %o : !q
}

// Tensors that scores read have gradients, in the order of arguments: those of
// clauses, and of regions, each once. Dropout stays.
// CHECK-LABEL: func.func @tensors_vjp(
// CHECK-SAME:    %[[SINKS:[a-z0-9]+]]: tensor<4xf32>, %[[T:[a-z0-9]+]]: tensor<?xf16>, %[[N:[a-z0-9]+]]: tensor<i64>, %[[BIAS:[a-z0-9]+]]: tensor<1x4x?x?xbf16>, %{{.*}}) -> (tensor<?x4x?x64xbf16>, tensor<?x2x?x64xbf16>, tensor<?x2x?x64xbf16>, tensor<4xf32>, tensor<?xf16>, tensor<1x4x?x?xbf16>)
// CHECK:         %dq, %dk, %dv, %dt, %[[DBIAS:.*]], %[[DSINKS:.*]] = attn.sdpa_grad %{{.*}} gradients_of(%[[T]], %[[BIAS]], %[[SINKS]] : tensor<?xf16>, tensor<1x4x?x?xbf16>, tensor<4xf32>) bias(%[[BIAS]] : tensor<1x4x?x?xbf16>) sinks(%[[SINKS]] : tensor<4xf32>) dropout(5.000000e-01, %[[N]], %[[N]] : tensor<i64>, tensor<i64>) captures(%[[T]] : tensor<?xf16>) score {
// CHECK:         return %dq, %dk, %dv, %[[DSINKS]], %dt, %[[DBIAS]]
func.func @tensors(%q: !q, %k: !k, %v: !k, %sinks: tensor<4xf32>, %t: tensor<?xf16>, %n: tensor<i64>, %bias: tensor<1x4x?x?xbf16>) -> !q {
  %o = attn.sdpa %q, %k, %v bias(%bias : tensor<1x4x?x?xbf16>) sinks(%sinks : tensor<4xf32>) dropout(0.5, %n, %n : tensor<i64>, tensor<i64>) captures(%t : tensor<?xf16>) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %e = attn.capture %t[%j] : tensor<?xf16>
    %x = arith.extf %e : f16 to f32
    %y = arith.addf %s, %x : f32
    attn.yield %y : f32
  } : (!q, !k, !k) -> !q
  return %o : !q
}

// Both results have a cotangent, in the order in which they are returned.
// CHECK-LABEL: func.func @both_vjp(
// CHECK-SAME:    %{{.*}}, %{{.*}}, %{{.*}}, %[[DLSE:.*]]: tensor<?x4x?xf32>, %[[DO:.*]]: tensor<?x4x?x64xbf16>)
// CHECK:         attn.sdpa_grad %{{.*}}, %[[DO]], %[[DLSE]] :
// SAVED-LABEL: func.func @both_vjp(
// SAVED-SAME:    %[[Q:.*]]: tensor<?x4x?x64xbf16>, %[[K:.*]]: tensor<?x2x?x64xbf16>, %[[V:.*]]: tensor<?x2x?x64xbf16>, %[[LSE:.*]]: tensor<?x4x?xf32>, %[[O:.*]]: tensor<?x4x?x64xbf16>, %[[DLSE:.*]]: tensor<?x4x?xf32>, %[[DO:.*]]: tensor<?x4x?x64xbf16>)
// SAVED-NEXT:    attn.sdpa_grad %[[Q]], %[[K]], %[[V]], %[[O]], %[[LSE]], %[[DO]], %[[DLSE]] :
func.func @both(%q: !q, %k: !k, %v: !k) -> (!l, !q) {
  %o, %lse = attn.sdpa %q, %k, %v : (!q, !k, !k) -> (!q, !l)
  return %lse, %o : !l, !q
}
