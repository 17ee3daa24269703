// Attention leaves functions that do other things; a second run changes nothing,
// and what comes out is what attn-check-support accepts.
//
// RUN: attn-opt %s --attn-outline --split-input-file -o %t.once.mlir
// RUN: FileCheck %s --input-file=%t.once.mlir
// RUN: attn-opt %t.once.mlir --attn-outline --split-input-file | diff %t.once.mlir -
// RUN: attn-opt %t.once.mlir --attn-check-support --split-input-file -o /dev/null

// Already a function of attention alone: nothing moves.
// CHECK-LABEL: func.func @alone
// CHECK-NEXT: attn.rope
// CHECK-NEXT: attn.sdpa
// CHECK-NEXT: return
// CHECK-NOT: func.func
// CHECK-LABEL: // -----
!t = tensor<2x4x?x32xf16>
func.func @alone(%q: !t, %k: !t) -> !t {
  %r = attn.rope %q : !t
  %o = attn.sdpa %r, %k, %k : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

// Operands that others compute, a result that others read, an LSE that nobody
// reads, an operand that is both key and value. Static sizes stay.
// CHECK-LABEL: func.func @beside(
// CHECK: %[[Q:.*]] = arith.negf
// CHECK: %[[O:.*]] = call @beside_attention_0(%[[Q]], %arg1) : (tensor<2x4x64x32xf32>, tensor<2x4x?x32xf32>) -> tensor<2x4x64x32xf32>
// CHECK: math.exp %[[O]]
// CHECK: func.func @beside_attention_0(%[[A:.*]]: tensor<2x4x64x32xf32>, %[[B:.*]]: tensor<2x4x?x32xf32>) -> tensor<2x4x64x32xf32> {
// CHECK-NEXT: %[[OUT:.*]], %{{.*}} = attn.sdpa %[[A]], %[[B]], %[[B]] causal(bottom_right) {note = "kept"}
// CHECK-NEXT: return %[[OUT]] :
!q = tensor<2x4x64x32xf32>
!k = tensor<2x4x?x32xf32>
func.func @beside(%x: !q, %k: !k) -> !q {
  %q = arith.negf %x : !q
  %o, %lse = attn.sdpa %q, %k, %k causal(bottom_right) {note = "kept"} : (!q, !k, !k) -> (!q, tensor<2x4x64xf32>)
  %y = math.exp %o : !q
  return %y : !q
}

// -----

// The LSE is read, the output is not.
// CHECK-LABEL: func.func @only_lse(
// CHECK: call @only_lse_attention_0({{.*}}) : ({{.*}}) -> tensor<2x4x?xf32>
// CHECK: func.func @only_lse_attention_0({{.*}}) -> tensor<2x4x?xf32>
// CHECK-NEXT: %{{.*}}, %[[LSE:.*]] = attn.sdpa
// CHECK-NEXT: return %[[LSE]]
!t = tensor<2x4x?x32xf16>
!l = tensor<2x4x?xf32>
func.func @only_lse(%q: !t, %k: !t) -> !l {
  %o, %lse = attn.sdpa %q, %k, %k : (!t, !t, !t) -> (!t, !l)
  %y = math.exp %lse : !l
  return %y : !l
}

// -----

// No result is read: it is still a function of attention.
// CHECK-LABEL: func.func @unread(
// CHECK-NEXT: call @unread_attention_0(%arg0) : (tensor<2x4x?x32xf16>) -> tensor<2x4x?x32xf16>
// CHECK-NEXT: return
!t = tensor<2x4x?x32xf16>
func.func @unread(%q: !t) {
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  return
}

// -----

// In a loop, on what it carries. A rotation that stands there goes along, one
// that stands before the loop is computed once.
// CHECK-LABEL: func.func @loop(
// CHECK: %[[K:.*]] = call @loop_attention_0(%arg1)
// CHECK: scf.for {{.*}} iter_args(%[[X:.*]] = %arg0)
// CHECK-NEXT: %[[O:.*]] = func.call @loop_attention_1(%[[X]], %[[K]])
// CHECK-NEXT: scf.yield %[[O]]
// CHECK: func.func @loop_attention_0(
// CHECK-NEXT: attn.rope
// CHECK-NEXT: return
// CHECK: func.func @loop_attention_1(%[[A:.*]]: {{.*}}, %[[B:.*]]: {{.*}})
// CHECK-NEXT: %[[R:.*]] = attn.rope %[[A]]
// CHECK-NEXT: attn.sdpa %[[R]], %[[B]], %[[B]]
// CHECK-NEXT: return
!t = tensor<2x4x?x32xf16>
func.func @loop(%q: !t, %k: !t, %n: index) -> !t {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %key = attn.rope %k : !t
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%x = %q) -> !t {
    %query = attn.rope %x : !t
    %o = attn.sdpa %query, %key, %key : (!t, !t, !t) -> !t
    scf.yield %o : !t
  }
  return %r : !t
}

