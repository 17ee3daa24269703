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
