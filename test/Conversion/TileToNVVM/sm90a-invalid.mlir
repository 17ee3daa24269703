// RUN: attn-opt %s --convert-tile-to-nvvm -split-input-file -verify-diagnostics

#cta = #tile.cta<warps = 4, producers = 4>
#acc = #tile.accumulator<warps = 4>
!tile = !tile.shared<64x16xbf16, swizzle = 32>
tile.kernel @strips() attributes {cta = #cta, target = "sm_90a", shared_bytes = 8192 : i64} {
  %q = tile.alloc at 0 : !tile.shared<128x16xbf16, swizzle = 32>
  %k = tile.alloc at 4096 : !tile
  %zero = arith.constant dense<0.0> : tensor<128x64xf32, #acc>
  // expected-error@+2 {{failed to legalize}}
  // expected-error@+1 {{expected an f32 accumulator of 16 rows a warp}}
  %s = tile.dot %q, %k, %zero transpose_b : !tile.shared<128x16xbf16, swizzle = 32>, !tile, tensor<128x64xf32, #acc>
  tile.return
}

// -----

#cta = #tile.cta<warps = 4, producers = 4>
#acc = #tile.accumulator<warps = 4>
tile.kernel @columns() attributes {cta = #cta, target = "sm_90a", shared_bytes = 16384 : i64} {
  %q = tile.alloc at 0 : !tile.shared<64x16xbf16, swizzle = 32>
  %k = tile.alloc at 2048 : !tile.shared<272x16xbf16, swizzle = 32>
  %zero = arith.constant dense<0.0> : tensor<64x272xf32, #acc>
  // expected-error@+2 {{failed to legalize}}
  // expected-error@+1 {{expected at most 256 columns, got 272}}
  %s = tile.dot %q, %k, %zero transpose_b : !tile.shared<64x16xbf16, swizzle = 32>, !tile.shared<272x16xbf16, swizzle = 32>, tensor<64x272xf32, #acc>
  tile.return
}

// -----

#cta = #tile.cta<warps = 4, producers = 4>
tile.kernel @place(%n: index) attributes {cta = #cta, target = "sm_90a", shared_bytes = 0 : i64} {
  // expected-error@+2 {{failed to legalize}}
  // expected-error@+1 {{has no place in shared memory; run tile-allocate-shared first}}
  %ring_of_b, %b, %empty_of_b = tile.channel consumers = 4 : !tile.shared<1x8x64xbf16, swizzle = 128>
  tile.return
}

// -----

#cta = #tile.cta<warps = 4, producers = 4>
!tile = !tile.shared<64x64xbf16, swizzle = 128>
tile.kernel @fetch(%in: memref<?x64xbf16, strided<[?, 1], offset: ?>>, %n: index)
    attributes {cta = #cta, target = "sm_90a", shared_bytes = 8200 : i64} {
  %t = tile.alloc at 0 : !tile
  %ring_of_b, %b, %empty_of_b = tile.channel consumers = 4 at [0, 8192, 8200] : !tile.shared<1x8x64xbf16, swizzle = 128>
  // expected-error@+2 {{failed to legalize}}
  // expected-error@+1 {{expected a tensor map; run tile-make-tensor-maps first}}
  tile.fetch %in[%n] to %t signals %b[%n] : memref<?x64xbf16, strided<[?, 1], offset: ?>> to !tile, !tile.barriers<1>
  tile.return
}

// -----

#cta = #tile.cta<warps = 4, producers = 4>
!tile = !tile.shared<64x64xbf16, swizzle = 128>
tile.kernel @send(%out: memref<?x64xbf16, strided<[?, 1], offset: ?>>, %n: index)
    attributes {cta = #cta, target = "sm_90a", shared_bytes = 8192 : i64} {
  %t = tile.alloc at 0 : !tile
  // expected-error@+2 {{failed to legalize}}
  // expected-error@+1 {{expected a tensor map; run tile-make-tensor-maps first}}
  tile.send %t to %out[%n] : !tile to memref<?x64xbf16, strided<[?, 1], offset: ?>>
  tile.return
}
