// RUN: attn-opt %s | attn-opt | FileCheck %s
// RUN: attn-opt %s --mlir-print-op-generic | attn-opt | FileCheck %s
// RUN: attn-opt %s --emit-bytecode | attn-opt | FileCheck %s

// CHECK-LABEL: func.func @sum(
// CHECK:         attn.sum %{{.*}}, %{{.*}} : tensor<?x4x?x64xbf16>
func.func @sum(%a: tensor<?x4x?x64xbf16>, %b: tensor<?x4x?x64xbf16>) -> tensor<?x4x?x64xbf16> {
  %s = attn.sum %a, %b : tensor<?x4x?x64xbf16>
  return %s : tensor<?x4x?x64xbf16>
}

// CHECK-LABEL: func.func @zeros(
// CHECK:         attn.sum like %{{.*}} {note = 1 : i64} : tensor<f32>
func.func @zeros(%a: tensor<f32>) -> tensor<f32> {
  %s = attn.sum like %a {note = 1 : i64} : tensor<f32>
  return %s : tensor<f32>
}
