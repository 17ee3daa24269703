// RUN: attn-opt %s --tile-to-vector | FileCheck %s

!a = memref<?x64xf32, strided<[?, 1]>>
!b = memref<?x40xf32, strided<[?, 1]>>
!c = memref<?x32xf32, strided<[?, 1]>>

// Rows of a transposed operand become columns of panels, 8 x 8 elements at a time,
// in three rounds of shuffles. Rows behind the end are 0.
// CHECK-LABEL: func.func private @transposed
// CHECK: memref.view %{{.*}} : memref<?xi8> to memref<2x64x16xf32>
// CHECK: %[[INSIDE:.*]] = vector.create_mask
// CHECK-COUNT-8: vector.load
// CHECK: vector.shuffle %{{.*}} [0, 1, 2, 3, 8, 9, 10, 11]
// CHECK: vector.shuffle %{{.*}} [0, 1, 8, 9, 4, 5, 12, 13]
// CHECK: vector.shuffle %{{.*}} [0, 8, 2, 10, 4, 12, 6, 14]
// CHECK: %[[PART:.*]] = arith.select %[[INSIDE]]
// CHECK: vector.store %[[PART]], %{{.*}} : memref<2x64x16xf32>, vector<8xf32>
tile.kernel @transposed(%A: !a, %B: !a, %C: !c) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<16x32xf32>
  %a = tile.load %A[%c0] : !a -> tensor<16x64xf32>
  %b = tile.load %B[%c0] : !a -> tensor<32x64xf32>
  %c = tile.dot %a, %b, %zero transpose_b : tensor<16x64xf32>, tensor<32x64xf32>, tensor<16x32xf32>
  tile.store %c, %C[%c0] : tensor<16x32xf32>, !c
  tile.return
}

// Five vectors of columns are two panels and a narrower one.
// CHECK-LABEL: func.func private @narrow
// CHECK-DAG: memref.view %{{.*}} : memref<?xi8> to memref<2x64x16xf32>
// CHECK-DAG: memref.view %{{.*}} : memref<?xi8> to memref<1x64x8xf32>
// CHECK-NOT: vector.shuffle
// CHECK: %{{.*}}:8 = scf.for {{.*}} iter_args
// CHECK: %{{.*}}:4 = scf.for {{.*}} iter_args
tile.kernel @narrow(%A: !a, %B: !b, %C: !b) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<16x40xf32>
  %a = tile.load %A[%c0] : !a -> tensor<16x64xf32>
  %b = tile.load %B[%c0] : !b -> tensor<64x40xf32>
  %c = tile.dot %a, %b, %zero : tensor<16x64xf32>, tensor<64x40xf32>, tensor<16x40xf32>
  tile.store %c, %C[%c0] : tensor<16x40xf32>, !b
  tile.return
}
