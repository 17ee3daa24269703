// RUN: attn-opt %s --attn-fuse-producers | FileCheck %s --check-prefixes=CHECK,STRICT
// RUN: attn-opt %s --attn-fuse-producers=numerics=flash | FileCheck %s --check-prefixes=CHECK,FLASH
// RUN: attn-opt %s --attn-fuse-producers --remarks-filter=attn-fuse-producers -o %t 2>&1 | FileCheck %s --check-prefix=REMARK

!x = tensor<1x8x?x64xbf16>
!k = tensor<1x2x?x64xbf16>
!f = tensor<1x8x?x64xf32>
!s = tensor<1x?x8x64xbf16>
!sk = tensor<1x?x2x64xbf16>

// A chain before the query goes into the attention's kernel, that before the key
// into the kernel of its last operation.
// CHECK-LABEL: func.func @chains
// STRICT: attn.norm rms %arg0 fused : tensor<1x8x?x64xbf16>
// STRICT-NEXT: attn.rope %{{.*}} fused : tensor<1x8x?x64xbf16>
// STRICT-NEXT: attn.norm rms %arg1 fused : tensor<1x2x?x64xbf16>
// STRICT-NEXT: attn.rope %{{.*}} : tensor<1x2x?x64xbf16>
// FLASH: attn.norm rms %arg0 fused : tensor<1x8x?x64xbf16> -> tensor<1x8x?x64xf32>
// FLASH-NEXT: attn.rope %{{.*}} fused : tensor<1x8x?x64xf32> -> tensor<1x8x?x64xbf16>
// FLASH-NEXT: attn.norm rms %arg1 fused : tensor<1x2x?x64xbf16> -> tensor<1x2x?x64xf32>
// FLASH-NEXT: attn.rope %{{.*}} : tensor<1x2x?x64xf32> -> tensor<1x2x?x64xbf16>
// REMARK-DAG: query is computed by the attention's kernel
// REMARK-DAG: key is computed by the kernel behind it
// REMARK-DAG: key is computed once, in a kernel of its own
func.func @chains(%q: !x, %k: !k, %v: !k) -> !x {
  %n = attn.norm rms %q : !x
  %r = attn.rope %n : !x
  %m = attn.norm rms %k : !k
  %s = attn.rope %m : !k
  %o = attn.sdpa %r, %s, %v : (!x, !k, !k) -> !x
  return %o : !x
}

// Casts around and between operations are their types. What rounds before one is
// left out under flash alone.
// CHECK-LABEL: func.func @casts
// CHECK: attn.norm l2 %arg0 fused : tensor<1x8x?x64xbf16> -> tensor<1x8x?x64xf32>
// CHECK-NEXT: attn.rope %{{.*}} fused : tensor<1x8x?x64xf32> -> tensor<1x8x?x64xbf16>
// CHECK-NEXT: attn.sdpa
func.func @casts(%q: !x, %k: !k, %v: !k) -> !x {
  %w = arith.extf %q : !x to !f
  %n = attn.norm l2 %w : !f
  %r = attn.rope %n : !f
  %t = arith.truncf %r : !f to !x
  %o = attn.sdpa %t, %k, %v : (!x, !k, !k) -> !x
  return %o : !x
}

// CHECK-LABEL: func.func @rounding
// STRICT: arith.truncf
// FLASH-NOT: arith.truncf
// CHECK: attn.sdpa
func.func @rounding(%q: !f, %k: !k, %v: !k) -> !x {
  %t = arith.truncf %q : !f to !x
  %r = attn.rope %t : !x
  %o = attn.sdpa %r, %k, %v : (!x, !k, !k) -> !x
  return %o : !x
}

// Transpositions of all operands are the layout, also through chains.
// CHECK-LABEL: func.func @layout
// CHECK-NOT: linalg.transpose
// CHECK: attn.norm rms %arg0 layout(bshd) fused : tensor<1x?x8x64xbf16>
// CHECK: attn.sdpa %{{.*}}, %arg1, %arg2 layout(bshd)
// CHECK-NOT: linalg.transpose
// CHECK: return %{{.*}} : tensor<1x?x8x64xbf16>
// REMARK-DAG: transpositions of query, key and value are its layout
func.func @layout(%q: !s, %k: !sk, %v: !sk, %eq: !x, %ek: !k, %eo: !s) -> !s {
  %tq = linalg.transpose ins(%q : !s) outs(%eq : !x) permutation = [0, 2, 1, 3]
  %tk = linalg.transpose ins(%k : !sk) outs(%ek : !k) permutation = [0, 2, 1, 3]
  %tv = linalg.transpose ins(%v : !sk) outs(%ek : !k) permutation = [0, 2, 1, 3]
  %n = attn.norm rms %tq : !x
  %o = attn.sdpa %n, %tk, %tv : (!x, !k, !k) -> !x
  %to = linalg.transpose ins(%o : !x) outs(%eo : !s) permutation = [0, 2, 1, 3]
  return %to : !s
}

