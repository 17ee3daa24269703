// RUN: attn-opt %s --convert-tile-to-vector --split-input-file --verify-diagnostics

!m = memref<64x16xf32, strided<[16, 1]>>

// expected-error @below {{, x86-64-v3, x86-64-v4, aarch64), got `x86-64-v9`}}
tile.kernel @unknown(%X: !m) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v9"} {
  tile.return
}

// -----

!m = memref<64x16xf32, strided<[16, 1]>>

tile.kernel @carried_number(%X: !m, %n: index) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<16x16xf32>
  // expected-error @below {{'scf.for' op carries tiles and numbers, which has no form for processors}}
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%t = %zero, %k = %c0) -> (tensor<16x16xf32>, index) {
    %next = arith.addf %t, %t : tensor<16x16xf32>
    %after = arith.addi %k, %c1 : index
    scf.yield %next, %after : tensor<16x16xf32>, index
  }
  tile.store %r#0, %X[%r#1] : tensor<16x16xf32>, !m
  tile.return
}

// -----

!m = memref<64x16xf32, strided<[16, 1]>>

tile.kernel @chosen_number(%X: !m, %n: index) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<16x16xf32>
  %some = arith.cmpi ne, %n, %c0 : index
  // expected-error @below {{'scf.if' op returns what is no tile, which has no form for processors}}
  %r = scf.if %some -> index {
    tile.store %zero, %X[%c0] : tensor<16x16xf32>, !m
    scf.yield %c0 : index
  } else {
    scf.yield %c1 : index
  }
  tile.store %zero, %X[%r] : tensor<16x16xf32>, !m
  tile.return
}

// -----

!m = memref<64x16xf32, strided<[16, 1]>>

tile.kernel @strange(%X: !m) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %c0 = arith.constant 0 : index
  %x = tile.load %X[%c0] : !m -> tensor<16x16xf32>
  // expected-error @below {{'tensor.cast' op has no form for processors}}
  %y = tensor.cast %x : tensor<16x16xf32> to tensor<?x16xf32>
  tile.return
}

// -----

!m = memref<64x16xf32, strided<[16, 1]>>

tile.kernel @insert(%X: !m) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %c0 = arith.constant 0 : index
  %x = tile.load %X[%c0] : !m -> tensor<16x16xf32>
  // expected-error @below {{'tile.insert' op has no form for processors}}
  %y = tile.insert %x, %x[%c0] : tensor<16x16xf32> to tensor<16x16xf32>
  tile.store %y, %X[%c0] : tensor<16x16xf32>, !m
  tile.return
}

// -----

!m = memref<64x16xf32, strided<[16, 1]>>

tile.kernel @uneven_fold(%X: !m) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %c0 = arith.constant 0 : index
  %x = tile.load %X[%c0] : !m -> tensor<16x48xf32>
  // expected-error @below {{'tile.fold' op to 12 columns has no form for vectors of 8}}
  %f = tile.fold add %x : tensor<16x48xf32> -> tensor<16x12xf32>
  %r = tile.reduce add %f : tensor<16x12xf32> -> tensor<16x1xf32>
  %w = tile.broadcast %r : tensor<16x1xf32> -> tensor<16x16xf32>
  tile.store %w, %X[%c0] : tensor<16x16xf32>, !m
  tile.return
}