// -----

// Two branches; operations that would become the same function share it.
// CHECK-LABEL: func.func @branches(
// CHECK: scf.if
// CHECK: func.call @branches_attention_0(%arg0, %arg1)
// CHECK: else
// CHECK: func.call @branches_attention_1(%arg0, %arg1)
// CHECK: call @branches_attention_0(%{{.*}}, %arg0)
// CHECK: func.func @branches_attention_0(
// CHECK-NEXT: attn.sdpa {{.*}} causal(top_left)
// CHECK: func.func @branches_attention_1(
// CHECK-NEXT: attn.sdpa {{.*}} window(3, 3)
// CHECK-NOT: func.func
// CHECK-LABEL: // -----
!t = tensor<2x4x?x32xf16>
func.func @branches(%q: !t, %k: !t, %c: i1) -> !t {
  %x = scf.if %c -> !t {
    %o = attn.sdpa %q, %k, %k causal(top_left) : (!t, !t, !t) -> !t
    scf.yield %o : !t
  } else {
    %o = attn.sdpa %q, %k, %k window(3, 3) : (!t, !t, !t) -> !t
    scf.yield %o : !t
  }
  %y = attn.sdpa %x, %q, %q causal(top_left) : (!t, !t, !t) -> !t
  return %y : !t
}

// -----

// What attention reads goes with it: other attention, and rotations, of which two
// may read one. One result may be several operands. What others read as well, here
// by an addition, is one of its own.
// CHECK-LABEL: func.func @rotations(
// CHECK-NEXT: %[[B:.*]] = call @rotations_attention_0(%arg0, %arg1)
// CHECK-NEXT: %[[C:.*]] = call @rotations_attention_1(%[[B]])
// CHECK-NEXT: arith.addf %[[B]], %[[C]]
// CHECK: func.func @rotations_attention_0(
// CHECK-NEXT: %[[SHARED:.*]] = attn.rope %{{.*}} : tensor
// CHECK-NEXT: %[[A:.*]] = attn.sdpa %[[SHARED]], %{{.*}}, %{{.*}} : (
// CHECK-NEXT: attn.sdpa %[[SHARED]], %[[A]], %[[A]] causal(top_left)
// CHECK: func.func @rotations_attention_1(%[[IN:.*]]: tensor{{.*}})
// CHECK-NEXT: %[[FIRST:.*]] = attn.rope %[[IN]] : tensor
// CHECK-NEXT: %[[R:.*]] = attn.rope %[[FIRST]] base(5.000000e+05)
// CHECK-NEXT: attn.sdpa %[[R]], %[[R]], %[[FIRST]]
!t = tensor<2x4x?x32xf16>
func.func @rotations(%q: !t, %k: !t) -> !t {
  %shared = attn.rope %q : !t
  %a = attn.sdpa %shared, %k, %k : (!t, !t, !t) -> !t
  %b = attn.sdpa %shared, %a, %a causal(top_left) : (!t, !t, !t) -> !t
  %first = attn.rope %b : !t
  %second = attn.rope %first base(500000.0) : !t
  %c = attn.sdpa %second, %second, %first : (!t, !t, !t) -> !t
  %d = arith.addf %b, %c : !t
  return %d : !t
}

