// RUN: attn-opt %s --tile-to-vector | FileCheck %s

!m = memref<?x20xf32, strided<[?, 1]>>
!r = memref<?xf32, strided<[1]>>

// Rows behind the end are zero and not read; of 20 columns, 8 + 8 are vectors and 4
// are read under a mask. Only rows that are stored are computed.
// CHECK-LABEL: func.func private @ends
// CHECK: %[[SOURCE:.*]] = builtin.unrealized_conversion_cast %{{.*}} to memref<?x20xf32
// CHECK: %[[DEST:.*]] = builtin.unrealized_conversion_cast %{{.*}} to memref<?x20xf32
// CHECK: %[[KEPT:.*]] = memref.dim %[[DEST]], %c0
// CHECK: arith.minsi %{{.*}}, %c16
// CHECK: %[[LENGTH:.*]] = memref.dim %[[SOURCE]], %c0
// CHECK: scf.for %{{.*}} = %c0 to %{{.*}} step %c4
// CHECK: %[[INSIDE:.*]] = arith.cmpi slt, %{{.*}}, %[[LENGTH]]
// CHECK: scf.if %[[INSIDE]] -> (vector<8xf32>)
// CHECK-NEXT: vector.load %[[SOURCE]]
// CHECK: } else {
// CHECK-NEXT: scf.yield %{{.*}} : vector<8xf32>
// CHECK: arith.cmpi slt, %{{.*}}, %[[KEPT]]
// CHECK: vector.store %{{.*}}, %[[DEST]]
// CHECK: vector.maskedload %[[SOURCE]]
// CHECK: vector.maskedstore %[[DEST]]
tile.kernel @ends(%X: !m, %Y: !m, %i: index) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %x = tile.load %X[%i] : !m -> tensor<16x32xf32>
  %y = arith.addf %x, %x : tensor<16x32xf32>
  tile.store %y, %Y[%i] : tensor<16x32xf32>, !m
  tile.return
}

// A row vector has one element in a row, which is read by itself.
// CHECK-LABEL: func.func private @row_vector
// CHECK: scf.if %{{.*}} -> (f32)
// CHECK-NEXT: memref.load
// CHECK: vector.broadcast %{{.*}} : f32 to vector<8xf32>
tile.kernel @row_vector(%R: !r, %Y: !m, %i: index) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %r = tile.load %R[%i] : !r -> tensor<16x1xf32>
  %y = tile.broadcast %r : tensor<16x1xf32> -> tensor<16x32xf32>
  tile.store %y, %Y[%i] : tensor<16x32xf32>, !m
  tile.return
}
