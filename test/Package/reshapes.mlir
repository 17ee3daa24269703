// RUN: attn-opt %s --package-build-entries --canonicalize --cse | FileCheck %s

// A kernel may see a tensor with a dimension more: what it is given is the caller's
// memory, with the stride of the dimension that became two for the second of them,
// and a multiple of it for the first. Results are checked, and shapes told, as
// callers see them.

!t = tensor<?x6x?x64xbf16>
!seen = tensor<?x2x3x?x64xbf16>

// CHECK-LABEL: llvm.func @attnpkg_f(
// CHECK-DAG: %[[THREE:.*]] = llvm.mlir.constant(3 : i64)
// CHECK: %[[BATCH:.*]] = llvm.call @attnrtStride(%[[ARG:[^,]*]], %{{.*}})
// CHECK: %[[HEAD:.*]] = llvm.call @attnrtStride(%[[ARG]], %{{.*}})
// CHECK: %[[ROW:.*]] = llvm.call @attnrtStride(%[[ARG]], %{{.*}})
// CHECK: %[[GROUP:.*]] = llvm.mul %[[HEAD]], %[[THREE]]
// Two dynamic dimensions and four strides.
// CHECK: llvm.store %[[BATCH]],
// CHECK: llvm.store %[[GROUP]],
// CHECK: llvm.store %[[HEAD]],
// CHECK: llvm.store %[[ROW]],
// CHECK: llvm.call @attnrtStride(%[[RESULT:[^,]*]], %{{.*}})
// CHECK: llvm.call @attnrtLaunch
// CHECK-LABEL: llvm.func @attnpkg_f__shapes
// CHECK-COUNT-4: llvm.store
// CHECK-NOT: llvm.store
// CHECK: llvm.return
// CHECK-LABEL: llvm.func @attnpkg_f__reference
func.func @f(%x: !t) -> !t attributes {tile.args = [{roles = []}], tile.results = [{role = "output", judge = {rows = [], chain = 0, edges = []}}]} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %b = tensor.dim %x, %c0 : !t
  %n = tensor.dim %x, %c2 : !t
  %e = tensor.empty(%b, %n) : !t
  %in = tensor.expand_shape %x [[0], [1, 2], [3], [4]] output_shape [%b, 2, 3, %n, 64] : !t into !seen
  %out = tensor.expand_shape %e [[0], [1, 2], [3], [4]] output_shape [%b, 2, 3, %n, 64] : !t into !seen
  %y = tile.launch @kernels::@k grid(%n, %c1, %b) ins(%in : !seen) outs(%out : !seen) -> !seen
  %z = tensor.collapse_shape %y [[0], [1, 2], [3], [4]] : !seen into !t
  return %z : !t
}
func.func @f__reference(%x: memref<?x6x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>, %r: memref<?x6x?x64xf64, strided<[?, ?, ?, 1], offset: ?>>, %i: index, %j: index) {
  return
}
func.func @f__baseline(%x: memref<?x6x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>, %r: memref<?x6x?x64xf64, strided<[?, ?, ?, 1], offset: ?>>, %i: index, %j: index) {
  return
}
func.func @f__flops(%x: memref<?x6x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>) -> f64 {
  %zero = arith.constant 0.0 : f64
  return %zero : f64
}
gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.func @k() attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128>, tile.schedule = #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2>, tile.shared_bytes = 0 : i64} {
    llvm.return
  }
}
