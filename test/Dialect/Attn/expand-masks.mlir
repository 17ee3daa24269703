// attn-expand-masks turns causal and window into a keep and a range region:
//
//   attn.sdpa %q, %k, %v causal(top_left)
// becomes
//   attn.sdpa %q, %k, %v keep  { j <= i }
//                        range { 0, 0, min(i0 + 1, Sk), min(i1, Sk) }
//
// expand-masks-exhaustive.mlir holds range against keep by brute force.
//
// RUN: attn-opt %s --attn-expand-masks | FileCheck %s
// RUN: attn-opt %s --attn-expand-masks | attn-opt --attn-expand-masks | FileCheck %s

!t = tensor<?x?x?x8xf16>

// CHECK-LABEL: func.func @no_mask
// CHECK: attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} {hung = 1 : i64} :
func.func @no_mask(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v {hung = 1 : i64} : (!t, !t, !t) -> !t
  return %o : !t
}

// CHECK-LABEL: func.func @unbounded
// CHECK: attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} :
func.func @unbounded(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v window(inf, inf) : (!t, !t, !t) -> !t
  return %o : !t
}

// The example of the pass's description.
// CHECK-LABEL: func.func @top_left
// CHECK: attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} scale(2.000000e+00) masked_row(nan) keep {
// CHECK-NEXT: ^bb0(%b: index, %h: index, %i: index, %j: index):
// CHECK-NEXT:   %[[KEPT:.*]] = arith.cmpi sle, %j, %i : index
// CHECK-NEXT:   attn.yield %[[KEPT]] : i1
// CHECK-NEXT: } range {
// CHECK-NEXT: ^bb0(%b: index, %h: index, %i0: index, %i1: index):
// CHECK:        %[[C1:.*]] = arith.constant 1 : index
// CHECK-NEXT:   %[[NEXT:.*]] = arith.addi %i0, %[[C1]] : index
// CHECK-NEXT:   %[[C0:.*]] = arith.constant 0 : index
// CHECK-NEXT:   %[[SK:.*]] = attn.key_length : index
// CHECK-NEXT:   %[[MIN:.*]] = arith.minsi %i1, %[[SK]] : index
// CHECK-NEXT:   %[[END:.*]] = arith.maxsi %[[MIN]], %[[C0]] : index
// CHECK-NEXT:   %[[MIN_FULL:.*]] = arith.minsi %[[NEXT]], %[[END]] : index
// CHECK-NEXT:   %[[FULL_END:.*]] = arith.maxsi %[[MIN_FULL]], %[[C0]] : index
// CHECK-NEXT:   attn.yield %[[C0]], %[[C0]], %[[FULL_END]], %[[END]] : index, index, index, index
// CHECK-NEXT: } {hung = 1 : i64} :
func.func @top_left(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v scale(2.0) causal(top_left) masked_row(nan) {hung = 1 : i64} : (!t, !t, !t) -> !t
  return %o : !t
}

// CHECK-LABEL: func.func @bottom_right
// CHECK: keep {
// CHECK-DAG:  %[[SK:.*]] = attn.key_length : index
// CHECK-DAG:  %[[SQ:.*]] = attn.query_length : index
// CHECK:      %[[SHIFT:.*]] = arith.subi %[[SK]], %[[SQ]] : index
// CHECK-NEXT: %[[P:.*]] = arith.addi %i, %[[SHIFT]] : index
// CHECK-NEXT: arith.cmpi sle, %j, %[[P]] : index
func.func @bottom_right(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v causal(bottom_right) : (!t, !t, !t) -> !t
  return %o : !t
}

// Offset and counts become two bounds around i: i - 130 <= j <= i - 2.
// CHECK-LABEL: func.func @window
// CHECK: keep {
// CHECK:      %[[UP:.*]] = arith.constant -2 : index
// CHECK-NEXT: %[[LAST:.*]] = arith.addi %i, %[[UP]] : index
// CHECK-NEXT: %[[A:.*]] = arith.cmpi sle, %j, %[[LAST]] : index
// CHECK-NEXT: %[[LOW:.*]] = arith.constant -130 : index
// CHECK-NEXT: %[[FIRST:.*]] = arith.addi %i, %[[LOW]] : index
// CHECK-NEXT: %[[B:.*]] = arith.cmpi sge, %j, %[[FIRST]] : index
// CHECK-NEXT: %[[KEPT:.*]] = arith.andi %[[A]], %[[B]] : i1
// CHECK-NEXT: attn.yield %[[KEPT]]
func.func @window(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v causal(offset = -2) window(128, 5) : (!t, !t, !t) -> !t
  return %o : !t
}

