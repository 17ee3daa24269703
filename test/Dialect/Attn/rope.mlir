// RUN: attn-opt %s | attn-opt | FileCheck %s
// RUN: attn-opt %s --mlir-print-op-generic | attn-opt | FileCheck %s
// RUN: attn-opt %s --emit-bytecode | attn-opt | FileCheck %s
// RUN: attn-opt %s --canonicalize | FileCheck %s --check-prefix=CANON
// RUN: attn-opt %s --resolve-ranked-shaped-type-result-dims --canonicalize | FileCheck %s --check-prefix=DIMS

!x = tensor<?x32x?x128xbf16>
!h = tensor<2x77x8x64xf16>

// CHECK-LABEL: func.func @clauses
func.func @clauses(%x: !x, %p: tensor<?x?xi32>, %o: tensor<?xi32>) -> !x {
  // Defaults are not printed.
  // CHECK: attn.rope %{{.*}} : tensor<?x32x?x128xbf16>
  %0 = attn.rope %x base(10000.0) pairing(half) offset(0) layout(bhsd) : !x
  // Any order is read, one is printed.
  // CHECK: attn.rope %{{.*}} base(5.000000e+05) pairing(interleaved) rotary_dims(64) offset(-3) positions(%{{.*}} : tensor<?x?xi32>) : tensor<?x32x?x128xbf16>
  %1 = attn.rope %0 positions(%p : tensor<?x?xi32>) offset(-3) rotary_dims(64) pairing(interleaved) base(500000.0) : !x
  // CHECK: attn.rope %{{.*}} offsets(%{{.*}} : tensor<?xi32>) {stays} : tensor<?x32x?x128xbf16>
  %2 = attn.rope %1 offsets(%o : tensor<?xi32>) {stays} : !x
  return %2 : !x
}

// CHECK-LABEL: func.func @scalings
func.func @scalings(%x: !h) -> !h {
  // CHECK: scaling(#attn.rope_linear<factor = 4.000000e+00>) layout(bshd)
  %0 = attn.rope %x scaling(#attn.rope_linear<factor = 4.0>) layout(bshd) : !h
  // CHECK: scaling(#attn.rope_ntk<factor = 4.000000e+00>)
  %1 = attn.rope %0 scaling(#attn.rope_ntk<factor = 4.0>) : !h
  // CHECK: scaling(#attn.rope_dynamic_ntk<factor = 2.000000e+00, original_length = 16>)
  %2 = attn.rope %1 scaling(#attn.rope_dynamic_ntk<factor = 2.0, original_length = 16>) : !h
  // CHECK: scaling(#attn.rope_yarn<factor = 4.000000e+01, original_length = 4096>)
  %3 = attn.rope %2 scaling(#attn.rope_yarn<factor = 40.0, original_length = 4096, beta_fast = 32.0, beta_slow = 1.0>) : !h
  // CHECK: scaling(#attn.rope_yarn<factor = 4.000000e+01, original_length = 4096, beta_slow = 2.000000e+00, attention_factor = 1.250000e+00>)
  %4 = attn.rope %3 scaling(#attn.rope_yarn<attention_factor = 1.25, beta_slow = 2.0, original_length = 4096, factor = 40.0>) : !h
  // CHECK: scaling(#attn.rope_llama3<factor = 8.000000e+00, original_length = 8192>)
  %5 = attn.rope %4 scaling(#attn.rope_llama3<factor = 8.0, original_length = 8192>) : !h
  // CHECK: scaling(#attn.rope_long<factor = 3.200000e+01, original_length = 4096, factors = [1.000000e+00, 1.500000e+00]>)
  %6 = attn.rope %5 rotary_dims(4) scaling(#attn.rope_long<factor = 32.0, original_length = 4096, factors = [1.0, 1.5]>) : !h
  return %6 : !h
}

// CANON-LABEL: func.func @all_dims_are_rotary
// CANON: attn.rope %{{.*}} : tensor<?x32x?x128xbf16>
func.func @all_dims_are_rotary(%x: !x) -> !x {
  %0 = attn.rope %x rotary_dims(128) : !x
  return %0 : !x
}

// DIMS-LABEL: func.func @dims_are_those_of_the_input
// DIMS: tensor.dim %arg0
// DIMS-NOT: attn.rope
func.func @dims_are_those_of_the_input(%x: !x) -> index {
  %c2 = arith.constant 2 : index
  %0 = attn.rope %x : !x
  %n = tensor.dim %0, %c2 : !x
  return %n : index
}
