// Clauses of scores become a region, in their order and before the user's.
//
// RUN: attn-opt %s --attn-expand-scores | FileCheck %s

!t = tensor<1x2x?x64xf16>

// CHECK-LABEL: func.func @order
// CHECK-SAME: %[[SLOPES:[^:]+]]: tensor<2xf16>, %[[BIAS:[^:]+]]: tensor<1x1x?x?xf32>
// CHECK: attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} captures(%[[SLOPES]], %[[BIAS]] : tensor<2xf16>, tensor<1x1x?x?xf32>) score {
// CHECK: ^bb0(%[[S:.*]]: f32, %{{.*}}: index, %[[H:.*]]: index, %[[I:.*]]: index, %[[J:.*]]: index):
// CHECK: %[[TANH:.*]] = math.tanh
// CHECK: %[[CAPPED:.*]] = arith.mulf %[[TANH]]
// CHECK: %[[SLOPE:.*]] = attn.capture %[[SLOPES]][%[[H]]] {clause = "alibi"}
// CHECK: arith.extf %[[SLOPE]] : f16 to f32
// CHECK: %[[LINEAR:.*]] = arith.subf %[[CAPPED]]
// CHECK: %[[ADDED:.*]] = attn.capture %[[BIAS]][%[[ZERO:.*]], %[[ZERO]], %[[I]], %[[J]]] {clause = "bias"}
// CHECK: %[[BIASED:.*]] = arith.addf %[[LINEAR]], %[[ADDED]]
// CHECK: %[[LAST:.*]] = arith.negf %[[BIASED]]
// CHECK: attn.yield %[[LAST]]
func.func @order(%q: !t, %slopes: tensor<2xf16>, %bias: tensor<1x1x?x?xf32>) -> !t {
  %o = attn.sdpa %q, %q, %q softcap(30.0) alibi(%slopes : tensor<2xf16>) bias(%bias : tensor<1x1x?x?xf32>) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %x = arith.negf %s : f32
    attn.yield %x : f32
  } : (!t, !t, !t) -> !t
  return %o : !t
}

// CHECK-LABEL: func.func @none
// CHECK-NOT: score
func.func @none(%q: !t) -> !t {
  %o = attn.sdpa %q, %q, %q causal(top_left) : (!t, !t, !t) -> !t
  return %o : !t
}
