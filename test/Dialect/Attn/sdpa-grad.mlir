// RUN: attn-opt %s | FileCheck %s
// RUN: attn-opt %s | attn-opt | FileCheck %s
// RUN: attn-opt %s --mlir-print-op-generic | attn-opt | FileCheck %s
// RUN: attn-opt %s --emit-bytecode | attn-opt | FileCheck %s
// RUN: attn-opt %s --attn-expand-masks | FileCheck %s --check-prefix=RANGE

!q = tensor<?x32x?x128xbf16>
!k = tensor<?x8x?x128xbf16>
!l = tensor<?x32x?xf32>

// The example of the op's description.
// CHECK-LABEL: func.func @gqa
// CHECK: %dq, %dk, %dv = attn.sdpa_grad %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} causal(bottom_right)
// CHECK-SAME: : (tensor<?x32x?x128xbf16>, tensor<?x8x?x128xbf16>, tensor<?x8x?x128xbf16>, tensor<?x32x?x128xbf16>, tensor<?x32x?xf32>, tensor<?x32x?x128xbf16>) -> (tensor<?x32x?x128xbf16>, tensor<?x8x?x128xbf16>, tensor<?x8x?x128xbf16>)
func.func @gqa(%q: !q, %k: !k, %v: !k, %o: !q, %lse: !l, %do: !q) -> (!q, !k, !k) {
  %dq, %dk, %dv = attn.sdpa_grad %q, %k, %v, %o, %lse, %do causal(bottom_right) : (!q, !k, !k, !q, !l, !q) -> (!q, !k, !k)
  return %dq, %dk, %dv : !q, !k, !k
}

!t = tensor<2x4x16x8xf16>
!w = tensor<2x4x16x16xf16>
!s = tensor<2x4x16xf32>

// CHECK-LABEL: func.func @clauses
func.func @clauses(%q: !t, %k: !t, %v: !w, %o: !w, %lse: !s, %do: !w, %dl: !s, %m: tensor<1x1x16x16xi1>, %d: tensor<2x16xi32>) {
  // CHECK: attn.sdpa_grad %{{.*}}, %{{.*}} scale(5.000000e-01) softcap(3.000000e+01) window(3, inf) mask(%{{.*}} : tensor<1x1x16x16xi1>) {a = 1 : i64} : (tensor<2x4x16x8xf16>, tensor<2x4x16x8xf16>, tensor<2x4x16x16xf16>, tensor<2x4x16x16xf16>, tensor<2x4x16xf32>, tensor<2x4x16x16xf16>, tensor<2x4x16xf32>) ->
  %0:3 = attn.sdpa_grad %q, %k, %v, %o, %lse, %do, %dl softcap(30.0) mask(%m : tensor<1x1x16x16xi1>) window(3, inf) scale(0.5) {a = 1} : (!t, !t, !w, !w, !s, !w, !s) -> (!t, !t, !w)
  // CHECK: attn.sdpa_grad %{{.*}}, %{{.*}} documents(%{{.*}}, %{{.*}} : tensor<2x16xi32>, tensor<2x16xi32>) :
  %1:3 = attn.sdpa_grad %q, %k, %v, %o, %lse, %do documents(%d, %d : tensor<2x16xi32>) : (!t, !t, !w, !w, !s, !w) -> (!t, !t, !w)
  return
}

// CHECK-LABEL: func.func @tensors
func.func @tensors(%q: !t, %lse: !s, %a: tensor<4xf32>, %c: tensor<?xf16>) {
  // CHECK: %dq, %dk, %dv, %dt, %dt_0 = attn.sdpa_grad %{{.*}} gradients_of(%{{.*}}, %{{.*}} : tensor<?xf16>, tensor<4xf32>) sinks(%{{.*}} : tensor<4xf32>) captures(%{{.*}} : tensor<?xf16>) score {
  // CHECK: slope {
  // CHECK-NEXT: ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
  // CHECK-NEXT:   attn.add_gradient %s, %{{.*}}[%j] : tensor<?xf16>
  %0:5 = attn.sdpa_grad %q, %q, %q, %q, %lse, %q gradients_of(%c, %a : tensor<?xf16>, tensor<4xf32>) captures(%c : tensor<?xf16>) sinks(%a : tensor<4xf32>) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %s : f32
  } slope {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    attn.add_gradient %s, %c[%j] : tensor<?xf16>
    attn.yield %s : f32
  } : (!t, !t, !t, !t, !s, !t) -> (!t, !t, !t, tensor<?xf16>, tensor<4xf32>)
  return
}

// Queries of keys: from the diagonal to the end, all of them from the last key
// of the tile on.
// RANGE-LABEL: func.func @range
// CHECK-LABEL: func.func @range
func.func @range(%q: !t, %k: !t, %v: !t, %o: !t, %lse: !s, %do: !t) -> (!t, !t, !t) {
  // RANGE: attn.sdpa_grad
  // RANGE: query_range {
  // RANGE-NEXT: ^bb0(%b: index, %h: index, %j0: index, %j1: index):
  // RANGE:   %[[SQ:.*]] = attn.query_length : index
  // RANGE:   %[[BEGIN:.*]] = arith.maxsi
  // RANGE:   %[[FULL:.*]] = arith.maxsi
  // RANGE:   attn.yield %[[BEGIN]], %[[FULL]], %{{.*}}, %[[SQ]] : index, index, index, index
  // CHECK: keep {
  %0:3 = attn.sdpa_grad %q, %k, %v, %o, %lse, %do keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  } : (!t, !t, !t, !t, !s, !t) -> (!t, !t, !t)
  // CHECK: query_range {
  // CHECK-NEXT: ^bb0(%b: index, %h: index, %j0: index, %j1: index):
  %1:3 = attn.sdpa_grad %q, %k, %v, %o, %lse, %do keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %p = arith.cmpi slt, %j, %i : index
    attn.yield %p : i1
  } query_range {
  ^bb0(%b: index, %h: index, %j0: index, %j1: index):
    %n = attn.query_length : index
    %zero = arith.constant 0 : index
    attn.yield %zero, %zero, %zero, %n : index, index, index, index
  } : (!t, !t, !t, !t, !s, !t) -> (!t, !t, !t)
  return %0#0, %0#1, %1#2 : !t, !t, !t
}
