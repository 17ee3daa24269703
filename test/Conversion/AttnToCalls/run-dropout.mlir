// Seed and offset of a graph, a number and what a tensor holds: the call passes
// both to the package, on the processor and on the simulator.
//
// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: mlir-opt --load-dialect-plugin=%attn_plugin --load-pass-plugin=%attn_plugin %s -o program.mlir \
// RUN:   --pass-pipeline='builtin.module(attn-outline,convert-attn-to-calls{package=graph.so},convert-elementwise-to-linalg,one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map},buffer-deallocation-pipeline,convert-bufferization-to-memref,convert-linalg-to-loops,convert-scf-to-cf,expand-strided-metadata,lower-affine,convert-arith-to-llvm,finalize-memref-to-llvm,convert-func-to-llvm,convert-cf-to-llvm,reconcile-unrealized-casts)'
// RUN: attn-compile %s --target=host -o graph.so
// RUN: mlir-runner program.mlir --entry-point-result=void --shared-libs=%attnrt --shared-libs=%mlir_libs/libmlir_runner_utils.so --shared-libs=%mlir_libs/libmlir_c_runner_utils.so | FileCheck %s
// RUN: attn-compile %s --target=sm_80 -o graph.so
// RUN: env ATTNRT_DEVICE=sim mlir-runner program.mlir --entry-point-result=void --shared-libs=%attnrt --shared-libs=%mlir_libs/libmlir_runner_utils.so --shared-libs=%mlir_libs/libmlir_c_runner_utils.so | FileCheck %s

// Queries are 0, values one-hot: an eighth, doubled, where philox.py says so for
// seed 7 and offset 2^40 + 1, of two heads with two queries each.
// CHECK: sizes = [4, 8]
// CHECK-NEXT: {{\[\[}}0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0],
// CHECK-NEXT: [0, 0.25, 0, 0.25, 0.25, 0.25, 0.25, 0.25],
// CHECK-NEXT: [0.25, 0, 0, 0, 0, 0.25, 0, 0],
// CHECK-NEXT: [0.25, 0, 0, 0.25, 0.25, 0.25, 0, 0.25]]

!q = tensor<1x2x2x8xf16>
!v = tensor<1x1x8x8xf16>

func.func private @printMemrefF32(tensor<*xf32>)

func.func @graph(%q: !q, %v: !v, %step: tensor<i64>) -> !q {
  %seed = arith.constant 7 : i64
  %offset = tensor.extract %step[] : tensor<i64>
  %o = attn.sdpa %q, %v, %v dropout(0.5, %seed, %offset : i64) : (!q, !v, !v) -> !q
  return %o : !q
}

func.func @main() {
  %q = arith.constant dense<0.0> : !q
  %v = tensor.generate {
  ^bb0(%b: index, %h: index, %j: index, %d: index):
    %here = arith.cmpi eq, %j, %d : index
    %one = arith.uitofp %here : i1 to f16
    tensor.yield %one : f16
  } : !v
  %step = arith.constant dense<1099511627777> : tensor<i64>
  %o = call @graph(%q, %v, %step) : (!q, !v, tensor<i64>) -> !q
  %rows = tensor.collapse_shape %o [[0, 1, 2], [3]] : !q into tensor<4x8xf16>
  %wide = arith.extf %rows : tensor<4x8xf16> to tensor<4x8xf32>
  %any = tensor.cast %wide : tensor<4x8xf32> to tensor<*xf32>
  call @printMemrefF32(%any) : (tensor<*xf32>) -> ()
  return
}
