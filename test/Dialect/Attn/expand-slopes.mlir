// RUN: attn-opt %s --attn-expand-scores | FileCheck %s

!t = tensor<2x4x16x64xbf16>
!l = tensor<2x4x16xf32>

// c * tanh(s / c): the derivative is 1 - tanh^2.
// CHECK-LABEL: func.func @softcap(
// CHECK:       slope {
// CHECK-NEXT:  ^bb0(%[[S:.*]]: f32,
// CHECK:         %[[TANH:.*]] = math.tanh
// CHECK:         %[[SQUARE:.*]] = arith.mulf %[[TANH]], %[[TANH]]
// CHECK:         arith.subf %{{.*}}, %[[SQUARE]]
// CHECK:         attn.yield %{{.*}} : f32
func.func @softcap(%q: !t, %l: !l) -> (!t, !t, !t) {
  %dq, %dk, %dv = attn.sdpa_grad %q, %q, %q, %q, %l, %q softcap(30.0) : (!t, !t, !t, !t, !l, !t) -> (!t, !t, !t)
  return %dq, %dk, %dv : !t, !t, !t
}

// (s * s) / (s + 1): a product, a sum and a quotient.
// CHECK-LABEL: func.func @quotient(
// CHECK:       slope {
// CHECK-NEXT:  ^bb0(%[[S:.*]]: f32,
// CHECK:         %[[TOP:.*]] = arith.mulf %[[S]], %[[S]]
// CHECK:         %[[TWICE:.*]] = arith.addf
// CHECK:         %[[BOTTOM:.*]] = arith.addf %[[S]], %{{.*}}
// CHECK:         %[[Y:.*]] = arith.divf %[[TOP]], %[[BOTTOM]]
// CHECK:         arith.mulf %[[Y]],
// CHECK:         %[[REST:.*]] = arith.subf %[[TWICE]],
// CHECK:         %[[SLOPE:.*]] = arith.divf %[[REST]], %[[BOTTOM]]
// CHECK:         attn.yield %[[SLOPE]] : f32
func.func @quotient(%q: !t, %l: !l) -> (!t, !t, !t) {
  %dq, %dk, %dv = attn.sdpa_grad %q, %q, %q, %q, %l, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %one = arith.constant 1.0 : f32
    %top = arith.mulf %s, %s : f32
    %bottom = arith.addf %s, %one : f32
    %y = arith.divf %top, %bottom : f32
    attn.yield %y : f32
  } : (!t, !t, !t, !t, !l, !t) -> (!t, !t, !t)
  return %dq, %dk, %dv : !t, !t, !t
}

// A score that is no function of the products.
// CHECK-LABEL: func.func @constant(
// CHECK:       slope {
// CHECK:         %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK:         attn.yield %[[ZERO]] : f32
func.func @constant(%q: !t, %l: !l) -> (!t, !t, !t) {
  %dq, %dk, %dv = attn.sdpa_grad %q, %q, %q, %q, %l, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %one = arith.constant 1.0 : f32
    attn.yield %one : f32
  } : (!t, !t, !t, !t, !l, !t) -> (!t, !t, !t)
  return %dq, %dk, %dv : !t, !t, !t
}

// A slope that multiplies a distance, in front of a tangent: derivatives by
// elements stand behind what they are computed from, with the indices of reads.
// CHECK-LABEL: func.func @elements(
// CHECK:       slope {
// CHECK-NEXT:  ^bb0(%[[S:.*]]: f32, %{{.*}}: index, %[[H:.*]]: index, %{{.*}}: index, %[[J:.*]]: index):
// CHECK:         %[[DISTANCE:.*]] = math.absf
// CHECK:         %[[BIASED:.*]] = arith.subf %[[S]],
// CHECK:         %[[TANH:.*]] = math.tanh %[[BIASED]]
// CHECK:         %[[SLOPE:.*]] = arith.mulf
// CHECK:         %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK:         attn.add_gradient %[[ONE]], %{{.*}}[%[[J]]] : tensor<?xf16>
// CHECK:         %[[OF_DISTANCE:.*]] = arith.mulf %[[DISTANCE]],
// CHECK:         %[[NEGATIVE:.*]] = arith.negf %[[OF_DISTANCE]]
// CHECK:         %[[BY:.*]] = arith.mulf %{{.*}}, %[[NEGATIVE]]
// CHECK:         attn.add_gradient %[[BY]], %{{.*}}[%[[H]]] : tensor<4xf32>
// CHECK:         attn.yield
func.func @elements(%q: !t, %l: !l, %a: tensor<4xf32>, %c: tensor<?xf16>) -> (!t, !t, !t, tensor<?xf16>, tensor<4xf32>) {
  %0:5 = attn.sdpa_grad %q, %q, %q, %q, %l, %q gradients_of(%c, %a : tensor<?xf16>, tensor<4xf32>) alibi(%a : tensor<4xf32>) captures(%c : tensor<?xf16>) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %e = attn.capture %c[%j] : tensor<?xf16>
    %x = arith.extf %e : f16 to f32
    %t = math.tanh %s : f32
    %y = arith.addf %t, %x : f32
    attn.yield %y : f32
  } : (!t, !t, !t, !t, !l, !t) -> (!t, !t, !t, tensor<?xf16>, tensor<4xf32>)
  return %0#0, %0#1, %0#2, %0#3, %0#4 : !t, !t, !t, tensor<?xf16>, tensor<4xf32>
}
