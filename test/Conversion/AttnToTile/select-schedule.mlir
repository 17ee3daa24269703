// RUN: attn-opt %s --attn-select-schedule | FileCheck %s --check-prefixes=CHECK,DEFAULT
// RUN: attn-opt %s --attn-select-schedule="schedule=kv=32,stages=3" | FileCheck %s --check-prefixes=CHECK,KEYS
// RUN: attn-opt %s --attn-select-schedule --remarks-filter=attn-select-schedule 2>&1 | FileCheck %s --check-prefix=REMARK

!d64 = tensor<1x2x?x64xbf16>
!d96 = tensor<1x2x?x96xbf16>
!d256 = tensor<1x2x?x256xbf16>

// CHECK-LABEL: func.func @d64
func.func @d64(%q: !d64, %k: !d64, %v: !d64) -> !d64 {
  // DEFAULT: tile.schedule = #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2>, tile.target = "sm_80"
  // KEYS: tile.schedule = #tile.schedule<q = 128, kv = 32, warps = 4, stages = 3>
  // REMARK: q=128,kv=64,warps=4,stages=2
  %o = attn.sdpa %q, %k, %v : (!d64, !d64, !d64) -> !d64
  return %o : !d64
}

// The larger of the two head dimensions decides.
// CHECK-LABEL: func.func @mixed
func.func @mixed(%q: !d64, %k: !d64, %v: !d96) -> !d96 {
  // DEFAULT: #tile.schedule<q = 128, kv = 64, warps = 8, stages = 2>
  %o = attn.sdpa %q, %k, %v : (!d64, !d64, !d96) -> !d96
  return %o : !d96
}

// CHECK-LABEL: func.func @d256
func.func @d256(%q: !d256, %k: !d256, %v: !d256) -> !d256 {
  // DEFAULT: #tile.schedule<q = 128, kv = 64, warps = 8, stages = 1>
  %o = attn.sdpa %q, %k, %v : (!d256, !d256, !d256) -> !d256
  return %o : !d256
}

// What is chosen already stays.
// CHECK-LABEL: func.func @chosen
func.func @chosen(%q: !d64, %k: !d64, %v: !d64) -> !d64 {
  // CHECK: #tile.schedule<q = 64, kv = 16, warps = 2, stages = 1>
  %o = attn.sdpa %q, %k, %v {tile.schedule = #tile.schedule<q = 64, kv = 16, warps = 2, stages = 1>, tile.target = "sm_80"}
      : (!d64, !d64, !d64) -> !d64
  return %o : !d64
}

// One query tile a head: as many parts as fill the chip.
!one = tensor<?x32x1x64xbf16>
!keys = tensor<?x8x?x64xbf16>
// CHECK-LABEL: func.func @decode
func.func @decode(%q: !one, %k: !keys, %v: !keys) -> !one {
  // DEFAULT: #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2, split = 0>
  %o = attn.sdpa %q, %k, %v : (!one, !keys, !keys) -> !one
  return %o : !one
}

// Enough of them.
!many = tensor<2x32x1x64xbf16>
// CHECK-LABEL: func.func @many
func.func @many(%q: !many, %k: !keys, %v: !keys) -> !many {
  // DEFAULT: #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2>
  %o = attn.sdpa %q, %k, %v : (!many, !keys, !keys) -> !many
  return %o : !many
}
