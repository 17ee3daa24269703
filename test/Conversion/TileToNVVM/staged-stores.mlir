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

#blocked = #tile.blocked<columns = 4, warps = 4>

// Tiles of memory's layout go into the columns that they are of, eight at a time;
// threads behind the last of these have none. What was put can be read in the
// layout of products.
// CHECK-LABEL: llvm.func @columns
tile.kernel @columns(%x: memref<?x24xbf16, strided<[?, 1], offset: ?>>, %i: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80", shared_bytes = 6144 : i64} {
  %b = tile.alloc at 0 : !tile
  %c = tile.alloc at 4096 : !tile.shared<64x16xbf16, swizzle = 32>
  // CHECK: llvm.icmp "slt"
  // CHECK-NEXT: %[[INSIDE:.*]] = llvm.icmp "slt"
  // CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<8xbf16>
  %v = tile.load %x[%i] : memref<?x24xbf16, strided<[?, 1], offset: ?>> -> tensor<64x32xbf16, #blocked>
  // CHECK: llvm.cond_br %[[INSIDE]]
  // CHECK: llvm.store %{{.*}} {alignment = 16 : i64} : vector<8xbf16>, !llvm.ptr<3>
  // CHECK: llvm.cond_br %[[INSIDE]]
  // CHECK: llvm.store %{{.*}} {alignment = 16 : i64} : vector<8xbf16>, !llvm.ptr<3>
  tile.put %v to %b columns = [8, 24] : tensor<64x32xbf16, #blocked> to !tile
  tile.barrier
  // CHECK-COUNT-4: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<3> -> vector<2xbf16>
  // CHECK-NOT: !llvm.ptr<3> -> vector<2xbf16>
  %g = tile.get %b[%i] : !tile -> tensor<64x16xbf16, #acc>
  tile.put %g to %c : tensor<64x16xbf16, #acc> to !tile.shared<64x16xbf16, swizzle = 32>
  tile.return
}
