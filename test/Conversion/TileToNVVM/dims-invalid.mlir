// RUN: attn-opt %s --convert-tile-to-nvvm --split-input-file --verify-diagnostics

tile.kernel @beyond(%in: memref<?x?x64xf32, strided<[?, ?, 1], offset: ?>>)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80", shared_bytes = 0 : i64} {
  %c7 = arith.constant 7 : index
  // expected-error@+2 {{failed to legalize}}
  // expected-error@+1 {{expected a constant dimension of the memref}}
  %n = memref.dim %in, %c7 : memref<?x?x64xf32, strided<[?, ?, 1], offset: ?>>
  tile.return
}
