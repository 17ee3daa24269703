// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-assign-layouts))' -verify-diagnostics

tile.kernel @rows() attributes {
    cta = #tile.cta<warps = 4>, target = "sm_80"} {
  // expected-error@+1 {{expected rows to be a multiple of 64, got 32}}
  %c = arith.constant dense<0.0> : tensor<32x64xf32>
  tile.return
}

// expected-error@+1 {{expected at least one warp, as kernels for GPUs have}}
tile.kernel @no_warps() attributes {
    cta = #tile.cta<warps = 0>, target = "sm_80"} {
  tile.return
}
