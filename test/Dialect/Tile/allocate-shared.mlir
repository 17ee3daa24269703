// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-allocate-shared))' | FileCheck %s

// Buffers follow one another at multiples of 1024 bytes.
// CHECK-LABEL: tile.kernel @offsets
// CHECK-SAME: shared_bytes = 19968 : i64
tile.kernel @offsets() attributes {
    schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2>, target = "sm_80"} {
  // CHECK: tile.alloc at 0 : <2x64x64xbf16, swizzle = 128>
  %a = tile.alloc : !tile.shared<2x64x64xbf16, swizzle = 128>
  // CHECK: tile.alloc at 16384 : <24x48xbf16, swizzle = 32>
  %b = tile.alloc : !tile.shared<24x48xbf16, swizzle = 32>
  // CHECK: tile.alloc at 19456 : <8x32xbf16, swizzle = 64>
  %c = tile.alloc : !tile.shared<8x32xbf16, swizzle = 64>
  tile.return
}

// CHECK-LABEL: tile.kernel @none
// CHECK-SAME: shared_bytes = 0 : i64
tile.kernel @none() attributes {
    schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2>, target = "sm_80"} {
  tile.return
}
