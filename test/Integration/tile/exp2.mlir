// The exp2 of processors over all exponents: within 2 units in the last place of
// the exact value, also where that is subnormal; 0, infinite and NaN where it is.
//
// RUN: %python %S/Inputs/check_exp2.py %s attn-compile %t.host.so host -- attn-run | FileCheck %s
// RUN: %python %S/Inputs/check_exp2.py %s attn-compile %t.v3.so x86-64-v3 -- attn-run | FileCheck %s
// RUN: %if avx512 %{ %python %S/Inputs/check_exp2.py %s attn-compile %t.v4.so x86-64-v4 -- attn-run | FileCheck %s %}
// RUN: %if aarch64 %{ %python %S/Inputs/check_exp2.py %s attn-compile %t.arm.so aarch64 -- %aarch64_run | FileCheck %s %}
// CHECK: {{[0-9]+}} values of a tile and {{[0-9]+}} of a row vector

!t = tensor<?x64xf32>
!m = memref<?x64xf32, strided<[?, 1], offset: ?>>
!r = tensor<?xf32>
!v = memref<?xf32, strided<[1], offset: ?>>

// A row vector is computed for a block of rows at once, and a tile row by row.
tile.kernel @exp2_kernel(%X: !m, %R: !v, %Y: !m, %S: !v) attributes {cta = #tile.cta<warps = 0>, target = "TARGET"} {
  %rows = arith.constant 64 : index
  %i = tile.block_id x
  %first = arith.muli %i, %rows : index
  %x = tile.load %X[%first] : !m -> tensor<64x64xf32>
  %r = tile.load %R[%first] : !v -> tensor<64x1xf32>
  %y = math.exp2 %x : tensor<64x64xf32>
  %s = math.exp2 %r : tensor<64x1xf32>
  tile.store %y, %Y[%first] : tensor<64x64xf32>, !m
  tile.store %s, %S[%first] : tensor<64x1xf32>, !v
  tile.return
}

func.func @exp2(%x: !t, %r: !r) -> (!t, !r) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = arith.constant 64 : index
  %before = arith.constant 63 : index
  %n = tensor.dim %x, %c0 : !t
  %padded = arith.addi %n, %before : index
  %blocks = arith.divui %padded, %rows : index
  %tile = tensor.empty(%n) : !t
  %vector = tensor.empty(%n) : !r
  %y, %s = tile.launch @exp2_kernel grid(%blocks, %c1, %c1) ins(%x, %r : !t, !r)
      outs(%tile, %vector : !t, !r) -> !t, !r
  return %y, %s : !t, !r
}
