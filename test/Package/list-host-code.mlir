// RUN: attn-opt %s --package-list-host-code | FileCheck %s

// The module's descriptor has a table of the kernels for processors.

// CHECK-DAG: llvm.mlir.global private constant @[[NAME:.*]]("k\00")
// CHECK-DAG: llvm.mlir.global private constant @[[TARGET:.*]]("x86-64-v3\00")
// CHECK-DAG: llvm.mlir.global private constant @{{.*}}("avx2 {{.*}}fma{{.*}}\00")
// CHECK-DAG: llvm.mlir.global private constant @attnpkg.hostcode() {{.*}}: !llvm.array<2 x struct<(ptr, ptr, ptr, ptr, i64)>>
// CHECK-DAG: llvm.mlir.addressof @k :
// CHECK-DAG: llvm.mlir.constant(640 : i64)
// CHECK-DAG: llvm.mlir.addressof @second :
// CHECK-DAG: llvm.mlir.global private @attnpkg.module()
// CHECK-DAG: llvm.mlir.addressof @attnpkg.hostcode
llvm.mlir.global external @attnpkg.module() : !llvm.struct<(ptr, ptr, i64, ptr, i64, ptr, i64, ptr)>
llvm.func @k(%cta: !llvm.ptr, %params: !llvm.ptr) attributes {tile.scratch_bytes = 640 : i64, tile.target = "x86-64-v3"} {
  llvm.return
}
llvm.func @second(%cta: !llvm.ptr, %params: !llvm.ptr) attributes {tile.target = "x86-64-v3"} {
  llvm.return
}
llvm.func @attnpkg_f(%stream: !llvm.ptr) {
  %m = llvm.mlir.addressof @attnpkg.module : !llvm.ptr
  llvm.return
}
