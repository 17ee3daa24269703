// Where key tiles are listed and the range has a gap besides: the second run of keys
// of the second query tile lies behind a gap as long as several tiles.
//
// RUN: attn-run %s --device=sim --target=sm_80 --shape 0=1x4x42x64 --shape 1=1x2x300x64 --shape 2=1x2x300x64 | FileCheck %s
// RUN: attn-run %s --device=sim --target=sm_90a --shape 0=1x4x42x64 --shape 1=1x2x300x64 --shape 2=1x2x300x64 | FileCheck %s
// RUN: attn-run %s --target=host --shape 0=1x4x42x64 --shape 1=1x2x300x64 --shape 2=1x2x300x64 | FileCheck %s
// CHECK: verify {{.*}}passed

!q = tensor<?x4x?x64xbf16>
!k = tensor<?x2x?x64xbf16>
func.func @f(%q: !q, %k: !k, %v: !k) -> !q {
  %o = attn.sdpa %q, %k, %v causal(bottom_right) window(25, 36) prefix(109) : (!q, !k, !k) -> !q
  return %o : !q
}
