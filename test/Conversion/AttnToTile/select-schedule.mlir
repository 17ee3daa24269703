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

// One query a head: the four heads of a group share a tile, a small one, and keys
// are split in as many parts as fill the chip.
!one = tensor<?x32x1x64xbf16>
!keys = tensor<?x8x?x64xbf16>
// CHECK-LABEL: func.func @decode
func.func @decode(%q: !one, %k: !keys, %v: !keys) -> !one {
  // DEFAULT: #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2, heads = 4, split = 0>
  %o = attn.sdpa %q, %k, %v : (!one, !keys, !keys) -> !one
  return %o : !one
}

// Enough of them.
!many = tensor<8x32x1x64xbf16>
// CHECK-LABEL: func.func @many
func.func @many(%q: !many, %k: !keys, %v: !keys) -> !many {
  // DEFAULT: #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2, heads = 4>
  %o = attn.sdpa %q, %k, %v : (!many, !keys, !keys) -> !many
  return %o : !many
}

// Without a group, or where nobody knows it, heads stay apart.
!mha = tensor<?x8x1x64xbf16>
// CHECK-LABEL: func.func @no_group
func.func @no_group(%q: !mha, %k: !keys, %v: !keys) -> !mha {
  // DEFAULT: #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2, split = 0>
  %o = attn.sdpa %q, %k, %v : (!mha, !keys, !keys) -> !mha
  return %o : !mha
}
!any = tensor<?x?x?x64xbf16>
// CHECK-LABEL: func.func @unknown_group
func.func @unknown_group(%q: !one, %k: !any, %v: !any) -> !one {
  // DEFAULT: #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2, split = 0>
  %o = attn.sdpa %q, %k, %v : (!one, !any, !any) -> !one
  return %o : !one
}

// Seven heads of 30 queries are 7 tiles apart, and 2 of four heads and 32 queries.
!seven = tensor<1x14x30x64xbf16>
!two = tensor<1x2x?x64xbf16>
// CHECK-LABEL: func.func @odd_group
func.func @odd_group(%q: !seven, %k: !two, %v: !two) -> !seven {
  // DEFAULT: #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2, heads = 4, split = 0>
  %o = attn.sdpa %q, %k, %v : (!seven, !two, !two) -> !seven
  return %o : !seven
}

// Where nobody knows how many queries there are, heads share tiles that they fill.
// Of seven, one in eight would be empty.
!any_length = tensor<?x32x?x64xbf16>
!any_keys = tensor<?x4x?x64xbf16>
// CHECK-LABEL: func.func @any_length
func.func @any_length(%q: !any_length, %k: !any_keys, %v: !any_keys) -> !any_length {
  // DEFAULT: #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2, heads = 8>
  %o = attn.sdpa %q, %k, %v : (!any_length, !any_keys, !any_keys) -> !any_length
  return %o : !any_length
}
!seven_of_any = tensor<?x28x?x64xbf16>
// CHECK-LABEL: func.func @seven_of_any_length
func.func @seven_of_any_length(%q: !seven_of_any, %k: !any_keys, %v: !any_keys) -> !seven_of_any {
  // DEFAULT: #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2>
  %o = attn.sdpa %q, %k, %v : (!seven_of_any, !any_keys, !any_keys) -> !seven_of_any
  return %o : !seven_of_any
}

// Full tiles gain nothing.
!full = tensor<1x8x256x64xbf16>
// CHECK-LABEL: func.func @full
func.func @full(%q: !full, %k: !two, %v: !two) -> !full {
  // DEFAULT: #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2>
  %o = attn.sdpa %q, %k, %v : (!full, !two, !two) -> !full
  return %o : !full
}

// A range that is another for each head is not one for a tile.
// CHECK-LABEL: func.func @range_of_head
func.func @range_of_head(%q: !one, %k: !keys, %v: !keys) -> !one {
  // DEFAULT: #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2, split = 0>
  %o = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %in = arith.cmpi ule, %j, %h : index
    attn.yield %in : i1
  } range {
  ^bb0(%b: index, %h: index, %i0: index, %i1: index):
    %c0 = arith.constant 0 : index
    attn.yield %c0, %c0, %c0, %h : index, index, index, index
  } : (!one, !keys, !keys) -> !one
  return %o : !one
}
