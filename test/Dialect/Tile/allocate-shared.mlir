// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-allocate-shared))' | FileCheck %s

// Buffers follow one another at multiples of 1024 bytes.
// CHECK-LABEL: tile.kernel @offsets
// CHECK-SAME: shared_bytes = 19968 : i64
tile.kernel @offsets() attributes {
    cta = #tile.cta<warps = 4>, target = "sm_80"} {
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
    cta = #tile.cta<warps = 4>, target = "sm_80"} {
  tile.return
}

// What is put behind all uses of a buffer gets its place, and only then.
// CHECK-LABEL: tile.kernel @reused
// CHECK-SAME: shared_bytes = 24576 : i64
tile.kernel @reused(%out: memref<?x64xbf16, strided<[?, 1], offset: ?>>, %n: index) attributes {
    cta = #tile.cta<warps = 4>, target = "sm_80"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %values = arith.constant dense<0.0> : tensor<64x64xbf16>
  // CHECK: tile.alloc at 0 : <64x64xbf16, swizzle = 128>
  %last = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  // CHECK: tile.alloc at 0 : <2x64x64xbf16, swizzle = 128>
  %ring = tile.alloc : !tile.shared<2x64x64xbf16, swizzle = 128>
  // CHECK: tile.alloc at 16384 : <64x64xbf16, swizzle = 128>
  %early = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  tile.put %values to %early : tensor<64x64xbf16> to !tile.shared<64x64xbf16, swizzle = 128>
  scf.for %t = %c0 to %n step %c1 {
    %slot = tile.slot %ring[%c0] : !tile.shared<2x64x64xbf16, swizzle = 128>
    %f = tile.fragment %slot : !tile.shared<64x64xbf16, swizzle = 128> -> tensor<64x64xbf16>
    tile.copy_out %early to %out[%t] : !tile.shared<64x64xbf16, swizzle = 128> to memref<?x64xbf16, strided<[?, 1], offset: ?>>
  }
  tile.put %values to %last : tensor<64x64xbf16> to !tile.shared<64x64xbf16, swizzle = 128>
  tile.copy_out %last to %out[%c0] : !tile.shared<64x64xbf16, swizzle = 128> to memref<?x64xbf16, strided<[?, 1], offset: ?>>
  tile.return
}

// Barriers come behind all buffers, 8 bytes a slot, wherever they were made; what
// different roles use has places of its own.
// CHECK-LABEL: tile.kernel @barriers
// CHECK-SAME: shared_bytes = 20560 : i64
tile.kernel @barriers(%n: index) attributes {
    cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  // CHECK: tile.channel consumers = 4 at [0, 20480, 20496] : <2x64x64xbf16, swizzle = 128>
  %a, %full, %empty = tile.channel consumers = 4 : !tile.shared<2x64x64xbf16, swizzle = 128>
  // CHECK: tile.alloc at 16384 : <8x64xbf16, swizzle = 128>
  %b = tile.alloc : !tile.shared<8x64xbf16, swizzle = 128>
  // CHECK: tile.channel consumers = 4 at [17408, 20512, 20536] : <3x8x64xbf16, swizzle = 128>
  %c, %full_of_c, %empty_of_c = tile.channel consumers = 4 : !tile.shared<3x8x64xbf16, swizzle = 128>
  %value = arith.constant dense<0.0> : tensor<8x64xbf16>
  tile.roles produce {
    tile.acquire %empty[%n] : !tile.barriers<2>
    %slot = tile.slot %a[%n] : !tile.shared<2x64x64xbf16, swizzle = 128>
  } consume {
    tile.await %full[%n] : !tile.barriers<2>
    tile.put %value to %b : tensor<8x64xbf16> to !tile.shared<8x64xbf16, swizzle = 128>
  }
  tile.return
}
