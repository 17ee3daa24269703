// RUN: attn-opt %s --package-build-entries | FileCheck %s

// What only a later launch reads lies in memory of the stream, which is given
// back on every way out.

!t = tensor<?x2x?x64xbf16>

// CHECK-LABEL: llvm.func @attnpkg_f(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32
// CHECK: llvm.call @attnrtAllocate(%{{.*}}, %{{.*}}, %[[BYTES:.*]], %[[SLOT:.*]]) : (!llvm.ptr, !llvm.ptr, i64, !llvm.ptr) -> i32
// An allocation that fails has nothing to give back.
// CHECK: llvm.return
// CHECK: %[[DATA:.*]] = llvm.load %[[SLOT]]
// CHECK: llvm.call @attnrtLaunch
// CHECK: llvm.call @attnrtRelease(%{{.*}}, %{{.*}}, %[[DATA]])
// CHECK: llvm.return
// CHECK: llvm.call @attnrtLaunch
// CHECK: llvm.call @attnrtRelease(%{{.*}}, %{{.*}}, %[[DATA]])
// CHECK: llvm.return
// CHECK: llvm.call @attnrtRelease(%{{.*}}, %{{.*}}, %[[DATA]])
// CHECK: llvm.return
// CHECK-LABEL: llvm.func @attnpkg_f__shapes
// CHECK-NOT: attnrtAllocate
// CHECK-LABEL: llvm.func @attnpkg_f__reference
func.func @f(%x: !t) -> !t attributes {tile.args = [{roles = []}], tile.results = [{role = "output", judge = {rows = [], chain = 0, edges = []}}]} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %b = tensor.dim %x, %c0 : !t
  %n = tensor.dim %x, %c2 : !t
  %e0 = tensor.empty(%b, %n) : !t
  %y = tile.launch @kernels::@k grid(%n, %c1, %b) ins(%x : !t) outs(%e0 : !t) -> !t
  %m = tensor.dim %y, %c2 : !t
  %e1 = tensor.empty(%b, %m) : !t
  %z = tile.launch @kernels::@k grid(%m, %c1, %b) ins(%y : !t) outs(%e1 : !t) -> !t
  return %z : !t
}
func.func @f__reference(%x: memref<?x2x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>, %r: memref<?x2x?x64xf64, strided<[?, ?, ?, 1], offset: ?>>, %i: index, %j: index) {
  return
}
func.func @f__baseline(%x: memref<?x2x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>, %r: memref<?x2x?x64xf64, strided<[?, ?, ?, 1], offset: ?>>, %i: index, %j: index) {
  return
}
func.func @f__flops(%x: memref<?x2x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>) -> f64 {
  %zero = arith.constant 0.0 : f64
  return %zero : f64
}
gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.func @k() attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128>, tile.schedule = #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2>, tile.shared_bytes = 0 : i64} {
    llvm.return
  }
}
