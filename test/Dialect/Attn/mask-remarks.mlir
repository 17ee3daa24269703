// What is said of the range of a mask.
//
// RUN: attn-opt %s --attn-expand-masks --remarks-filter=attn-expand-masks 2>&1 >/dev/null | FileCheck %s

!t = tensor<?x8x?x64xbf16>
!ids = tensor<?x?xi32>

func.func @masks(%q: !t, %k: !t, %v: !t, %ids: !ids) -> (!t, !t, !t, !t) {
  // CHECK: [[@LINE+1]]:8: remark: [Passed] Range {{.*}}"keeps 1 run of keys"
  %a = attn.sdpa %q, %k, %v causal(top_left) : (!t, !t, !t) -> !t
  // CHECK: [[@LINE+1]]:8: remark: [Missed] Range {{.*}}"keeps 2 runs of keys, too many for a range", Remark="; key tiles are listed when it is called"
  %b = attn.sdpa %q, %k, %v causal(top_left) window(128, 0) prefix(32) : (!t, !t, !t) -> !t
  // CHECK: [[@LINE+1]]:8: remark: [Missed] Range {{.*}}"depends on more than indices and lengths", Remark="; key tiles are listed when it is called"
  %c = attn.sdpa %q, %k, %v documents(%ids, %ids : !ids, !ids) : (!t, !t, !t) -> !t
  // CHECK: [[@LINE+1]]:8: remark: [Missed] Range {{.*}}"depends on more than indices and lengths", Remark="; no key tile is left out"
  %d = attn.sdpa %q, %k, %v documents(%ids, %ids : !ids, !ids) masked_row(uniform) : (!t, !t, !t) -> !t
  return %a, %b, %c, %d : !t, !t, !t, !t
}
