// RUN: attn-opt %s --convert-tile-to-nvvm --canonicalize --cse | FileCheck %s

!out = memref<?x?x24xbf16, strided<[?, ?, 1], offset: ?>>
!tile = !tile.shared<64x32xbf16, swizzle = 64>
#acc = #tile.accumulator<warps = 4>

// A thread puts two rows of four pairs, and takes out two of the 256 chunks; the
// padding chunk of a row has no place in memory. Rows outside are dropped.
// CHECK-LABEL: llvm.func @padded
tile.kernel @padded(%o: !out, %h: index, %i: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80", shared_bytes = 4096 : i64} {
  %b = tile.alloc at 0 : !tile
  %rows = tile.iota : tensor<64x1xi32, #acc>
  %tile = tile.broadcast %rows : tensor<64x1xi32, #acc> -> tensor<64x32xi32, #acc>
  %wide = arith.sitofp %tile : tensor<64x32xi32, #acc> to tensor<64x32xf32, #acc>
  %values = arith.truncf %wide : tensor<64x32xf32, #acc> to tensor<64x32xbf16, #acc>
  // CHECK-COUNT-8: llvm.store %{{.*}} : vector<2xbf16>, !llvm.ptr<3>
  // CHECK-NOT: vector<2xbf16>, !llvm.ptr<3>
  tile.put %values to %b : tensor<64x32xbf16, #acc> to !tile
  // CHECK: nvvm.barrier0
  tile.barrier
  // CHECK: %[[BITS:.*]] = llvm.ptrtoint %{{.*}} : !llvm.ptr<1> to i64
  // CHECK: %[[ALIGNED:.*]] = llvm.icmp "eq"
  // CHECK: llvm.cond_br
  // CHECK: %[[LEFT:.*]] = llvm.icmp "slt" %{{.*}}, %{{.*}} : i32
  // CHECK: llvm.cond_br %[[LEFT]]
  // CHECK: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xi32>
  // CHECK: llvm.cond_br %[[ALIGNED]]
  // CHECK: llvm.store %{{.*}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<1>
  // CHECK-COUNT-4: llvm.store %{{.*}} {alignment = 4 : i64} : i32, !llvm.ptr<1>
  // CHECK: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xi32>
  // CHECK-NOT: !llvm.ptr<3> -> vector<4xi32>
  tile.copy_out %b to %o[%h, %i] : !tile to !out
  tile.return
}
