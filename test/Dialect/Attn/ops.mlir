// RUN: attn-opt %s | FileCheck %s
// RUN: attn-opt %s | attn-opt | FileCheck %s
// RUN: attn-opt %s --mlir-print-op-generic | attn-opt | FileCheck %s

// The example of the op's description.
// CHECK-LABEL: func.func @gqa
// CHECK: %[[O:.*]], %[[LSE:.*]] = attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} scale(8.838830e-02) causal(bottom_right)
// CHECK-SAME: : (tensor<?x32x?x128xbf16>, tensor<?x8x?x128xbf16>, tensor<?x8x?x128xbf16>) -> (tensor<?x32x?x128xbf16>, tensor<?x32x?xf32>)
func.func @gqa(%q: tensor<?x32x?x128xbf16>, %k: tensor<?x8x?x128xbf16>, %v: tensor<?x8x?x128xbf16>) -> (tensor<?x32x?x128xbf16>, tensor<?x32x?xf32>) {
  // Grouped-query attention: 32 query heads on 8 key/value heads.
  %o, %lse = attn.sdpa %q, %k, %v scale(0.0883883) causal(bottom_right)
    : (tensor<?x32x?x128xbf16>, tensor<?x8x?x128xbf16>, tensor<?x8x?x128xbf16>)
    -> (tensor<?x32x?x128xbf16>, tensor<?x32x?xf32>)
  return %o, %lse : tensor<?x32x?x128xbf16>, tensor<?x32x?xf32>
}

// CHECK-LABEL: func.func @one_result
// CHECK: %[[O:.*]] = attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} : (tensor<2x4x16x64xf16>, tensor<2x4x32x64xf16>, tensor<2x4x32x128xf16>) -> tensor<2x4x16x128xf16>
func.func @one_result(%q: tensor<2x4x16x64xf16>, %k: tensor<2x4x32x64xf16>, %v: tensor<2x4x32x128xf16>) -> tensor<2x4x16x128xf16> {
  %o = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xf16>, tensor<2x4x32x64xf16>, tensor<2x4x32x128xf16>) -> tensor<2x4x16x128xf16>
  return %o : tensor<2x4x16x128xf16>
}

!t = tensor<?x?x?x8xf16>

// Any order in, one order out; what is not said is not printed.
// CHECK-LABEL: func.func @clauses
func.func @clauses(%q: !t, %k: !t, %v: !t) {
  // CHECK: scale(-5.000000e-01) causal(top_left) window(128, 0) masked_row(nan) {schedule = "q = 128"} :
  %0 = attn.sdpa %q, %k, %v masked_row(nan) window(128, 0) causal(top_left) scale(-0.5) {schedule = "q = 128"} : (!t, !t, !t) -> !t
  // CHECK: causal(offset = -3) window(inf, 0) masked_row(uniform) :
  %1 = attn.sdpa %q, %k, %v layout(bhsd) masked_row(uniform) causal(offset = -3) window(inf, 0) : (!t, !t, !t) -> !t
  // CHECK: scale(0.000000e+00) window(0, inf) :
  %2 = attn.sdpa %q, %k, %v masked_row(zero) scale(0.0) window(0, inf) : (!t, !t, !t) -> !t
  // CHECK: causal(offset = -9223372036854775808) window(9223372036854775807, inf) layout(bshd) :
  %3 = attn.sdpa %q, %k, %v layout(bshd) causal(offset = -9223372036854775808) window(9223372036854775807, inf) : (!t, !t, !t) -> !t
  // CHECK: attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} :
  %4:1 = attn.sdpa %q, %k, %v : (!t, !t, !t) -> (!t)
  return
}

