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
