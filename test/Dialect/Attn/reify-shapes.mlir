// RUN: attn-opt %s --resolve-ranked-shaped-type-result-dims --split-input-file | FileCheck %s

!q = tensor<?x6x?x8xf16>
!k = tensor<?x2x?x8xf16>

// CHECK-LABEL: func.func @bhsd
// CHECK-SAME: %[[Q:.*]]: tensor<?x6x?x8xf16>, %[[K:[a-z0-9]*]]:
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// CHECK: %[[BATCH:.*]] = tensor.dim %[[Q]], %[[C0]]
// CHECK: %[[LENGTH:.*]] = tensor.dim %[[Q]], %[[C2]]
// CHECK: return %[[BATCH]], %[[LENGTH]]
func.func @bhsd(%q: !q, %k: !k) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %o, %lse = attn.sdpa %q, %k, %k : (!q, !k, !k) -> (!q, tensor<?x6x?xf32>)
  %batch = tensor.dim %o, %c0 : !q
  %length = tensor.dim %lse, %c2 : tensor<?x6x?xf32>
  return %batch, %length : index, index
}

// -----

!q = tensor<?x?x?x8xf16>

// The LSE is [B, Hq, Sq] whatever the layout.
// CHECK-LABEL: func.func @bshd
// CHECK-SAME: %[[Q:.*]]: tensor<?x?x?x8xf16>)
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// CHECK-DAG: %[[HEADS:.*]] = tensor.dim %[[Q]], %[[C2]]
// CHECK-DAG: %[[LENGTH:.*]] = tensor.dim %[[Q]], %[[C1]]
// CHECK: return %[[HEADS]], %[[LENGTH]]
func.func @bshd(%q: !q) -> (index, index) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %o, %lse = attn.sdpa %q, %q, %q layout(bshd) : (!q, !q, !q) -> (!q, tensor<?x?x?xf32>)
  %heads = tensor.dim %lse, %c1 : tensor<?x?x?xf32>
  %length = tensor.dim %lse, %c2 : tensor<?x?x?xf32>
  return %heads, %length : index, index
}
