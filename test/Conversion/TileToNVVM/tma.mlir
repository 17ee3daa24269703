// RUN: attn-opt %s --convert-tile-to-nvvm --canonicalize --cse | FileCheck %s

#schedule = #tile.schedule<q = 128, kv = 64, warps = 8, stages = 1, producers = 4>
!tile = !tile.shared<128x128xbf16, swizzle = 128>

// Maps are passed by value, where the copy engine can read them.
// Two panels of 64 columns, each in two boxes of 64 rows: coordinates count from
// the innermost dimension, in elements; a panel's boxes follow one another in
// shared memory. The barrier waits for all bytes of the tile.
// CHECK-LABEL: llvm.func @bhsd
// CHECK-SAME: %[[MAP:[^:]*]]: !llvm.ptr {llvm.align = 64 : i64, llvm.byval = !llvm.array<16 x i64>, nvvm.grid_constant}, %[[B:[^:]*]]: i32, %[[H:[^:]*]]: i32, %[[S:[^:]*]]: i32
tile.kernel @bhsd(%in: !tile.tensor_map<1x1x64x64xbf16, swizzle = 128>, %b: index, %h: index, %s: index)
    attributes {schedule = #schedule, target = "sm_90a", shared_bytes = 33800 : i64} {
  // CHECK-DAG: %[[ZERO:.*]] = llvm.mlir.constant(0 : i32)
  // CHECK-DAG: %[[COLUMNS:.*]] = llvm.mlir.constant(64 : i32)
  // CHECK-DAG: %[[BYTES:.*]] = llvm.mlir.constant(32768 : i32)
  %c0 = arith.constant 0 : index
  %tile = tile.alloc at 0 : !tile
  // CHECK: %[[BARRIERS:.*]] = llvm.getelementptr %[[SHARED:.*]][32768]
  %full = tile.alloc_barriers arrivals = 1 at 32768 : !tile.barriers<1>
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

// Rows are the second dimension, so that heads are counted before them.
// CHECK-LABEL: llvm.func @bshd
// CHECK-SAME: %[[MAP:[^:]*]]: !llvm.ptr {{{.*}}}, %[[B:[^:]*]]: i32, %[[S:[^:]*]]: i32, %[[H:[^:]*]]: i32
tile.kernel @bshd(%in: !tile.tensor_map<1x32x1x32xbf16, swizzle = 64>, %b: index, %s: index, %h: index)
    attributes {schedule = #schedule, target = "sm_90a", shared_bytes = 4104 : i64} {
  %c0 = arith.constant 0 : index
  %tile = tile.alloc at 0 : !tile.shared<64x32xbf16, swizzle = 64>
  %full = tile.alloc_barriers arrivals = 1 at 4096 : !tile.barriers<1>
  // CHECK: box[%{{.*}}, %[[H]], %[[S]], %[[B]]]
  // CHECK: %[[S32:.*]] = llvm.add %[[S]], %{{.*}}
  // CHECK: box[%{{.*}}, %[[H]], %[[S32]], %[[B]]]
  // CHECK-NOT: box
  tile.fetch %in[%b, %s, %h] to %tile signals %full[%c0]
      : !tile.tensor_map<1x32x1x32xbf16, swizzle = 64> to !tile.shared<64x32xbf16, swizzle = 64>, !tile.barriers<1>
  tile.return
}

// Each warp sends its own 16 rows, when its lanes' writes are visible to the copy
// engine, and goes on when these have been read.
// CHECK-LABEL: llvm.func @send
// CHECK-SAME: %[[MAP:[^:]*]]: !llvm.ptr {{{.*}}}, %[[B:[^:]*]]: i32, %[[S:[^:]*]]: i32, %[[H:[^:]*]]: i32
tile.kernel @send(%out: !tile.tensor_map<1x16x1x64xbf16, swizzle = 128>, %b: index, %s: index, %h: index)
    attributes {schedule = #schedule, target = "sm_90a", shared_bytes = 32768 : i64} {
  %tile = tile.alloc at 0 : !tile
  // CHECK-DAG: %[[ROWS:.*]] = llvm.mlir.constant(16 : i32)
  // CHECK-DAG: %[[WIDTH:.*]] = llvm.mlir.constant(128 : i32)
  // CHECK: %[[WARP:.*]] = nvvm.shfl.sync idx
  // CHECK: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
  // CHECK-NEXT: nvvm.bar.warp.sync
  // CHECK: %[[ROW:.*]] = llvm.mul %[[WARP]], %[[ROWS]]
  // CHECK: %[[OFFSET:.*]] = llvm.mul %[[ROW]], %[[WIDTH]]
  // CHECK: %[[SOURCE:.*]] = llvm.getelementptr %{{.*}}[%[[OFFSET]]]
  // CHECK: %[[FROM:.*]] = llvm.add %[[S]], %[[ROW]]
  // CHECK: %[[ELECTED:.*]] = nvvm.elect.sync
  // CHECK-NEXT: llvm.cond_br %[[ELECTED]]
  // CHECK: nvvm.cp.async.bulk.tensor.global.shared.cta %[[MAP]], %[[SOURCE]], box[%{{.*}}, %[[H]], %[[FROM]], %[[B]]]
  // CHECK: %[[PANEL:.*]] = llvm.getelementptr %[[SOURCE]][16384]
  // CHECK: nvvm.cp.async.bulk.tensor.global.shared.cta %[[MAP]], %[[PANEL]], box[%{{.*}}, %[[H]], %[[FROM]], %[[B]]]
  // CHECK-NEXT: nvvm.cp.async.bulk.commit.group
  // CHECK-NEXT: nvvm.cp.async.bulk.wait_group 0 {read}
  // CHECK-NEXT: llvm.br
  // CHECK: nvvm.bar.warp.sync
  tile.send %tile to %out[%b, %s, %h] : !tile to !tile.tensor_map<1x16x1x64xbf16, swizzle = 128>
  tile.return
}
