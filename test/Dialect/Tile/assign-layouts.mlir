// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-assign-layouts))' | FileCheck %s

!tile = !tile.shared<64x64xbf16, swizzle = 128>
#cta = #tile.cta<warps = 4>

// Everything is laid out as an accumulator, row and column vectors too; what is
// multiplied from the left is converted, or read in that layout at once.
// CHECK-LABEL: tile.kernel @layouts
tile.kernel @layouts(%n: index) attributes {cta = #cta, target = "sm_80"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tile.alloc : !tile
  // CHECK-DAG: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : tensor<64x64xf32, #[[ACC:.*accumulator.*]]>
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // CHECK-DAG: tile.fragment %{{.*}} : <64x64xbf16, swizzle = 128> -> tensor<64x64xbf16, #tile.operand_a<warps = 4>>
  %q = tile.fragment %a : !tile -> tensor<64x64xbf16>
  // CHECK: scf.for {{.*}} -> (tensor<64x64xf32, #tile.accumulator<warps = 4>>)
  %r = scf.for %t = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    // CHECK: tile.dot %{{.*}} : tensor<64x64xbf16, #tile.operand_a<warps = 4>>, !tile.shared<64x64xbf16, swizzle = 128>, tensor<64x64xf32, #tile.accumulator<warps = 4>>
    %s = tile.dot %q, %a, %zero transpose_b : tensor<64x64xbf16>, !tile, tensor<64x64xf32>
    // CHECK: tile.reduce max %{{.*}} -> tensor<64x1xf32, #tile.accumulator<warps = 4>>
    %m = tile.reduce max %s : tensor<64x64xf32> -> tensor<64x1xf32>
    // CHECK: tile.iota : tensor<1x64xi32, #tile.accumulator<warps = 4>>
    %i = tile.iota : tensor<1x64xi32>
    // CHECK: %[[P:.*]] = arith.truncf
    %p = arith.truncf %s : tensor<64x64xf32> to tensor<64x64xbf16>
    // CHECK: %[[LEFT:.*]] = tile.convert_layout %[[P]] : tensor<64x64xbf16, #tile.accumulator<warps = 4>> -> tensor<64x64xbf16, #tile.operand_a<warps = 4>>
    // CHECK: tile.dot %[[LEFT]]
    %o = tile.dot %p, %a, %acc : tensor<64x64xbf16>, !tile, tensor<64x64xf32>
    scf.yield %o : tensor<64x64xf32>
  }
  tile.return
}

// Without a dot, tiles are blocked: a thread has 16 bytes of f32, and what a loop
// carries is laid out as what is loaded in it.
// CHECK-LABEL: tile.kernel @blocked
tile.kernel @blocked(%parts: memref<?x?x64xf32, strided<[?, ?, 1], offset: ?>>, %maxima: memref<?x?xf32, strided<[?, 1], offset: ?>>, %n: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: arith.constant dense<0.000000e+00> : tensor<8x64xf32, #[[BLOCKED:.*]]>
  %zero = arith.constant dense<0.0> : tensor<8x64xf32>
  // CHECK: scf.for {{.*}} -> (tensor<8x64xf32, #tile.blocked<columns = 16, warps = 4>>)
  %sum = scf.for %p = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<8x64xf32>) {
    // CHECK: tile.load {{.*}} -> tensor<8x64xf32, #tile.blocked<columns = 16, warps = 4>>
    %part = tile.load %parts[%p, %c0] : memref<?x?x64xf32, strided<[?, ?, 1], offset: ?>> -> tensor<8x64xf32>
    // CHECK: tile.load {{.*}} -> tensor<8x1xf32, #tile.blocked<columns = 16, warps = 4>>
    %max = tile.load %maxima[%p, %c0] : memref<?x?xf32, strided<[?, 1], offset: ?>> -> tensor<8x1xf32>
    %weight = tile.broadcast %max : tensor<8x1xf32> -> tensor<8x64xf32>
    %next = math.fma %part, %weight, %acc : tensor<8x64xf32>
    scf.yield %next : tensor<8x64xf32>
  }
  tile.store %sum, %parts[%c0, %c0] : tensor<8x64xf32>, memref<?x?x64xf32, strided<[?, ?, 1], offset: ?>>
  tile.return
}

// Row vectors alone have a thread for each row.
// CHECK-LABEL: tile.kernel @vectors
tile.kernel @vectors(%maxima: memref<?xf32, strided<[1], offset: ?>>, %i: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  // CHECK: tile.load {{.*}} -> tensor<128x1xf32, #tile.blocked<columns = 1, warps = 4>>
  %max = tile.load %maxima[%i] : memref<?xf32, strided<[1], offset: ?>> -> tensor<128x1xf32>
  tile.store %max, %maxima[%i] : tensor<128x1xf32>, memref<?xf32, strided<[1], offset: ?>>
  tile.return
}

// A tile that is added to a product lies as the product does; one that is only copied
// beside it as memory is read best.
// CHECK-LABEL: tile.kernel @bias
tile.kernel @bias(%B: memref<?x?xf32, strided<[?, 1], offset: ?>>, %C: memref<?x64xf32, strided<[?, 1], offset: ?>>, %i: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  %k = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %s = tile.dot %k, %k, %zero transpose_b : !tile.shared<64x64xbf16, swizzle = 128>, !tile.shared<64x64xbf16, swizzle = 128>, tensor<64x64xf32>
  // CHECK: tile.load {{.*}} -> tensor<64x64xf32, #tile.accumulator<warps = 4>>
  %b = tile.load %B[%i, %i] : memref<?x?xf32, strided<[?, 1], offset: ?>> -> tensor<64x64xf32>
  %r = arith.addf %s, %b : tensor<64x64xf32>
  tile.store %r, %C[%i] : tensor<64x64xf32>, memref<?x64xf32, strided<[?, 1], offset: ?>>
  // CHECK: tile.load {{.*}} -> tensor<64x64xf32, #tile.blocked<columns = 16, warps = 4>>
  %c = tile.load %C[%i] : memref<?x64xf32, strided<[?, 1], offset: ?>> -> tensor<64x64xf32>
  tile.store %c, %C[%i] : tensor<64x64xf32>, memref<?x64xf32, strided<[?, 1], offset: ?>>
  tile.return
}

