// Processors that have no instruction for products of 16-bit elements multiply f32.
//
// RUN: attn-opt %s --tile-to-vector | FileCheck %s

!m = memref<64x16xbf16, strided<[16, 1]>>
!o = memref<64x16xf32, strided<[16, 1]>>

// CHECK-LABEL: func.func private @product
// CHECK-NOT: x86vector
// CHECK: arith.extf %{{.*}} : vector<8xbf16> to vector<8xf32>
// CHECK: math.fma %{{.*}} : vector<8xf32>
// CHECK-NOT: x86vector
// CHECK: return
tile.kernel @product(%A: !m, %B: !m, %C: !o) attributes {cta = #tile.cta<warps = 0>, target = "x86-64-v3"} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<16x16xf32>
  %a = tile.load %A[%c0] : !m -> tensor<16x16xbf16>
  %b = tile.load %B[%c0] : !m -> tensor<16x16xbf16>
  %c = tile.dot %a, %b, %zero : tensor<16x16xbf16>, tensor<16x16xbf16>, tensor<16x16xf32>
  tile.store %c, %C[%c0] : tensor<16x16xf32>, !o
  tile.return
}
