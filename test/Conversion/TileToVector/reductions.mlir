// RUN: attn-opt %s --tile-to-vector | FileCheck %s

!m = memref<64x20xf32, strided<[20, 1]>>
!r = memref<64xf32, strided<[1]>>

// A maximum passes over NaN: the comparison does not hold for it. Columns behind
// the last one of the tile do not count.
// CHECK-LABEL: func.func private @maximum
// CHECK: %[[GREATER:.*]] = arith.cmpf ogt, %[[NEXT:.*]], %[[SUM:.*]] : vector<8xf32>
// CHECK: arith.select %[[GREATER]], %[[NEXT]], %[[SUM]]
// CHECK: arith.select %{{.*}}, %{{.*}}, %{{.*}} : vector<8xi1>, vector<8xf32>
// CHECK: vector.reduction <maxnumf>, %{{.*}} fastmath<nnan> : vector<8xf32> into f32
tile.kernel @maximum(%X: !m, %Y: !r) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %c0 = arith.constant 0 : index
  %x = tile.load %X[%c0] : !m -> tensor<16x20xf32>
  %y = tile.reduce max %x : tensor<16x20xf32> -> tensor<16x1xf32>
  tile.store %y, %Y[%c0] : tensor<16x1xf32>, !r
  tile.return
}

// A fold keeps a sum for each lane, and needs none of its own.
// CHECK-LABEL: func.func private @fold
// CHECK: scf.for
// CHECK: %[[FIRST:.*]] = arith.addf
// CHECK: %[[SUM:.*]] = arith.addf %[[FIRST]], %{{.*}} : vector<8xf32>
// CHECK-NEXT: vector.store %[[SUM]], %{{.*}} : memref<4x8xf32>, vector<8xf32>
// CHECK: vector.reduction <add>, %{{.*}} fastmath<reassoc> : vector<8xf32> into f32
tile.kernel @fold(%X: !m, %Y: !r) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %c0 = arith.constant 0 : index
  %x = tile.load %X[%c0] : !m -> tensor<16x16xf32>
  %partial = tile.fold add %x : tensor<16x16xf32> -> tensor<16x8xf32>
  %y = tile.reduce add %partial : tensor<16x8xf32> -> tensor<16x1xf32>
  tile.store %y, %Y[%c0] : tensor<16x1xf32>, !r
  tile.return
}
