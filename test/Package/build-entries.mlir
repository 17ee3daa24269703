// RUN: attn-opt %s --attn-to-tile --tile-to-nvvm --package-build-entries | FileCheck %s

!q = tensor<?x4x?x64xbf16>
!lse = tensor<?x4x?xf32>

// What the C interface of attnrt/Abi.h names is there, and the function is not.
// CHECK-DAG: llvm.mlir.global private @attnpkg.kernel.f_0() {{.*}}attn.kernel = {name = "f_0", rows_per_tile = 128 : i64, schedule = {keys = {kv = 64 : i64, q = 128 : i64, stages = 2 : i64, warps = 4 : i64}, text = "q=128,kv=64,warps=4,stages=2"}, smem_bytes = 49152 : i64, target = "sm_80", threads = 128 : i64}
// CHECK-DAG: llvm.func @attnrtCheckTensor(!llvm.ptr, !llvm.ptr) -> i32
// CHECK-DAG: llvm.func @attnrtFail(i32, !llvm.ptr, ...) -> i32
// CHECK-NOT: func.func @f(
// CHECK: llvm.func @attnpkg_f(%[[STREAM:.*]]: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32
// CHECK-SAME: attn.function
// Three arguments and two results are checked, then rules between them.
// CHECK-COUNT-5: llvm.call @attnrtCheckTensor
// All of them lie on one device, where the kernel is launched.
// CHECK: llvm.call @attnrtDeviceOf(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[SLOT:.*]]) :
// CHECK: %[[DEVICE:.*]] = llvm.load %[[SLOT]]
// CHECK: llvm.call @attnrtFail
// CHECK: llvm.call @attnrtLaunch(%[[DEVICE]], %[[STREAM]],
// CHECK: llvm.func @attnpkg_f__shapes(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32
// CHECK-NOT: attnrtLaunch
// CHECK: llvm.func @attnpkg_f__reference(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64) -> i32
// CHECK: call @f__reference
// CHECK: llvm.func @attnpkg_f__baseline(
// CHECK: call @f__baseline
// CHECK: llvm.func @attnpkg_f__flops(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32
// CHECK: call @f__flops
func.func @f(%q: !q, %k: !q, %v: !q) -> (!q, !lse) {
  %o, %l = attn.sdpa %q, %k, %v : (!q, !q, !q) -> (!q, !lse)
  return %o, %l : !q, !lse
}