// Lengths are below 2^30, so numbers stop there.
// CHECK-LABEL: func.func @clamped
// CHECK: keep {
// CHECK: arith.constant 1073741824 : index
// CHECK: arith.constant -1073741824 : index
// CHECK: attn.yield
func.func @clamped(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v window(9223372036854775807, 9223372036854775807) : (!t, !t, !t) -> !t
  return %o : !t
}

// An offset and a count, both large, cancel before anything is clamped.
// CHECK-LABEL: func.func @cancelling
// CHECK: keep {
// CHECK: arith.constant 1073741824 : index
// CHECK: arith.constant 5 : index
// CHECK: attn.yield
func.func @cancelling(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v causal(offset = 1099511627781) window(1099511627776, inf) : (!t, !t, !t) -> !t
  return %o : !t
}

// A row that keeps nothing weighs every key, so every key is visited.
// CHECK-LABEL: func.func @uniform
// CHECK: masked_row(uniform) keep {
// CHECK: } range {
// CHECK: %[[C0:.*]] = arith.constant 0 : index
// CHECK: %[[SK:.*]] = attn.key_length : index
// CHECK: attn.yield %[[C0]], %[[C0]], %{{.*}}, %[[SK]] :
func.func @uniform(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v causal(top_left) masked_row(uniform) : (!t, !t, !t) -> !t
  return %o : !t
}

// What nothing is known of: visit every key, trust none.
// CHECK-LABEL: func.func @not_affine
// CHECK: } range {
// CHECK: %[[BEGIN:.*]] = arith.constant 0 : index
// CHECK: %[[SK:.*]] = attn.key_length : index
// CHECK-NOT: %i
// CHECK: attn.yield %[[BEGIN]], %[[BEGIN]], %{{.*}}, %[[SK]] :
func.func @not_affine(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %c2 = arith.constant 2 : index
    %rest = arith.remsi %j, %c2 : index
    %p = arith.cmpi eq, %rest, %h : index
    attn.yield %p : i1
  } : (!t, !t, !t) -> !t
  return %o : !t
}

// Two runs that lie apart leave a gap.
// CHECK-LABEL: func.func @gap
// CHECK: } range {
// CHECK: attn.yield %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : index, index, index, index, index, index
func.func @gap(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %c4 = arith.constant 4 : index
    %c64 = arith.constant 64 : index
    %first = arith.subi %i, %c64 : index
    %recent = arith.cmpi sge, %j, %first : index
    %sink = arith.cmpi slt, %j, %c4 : index
    %p = arith.ori %recent, %sink : i1
    attn.yield %p : i1
  } : (!t, !t, !t) -> !t
  return %o : !t
}

// Clauses with tensors: they are captured.
// CHECK-LABEL: func.func @tensors
// CHECK-SAME: %[[N:[^:]+]]: tensor<?xi32>, %[[D:[^:]+]]: tensor<?x?xi32>, %[[M:[^:]+]]: tensor<1x?x?x?xi1>
// CHECK: attn.sdpa %{{.*}}, %{{.*}}, %{{.*}} captures(%[[N]], %[[D]], %[[D]], %[[M]] :
// CHECK-SAME: keep {
// CHECK: ^bb0(%[[B:.*]]: index, %[[H:.*]]: index, %[[I:.*]]: index, %[[J:.*]]: index):
// CHECK: attn.capture %[[N]][%[[B]]] {clause = "prefix"} : tensor<?xi32>
// CHECK: %[[Q:.*]] = attn.capture %[[D]][%[[B]], %[[I]]] {clause = "documents"}
// CHECK: %[[K:.*]] = attn.capture %[[D]][%[[B]], %[[J]]]
// CHECK: arith.cmpi eq, %[[Q]], %[[K]] : i32
// CHECK: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK: attn.capture %[[M]][%[[ZERO]], %[[H]], %[[I]], %[[J]]] {clause = "mask"}
func.func @tensors(%q: !t, %k: !t, %v: !t, %n: tensor<?xi32>, %d: tensor<?x?xi32>, %m: tensor<1x?x?x?xi1>) -> !t {
  %o = attn.sdpa %q, %k, %v prefix(%n : tensor<?xi32>) documents(%d, %d : tensor<?x?xi32>) mask(%m : tensor<1x?x?x?xi1>) : (!t, !t, !t) -> !t
  return %o : !t
}
