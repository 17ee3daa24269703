// RUN: attn-opt %s --convert-tile-to-nvvm --canonicalize --cse | FileCheck %s

#cta = #tile.cta<warps = 8, producers = 4>
!tile = !tile.shared<128x128xbf16, swizzle = 128>

// Maps are passed by value, where the copy engine can read them.
// Two panels of 64 columns, each in two boxes of 64 rows: coordinates count from
// the innermost dimension, in elements; a panel's boxes follow one another in
// shared memory. The barrier waits for all bytes of the tile.
// CHECK-LABEL: llvm.func @bhsd
// CHECK-SAME: %[[MAP:[^:]*]]: !llvm.ptr {llvm.align = 64 : i64, llvm.byval = !llvm.array<16 x i64>, nvvm.grid_constant}, %[[B:[^:]*]]: i32, %[[H:[^:]*]]: i32, %[[S:[^:]*]]: i32
tile.kernel @bhsd(%in: !tile.tensor_map<1x1x64x64xbf16, swizzle = 128>, %b: index, %h: index, %s: index)
    attributes {cta = #cta, target = "sm_90a", shared_bytes = 33800 : i64} {
  // CHECK-DAG: %[[ZERO:.*]] = llvm.mlir.constant(0 : i32)
  // CHECK-DAG: %[[COLUMNS:.*]] = llvm.mlir.constant(64 : i32)
  // CHECK-DAG: %[[BYTES:.*]] = llvm.mlir.constant(32768 : i32)
  %c0 = arith.constant 0 : index
  %tile = tile.alloc at 0 : !tile
  // CHECK: %[[BARRIERS:.*]] = llvm.getelementptr %[[SHARED:.*]][32768]
  %ring_of_full, %full, %empty_of_full = tile.channel consumers = 4 at [0, 32768, 32776] : !tile.shared<1x8x64xbf16, swizzle = 128>
  // CHECK: %[[FULL:.*]] = llvm.getelementptr %[[BARRIERS]][
  // CHECK: nvvm.mbarrier.arrive.expect_tx %[[FULL]], %[[BYTES]]
  // CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global %{{.*}}, %[[MAP]], %[[FULL]], box[%[[ZERO]], %[[S]], %[[H]], %[[B]]]
  // CHECK: llvm.getelementptr %[[SHARED]][8192]
  // CHECK: %[[S64:.*]] = llvm.add %[[S]], %[[COLUMNS]]
  // CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global %{{.*}}, %[[MAP]], %[[FULL]], box[%[[ZERO]], %[[S64]], %[[H]], %[[B]]]
  // CHECK: llvm.getelementptr %[[SHARED]][16384]
  // CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global %{{.*}}, %[[MAP]], %[[FULL]], box[%[[COLUMNS]], %[[S]], %[[H]], %[[B]]]
  // CHECK: llvm.getelementptr %[[SHARED]][24576]
  // CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global %{{.*}}, %[[MAP]], %[[FULL]], box[%[[COLUMNS]], %[[S64]], %[[H]], %[[B]]]
  // CHECK-NOT: nvvm.cp.async.bulk.tensor
  // CHECK-NOT: nvvm.mbarrier.arrive
  tile.fetch %in[%b, %h, %s] to %tile signals %full[%c0]
      : !tile.tensor_map<1x1x64x64xbf16, swizzle = 128> to !tile, !tile.barriers<1>
  tile.return
}

// Rows of eight heads, in boxes of four queries: the tile's second box begins four
// queries later, with the same heads.
// CHECK-LABEL: llvm.func @heads
// CHECK-SAME: %[[MAP:[^:]*]]: !llvm.ptr {{{.*}}}, %[[B:[^:]*]]: i32, %[[S:[^:]*]]: i32, %[[G:[^:]*]]: i32
tile.kernel @heads(%in: !tile.tensor_map<1x4x8x32xbf16, swizzle = 64>, %b: index, %s: index, %g: index)
    attributes {cta = #cta, target = "sm_90a", shared_bytes = 4104 : i64} {
  %c0 = arith.constant 0 : index
  %tile = tile.alloc at 0 : !tile.shared<64x32xbf16, swizzle = 64>
  %ring_of_full, %full, %empty_of_full = tile.channel consumers = 4 at [0, 4096, 4104] : !tile.shared<1x8x64xbf16, swizzle = 128>
  // CHECK-DAG: %[[FOUR:.*]] = llvm.mlir.constant(4 : i32)
  // CHECK: box[%{{.*}}, %[[G]], %[[S]], %[[B]]]
  // CHECK: %[[S4:.*]] = llvm.add %[[S]], %[[FOUR]]
  // CHECK: box[%{{.*}}, %[[G]], %[[S4]], %[[B]]]
  // CHECK-NOT: box
  tile.fetch %in[%b, %s, %g] box = [1, 8, 8] to %tile signals %full[%c0]
      : !tile.tensor_map<1x4x8x32xbf16, swizzle = 64> to !tile.shared<64x32xbf16, swizzle = 64>, !tile.barriers<1>
  tile.return
}