// A transposition between two operations of a chain does not part them.
// CHECK-LABEL: func.func @within_a_chain
// CHECK: attn.norm rms %arg0 layout(bshd) fused
// CHECK-NEXT: attn.rope %{{.*}} layout(bshd) fused
// CHECK-NEXT: attn.sdpa
// CHECK-NOT: linalg.transpose
func.func @within_a_chain(%q: !s, %k: !sk, %v: !sk, %eq: !x, %ek: !k) -> tensor<1x8x?xf32> {
  %n = attn.norm rms %q layout(bshd) : !s
  %tq = linalg.transpose ins(%n : !s) outs(%eq : !x) permutation = [0, 2, 1, 3]
  %r = attn.rope %tq : !x
  %tk = linalg.transpose ins(%k : !sk) outs(%ek : !k) permutation = [0, 2, 1, 3]
  %tv = linalg.transpose ins(%v : !sk) outs(%ek : !k) permutation = [0, 2, 1, 3]
  %o, %lse = attn.sdpa %r, %tk, %tv : (!x, !k, !k) -> (!x, tensor<1x8x?xf32>)
  return %lse : tensor<1x8x?xf32>
}

// Somebody reads the output as it was.
// CHECK-LABEL: func.func @back
// CHECK: %[[O:.*]] = attn.sdpa %arg0, %arg1, %arg2 layout(bshd)
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[O]] : tensor<1x?x8x64xbf16>)
// CHECK: return %[[T]] : tensor<1x8x?x64xbf16>
func.func @back(%q: !s, %k: !sk, %v: !sk, %eq: !x, %ek: !k) -> !x {
  %tq = linalg.transpose ins(%q : !s) outs(%eq : !x) permutation = [0, 2, 1, 3]
  %tk = linalg.transpose ins(%k : !sk) outs(%ek : !k) permutation = [0, 2, 1, 3]
  %tv = linalg.transpose ins(%v : !sk) outs(%ek : !k) permutation = [0, 2, 1, 3]
  %o = attn.sdpa %tq, %tk, %tv : (!x, !k, !k) -> !x
  return %o : !x
}

// CHECK-LABEL: func.func @one_of_three
// CHECK: linalg.transpose
// CHECK: attn.sdpa %{{.*}}, %arg1, %arg2 :
// REMARK-DAG: transpositions stay, since not all of query, key and value come transposed
func.func @one_of_three(%q: !s, %k: !k, %v: !k, %eq: !x) -> !x {
  %tq = linalg.transpose ins(%q : !s) outs(%eq : !x) permutation = [0, 2, 1, 3]
  %o = attn.sdpa %tq, %k, %v : (!x, !k, !k) -> !x
  return %o : !x
}

// CHECK-LABEL: func.func @read_elsewhere
// CHECK-NOT: fused
// CHECK: return
// REMARK-DAG: query is also read by others
func.func @read_elsewhere(%q: !x, %k: !k, %v: !k) -> (!x, !x) {
  %r = attn.rope %q : !x
  %o = attn.sdpa %r, %k, %v : (!x, !k, !k) -> !x
  return %o, %r : !x, !x
}

// CHECK-LABEL: func.func @two_rotations
// CHECK: attn.rope %arg0 base(5.000000e+05) : tensor
// CHECK: attn.rope %{{.*}} fused : tensor
// REMARK-DAG: query is rotated twice, the first time in a kernel of its own
func.func @two_rotations(%q: !x, %k: !k, %v: !k) -> !x {
  %r = attn.rope %q base(500000.0) : !x
  %s = attn.rope %r : !x
  %o = attn.sdpa %s, %k, %v : (!x, !k, !k) -> !x
  return %o : !x
}
