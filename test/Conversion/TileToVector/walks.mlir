// RUN: attn-opt %s --tile-to-vector | FileCheck %s

!m = memref<?x16xf32, strided<[?, 1]>>

// Each segment is a loop; what is carried lies in scratch memory, and sums are
// replaced where they are.
// CHECK-LABEL: func.func private @segments
// CHECK: %[[CARRIED:.*]] = memref.view %{{.*}} : memref<?xi8> to memref<16x16xf32>
// CHECK: scf.for
// CHECK: vector.store %{{.*}}, %[[CARRIED]]
// CHECK: scf.for %{{.*}} = %c0 to %[[MIDDLE:.*]] step %c1
// CHECK-NOT: arith.mulf
// CHECK: scf.for %{{.*}} = %[[MIDDLE]] to %{{.*}} step %c1
// CHECK: arith.mulf
// CHECK: vector.load %[[CARRIED]]
tile.kernel @segments(%X: !m, %Y: !m, %middle: index, %last: index) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %two = arith.constant dense<2.0> : tensor<16x16xf32>
  %zero = arith.constant dense<0.0> : tensor<16x16xf32>
  %sum = tile.walk from %c0 init(%zero : tensor<16x16xf32>) stages = 1 to %middle (%t, %acc) {
    %row = arith.muli %t, %c16 : index
    %x = tile.load %X[%row] : !m -> tensor<16x16xf32>
    %next = arith.addf %acc, %x : tensor<16x16xf32>
    tile.yield %next : tensor<16x16xf32>
  } to %last (%t, %acc) {
    %row = arith.muli %t, %c16 : index
    %x = tile.load %X[%row] : !m -> tensor<16x16xf32>
    %more = arith.mulf %x, %two : tensor<16x16xf32>
    %next = arith.addf %acc, %more : tensor<16x16xf32>
    tile.yield %next : tensor<16x16xf32>
  }
  tile.store %sum, %Y[%c0] : tensor<16x16xf32>, !m
  tile.return
}