// Lengths of 0 and batches of 0 are legal; so is a mix of ? and numbers.
// CHECK-LABEL: func.func @dimensions
func.func @dimensions(%q: tensor<?x4x0x8xbf16>, %k: tensor<0x?x?x8xbf16>, %v: tensor<?x2x5x256xbf16>, %s: tensor<1x7x6x8xbf16>, %t: tensor<1x9x2x8xbf16>) {
  // CHECK: -> (tensor<?x4x0x256xbf16>, tensor<?x4x0xf32>)
  %0:2 = attn.sdpa %q, %k, %v : (tensor<?x4x0x8xbf16>, tensor<0x?x?x8xbf16>, tensor<?x2x5x256xbf16>) -> (tensor<?x4x0x256xbf16>, tensor<?x4x0xf32>)
  // CHECK: -> (tensor<1x7x6x8xbf16>, tensor<1x6x7xf32>)
  %1:2 = attn.sdpa %s, %t, %t layout(bshd) : (tensor<1x7x6x8xbf16>, tensor<1x9x2x8xbf16>, tensor<1x9x2x8xbf16>) -> (tensor<1x7x6x8xbf16>, tensor<1x6x7xf32>)
  return
}

// CHECK-LABEL: func.func @regions
func.func @regions(%q: !t, %k: !t, %v: !t) {
  // CHECK: attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} masked_row(nan) keep {
  // CHECK-NEXT: ^bb0(%b: index, %h: index, %i: index, %j: index):
  // CHECK-NEXT:   %[[SQ:.*]] = attn.query_length : index
  // CHECK:        attn.yield %{{.*}} : i1
  // CHECK-NEXT: } range {
  // CHECK-NEXT: ^bb0(%b: index, %h: index, %i0: index, %i1: index):
  // CHECK:        %[[SK:.*]] = attn.key_length : index
  // CHECK-NEXT:   attn.yield %[[ZERO:.*]], %[[ZERO]], %[[ZERO]], %[[SK]] : index, index, index, index
  // CHECK-NEXT: } {hung = 1 : i64} :
  %0 = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %sq = attn.query_length : index
    %p = arith.cmpi slt, %j, %sq : index
    attn.yield %p : i1
  } masked_row(nan) range {
  ^bb0(%b: index, %h: index, %i0: index, %i1: index):
    %c0 = arith.constant 0 : index
    %sk = attn.key_length : index
    attn.yield %c0, %c0, %c0, %sk : index, index, index, index
  } {hung = 1 : i64} : (!t, !t, !t) -> !t
  return
}

// Attributes and types as the generic form spells them.
// CHECK-LABEL: func.func @attributes
// CHECK-SAME: #attn.causal<bottom_right>
// CHECK-SAME: #attn.causal<offset = -3>
// CHECK-SAME: #attn.layout<bshd>
// CHECK-SAME: #attn.masked_row<uniform>
// CHECK-SAME: #attn.window<128, inf>
func.func @attributes() attributes {
    a = #attn.causal<bottom_right>, b = #attn.causal<offset = -3>,
    c = #attn.layout<bshd>, d = #attn.masked_row<uniform>,
    e = #attn.window<128, inf>} {
  return
}

// Numbers, or tensors of one, which one type may stand for.
// CHECK-LABEL: func.func @dropout
func.func @dropout(%q: !t, %seed: i64, %offset: tensor<i64>) {
  // CHECK: causal(top_left) masked_row(nan) dropout(1.000000e-01, %arg1, %arg1 : i64, i64) :
  %0 = attn.sdpa %q, %q, %q dropout(0.1, %seed, %seed : i64) masked_row(nan) causal(top_left) : (!t, !t, !t) -> !t
  // CHECK: %arg0, %arg0, %arg0 dropout(0.000000e+00, %arg1, %arg2 : i64, tensor<i64>) :
  %1 = attn.sdpa %q, %q, %q dropout(0.0, %seed, %offset : i64, tensor<i64>) : (!t, !t, !t) -> !t
  return
}

// The default is written where it was.
// CHECK-LABEL: func.func @precision
func.func @precision(%q: tensor<2x4x16x64xf32>) {
  // CHECK: masked_row(nan) precision(tf32) :
  %0 = attn.sdpa %q, %q, %q precision(tf32) masked_row(nan) : (tensor<2x4x16x64xf32>, tensor<2x4x16x64xf32>, tensor<2x4x16x64xf32>) -> tensor<2x4x16x64xf32>
  // CHECK: %arg0, %arg0, %arg0 precision(tf32x3) :
  %1 = attn.sdpa %q, %q, %q precision(tf32x3) : (tensor<2x4x16x64xf32>, tensor<2x4x16x64xf32>, tensor<2x4x16x64xf32>) -> tensor<2x4x16x64xf32>
  return
}
