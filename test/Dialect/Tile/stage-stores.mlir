// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-stage-stores))' | FileCheck %s

!matrix = memref<?x?x40xbf16, strided<[?, ?, 1], offset: ?>>
!wide = memref<?x64xf32, strided<[?, 1], offset: ?>>
!vector = memref<?xf32, strided<[1], offset: ?>>

// The tile in shared memory is as wide as the value, the memref may be less.
// CHECK-LABEL: tile.kernel @stores
// CHECK-SAME: %[[OUT:[^:]*]]: memref<{{.*}}>, %[[SUMS:[^:]*]]: memref<{{.*}}>, %[[LSE:[^:]*]]: memref<{{.*}}>, %[[H:[^:]*]]: index, %[[I:[^:]*]]: index
tile.kernel @stores(%out: !matrix, %sums: !wide, %lse: !vector, %h: index, %i: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  // CHECK: %[[BUFFER:.*]] = tile.alloc : <64x48xbf16, swizzle = 32>
  // CHECK-NOT: tile.alloc
  %o = arith.constant dense<1.0> : tensor<64x48xbf16>
  %s = arith.constant dense<1.0> : tensor<64x64xf32>
  %l = arith.constant dense<1.0> : tensor<64x1xf32>
  // CHECK: tile.put %{{.*}} to %[[BUFFER]]
  // CHECK-NEXT: tile.copy_out %[[BUFFER]] to %[[OUT]][%[[H]], %[[I]]]
  tile.store %o, %out[%h, %i] : tensor<64x48xbf16>, !matrix
  // CHECK-NEXT: tile.store %{{.*}}, %[[SUMS]]
  tile.store %s, %sums[%i] : tensor<64x64xf32>, !wide
  // CHECK-NEXT: tile.store %{{.*}}, %[[LSE]]
  tile.store %l, %lse[%i] : tensor<64x1xf32>, !vector
  tile.return
}

// What is copied beside a product is stored as wide as it is loaded.
// CHECK-LABEL: tile.kernel @copy_beside_a_product
tile.kernel @copy_beside_a_product(%C: memref<?x64xbf16, strided<[?, 1], offset: ?>>, %i: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  %k = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %s = tile.dot %k, %k, %zero transpose_b : !tile.shared<64x64xbf16, swizzle = 128>, !tile.shared<64x64xbf16, swizzle = 128>, tensor<64x64xf32>
  %r = arith.truncf %s : tensor<64x64xf32> to tensor<64x64xbf16>
  // CHECK: tile.put
  // CHECK-NEXT: tile.copy_out
  tile.store %r, %C[%i] : tensor<64x64xbf16>, memref<?x64xbf16, strided<[?, 1], offset: ?>>
  // CHECK-NEXT: %[[TILE:.*]] = tile.load
  // CHECK-NEXT: tile.store %[[TILE]]
  %c = tile.load %C[%i] : memref<?x64xbf16, strided<[?, 1], offset: ?>> -> tensor<64x64xbf16>
  tile.store %c, %C[%i] : tensor<64x64xbf16>, memref<?x64xbf16, strided<[?, 1], offset: ?>>
  tile.return
}

// Where warps have roles, results leave from the place of an operand that the
// kernel has put, as wide as the wider of both.
// CHECK-LABEL: tile.kernel @from_the_operands_place
tile.kernel @from_the_operands_place(%C: memref<?x128xbf16, strided<[?, 1], offset: ?>>, %i: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  // CHECK: %[[PLACE:.*]] = tile.alloc : <64x128xbf16, swizzle = 128>
  // CHECK-NEXT: %[[RESULT:.*]] = tile.reuse %[[PLACE]] {{.*}} to <64x128xbf16, swizzle = 128>
  // CHECK-NEXT: %[[OPERAND:.*]] = tile.reuse %[[PLACE]] {{.*}} to <64x64xbf16, swizzle = 128>
  // CHECK-NOT: tile.alloc : <64x128
  %q = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  %k = tile.alloc : !tile.shared<128x64xbf16, swizzle = 128>
  %one = arith.constant dense<1.0> : tensor<64x64xbf16>
  %zero = arith.constant dense<0.0> : tensor<64x128xf32>
  // CHECK: tile.put %{{.*}} to %[[OPERAND]]
  tile.put %one to %q : tensor<64x64xbf16> to !tile.shared<64x64xbf16, swizzle = 128>
  // CHECK: tile.dot %[[OPERAND]]
  %s = tile.dot %q, %k, %zero transpose_b : !tile.shared<64x64xbf16, swizzle = 128>, !tile.shared<128x64xbf16, swizzle = 128>, tensor<64x128xf32>
  %r = arith.truncf %s : tensor<64x128xf32> to tensor<64x128xbf16>
  // CHECK: tile.put %{{.*}} to %[[RESULT]]
  // CHECK-NEXT: tile.send %[[RESULT]]
  tile.store %r, %C[%i] : tensor<64x128xbf16>, memref<?x128xbf16, strided<[?, 1], offset: ?>>
  tile.return
}

// A result does not leave from the place of one that is still on its way.
// CHECK-LABEL: tile.kernel @two_results
tile.kernel @two_results(%C: memref<?x128xbf16, strided<[?, 1], offset: ?>>, %D: memref<?x128xbf16, strided<[?, 1], offset: ?>>, %i: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  %q = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  %k = tile.alloc : !tile.shared<128x64xbf16, swizzle = 128>
  %zero = arith.constant dense<0.0> : tensor<64x128xf32>
  %s = tile.dot %q, %k, %zero transpose_b : !tile.shared<64x64xbf16, swizzle = 128>, !tile.shared<128x64xbf16, swizzle = 128>, tensor<64x128xf32>
  %r = arith.truncf %s : tensor<64x128xf32> to tensor<64x128xbf16>
  // CHECK-NOT: tile.reuse
  // CHECK: tile.put %{{.*}} to %[[FIRST:.*]] :
  // CHECK-NEXT: tile.send %[[FIRST]]
  tile.store %r, %C[%i] : tensor<64x128xbf16>, memref<?x128xbf16, strided<[?, 1], offset: ?>>
  // CHECK-NOT: to %[[FIRST]] :
  // CHECK: tile.put %{{.*}} to %[[SECOND:.*]] :
  // CHECK-NEXT: tile.send %[[SECOND]]
  tile.store %r, %D[%i] : tensor<64x128xbf16>, memref<?x128xbf16, strided<[?, 1], offset: ?>>
  tile.return
}