// -----

// Blocks, a private function, an argument that no package could take, attention
// on attention.
// CHECK-LABEL: func.func private @blocks(
// CHECK: ^bb1(%[[X:.*]]: tensor<2x4x?x32xf16>):
// CHECK-NEXT: %[[B:.*]] = call @blocks_attention_0(%[[X]], %arg0)
// CHECK-NEXT: return %[[B]]
// CHECK: func.func @blocks_attention_0(
!t = tensor<2x4x?x32xf16>
func.func private @blocks(%q: !t, %n: f64) -> !t {
  cf.br ^bb1(%q : !t)
^bb1(%x: !t):
  %a = attn.sdpa %x, %q, %q : (!t, !t, !t) -> !t
  %b = attn.sdpa %a, %x, %x : (!t, !t, !t) -> !t
  return %b : !t
}

// -----

// Names: what is taken is left alone, and what no file shows on a line goes.
// CHECK: func.func @"two\0Alines-\22"(
// CHECK-NEXT: call @two_lines___attention_0(%arg0)
// CHECK: func.func @two_lines___attention_0(
// CHECK: func.func @f(
// CHECK: call @f_attention_1(%arg0)
// CHECK: func.func @f_attention_1(
// CHECK: func.func private @f_attention_0()
!t = tensor<2x4x?x32xf16>
func.func @"two\0Alines-\22"(%q: !t) -> !t {
  %o = attn.sdpa %q, %q, %q window(1, 1) : (!t, !t, !t) -> !t
  return %o : !t
}
func.func @f(%q: !t) -> (!t, !t) {
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  return %o, %q : !t, !t
}
func.func private @f_attention_0()

// -----

// Numbers become tensors: of the function, of what calls it, and of constants.
// CHECK-LABEL: func.func @numbers(
// CHECK-SAME: %arg1: tensor<i64>, %arg2: tensor<i64>, %arg3: tensor<i64>)
// CHECK-NEXT: attn.sdpa {{.*}} dropout(1.000000e-01, %arg1, %arg2 : tensor<i64>, tensor<i64>)
// CHECK-NEXT: return
// CHECK: func.func @caller(
// CHECK-SAME: %arg1: i64, %arg2: tensor<i64>)
// CHECK-DAG: %[[A:.*]] = tensor.from_elements %arg1 : tensor<i64>
// CHECK: call @numbers(%arg0, %[[A]], %arg2, %{{.*}})
// CHECK: func.func @constants(
// CHECK: %[[C:.*]] = tensor.from_elements %c7{{.*}} : tensor<i64>
// CHECK: call @constants_attention_0(%arg0, %[[C]], %arg1) : (tensor<2x4x?x32xf16>, tensor<i64>, tensor<i64>)
// CHECK: func.func @constants_attention_0(
// CHECK-SAME: %arg1: tensor<i64>, %arg2: tensor<i64>)
// Where attention reads none of them, they are the function's business.
// CHECK: func.func @unread(
// CHECK-SAME: %arg1: i64)
// CHECK: call @unread_attention_0(%arg0)
!t = tensor<2x4x?x32xf16>
func.func @numbers(%q: !t, %seed: i64, %offset: i64, %unused: i64) -> !t {
  %o = attn.sdpa %q, %q, %q dropout(0.1, %seed, %offset : i64) : (!t, !t, !t) -> !t
  return %o : !t
}
func.func @caller(%q: !t, %seed: i64, %step: tensor<i64>) -> !t {
  %offset = tensor.extract %step[] : tensor<i64>
  %o = call @numbers(%q, %seed, %offset, %seed) : (!t, i64, i64, i64) -> !t
  return %o : !t
}
func.func @constants(%q: !t, %step: tensor<i64>) -> !t {
  %seed = arith.constant 7 : i64
  %offset = tensor.extract %step[] : tensor<i64>
  %o = attn.sdpa %q, %q, %q dropout(0.1, %seed, %offset : i64) : (!t, !t, !t) -> !t
  return %o : !t
}
func.func @unread(%q: !t, %n: i64) -> !t {
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  return %o : !t
}
