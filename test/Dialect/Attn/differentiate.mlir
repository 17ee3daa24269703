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

// What one tensor is read for adds up, in the opposite order of the reads.
// CHECK-LABEL: func.func @shared_vjp(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x4x?x64xbf16>, %[[DO:[a-z0-9]+]]: tensor<?x4x?x64xbf16>)
// CHECK:         %[[DQ:.*]], %[[DK:.*]], %[[DV:.*]] = attn.sdpa_grad %[[X]], %[[X]], %[[X]],
// CHECK-NEXT:    %[[DX:.*]] = attn.sum %[[DQ]], %[[DK]], %[[DV]] : tensor<?x4x?x64xbf16>
// CHECK-NEXT:    return %[[DX]] :
func.func @shared(%x: !q) -> !q {
  %o = attn.sdpa %x, %x, %x : (!q, !q, !q) -> !q
  return %o : !q
}

// One attention feeds the other, and is returned, too.
// CHECK-LABEL: func.func @chained_vjp(
// CHECK-SAME:    %{{.*}}, %[[K:.*]]: tensor<?x2x?x64xbf16>, %{{.*}}, %[[DP:.*]]: tensor<?x4x?x64xbf16>, %[[DO:.*]]: tensor<?x4x?x64xbf16>)
// CHECK:         %[[P:.*]], %{{.*}} = attn.sdpa %{{.*}}, %[[K]],
// CHECK-NEXT:    %[[O:.*]], %[[LSE:.*]] = attn.sdpa %[[P]], %[[K]],
// CHECK-NEXT:    %[[DQ1:.*]], %[[DK1:.*]], %[[DV1:.*]] = attn.sdpa_grad %[[P]], %[[K]], %{{.*}}, %[[O]], %[[LSE]], %[[DO]] :
// CHECK-NEXT:    %[[SUM:.*]] = attn.sum %[[DP]], %[[DQ1]] :
// CHECK-NEXT:    %[[DQ0:.*]], %[[DK0:.*]], %[[DV0:.*]] = attn.sdpa_grad {{.*}}, %[[SUM]] :
// CHECK-NEXT:    %[[DK:.*]] = attn.sum %[[DK1]], %[[DK0]] :
// CHECK-NEXT:    %[[DV:.*]] = attn.sum %[[DV1]], %[[DV0]] :
// CHECK-NEXT:    return %[[DQ0]], %[[DK]], %[[DV]] :
func.func @chained(%q: !q, %k: !k, %v: !k) -> (!q, !q) {
  %p = attn.sdpa %q, %k, %v : (!q, !k, !k) -> !q
  %o = attn.sdpa %p, %k, %v : (!q, !k, !k) -> !q
  return %p, %o : !q, !q
}

// An output that nobody reads has a cotangent of zeros, and so has a tensor that
// no result depends on, or masks alone.
// CHECK-LABEL: func.func @lse_alone_vjp(
// CHECK-SAME:    %[[S:[a-z0-9]+]]: tensor<4xf32>, %[[DLSE:[a-z0-9]+]]: tensor<?x4x?xf32>)
// CHECK:         %[[O:.*]], %[[LSE:.*]] = attn.sdpa
// CHECK:         %[[DO:.*]] = attn.sum like %[[O]] : tensor<?x4x?x64xbf16>
// CHECK-NEXT:    %{{.*}} = attn.sdpa_grad %{{.*}}, %[[O]], %[[LSE]], %[[DO]], %[[DLSE]] masked_row(uniform)
// CHECK:         %[[DS:.*]] = attn.sum like %[[S]] : tensor<4xf32>
func.func @lse_alone(%q: !q, %k: !k, %v: !k, %s: tensor<4xf32>) -> !l {
  %o, %lse = attn.sdpa %q, %k, %v masked_row(uniform) captures(%s : tensor<4xf32>) keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %x = attn.capture %s[%h] : tensor<4xf32>
    %zero = arith.constant 0.0 : f32
    %p = arith.cmpf ogt, %x, %zero : f32
    attn.yield %p : i1
  } : (!q, !k, !k) -> (!q, !l)
  return %lse : !l
}

// CHECK-LABEL: func.func @normed_vjp(
// CHECK-SAME:    %[[Q:[a-z0-9]+]]: tensor<?x4x?x64xbf16>, %[[K:[a-z0-9]+]]: tensor<?x2x?x64xbf16>, %{{.*}}, %[[W:[a-z0-9]+]]: tensor<64xf32>, %[[B:[a-z0-9]+]]: tensor<2x1xbf16>,
// CHECK:         %[[DNQ:.*]], %[[DNK:.*]], %[[DV:.*]] = attn.sdpa_grad
// CHECK-NEXT:    %[[DK:.*]], %[[DB:.*]] = attn.norm_grad layer %[[K]], %[[DNK]] scale(2.000000e+00) : tensor<?x2x?x64xbf16>, tensor<?x2x?x64xbf16> bias_grad(tensor<2x1xbf16>)
// CHECK-NEXT:    %[[DQ:.*]], %[[DW:.*]] = attn.norm_grad rms %[[Q]], %[[DNQ]] weight(%[[W]] : tensor<64xf32>) eps(9.99999974E-5) : tensor<?x4x?x64xbf16>, tensor<?x4x?x64xbf16> weight_grad(tensor<64xf32>)
// CHECK-NEXT:    return %[[DQ]], %[[DK]], %[[DV]], %[[DW]], %[[DB]] :
func.func @normed(%q: !q, %k: !k, %v: !k, %w: tensor<64xf32>, %b: tensor<2x1xbf16>) -> !q {
  %nq = attn.norm rms %q weight(%w : tensor<64xf32>) eps(1.0e-4) : !q
  %nk = attn.norm layer %k bias(%b : tensor<2x1xbf16>) scale(2.0) : !k
  %o = attn.sdpa %nq, %nk, %v : (!q, !k, !k) -> !q
  return %o : !q
}
