// RUN: attn-opt %s --package-build-entries -split-input-file -verify-diagnostics

tile.kernel @k(%in: memref<?xf32, strided<[1], offset: ?>>, %out: memref<?xf32, strided<[1], offset: ?>>)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  tile.return
}
// expected-error@+1 {{expected `returns_argument` to return results of launches only}}
func.func @returns_argument(%in: tensor<?xf32>, %n: index) -> tensor<?xf32> {
  %e = tensor.empty(%n) : tensor<?xf32>
  %o = tile.launch @k grid(%n, %n, %n) ins(%in : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %in : tensor<?xf32>
}

// -----

tile.kernel @k(%in: memref<?xf32, strided<[1], offset: ?>>, %out: memref<?xf32, strided<[1], offset: ?>>)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  tile.return
}
func.func @fills_argument(%in: tensor<?xf32>, %n: index) -> tensor<?xf32> {
  // expected-error@+1 {{expected destinations made by tensor.empty, or results that are filled again}}
  %o = tile.launch @k grid(%n, %n, %n) ins(%in : tensor<?xf32>) outs(%in : tensor<?xf32>) -> tensor<?xf32>
  return %o : tensor<?xf32>
}

// -----

tile.kernel @k(%in: memref<?xf32, strided<[1], offset: ?>>, %out: memref<?xf32, strided<[1], offset: ?>>)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  tile.return
}
func.func @not_lowered(%in: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %in, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  // expected-error@+1 {{expected a lowered kernel; run convert-tile-to-nvvm first}}
  %o = tile.launch @k grid(%n, %n, %n) ins(%in : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %o : tensor<?xf32>
}
