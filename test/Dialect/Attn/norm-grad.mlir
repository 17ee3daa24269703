// RUN: attn-opt %s | attn-opt | FileCheck %s
// RUN: attn-opt %s --mlir-print-op-generic | attn-opt | FileCheck %s
// RUN: attn-opt %s --emit-bytecode | attn-opt | FileCheck %s

!t = tensor<?x4x?x64xbf16>

// CHECK-LABEL: func.func @input(
// CHECK:         attn.norm_grad l2 %{{.*}}, %{{.*}} : tensor<?x4x?x64xbf16>, tensor<?x4x?x64xf32>
func.func @input(%x: !t, %dy: tensor<?x4x?x64xf32>) -> !t {
  %dx = attn.norm_grad l2 %x, %dy : !t, tensor<?x4x?x64xf32>
  return %dx : !t
}

// CHECK-LABEL: func.func @all(
// CHECK:         attn.norm_grad layer %{{.*}}, %{{.*}} weight(%{{.*}} : tensor<?x1xf32>) eps(1.000000e-03) scale(2.000000e+00) layout(bshd) : tensor<?x7x?x64xbf16>, tensor<?x7x?x64xbf16> weight_grad(tensor<?x1xf32>) bias_grad(tensor<64xf16>)
func.func @all(%x: tensor<?x7x?x64xbf16>, %w: tensor<?x1xf32>) -> (tensor<?x1xf32>, tensor<64xf16>) {
  %dx, %dw, %db = attn.norm_grad layer %x, %x weight(%w : tensor<?x1xf32>) eps(1.0e-3) scale(2.0) layout(bshd)
    : tensor<?x7x?x64xbf16>, tensor<?x7x?x64xbf16> weight_grad(tensor<?x1xf32>) bias_grad(tensor<64xf16>)
  return %dw, %db : tensor<?x1xf32>, tensor<64xf16>
}
