// RUN: attn-opt %s --attn-expand-masks --attn-select-schedule="target=sm_80" | FileCheck %s
// RUN: attn-opt %s --attn-expand-masks --attn-select-schedule="target=sm_90a" | FileCheck %s
// RUN: not attn-opt %s --attn-expand-masks --attn-select-schedule="target=sm_90a schedule=producers=4,q=64,warps=4" 2>&1 | FileCheck %s --check-prefix=BESIDE
// RUN: not attn-opt %s --attn-expand-masks --attn-select-schedule="target=sm_80 schedule=q=128,warps=8,kv=192" 2>&1 | FileCheck %s --check-prefix=LONG

// Warps multiply f32 alone, on all GPUs.
// BESIDE: error: expected schedule key `producers` to be 0 for 'f32' on sm_90a, whose warps multiply it alone, got 4
// LONG: needs {{[0-9]+}} registers a thread

!d64 = tensor<1x2x?x64xf32>
!d128 = tensor<1x2x?x128xf32>
!d192 = tensor<1x2x?x192xf32>
!d256 = tensor<1x2x?x256xf32>
// CHECK-LABEL: func.func @dims
func.func @dims(%a: !d64, %b: !d128, %c: !d192, %d: !d256) -> (!d64, !d128, !d192, !d256) {
  // CHECK: #tile.schedule<q = 128, kv = 32, warps = 8, stages = 2>, tile.target
  %o = attn.sdpa %a, %a, %a : (!d64, !d64, !d64) -> !d64
  // CHECK: #tile.schedule<q = 128, kv = 16, warps = 8, stages = 2>, tile.target
  %p = attn.sdpa %b, %b, %b : (!d128, !d128, !d128) -> !d128
  // CHECK: #tile.schedule<q = 64, kv = 16, warps = 4, stages = 2>, tile.target
  %q = attn.sdpa %c, %c, %c : (!d192, !d192, !d192) -> !d192
  // CHECK: #tile.schedule<q = 64, kv = 16, warps = 4, stages = 2>, tile.target
  %r = attn.sdpa %d, %d, %d : (!d256, !d256, !d256) -> !d256
  return %o, %p, %q, %r : !d64, !d128, !d192, !d256
}
