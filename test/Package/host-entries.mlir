// RUN: attn-opt %s --package-build-entries -split-input-file -verify-diagnostics | FileCheck %s

// A kernel for a processor: one thread, no shared memory, elements wherever
// they lie, and the device that runs such code.

// Alignment is the element's: 4 bytes of the result, 2 of the argument.
// CHECK: llvm.mlir.global private constant @"attnpkg_f.result 0.spec"
// CHECK: llvm.mlir.constant(32 : i8)
// CHECK: llvm.mlir.constant(4 : i32)
// CHECK: llvm.mlir.global private constant @"attnpkg_f.argument 0.spec"
// CHECK: llvm.mlir.constant(16 : i8)
// CHECK: llvm.mlir.constant(2 : i32)
// CHECK: llvm.mlir.global private @attnpkg.kernel.k() {{.*}}attn.kernel = {name = "k", rows_per_tile = 1 : i64, {{.*}}scratch_bytes = 640 : i64, smem_bytes = 0 : i64, target = "x86-64-v3", threads = 1 : i64}
// CHECK: llvm.mlir.global external hidden @attnpkg.module()
// CHECK: func.func private @k(
// CHECK: llvm.func @attnpkg_f(
// CHECK: llvm.call @attnrtHostDeviceOf(
// CHECK-NOT: attnrtDeviceOf
// CHECK: llvm.call @attnrtLaunch(
func.func private @k(%cta: !llvm.ptr, %params: !llvm.ptr) attributes {tile.scratch_bytes = 640 : i64, tile.target = "x86-64-v3"} {
  return
}
func.func @f(%in: tensor<?xf16>) -> tensor<?xf32> attributes {tile.args = [{roles = []}], tile.results = [{judge = {chain = 1 : i64, edges = [], rows = [0]}, role = "output"}]} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %in, %c0 : tensor<?xf16>
  %e = tensor.empty(%n) : tensor<?xf32>
  %o = tile.launch @k grid(%n, %n, %n) ins(%in : tensor<?xf16>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %o : tensor<?xf32>
}
func.func @f__reference(%a: memref<?xf16, strided<[1], offset: ?>>, %r: memref<?xf64, strided<[1], offset: ?>>, %begin: index, %end: index) {
  return
}
func.func @f__baseline(%a: memref<?xf16, strided<[1], offset: ?>>, %r: memref<?xf64, strided<[1], offset: ?>>, %begin: index, %end: index) {
  return
}
func.func @f__flops(%a: memref<?xf16, strided<[1], offset: ?>>) -> f64 {
  %c = arith.constant 0.0 : f64
  return %c : f64
}

// -----

func.func private @host(%cta: !llvm.ptr, %params: !llvm.ptr) attributes {tile.target = "x86-64-v3"} {
  return
}
gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.func @gpu() attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128>, tile.shared_bytes = 0 : i64} {
    llvm.return
  }
}
func.func @mixed(%in: tensor<?xf32>) -> tensor<?xf32> attributes {tile.args = [{roles = []}], tile.results = [{judge = {chain = 1 : i64, edges = [], rows = [0]}, role = "output"}]} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %in, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %x = tile.launch @host grid(%n, %n, %n) ins(%in : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  %d = tensor.empty(%n) : tensor<?xf32>
  // expected-error@+1 {{expected all kernels to be for GPUs, or all for processors}}
  %o = tile.launch @kernels::@gpu grid(%n, %n, %n) ins(%x : tensor<?xf32>) outs(%d : tensor<?xf32>) -> tensor<?xf32>
  return %o : tensor<?xf32>
}

// -----

// A target that is no processor does not make a function a kernel.
func.func private @k(%cta: !llvm.ptr, %params: !llvm.ptr) attributes {tile.target = "sm_80"} {
  return
}
func.func @f(%in: tensor<?xf32>) -> tensor<?xf32> attributes {tile.args = [{roles = []}], tile.results = [{judge = {chain = 1 : i64, edges = [], rows = [0]}, role = "output"}]} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %in, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  // expected-error@+1 {{expected a lowered kernel}}
  %o = tile.launch @k grid(%n, %n, %n) ins(%in : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %o : tensor<?xf32>
}

// -----

// expected-error@+1 {{expected a function that launches `alone`; a package is called through its functions}}
func.func private @alone(%cta: !llvm.ptr, %params: !llvm.ptr) attributes {tile.target = "x86-64-v3"} {
  return
}
