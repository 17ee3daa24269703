// RUN: attn-opt %s --convert-tile-to-nvvm --canonicalize --cse | FileCheck %s

// Where warpgroups are, a warp stores four matrices of 8x8 at a time.
#eight = #tile.accumulator<warps = 8>
// CHECK-LABEL: llvm.func @matrices
tile.kernel @matrices()
    attributes {cta = #tile.cta<warps = 8, producers = 4>, target = "sm_90a", shared_bytes = 8192 : i64} {
  %b = tile.alloc at 0 : !tile.shared<128x32xbf16, swizzle = 64>
  %rows = tile.iota : tensor<128x1xi32, #eight>
  %tile = tile.broadcast %rows : tensor<128x1xi32, #eight> -> tensor<128x32xi32, #eight>
  %wide = arith.sitofp %tile : tensor<128x32xi32, #eight> to tensor<128x32xf32, #eight>
  %values = arith.truncf %wide : tensor<128x32xf32, #eight> to tensor<128x32xbf16, #eight>
  // CHECK: %[[WARP:.*]] = nvvm.shfl.sync idx
  // CHECK: llvm.mul %[[WARP]], %{{.*}} : i32
  // CHECK-COUNT-2: nvvm.stmatrix %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {eltType = #nvvm.ld_st_matrix_elt_type<b16>, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>}
  // CHECK-NOT: nvvm.stmatrix
  // CHECK-NOT: llvm.store
  // CHECK: llvm.return
  tile.put %values to %b : tensor<128x32xbf16, #eight> to !tile.shared<128x32xbf16, swizzle = 64>
  tile.return
}