// Where rows may begin anywhere, a thread cannot have several columns at a time.
// CHECK-LABEL: tile.kernel @anywhere
tile.kernel @anywhere(%B: memref<?x?xf32, strided<[?, 1], offset: ?>>, %C: memref<?x64xf32, strided<[?, 1], offset: ?>>, %i: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  // CHECK: tile.load {{.*}} -> tensor<64x64xf32, #tile.accumulator<warps = 4>>
  // CHECK: tile.load {{.*}} -> tensor<64x64xf32, #tile.accumulator<warps = 4>>
  // CHECK: tile.load {{.*}} -> tensor<64x64xf32, #tile.accumulator<warps = 4>>
  %a = tile.load %B[%i] : memref<?x?xf32, strided<[?, 1], offset: ?>> -> tensor<64x64xf32>
  %b = tile.load %C[%i, %i] : memref<?x64xf32, strided<[?, 1], offset: ?>> -> tensor<64x64xf32>
  %c = tile.load %C[%i] : memref<?x64xf32, strided<[?, 1], offset: ?>> -> tensor<64x64xf32>
  %r = arith.addf %b, %c : tensor<64x64xf32>
  tile.store %r, %C[%i] : tensor<64x64xf32>, memref<?x64xf32, strided<[?, 1], offset: ?>>
  tile.store %a, %C[%i] : tensor<64x64xf32>, memref<?x64xf32, strided<[?, 1], offset: ?>>
  tile.return
}

// An operand that the kernel computes lies as memory is read best, beside products
// of another layout: each class has constants and counts of its own.
// CHECK-LABEL: tile.kernel @computed_operand
tile.kernel @computed_operand(%B: memref<?x64xbf16, strided<[?, 1], offset: ?>>, %C: memref<?x64xf32, strided<[?, 1], offset: ?>>, %i: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  // CHECK-DAG: arith.constant dense<2.000000e+00> : tensor<64x64xf32, #tile.blocked<columns = 8, warps = 4>>
  // CHECK-DAG: arith.constant dense<2.000000e+00> : tensor<64x64xf32, #tile.accumulator<warps = 4>>
  // CHECK: tile.iota : tensor<64x1xi32, #tile.blocked<columns = 8, warps = 4>>
  // CHECK: tile.iota : tensor<64x1xi32, #tile.accumulator<warps = 4>>
  %b = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  %two = arith.constant dense<2.0> : tensor<64x64xf32>
  %rows = tile.iota : tensor<64x1xi32>
  // CHECK: tile.load {{.*}} -> tensor<64x64xbf16, #tile.blocked<columns = 8, warps = 4>>
  %x = tile.load %B[%i] : memref<?x64xbf16, strided<[?, 1], offset: ?>> -> tensor<64x64xbf16>
  %wide = arith.extf %x : tensor<64x64xbf16> to tensor<64x64xf32>
  %numbers = arith.sitofp %rows : tensor<64x1xi32> to tensor<64x1xf32>
  %wideNumbers = tile.broadcast %numbers : tensor<64x1xf32> -> tensor<64x64xf32>
  %moved = arith.addf %wide, %wideNumbers : tensor<64x64xf32>
  %doubled = arith.mulf %moved, %two : tensor<64x64xf32>
  %narrow = arith.truncf %doubled : tensor<64x64xf32> to tensor<64x64xbf16>
  tile.put %narrow to %b columns = [0, 64] : tensor<64x64xbf16> to !tile.shared<64x64xbf16, swizzle = 128>
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %s = tile.dot %b, %b, %zero transpose_b : !tile.shared<64x64xbf16, swizzle = 128>, !tile.shared<64x64xbf16, swizzle = 128>, tensor<64x64xf32>
  %scaled = arith.mulf %s, %two : tensor<64x64xf32>
  %column = tile.broadcast %rows : tensor<64x1xi32> -> tensor<64x64xi32>
  %real = arith.sitofp %column : tensor<64x64xi32> to tensor<64x64xf32>
  %r = arith.addf %scaled, %real : tensor<64x64xf32>
  tile.store %r, %C[%i] : tensor<64x64xf32>, memref<?x64xf32, strided<[?, 1], offset: ?>>
  tile.return
}

// What was computed in f32 keeps its columns where they are; what is read from
// shared memory comes in the order of memory.
!single = !tile.shared<64x64xf32, swizzle = 128>
// CHECK-LABEL: tile.kernel @orders
tile.kernel @orders() attributes {cta = #cta, target = "sm_80"} {
  %a = tile.alloc : !single
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // CHECK: tile.fragment %{{.*}} -> tensor<64x64xf32, #tile.operand_a<warps = 4>>
  %q = tile.fragment %a : !single -> tensor<64x64xf32>
  %s = tile.dot %q, %a, %zero transpose_b : tensor<64x64xf32>, !single, tensor<64x64xf32>
  // CHECK: tile.convert_layout %{{.*}} -> tensor<64x64xf32, #tile.operand_a<warps = 4, ofResult = true>>
  %o = tile.dot %s, %a, %zero : tensor<64x64xf32>, !single, tensor<64x64xf32>
  tile.return
}
