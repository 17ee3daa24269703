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
  // expected-error@+1 {{expected a lowered kernel; run convert-tile-to-nvvm, or convert-tile-to-vector for a processor, first}}
  %o = tile.launch @k grid(%n, %n, %n) ins(%in : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %o : tensor<?xf32>
}

// -----

gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.func @k() attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128>, tile.schedule = #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2>, tile.shared_bytes = 0 : i64} {
    llvm.return
  }
}
// expected-error@+1 {{expected `tile.args` of `says_nothing` to describe each argument; run convert-attn-to-tile first}}
func.func @says_nothing(%in: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %in, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %o = tile.launch @kernels::@k grid(%n, %n, %n) ins(%in : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %o : tensor<?xf32>
}

// -----

gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.func @k() attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128>, tile.schedule = #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2>, tile.shared_bytes = 0 : i64} {
    llvm.return
  }
}
// expected-error@+1 {{expected `tile.results` of `says_too_little` to describe each result; run convert-attn-to-tile first}}
func.func @says_too_little(%in: tensor<?xf32>) -> tensor<?xf32> attributes {tile.args = [{}], tile.results = []} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %in, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %o = tile.launch @kernels::@k grid(%n, %n, %n) ins(%in : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %o : tensor<?xf32>
}

// -----

gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.func @k() attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128>, tile.schedule = #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2>, tile.shared_bytes = 0 : i64} {
    llvm.return
  }
}
func.func @reads_data(%in: tensor<?xf32>) -> tensor<?xf32> attributes {tile.args = [{}], tile.results = [{judge = {}}]} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %in, %c0 : tensor<?xf32>
  // expected-error@+1 {{is not expected in a function that launches kernels}}
  %x = tensor.extract %in[%c0] : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %o = tile.launch @kernels::@k grid(%n, %n, %n) ins(%in : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %o : tensor<?xf32>
}

// -----

gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.func @k() attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128>, tile.schedule = #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2>, tile.shared_bytes = 0 : i64} {
    llvm.return
  }
}
func.func @asks_for_any_dimension(%in: tensor<?xf32>) -> tensor<?xf32> attributes {tile.args = [{}], tile.results = [{judge = {}}]} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %in, %c0 : tensor<?xf32>
  // expected-error@+1 {{expected a constant dimension}}
  %m = tensor.dim %in, %n : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %o = tile.launch @kernels::@k grid(%n, %n, %n) ins(%in : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %o : tensor<?xf32>
}

// -----

gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.func @k() attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128>, tile.schedule = #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2>, tile.shared_bytes = 0 : i64} {
    llvm.return
  }
}
func.func @asks_a_view(%in: tensor<?xf32>) -> tensor<?xf32> attributes {tile.args = [{}], tile.results = [{judge = {}}]} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %in, %c0 : tensor<?xf32>
  %c = tensor.cast %in : tensor<?xf32> to tensor<8xf32>
  // expected-error@+1 {{expected a tensor that is not reshaped}}
  %m = tensor.dim %c, %c0 : tensor<8xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %o = tile.launch @kernels::@k grid(%n, %n, %n) ins(%in : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %o : tensor<?xf32>
}

// -----

gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.func @k() attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128>, tile.schedule = #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2>, tile.shared_bytes = 0 : i64} {
    llvm.return
  }
}
// expected-error@+1 {{expected `is_not_judged__reference` beside `is_not_judged`; run convert-attn-to-reference first}}
func.func @is_not_judged(%in: tensor<?xf32>) -> tensor<?xf32> attributes {tile.args = [{}], tile.results = [{judge = {}}]} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %in, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %o = tile.launch @kernels::@k grid(%n, %n, %n) ins(%in : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %o : tensor<?xf32>
}

// -----

gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.func @k() attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128>, tile.schedule = #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2>, tile.shared_bytes = 0 : i64} {
    llvm.return
  }
}
// expected-error@+1 {{expected `tile.results` of `is_not_judged` to describe each result; run convert-attn-to-tile first}}
func.func @is_not_judged(%in: tensor<?xf32>) -> tensor<?xf32> attributes {tile.args = [{}], tile.results = [{role = "output"}]} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %in, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %o = tile.launch @kernels::@k grid(%n, %n, %n) ins(%in : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %o : tensor<?xf32>
}
