// RUN: attn-opt %s --canonicalize | FileCheck %s

!t = tensor<?x?x?x8xf16>
!l = tensor<?x?x?xf32>
!s = tensor<1x2x16x8xf16>
!u = tensor<1x2x17x8xf16>

// CHECK-LABEL: func.func @unused_lse
// CHECK: %[[O:.*]] = attn.sdpa {{.*}} scale(5.000000e-01) causal(top_left) masked_row(nan) {hung = 1 : i64} : ({{.*}}) -> tensor<?x?x?x8xf16>
func.func @unused_lse(%q: !t, %k: !t, %v: !t) -> !t {
  %o, %lse = attn.sdpa %q, %k, %v scale(0.5) causal(top_left) masked_row(nan) {hung = 1 : i64} : (!t, !t, !t) -> (!t, !l)
  return %o : !t
}

// CHECK-LABEL: func.func @used_lse
// CHECK: -> (tensor<?x?x?x8xf16>, tensor<?x?x?xf32>)
func.func @used_lse(%q: !t, %k: !t, %v: !t) -> !l {
  %o, %lse = attn.sdpa %q, %k, %v : (!t, !t, !t) -> (!t, !l)
  return %lse : !l
}

// The regions of an op come along when its LSE goes.
// CHECK-LABEL: func.func @unused_lse_regions
// CHECK: attn.sdpa {{.*}} keep {
// CHECK: arith.cmpi sle
// CHECK: } range {
// CHECK: }
// CHECK-SAME: -> tensor<?x?x?x8xf16>
func.func @unused_lse_regions(%q: !t, %k: !t, %v: !t) -> !t {
  %o, %lse = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  } range {
  ^bb0(%b: index, %h: index, %i0: index, %i1: index):
    %c0 = arith.constant 0 : index
    %sk = attn.key_length : index
    attn.yield %c0, %c0, %c0, %sk : index, index, index, index
  } : (!t, !t, !t) -> (!t, !l)
  return %o : !t
}

// CHECK-LABEL: func.func @unbounded_window
// CHECK: attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} :
func.func @unbounded_window(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v window(inf, inf) : (!t, !t, !t) -> !t
  return %o : !t
}

// A causal row sees nothing to its right, with a window or without.
// CHECK-LABEL: func.func @implied_right_side
// CHECK: attn.sdpa {{.*}} causal(bottom_right) window(128, inf) :
func.func @implied_right_side(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v causal(bottom_right) window(128, 0) : (!t, !t, !t) -> !t
  return %o : !t
}

// CHECK-LABEL: func.func @implied_window
// CHECK: attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} causal(bottom_right) :
func.func @implied_window(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v causal(bottom_right) window(inf, 7) : (!t, !t, !t) -> !t
  return %o : !t
}

// CHECK-LABEL: func.func @kept_window
// CHECK: attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} window(inf, 7) :
func.func @kept_window(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v window(inf, 7) : (!t, !t, !t) -> !t
  return %o : !t
}

// CHECK-LABEL: func.func @alignments
// CHECK: causal(top_left)
// CHECK: causal(top_left)
// CHECK: causal(bottom_right)
// CHECK: causal(offset = 1)
func.func @alignments(%s: !s, %u: !u) -> (!s, !s, !s, !s) {
  %0 = attn.sdpa %s, %s, %s causal(bottom_right) : (!s, !s, !s) -> !s
  %1 = attn.sdpa %s, %s, %s causal(offset = 0) : (!s, !s, !s) -> !s
  %2 = attn.sdpa %s, %u, %u causal(bottom_right) : (!s, !u, !u) -> !s
  %3 = attn.sdpa %s, %u, %u causal(offset = 1) : (!s, !u, !u) -> !s
  return %0, %1, %2, %3 : !s, !s, !s, !s
}

// CHECK-LABEL: func.func @true_keep
// CHECK: attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} :
func.func @true_keep(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %p = arith.cmpi eq, %j, %j : index
    attn.yield %p : i1
  } : (!t, !t, !t) -> !t
  return %o : !t
}

// Pure: nobody reads it, so it goes.
// CHECK-LABEL: func.func @dead
// CHECK-NEXT: return
func.func @dead(%q: !t, %k: !t, %v: !t) {
  %o = attn.sdpa %q, %k, %v : (!t, !t, !t) -> !t
  return
}

