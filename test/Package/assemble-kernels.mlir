// RUN: attn-opt %s --attn-to-tile --tile-to-nvvm --package-build-entries --package-assemble-kernels=cubin=false | FileCheck %s
// RUN: %if ptxas %{ attn-opt %s --attn-to-tile --tile-to-nvvm --package-build-entries --package-assemble-kernels | FileCheck %s --check-prefix=CUBIN %}

!q = tensor<1x4x?x64xbf16>

// CHECK-NOT: attnpkg.cubin
// CHECK-DAG: llvm.mlir.global external hidden @attnpkg.module
// CHECK-DAG: llvm.mlir.global private constant @attnpkg.ptx("{{.*}}.visible .entry f_0
// CHECK-NOT: gpu.module

// What ptxas said stands on the kernel's descriptor.
// CUBIN-DAG: llvm.mlir.global private constant @attnpkg.cubin("\7FELF
// CUBIN-DAG: attn.kernel = {{{.*}}ptxas_warnings = [], registers = {{[0-9]+}} : i64, {{.*}}spill_bytes = 0 : i64
func.func @f(%q: !q, %k: !q, %v: !q) -> !q {
  %o = attn.sdpa %q, %k, %v : (!q, !q, !q) -> !q
  return %o : !q
}
