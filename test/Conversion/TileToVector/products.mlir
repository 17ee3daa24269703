// RUN: sed s/TARGET/x86-64-v3/ %s | attn-opt --tile-to-vector | FileCheck %s --check-prefixes=CHECK,V3
// RUN: sed s/TARGET/x86-64-v4/ %s | attn-opt --tile-to-vector | FileCheck %s --check-prefixes=CHECK,V4
// RUN: sed s/TARGET/aarch64/ %s | attn-opt --tile-to-vector | FileCheck %s --check-prefixes=CHECK,ARM

!a = memref<64x64xf32, strided<[64, 1]>>
!c = memref<64x32xf32, strided<[32, 1]>>

// A block of rows and vectors is kept in registers: 4 x 2 of 8 elements, 8 x 2 of
// 16, 8 x 2 of 4. Each step has a row of the right panel and an element of each row
// on the left.
// CHECK-LABEL: func.func private @product
// CHECK-SAME: tile.scratch_bytes = {{[1-9][0-9]*}}
// V3: %[[SUMS:.*]]:8 = scf.for %{{.*}} = %c0 to %c64 step %c1 iter_args
// V3-COUNT-2: vector.load %{{.*}}, vector<8xf32>
// V3-COUNT-8: math.fma %{{.*}} : vector<8xf32>
// V3-NOT: math.fma
// V3: scf.yield
// V3-COUNT-8: vector.store %[[SUMS]]#
// V4: %[[SUMS:.*]]:16 = scf.for %{{.*}} = %c0 to %c64 step %c1 iter_args
// V4-COUNT-16: math.fma %{{.*}} : vector<16xf32>
// V4-NOT: math.fma
// V4: scf.yield
// V4-COUNT-16: vector.store %[[SUMS]]#
// ARM: %[[SUMS:.*]]:16 = scf.for %{{.*}} = %c0 to %c64 step %c1 iter_args
// ARM-COUNT-16: math.fma %{{.*}} : vector<4xf32>
// ARM-NOT: math.fma
// ARM: scf.yield
tile.kernel @product(%A: !a, %B: !a, %C: !c) attributes {cta = #tile.cta<warps = 0>, target = "TARGET"} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<16x32xf32>
  %a = tile.load %A[%c0] : !a -> tensor<16x64xf32>
  %b = tile.load %B[%c0] : !a -> tensor<32x64xf32>
  %c = tile.dot %a, %b, %zero transpose_b : tensor<16x64xf32>, tensor<32x64xf32>, tensor<16x32xf32>
  tile.store %c, %C[%c0] : tensor<16x32xf32>, !c
  tile.return
}

// What it is added to is where sums start.
// CHECK-LABEL: func.func private @accumulated
// CHECK: scf.for
// V3: %[[FIRST:.*]] = vector.load %{{.*}} : memref<{{.*}}xf32>, vector<8xf32>
// V3: scf.for {{.*}} iter_args(%{{.*}} = %[[FIRST]],
tile.kernel @accumulated(%A: !a, %B: !a, %C: !c) attributes {cta = #tile.cta<warps = 0>, target = "TARGET"} {
  %c0 = arith.constant 0 : index
  %a = tile.load %A[%c0] : !a -> tensor<16x64xf32>
  %b = tile.load %B[%c0] : !a -> tensor<32x64xf32>
  %start = tile.load %C[%c0] : !c -> tensor<16x32xf32>
  %c = tile.dot %a, %b, %start transpose_b : tensor<16x64xf32>, tensor<32x64xf32>, tensor<16x32xf32>
  tile.store %c, %C[%c0] : tensor<16x32xf32>, !c
  tile.return
}