// Regions that spell clauses become them.
// CHECK-LABEL: func.func @bands
// CHECK: attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} causal(top_left) :
// CHECK: attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} causal(bottom_right) window(7, inf) :
// CHECK: attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} window(7, 6) :
// CHECK: attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} causal(offset = -7) :
// CHECK: attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} keep {
func.func @bands(%q: tensor<?x?x?x64xbf16>) -> (tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>) {
  %0 = attn.sdpa %q, %q, %q keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %p = arith.cmpi sge, %i, %j : index
    attn.yield %p : i1
  } : (tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>) -> tensor<?x?x?x64xbf16>
  %1 = attn.sdpa %q, %q, %q keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %sq = attn.query_length : index
    %sk = attn.key_length : index
    %c7 = arith.constant 7 : index
    %more = arith.subi %sk, %sq : index
    %position = arith.addi %i, %more : index
    %least = arith.subi %position, %c7 : index
    %before = arith.cmpi sge, %position, %j : index
    %recent = arith.cmpi sge, %j, %least : index
    %p = arith.andi %before, %recent : i1
    attn.yield %p : i1
  } : (tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>) -> tensor<?x?x?x64xbf16>
  %2 = attn.sdpa %q, %q, %q keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %c7 = arith.constant 7 : index
    %least = arith.subi %i, %c7 : index
    %end = arith.addi %i, %c7 : index
    %before = arith.cmpi sgt, %end, %j : index
    %recent = arith.cmpi sge, %j, %least : index
    %p = arith.andi %before, %recent : i1
    attn.yield %p : i1
  } : (tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>) -> tensor<?x?x?x64xbf16>
  %3 = attn.sdpa %q, %q, %q keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %c7 = arith.constant -7 : index
    %most = arith.addi %i, %c7 : index
    %p = arith.cmpi sge, %most, %j : index
    attn.yield %p : i1
  } : (tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>) -> tensor<?x?x?x64xbf16>
  // A diagonal of another slope is no clause.
  %4 = attn.sdpa %q, %q, %q keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %c2 = arith.constant 2 : index
    %twice = arith.muli %i, %c2 : index
    %p = arith.cmpi sle, %j, %twice : index
    attn.yield %p : i1
  } : (tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>) -> tensor<?x?x?x64xbf16>
  return %0, %1, %2, %3, %4 : tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>
}

// Distances of `alibi` count from the diagonal of `causal`, which stays.
// CHECK-LABEL: func.func @no_band_beside_alibi
// CHECK: attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} alibi(%{{.*}} : tensor<?xf32>) keep {
func.func @no_band_beside_alibi(%q: tensor<?x?x?x64xbf16>, %t: tensor<?xf32>) -> tensor<?x?x?x64xbf16> {
  %0 = attn.sdpa %q, %q, %q alibi(%t : tensor<?xf32>) keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %c5 = arith.constant 5 : index
    %most = arith.addi %i, %c5 : index
    %p = arith.cmpi sle, %j, %most : index
    attn.yield %p : i1
  } : (tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>) -> tensor<?x?x?x64xbf16>
  return %0 : tensor<?x?x?x64xbf16>
}

// What takes nothing goes: 2^-17 is the least rate that 16 bits can tell from 0.
// CHECK-LABEL: func.func @dropout
// CHECK-NEXT: attn.sdpa %arg0, %arg0, %arg0 :
// CHECK-NEXT: attn.sdpa %arg0, %arg0, %arg0 :
// CHECK-NEXT: attn.sdpa %arg0, %arg0, %arg0 dropout(7.62939453125E-6, %arg1, %arg1 : i64, i64) :
func.func @dropout(%q: !t, %s: i64) -> (!t, !t, !t) {
  %0 = attn.sdpa %q, %q, %q dropout(0.0, %s, %s : i64) : (!t, !t, !t) -> !t
  %1 = attn.sdpa %q, %q, %q dropout(7.6e-6, %s, %s : i64) : (!t, !t, !t) -> !t
  %2 = attn.sdpa %q, %q, %q dropout(7.62939453125e-6, %s, %s : i64) : (!t, !t, !t) -> !t
  return %0, %1, %2 : !t, !t, !t
}
