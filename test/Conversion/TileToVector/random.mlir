// RUN: attn-opt %s --tile-to-vector | FileCheck %s

!m = memref<64x64xf32, strided<[64, 1]>>

// Two blocks of 32 keys: eight calls in one vector, whose words are the bits of
// neighbouring keys, half by half.
// CHECK-LABEL: func.func private @blocks
// CHECK-COUNT-19: arith.mului_extended {{.*}} : vector<8xi32>
// CHECK-NOT: arith.mului_extended
// CHECK: vector.bitcast %{{.*}} : vector<8xi32> to vector<16xi16>
// CHECK: vector.shuffle %{{.*}} [0, 1, 2, 3, 4, 5, 6, 7] : vector<16xi16>, vector<16xi16>
// CHECK: arith.extui %{{.*}} : vector<8xi16> to vector<8xi32>
// CHECK: vector.shuffle %{{.*}} [8, 9, 10, 11, 12, 13, 14, 15] : vector<16xi16>, vector<16xi16>
tile.kernel @blocks(%Y: !m, %i: index) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %c0 = arith.constant 0 : index
  %k = arith.index_cast %i : index to i32
  %rows = tile.iota : tensor<16x1xi32>
  %columns = tile.iota : tensor<1x64xi32>
  %bits = tile.random key(%k, %k) at[%k, %k, %rows, %columns] counted = 64
      : (i32, i32, tensor<16x1xi32>, tensor<1x64xi32>) -> tensor<16x64xi32>
  %x = arith.sitofp %bits : tensor<16x64xi32> to tensor<16x64xf32>
  tile.store %x, %Y[%c0] : tensor<16x64xf32>, !m
  tile.return
}

// Of vectors as wide as words for two, one after the other.
// CHECK-LABEL: func.func private @wide
// CHECK-COUNT-19: arith.mului_extended {{.*}} : vector<8xi32>
// CHECK-NOT: arith.mului_extended
// CHECK: vector.shuffle %{{.*}} [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23] : vector<16xi16>, vector<16xi16>
// CHECK: arith.extui %{{.*}} : vector<16xi16> to vector<16xi32>
tile.kernel @wide(%Y: !m, %i: index) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v4"} {
  %c0 = arith.constant 0 : index
  %k = arith.index_cast %i : index to i32
  %rows = tile.iota : tensor<16x1xi32>
  %columns = tile.iota : tensor<1x64xi32>
  %bits = tile.random key(%k, %k) at[%k, %k, %rows, %columns] counted = 64
      : (i32, i32, tensor<16x1xi32>, tensor<1x64xi32>) -> tensor<16x64xi32>
  %x = arith.sitofp %bits : tensor<16x64xi32> to tensor<16x64xf32>
  tile.store %x, %Y[%c0] : tensor<16x64xf32>, !m
  tile.return
}

// Tiles that begin within a block: a call for each key, which two vectors of a block share, and a choice of
// words.
// CHECK-LABEL: func.func private @each
// CHECK-COUNT-17: arith.mului_extended {{.*}} : vector<8xi32>
// CHECK: arith.select %{{.*}} : vector<8xi1>, vector<8xi32>
tile.kernel @each(%Y: !m, %i: index) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %c0 = arith.constant 0 : index
  %k = arith.index_cast %i : index to i32
  %rows = tile.iota : tensor<16x1xi32>
  %columns = tile.iota : tensor<1x16xi32>
  %bits = tile.random key(%k, %k) at[%k, %k, %rows, %columns] counted = 16
      : (i32, i32, tensor<16x1xi32>, tensor<1x16xi32>) -> tensor<16x16xi32>
  %x = arith.sitofp %bits : tensor<16x16xi32> to tensor<16x16xf32>
  tile.store %x, %Y[%c0] : tensor<16x16xf32>, !m
  tile.return
}
