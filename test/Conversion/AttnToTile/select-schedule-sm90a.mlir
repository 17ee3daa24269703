// RUN: attn-opt %s --attn-expand-masks --attn-select-schedule="target=sm_90a" | FileCheck %s
// RUN: not attn-opt %s --attn-expand-masks --attn-select-schedule="target=sm_90a schedule=producers=0" 2>&1 | FileCheck %s --check-prefix=ALIKE

// Warps that all do the same are no schedule for warpgroups.
// ALIKE: error: expected schedule key `producers` to be 4 on sm_90a, whose warpgroups copy or compute, got 0

!d64 = tensor<1x2x?x64xbf16>
!d192 = tensor<1x2x?x192xbf16>
!d256 = tensor<1x2x?x256xbf16>

// CHECK-LABEL: func.func @d64
func.func @d64(%q: !d64, %k: !d64, %v: !d64) -> !d64 {
  // CHECK: #tile.schedule<q = 128, kv = 128, warps = 8, stages = 2, producers = 4, persistent = 1, prefetch = 1, turns = 2, overlap = 1>, tile.target = "sm_90a"
  %o = attn.sdpa %q, %k, %v : (!d64, !d64, !d64) -> !d64
  return %o : !d64
}

// Later rows have more keys: they are taken first.
// CHECK-LABEL: func.func @causal
func.func @causal(%q: !d64, %k: !d64, %v: !d64) -> !d64 {
  // CHECK: persistent = 2
  %o = attn.sdpa %q, %k, %v causal(top_left) : (!d64, !d64, !d64) -> !d64
  return %o : !d64
}

// Tiles of keys are smaller beside wide values.
// CHECK-LABEL: func.func @d192
func.func @d192(%q: !d192, %k: !d192, %v: !d192) -> (!d192, !d192) {
  // CHECK: #tile.schedule<q = 128, kv = 96, warps = 8, stages = 2, producers = 4, persistent = 1, overlap = 1>
  %o = attn.sdpa %q, %k, %v : (!d192, !d192, !d192) -> !d192
  // CHECK: kv = 96
  %c = attn.sdpa %q, %k, %v causal(top_left) : (!d192, !d192, !d192) -> !d192
  return %o, %c : !d192, !d192
}

// CHECK-LABEL: func.func @d256
func.func @d256(%q: !d256, %k: !d256, %v: !d256) -> (!d256, !d256) {
  // CHECK: kv = 64
  %o = attn.sdpa %q, %k, %v : (!d256, !d256, !d256) -> !d256
  // CHECK: kv = 64
  %c = attn.sdpa %q, %k, %v causal(top_left) : (!d256, !d256, !d256) -> !d256
  return %o, %c : !d256, !d256
}

// Decoding: the group shares one warpgroup's rows, which has nobody to take turns with.
!one = tensor<1x32x1x64xbf16>
!cache = tensor<1x4x?x64xbf16>
// CHECK-LABEL: func.func @decode
func.func @decode(%q: !one, %k: !cache, %v: !cache) -> !one {
  // CHECK: #tile.schedule<q = 64, kv = 128, warps = 4, stages = 2, split = 0, producers = 4, persistent = 1, prefetch = 1, overlap = 1, heads = 8>
  %o = attn.sdpa %q, %k, %v : (!one, !cache, !cache) -> !one
  return %o : !one
}
