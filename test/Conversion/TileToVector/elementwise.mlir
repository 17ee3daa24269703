// RUN: attn-opt %s --tile-to-vector | FileCheck %s

!m = memref<64x16xf32, strided<[16, 1]>>
!h = memref<64x16xbf16, strided<[16, 1]>>

// Nothing has a place in memory: each vector is computed where it is stored.
// CHECK-LABEL: func.func private @chain
// CHECK-SAME: tile.scratch_bytes = 0
// CHECK: %[[X:.*]] = arith.extf %{{.*}} : vector<8xbf16> to vector<8xf32>
// CHECK: %[[Y:.*]] = arith.mulf %[[X]], %{{.*}} : vector<8xf32>
// CHECK: %[[Z:.*]] = arith.truncf %[[Y]] : vector<8xf32> to vector<8xbf16>
// CHECK: vector.store %[[Z]]
tile.kernel @chain(%X: !h, %Y: !h) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %c0 = arith.constant 0 : index
  %half = arith.constant dense<0.5> : tensor<16x16xf32>
  %x = tile.load %X[%c0] : !h -> tensor<16x16xbf16>
  %wide = arith.extf %x : tensor<16x16xbf16> to tensor<16x16xf32>
  %y = arith.mulf %wide, %half : tensor<16x16xf32>
  %z = arith.truncf %y : tensor<16x16xf32> to tensor<16x16xbf16>
  tile.store %z, %Y[%c0] : tensor<16x16xbf16>, !h
  tile.return
}

// A causal mask: numbers of columns are constants, and the row's is one for all.
// CHECK-LABEL: func.func private @mask
// CHECK-DAG: arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : vector<8xi32>
// CHECK-DAG: arith.constant dense<[8, 9, 10, 11, 12, 13, 14, 15]> : vector<8xi32>
// CHECK: %[[ROW:.*]] = vector.broadcast %{{.*}} : i32 to vector<8xi32>
// CHECK: %[[KEEP:.*]] = arith.cmpi sge, %[[ROW]], %{{.*}} : vector<8xi32>
// CHECK: arith.select %[[KEEP]], %{{.*}} : vector<8xi1>, vector<8xf32>
tile.kernel @mask(%X: !m, %Y: !m) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %c0 = arith.constant 0 : index
  %none = arith.constant dense<0xFF800000> : tensor<16x16xf32>
  %x = tile.load %X[%c0] : !m -> tensor<16x16xf32>
  %rows = tile.iota : tensor<16x1xi32>
  %columns = tile.iota : tensor<1x16xi32>
  %row = tile.broadcast %rows : tensor<16x1xi32> -> tensor<16x16xi32>
  %column = tile.broadcast %columns : tensor<1x16xi32> -> tensor<16x16xi32>
  %keep = arith.cmpi sle, %column, %row : tensor<16x16xi32>
  %y = arith.select %keep, %x, %none : tensor<16x16xi1>, tensor<16x16xf32>
  tile.store %y, %Y[%c0] : tensor<16x16xf32>, !m
  tile.return
}

// Rotary positions of neighbours: columns move within a row.
// CHECK-LABEL: func.func private @pairs
// CHECK-DAG: vector.shuffle %{{.*}} [0, 2, 4, 6, 8, 10, 12, 14]
// CHECK-DAG: vector.shuffle %{{.*}} [1, 3, 5, 7, 9, 11, 13, 15]
// CHECK: vector.shuffle %{{.*}} [0, 8, 1, 9, 2, 10, 3, 11]
// CHECK: vector.shuffle %{{.*}} [4, 12, 5, 13, 6, 14, 7, 15]
tile.kernel @pairs(%X: !m, %Y: !m) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %c0 = arith.constant 0 : index
  %x = tile.load %X[%c0] : !m -> tensor<16x16xf32>
  %even, %odd = tile.deinterleave %x : tensor<16x16xf32> -> tensor<16x8xf32>
  %other = arith.negf %odd : tensor<16x8xf32>
  %y = tile.interleave %other, %even : tensor<16x8xf32> -> tensor<16x16xf32>
  tile.store %y, %Y[%c0] : tensor<16x16xf32>, !m
  tile.return
}

// A condition that is no tile chooses whole tiles.
// CHECK-LABEL: func.func private @one_condition
// CHECK: %[[SOME:.*]] = arith.cmpi
// CHECK: arith.select %[[SOME]], %{{.*}}, %{{.*}} : vector<8xf32>
tile.kernel @one_condition(%X: !m, %Y: !m, %n: index) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<16x16xf32>
  %some = arith.cmpi sgt, %n, %c0 : index
  %x = tile.load %X[%c0] : !m -> tensor<16x16xf32>
  %y = arith.select %some, %x, %zero : tensor<16x16xf32>
  tile.store %y, %Y[%c0] : tensor<16x16xf32>, !m
  tile.return
}
