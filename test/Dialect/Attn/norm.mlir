// RUN: attn-opt %s | attn-opt | FileCheck %s
// RUN: attn-opt %s --mlir-print-op-generic | attn-opt | FileCheck %s
// RUN: attn-opt %s --emit-bytecode | attn-opt | FileCheck %s
// RUN: attn-opt %s --resolve-ranked-shaped-type-result-dims --canonicalize | FileCheck %s --check-prefix=DIMS

!x = tensor<?x32x?x128xbf16>
!f = tensor<?x32x?x128xf32>

// CHECK-LABEL: func.func @clauses
func.func @clauses(%x: !x, %w: tensor<128xf32>, %h: tensor<32x1xbf16>, %b: tensor<32x128xf16>) -> !x {
  // Defaults are not printed.
  // CHECK: attn.norm rms %{{.*}} : tensor<?x32x?x128xbf16>
  %0 = attn.norm rms %x layout(bhsd) : !x
  // Any order is read, one is printed.
  // CHECK: attn.norm layer %{{.*}} weight(%{{.*}} : tensor<128xf32>) bias(%{{.*}} : tensor<32x128xf16>) eps(9.99999974E-6) scale(2.000000e+00) : tensor<?x32x?x128xbf16>
  %1 = attn.norm layer %0 scale(2.0) eps(1.0e-5) bias(%b : tensor<32x128xf16>) weight(%w : tensor<128xf32>) : !x
  // CHECK: attn.norm l2 %{{.*}} weight(%{{.*}} : tensor<32x1xbf16>) fused : tensor<?x32x?x128xbf16>
  %2 = attn.norm l2 %1 weight(%h : tensor<32x1xbf16>) fused : !x
  return %2 : !x
}

// CHECK-LABEL: func.func @types
func.func @types(%x: !x) -> !x {
  // CHECK: attn.norm rms %{{.*}} : tensor<?x32x?x128xbf16> -> tensor<?x32x?x128xf32>
  %0 = attn.norm rms %x : !x -> !f
  // CHECK: attn.rope %{{.*}} : tensor<?x32x?x128xf32>
  // CHECK-NOT: ->
  %1 = attn.rope %0 : !f
  // CHECK: attn.rope %{{.*}} : tensor<?x32x?x128xf32> -> tensor<?x32x?x128xbf16>
  %2 = attn.rope %1 : !f -> !x
  return %2 : !x
}

// DIMS-LABEL: func.func @dims
func.func @dims(%x: tensor<?x?x8x64xf16>) -> index {
  %c1 = arith.constant 1 : index
  %r = attn.norm l2 %x layout(bshd) : tensor<?x?x8x64xf16>
  // DIMS: %[[D:.*]] = tensor.dim %arg0, %c1
  // DIMS: return %[[D]]
  %d = tensor.dim %r, %c1 : tensor<?x?x8x64xf16>
  return %d : index
}
