// Several functions in a file, several operations in a function, results in an
// order of their own, operations of equal shapes, a result nobody uses.
//
// RUN: attn-compile %s --target=sm_80 -o %t.so
// RUN: attn-run %t.so --device=sim --function=two
// RUN: attn-run %t.so --device=sim --function=lse_only
// RUN: not attn-run %t.so --device=sim 2>&1 | FileCheck %s
// RUN: attn-run %t.so --device=sim --function=unequal
// CHECK: error: several functions in {{.*}}: two, lse_only, unequal

!q = tensor<2x4x77x32xf16>
!lse = tensor<2x4x77xf32>

func.func @two(%q: !q, %k: !q, %v: !q, %unused: !q) -> (!lse, !q, !q) {
  %o, %l = attn.sdpa %q, %k, %v causal(offset = 1073741824) window(1073741824, 1073741824)
      : (!q, !q, !q) -> (!q, !lse)
  %p, %m = attn.sdpa %v, %k, %q causal(offset = -9223372036854775808) window(3, inf) masked_row(nan)
      : (!q, !q, !q) -> (!q, !lse)
  return %l, %p, %o : !lse, !q, !q
}

func.func @lse_only(%q: !q, %k: !q, %v: !q) -> !lse {
  %o, %l = attn.sdpa %q, %k, %v causal(offset = 9223372036854775807) window(9223372036854775807, 0) masked_row(uniform)
      : (!q, !q, !q) -> (!q, !lse)
  return %l : !lse
}

// Two operations whose results have different numbers of rows.
!long = tensor<1x2x90x32xf16>
!short = tensor<1x2x40x32xf16>
func.func @unequal(%q: !short, %k: !long) -> (!short, !long) {
  %o = attn.sdpa %q, %k, %k : (!short, !long, !long) -> !short
  %p = attn.sdpa %k, %q, %q : (!long, !short, !short) -> !long
  return %o, %p : !short, !long
}
