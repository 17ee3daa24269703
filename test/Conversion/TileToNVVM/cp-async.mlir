// RUN: attn-opt %s --convert-tile-to-nvvm --canonicalize --cse | FileCheck %s

!source = memref<?x?x56xbf16, strided<[?, ?, 1], offset: ?>>
!tile = !tile.shared<64x64xbf16, swizzle = 128>

// 512 chunks, 128 threads: four steps of 16 rows. A row outside the memref, and
// the padding chunk of each row, are zeros that read nothing.
// CHECK-LABEL: llvm.func @rows
// CHECK-SAME: nvvm.maxntid = array<i32: 128>
// CHECK-SAME: nvvm.minctasm = 1
tile.kernel @rows(%in: !source, %h: index, %row: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80", shared_bytes = 8192 : i64} {
  %b = tile.alloc at 0 : !tile
  // CHECK-DAG: %[[C7:.*]] = llvm.mlir.constant(7 : i32)
  // CHECK-DAG: %[[INSIDE:.*]] = llvm.icmp "slt" %{{.*}}, %{{.*}} : i32
  // CHECK-DAG: %[[COLUMN:.*]] = llvm.icmp "slt" %{{.*}}, %[[C7]] : i32
  // CHECK: %[[BOTH:.*]] = llvm.and
  // CHECK: %[[BYTES:.*]] = llvm.select %{{.*}}, %{{.*}}, %{{.*}} : i1, i32
  // CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache = cg, %[[BYTES]]
  // CHECK-COUNT-3: nvvm.cp.async.shared.global
  // CHECK-NOT: nvvm.cp.async.shared.global
  // CHECK-NOT: llvm.cond_br
  tile.copy_async %in[%h, %row] to %b : !source to !tile
  // CHECK: nvvm.cp.async.commit.group
  tile.commit_copies
  // CHECK: nvvm.cp.async.wait.group 1
  tile.wait_copies pending = 1
  // CHECK: nvvm.barrier0
  tile.barrier
  tile.return
}

// 128 chunks, 96 threads with two chunks a row: 48 rows, then the 16 left over
// under a predicate.
// CHECK-LABEL: llvm.func @left_over
tile.kernel @left_over(%in: memref<?x16xbf16, strided<[?, 1], offset: ?>>, %row: index)
    attributes {cta = #tile.cta<warps = 3>, target = "sm_80", shared_bytes = 2048 : i64} {
  %b = tile.alloc at 0 : !tile.shared<64x16xbf16, swizzle = 32>
  // CHECK: %[[C64:.*]] = llvm.mlir.constant(64 : i32)
  // CHECK: nvvm.cp.async.shared.global
  // CHECK: %[[IS_LEFT:.*]] = llvm.icmp "slt" %{{.*}}, %[[C64]] : i32
  // CHECK-NOT: nvvm.cp.async.shared.global
  // CHECK: nvvm.inline_ptx "cp.async.cg.shared.global [%0], [%1], 16, %2;"
  // CHECK-SAME: predicate = %[[IS_LEFT]]
  // CHECK-NOT: cp.async
  // CHECK-NOT: llvm.cond_br
  tile.copy_async %in[%row] to %b : memref<?x16xbf16, strided<[?, 1], offset: ?>> to !tile.shared<64x16xbf16, swizzle = 32>
  tile.return
}

// Rows of four heads and 16 queries: a thread's row, divided by heads, is a query, and
// a row is read where memory has both.
// CHECK-LABEL: llvm.func @heads
// CHECK-SAME: %{{.*}}: !llvm.ptr<1>, %[[QUERIES:[^:]*]]: i32, %[[HEADS:[^:]*]]: i32,
tile.kernel @heads(%in: memref<?x?x64xbf16, strided<[?, ?, 1], offset: ?>>, %query: index, %head: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80", shared_bytes = 8192 : i64} {
  %b = tile.alloc at 0 : !tile
  // CHECK-DAG: %[[C4:.*]] = llvm.mlir.constant(4 : i32)
  // CHECK-DAG: %[[C8:.*]] = llvm.mlir.constant(8 : i32)
  // CHECK: %[[THREAD:.*]] = nvvm.read.ptx.sreg.tid.x
  // CHECK: %[[ROW:.*]] = llvm.udiv %[[THREAD]], %[[C8]]
  // CHECK: %[[OF_HEAD:.*]] = llvm.urem %[[ROW]], %[[C4]]
  // CHECK: %[[HEAD:.*]] = llvm.add %{{.*}}, %[[OF_HEAD]]
  // CHECK: %[[OF_QUERY:.*]] = llvm.udiv %[[ROW]], %[[C4]]
  // CHECK: %[[QUERY:.*]] = llvm.add %{{.*}}, %[[OF_QUERY]]
  // CHECK-DAG: llvm.icmp "slt" %[[QUERY]], %[[QUERIES]]
  // CHECK-DAG: llvm.icmp "slt" %[[HEAD]], %[[HEADS]]
  // CHECK-COUNT-4: nvvm.cp.async.shared.global
  // CHECK-NOT: nvvm.cp.async.shared.global
  tile.copy_async %in[%query, %head] box = [16, 4] to %b : memref<?x?x64xbf16, strided<[?, ?, 1], offset: ?>> to !tile
  tile.return
}
