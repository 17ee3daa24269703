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
func.func @not_lowered(%in: tensor<?xf32>) -> tensor<?xf32> attributes {tile.args = [{roles = []}], tile.results = [{role = "output", judge = {rows = [], chain = 0, edges = []}}]} {
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
// expected-error@+1 {{expected `tile.args` on `says_nothing`, which describes each argument}}
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
// expected-error@+1 {{expected `tile.results` on `says_too_little`, which describes each result}}
func.func @says_too_little(%in: tensor<?xf32>) -> tensor<?xf32> attributes {tile.args = [{roles = []}]} {
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
func.func @reads_data(%in: tensor<?xf32>) -> tensor<?xf32> attributes {tile.args = [{roles = []}], tile.results = [{role = "output", judge = {rows = [], chain = 0, edges = []}}]} {
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
func.func @asks_for_any_dimension(%in: tensor<?xf32>) -> tensor<?xf32> attributes {tile.args = [{roles = []}], tile.results = [{role = "output", judge = {rows = [], chain = 0, edges = []}}]} {
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
func.func @asks_a_view(%in: tensor<?xf32>) -> tensor<?xf32> attributes {tile.args = [{roles = []}], tile.results = [{role = "output", judge = {rows = [], chain = 0, edges = []}}]} {
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
// expected-error@+1 {{expected `is_not_judged__reference` beside `is_not_judged`, which computes what its results are judged by}}
func.func @is_not_judged(%in: tensor<?xf32>) -> tensor<?xf32> attributes {tile.args = [{roles = []}], tile.results = [{role = "output", judge = {rows = [], chain = 0, edges = []}}]} {
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
// expected-error@+1 {{expected argument 0 of `has_odd_elements` to be a tensor of f16, bf16, f32, i1, i8, i32 or i64 with at most 8 dimensions, got 'tensor<?xi16>'}}
func.func @has_odd_elements(%in: tensor<?xi16>) -> tensor<?xf32> attributes {tile.args = [{roles = []}], tile.results = [{role = "output", judge = {rows = [], chain = 0, edges = []}}]} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %in, %c0 : tensor<?xi16>
  %e = tensor.empty(%n) : tensor<?xf32>
  %o = tile.launch @kernels::@k grid(%n, %n, %n) ins(%in : tensor<?xi16>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %o : tensor<?xf32>
}

// -----

gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.func @k() attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128>, tile.schedule = #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2>, tile.shared_bytes = 0 : i64} {
    llvm.return
  }
}
// expected-error@+1 {{expected result 0 of `gives_integers` to be a tensor of f16, bf16 or f32 with at most 8 dimensions, got 'tensor<?xi32>'}}
func.func @gives_integers(%in: tensor<?xf32>) -> tensor<?xi32> attributes {tile.args = [{roles = []}], tile.results = [{role = "output", judge = {rows = [], chain = 0, edges = []}}]} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %in, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xi32>
  %o = tile.launch @kernels::@k grid(%n, %n, %n) ins(%in : tensor<?xf32>) outs(%e : tensor<?xi32>) -> tensor<?xi32>
  return %o : tensor<?xi32>
}

// -----

gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.func @k() attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128>, tile.schedule = #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2>, tile.shared_bytes = 0 : i64} {
    llvm.return
  }
}
func.func @f(%in: tensor<?xf32>) -> tensor<?xf32> attributes {tile.args = [{roles = []}], tile.results = [{role = "output", judge = {rows = [], chain = 0, edges = []}}]} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %in, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %o = tile.launch @kernels::@k grid(%n, %n, %n) ins(%in : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %o : tensor<?xf32>
}
func.func @f__reference(%in: memref<?xf32, strided<[1], offset: ?>>, %out: memref<?xf64, strided<[1], offset: ?>>, %i: index, %j: index) {
  return
}
func.func @f__baseline(%in: memref<?xf32, strided<[1], offset: ?>>, %out: memref<?xf64, strided<[1], offset: ?>>, %i: index, %j: index) {
  return
}
// expected-error@+1 {{expected `f__flops` to have a body and to take each argument as memref, and to return f64; those are of `f`}}
func.func @f__flops(%in: memref<?xf32, strided<[1], offset: ?>>) -> f32 {
  %zero = arith.constant 0.0 : f32
  return %zero : f32
}

// -----

gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.func @k() attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128>, tile.schedule = #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2>, tile.shared_bytes = 0 : i64} {
    llvm.return
  }
}
func.func @f(%in: tensor<?xf32>) -> tensor<?xf32> attributes {tile.args = [{roles = []}], tile.results = [{role = "output", judge = {rows = [], chain = 0, edges = []}}]} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %in, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %o = tile.launch @kernels::@k grid(%n, %n, %n) ins(%in : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %o : tensor<?xf32>
}
// expected-error@+1 {{expected `f__reference` to have a body and to take each argument as memref, each result as memref of f64, and two indices; those are of `f`}}
func.func @f__reference(%in: memref<?xf32, strided<[1], offset: ?>>, %out: memref<?xf32, strided<[1], offset: ?>>, %i: index, %j: index) {
  return
}
func.func @f__baseline(%in: memref<?xf32, strided<[1], offset: ?>>, %out: memref<?xf64, strided<[1], offset: ?>>, %i: index, %j: index) {
  return
}
func.func @f__flops(%in: memref<?xf32, strided<[1], offset: ?>>) -> f64 {
  %zero = arith.constant 0.0 : f64
  return %zero : f64
}

// -----

gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  // expected-error@+1 {{expected a function that launches `k`; a package is called through its functions}}
  llvm.func @k() attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128>, tile.schedule = #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2>, tile.shared_bytes = 0 : i64} {
    llvm.return
  }
}

// -----

gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.func @k() attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128>, tile.schedule = #tile.schedule<q = 128, kv = 64, warps = 4, stages = 2>, tile.shared_bytes = 0 : i64} {
    llvm.return
  }
}
func.func @f_1(%in: tensor<?xf32>) -> tensor<?xf32> attributes {attn.name = "f", tile.args = [{roles = []}], tile.results = [{role = "output", judge = {rows = [], chain = 0, edges = []}}]} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %in, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %o = tile.launch @kernels::@k grid(%n, %n, %n) ins(%in : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %o : tensor<?xf32>
}
// expected-error@+1 {{expected another name than that of a function before, got `f`}}
func.func @f_2(%in: tensor<?xf32>) -> tensor<?xf32> attributes {attn.name = "f", tile.args = [{roles = []}], tile.results = [{role = "output", judge = {rows = [], chain = 0, edges = []}}]} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %in, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %o = tile.launch @kernels::@k grid(%n, %n, %n) ins(%in : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %o : tensor<?xf32>
}