// Each warp sends its own 16 rows, when its lanes' writes are visible to the copy
// engine, and goes on when these have been read.
// CHECK-LABEL: llvm.func @send
// CHECK-SAME: %[[MAP:[^:]*]]: !llvm.ptr {{{.*}}}, %[[B:[^:]*]]: i32, %[[H:[^:]*]]: i32, %[[S:[^:]*]]: i32
tile.kernel @send(%out: !tile.tensor_map<1x1x16x64xbf16, swizzle = 128>, %b: index, %h: index, %s: index)
    attributes {cta = #cta, target = "sm_90a", shared_bytes = 32768 : i64} {
  %tile = tile.alloc at 0 : !tile
  // CHECK-DAG: %[[ROWS:.*]] = llvm.mlir.constant(16 : i32)
  // CHECK-DAG: %[[WIDTH:.*]] = llvm.mlir.constant(128 : i32)
  // CHECK: %[[WARP:.*]] = nvvm.shfl.sync idx
  // CHECK: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
  // CHECK-NEXT: nvvm.bar.warp.sync
  // CHECK: %[[ROW:.*]] = llvm.mul %[[WARP]], %[[ROWS]]
  // CHECK: %[[ANEW:.*]] = llvm.inline_asm has_side_effects "mov.b32 $0, $1;", "=r,r" %[[ROW]]
  // CHECK: %[[OFFSET:.*]] = llvm.mul %[[ANEW]], %[[WIDTH]]
  // CHECK: %[[SOURCE:.*]] = llvm.getelementptr %{{.*}}[%[[OFFSET]]]
  // CHECK: %[[FROM:.*]] = llvm.add %[[S]], %[[ROW]]
  // CHECK: %[[ELECTED:.*]] = nvvm.elect.sync
  // CHECK-NEXT: llvm.cond_br %[[ELECTED]]
  // CHECK: nvvm.cp.async.bulk.tensor.global.shared.cta %[[MAP]], %[[SOURCE]], box[%{{.*}}, %[[FROM]], %[[H]], %[[B]]]
  // CHECK: %[[PANEL:.*]] = llvm.getelementptr %[[SOURCE]][16384]
  // CHECK: nvvm.cp.async.bulk.tensor.global.shared.cta %[[MAP]], %[[PANEL]], box[%{{.*}}, %[[FROM]], %[[H]], %[[B]]]
  // CHECK-NEXT: nvvm.cp.async.bulk.commit.group
  // CHECK-NEXT: nvvm.cp.async.bulk.wait_group 0 {read}
  // CHECK-NEXT: llvm.br
  // CHECK: nvvm.bar.warp.sync
  tile.send %tile to %out[%b, %h, %s] : !tile to !tile.tensor_map<1x1x16x64xbf16, swizzle = 128>
  tile.return
}

// A warp's rows are two queries of eight heads.
// CHECK-LABEL: llvm.func @send_heads
// CHECK-SAME: %[[MAP:[^:]*]]: !llvm.ptr {{{.*}}}, %[[B:[^:]*]]: i32, %[[S:[^:]*]]: i32, %[[G:[^:]*]]: i32
tile.kernel @send_heads(%out: !tile.tensor_map<1x2x8x64xbf16, swizzle = 128>, %b: index, %s: index, %g: index)
    attributes {cta = #cta, target = "sm_90a", shared_bytes = 32768 : i64} {
  %tile = tile.alloc at 0 : !tile
  // CHECK-DAG: %[[ROWS:.*]] = llvm.mlir.constant(16 : i32)
  // CHECK-DAG: %[[HEADS:.*]] = llvm.mlir.constant(8 : i32)
  // CHECK: %[[WARP:.*]] = nvvm.shfl.sync idx
  // CHECK: %[[ROW:.*]] = llvm.mul %[[WARP]], %[[ROWS]]
  // CHECK: %[[HEAD:.*]] = llvm.urem %[[ROW]], %[[HEADS]]
  // CHECK: %[[G0:.*]] = llvm.add %[[G]], %[[HEAD]]
  // CHECK: %[[QUERY:.*]] = llvm.udiv %[[ROW]], %[[HEADS]]
  // CHECK: %[[S0:.*]] = llvm.add %[[S]], %[[QUERY]]
  // CHECK: nvvm.cp.async.bulk.tensor.global.shared.cta %[[MAP]], %{{.*}}, box[%{{.*}}, %[[G0]], %[[S0]], %[[B]]]
  tile.send %tile to %out[%b, %s, %g] box = [1, 16, 8] : !tile to !tile.tensor_map<1x2x8x64xbf16, swizzle = 128>
  tile.return
}
