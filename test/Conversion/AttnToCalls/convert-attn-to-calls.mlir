// A function with attention calls the package's function of its name.
//
// RUN: attn-opt %s --convert-attn-to-calls=package=dir/some.so | FileCheck %s
//
// Again, for another package: nothing is left to do.
// RUN: attn-opt %s --convert-attn-to-calls=package=dir/some.so -o %t.mlir
// RUN: attn-opt %t.mlir --convert-attn-to-calls=package=other.so | diff %t.mlir -
//
// Stock bufferization copies nothing on account of the calls.
// RUN: mlir-opt --load-dialect-plugin=%attn_plugin --load-pass-plugin=%attn_plugin %s \
// RUN:   --pass-pipeline='builtin.module(convert-attn-to-calls{package=some.so},one-shot-bufferize{bufferize-function-boundaries})' \
// RUN:   | FileCheck %s --check-prefix=BUFFERS

// Sizes of results follow from those of arguments, through what is in between.
// CHECK-LABEL: func.func @rotated(
// CHECK-SAME: %[[Q:[^:]*]]: tensor<?x4x?x16xf16>, %[[P:[^:]*]]: tensor<?x?xi32>, %[[K:[^:]*]]: tensor<?x2x?x16xf16>, %[[UNUSED:[^:]*]]: tensor<f32>)
// CHECK-SAME: attributes {no_inline}
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[Q]], %c0
// CHECK-DAG: %[[S:.*]] = tensor.dim %[[Q]], %c2
// CHECK-DAG: %[[LSE:.*]] = memref.alloc(%[[B]], %[[S]]) {alignment = 64 : i64} : memref<?x4x?xf32>
// CHECK-DAG: %[[O:.*]] = memref.alloc(%{{.*}}, %{{.*}}) {alignment = 64 : i64} : memref<?x4x?x16xf16>
// CHECK-DAG: %[[PACKAGE:.*]] = llvm.mlir.addressof @attnrt.package
// CHECK-DAG: %[[NAME:.*]] = llvm.mlir.addressof @attnrt.name.rotated
// CHECK: %[[CALL:.*]] = call @attnrtBeginCall(%[[PACKAGE]], %[[NAME]])
// CHECK: %[[QM:.*]] = bufferization.to_buffer %[[Q]] read_only : tensor<?x4x?x16xf16> to memref<?x4x?x16xf16, strided<[?, ?, ?, ?], offset: ?>>
// CHECK-NEXT: %[[QU:.*]] = memref.cast %[[QM]] : {{.*}} to memref<*xf16>
// CHECK-NEXT: call @attnrtPassF16(%[[CALL]], %[[QU]])
// CHECK: call @attnrtPassI32(%[[CALL]],
// CHECK: call @attnrtPassF16(%[[CALL]],
// CHECK: bufferization.to_buffer %[[UNUSED]] read_only : tensor<f32> to memref<f32, strided<[], offset: ?>>
// CHECK: call @attnrtPassF32(%[[CALL]],
// CHECK: %[[LU:.*]] = memref.cast %[[LSE]]
// CHECK-NEXT: call @attnrtPassF32(%[[CALL]], %[[LU]])
// CHECK: %[[OU:.*]] = memref.cast %[[O]]
// CHECK-NEXT: call @attnrtPassF16(%[[CALL]], %[[OU]])
// CHECK-NEXT: call @attnrtEndCall(%[[CALL]])
// CHECK-DAG: %[[L:.*]] = bufferization.to_tensor %[[LSE]] restrict writable
// CHECK-DAG: %[[R:.*]] = bufferization.to_tensor %[[O]] restrict writable
// CHECK: return %[[L]], %[[R]]
// CHECK-NOT: attn.sdpa
// CHECK-NOT: attn.rope

// BUFFERS-LABEL: func.func @rotated(
// BUFFERS-NOT: memref.copy
// BUFFERS: return
func.func @rotated(%q: tensor<?x4x?x16xf16>, %p: tensor<?x?xi32>, %k: tensor<?x2x?x16xf16>, %unused: tensor<f32>)
    -> (tensor<?x4x?xf32>, tensor<?x4x?x16xf16>) {
  %r = attn.rope %q positions(%p : tensor<?x?xi32>) : tensor<?x4x?x16xf16>
  %o, %lse = attn.sdpa %r, %k, %k : (tensor<?x4x?x16xf16>, tensor<?x2x?x16xf16>, tensor<?x2x?x16xf16>) -> (tensor<?x4x?x16xf16>, tensor<?x4x?xf32>)
  return %lse, %o : tensor<?x4x?xf32>, tensor<?x4x?x16xf16>
}

// CHECK-LABEL: func.func @other.name(
// CHECK-DAG: memref.alloc() {alignment = 64 : i64} : memref<1x2x3x8xbf16>
// CHECK-DAG: llvm.mlir.addressof @attnrt.name.other.name
// CHECK-COUNT-2: call @attnrtPassBF16
// CHECK-NEXT: call @attnrtEndCall
!t = tensor<1x2x3x8xbf16>
func.func @other.name(%q: !t) -> !t {
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  return %o : !t
}

// BUFFERS-LABEL: func.func @twice(
// BUFFERS: %[[A:.*]] = call @other.name(%[[X:.*]]) :
// BUFFERS-NEXT: %[[B:.*]] = call @other.name(%[[X]]) :
// BUFFERS-NOT: memref.copy
// BUFFERS: return %[[A]], %[[B]]
func.func @twice(%q: !t) -> (!t, !t) {
  %a = call @other.name(%q) : (!t) -> !t
  %b = call @other.name(%q) : (!t) -> !t
  return %a, %b : !t, !t
}

// Numbers of a dropout are passed as tensors of rank 0.
// CHECK-LABEL: func.func @dropout(
// CHECK: bufferization.to_buffer %arg1 read_only : tensor<i64> to memref<i64, strided<[], offset: ?>>
// CHECK: call @attnrtPassI64(
// CHECK: bufferization.to_buffer %arg2 read_only : tensor<i64> to memref<i64, strided<[], offset: ?>>
// CHECK: call @attnrtPassI64(
!d = tensor<1x2x8x16xf32>
func.func @dropout(%q: !d, %seed: tensor<i64>, %offset: tensor<i64>) -> !d {
  %o = attn.sdpa %q, %q, %q dropout(0.5, %seed, %offset : tensor<i64>) : (!d, !d, !d) -> !d
  return %o : !d
}

// CHECK-COUNT-1: llvm.mlir.global private constant @attnrt.package("dir/some.so\00")
// CHECK-COUNT-1: func.func private @attnrtBeginCall(!llvm.ptr, !llvm.ptr) -> !llvm.ptr
// CHECK-NOT: func.func private @attnrtBeginCall
