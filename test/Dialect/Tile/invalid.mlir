// RUN: attn-opt %s -split-input-file -verify-diagnostics

// expected-error@+1 {{expected schedule key `q` to be a multiple of 64 (16 rows for each of 4 warps), got 48}}
#schedule = #tile.schedule<q = 48, kv = 64, warps = 4, stages = 2>

// -----

// expected-error@+1 {{expected schedule key `kv` to be a multiple of 16, got 24}}
#schedule = #tile.schedule<q = 64, kv = 24, warps = 4, stages = 2>

// -----

// expected-error@+1 {{expected schedule key `warps` in 1..32, got 0}}
#schedule = #tile.schedule<q = 64, kv = 64, warps = 0, stages = 2>

// -----

// expected-error@+1 {{expected schedule key `stages` in 1..8, got 9}}
#schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 9>

// -----

// expected-error@+1 {{expected schedule keys `q` and `kv` to be at most 1024, got 2048 and 64}}
#schedule = #tile.schedule<q = 2048, kv = 64, warps = 4, stages = 2>

// -----

// expected-error@+1 {{expected rows to be a multiple of 64, got 48}}
func.func private @rows() -> tensor<48x16xf32, #tile.accumulator<warps = 4>>

// -----

// expected-error@+1 {{expected columns to be a multiple of 8, got 12}}
func.func private @columns() -> tensor<64x12xf32, #tile.accumulator<warps = 4>>

// -----

// expected-error@+1 {{expected 16-bit elements, got 'f32'}}
func.func private @element() -> tensor<64x16xf32, #tile.operand_a<warps = 4>>

// -----

// expected-error@+1 {{expected `warps` in 1..32, got 33}}
func.func private @warps() -> tensor<64x16xf32, #tile.accumulator<warps = 33>>

// -----

// expected-error@+1 {{expected swizzle 32, 64 or 128, got 48}}
func.func private @swizzle() -> !tile.shared<64x64xbf16, swizzle = 48>

// -----

// expected-error@+1 {{expected swizzle 128 to divide a row of 96 bytes}}
func.func private @panel() -> !tile.shared<64x48xbf16, swizzle = 128>

// -----

// expected-error@+1 {{expected rows in eights, got 60}}
func.func private @eights() -> !tile.shared<60x64xbf16, swizzle = 128>

// -----

// expected-error@+1 {{expected rank 2 or 3, got 1}}
func.func private @rank() -> !tile.shared<64xbf16, swizzle = 128>

// -----

// expected-error@+1 {{expected no results, got 1}}
tile.kernel @result() -> index attributes {
    schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2>, target = "sm_80"} {
  tile.return
}

// -----

// expected-error@+1 {{expected arguments of memref, tensor map or index type, got 'f32'}}
tile.kernel @argument(%x: f32) attributes {
    schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2>, target = "sm_80"} {
  tile.return
}

// -----

func.func @launch(%n: index) {
  // expected-error@+1 {{expected `@nobody` to be a kernel}}
  tile.launch @nobody grid(%n, %n, %n) ins() outs()
  return
}

// -----

tile.kernel @k(%n: index) attributes {
    schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2>, target = "sm_80"} {
  tile.return
}
func.func @launch(%n: index) {
  // expected-error@+1 {{expected 1 kernel arguments, got 0}}
  tile.launch @k grid(%n, %n, %n) ins() outs()
  return
}

// -----

func.func @load(%m: memref<?x?x64xbf16>, %i: index) {
  // expected-error@+1 {{expected 2 indices, got 1}}
  %0 = tile.load %m[%i] : memref<?x?x64xbf16> -> tensor<64x64xbf16>
  return
}

// -----

func.func @load(%m: memref<?x64xbf16>, %i: index) {
  // expected-error@+1 {{expected element type 'bf16', got 'f16'}}
  %0 = tile.load %m[%i] : memref<?x64xbf16> -> tensor<64x64xf16>
  return
}

// -----

func.func @copy(%m: memref<?x64xbf16>, %i: index, %b: !tile.shared<2x64x64xbf16, swizzle = 128>) {
  // expected-error@+1 {{expected one tile as destination, got the ring}}
  tile.copy_async %m[%i] to %b : memref<?x64xbf16> to !tile.shared<2x64x64xbf16, swizzle = 128>
  return
}

// -----

func.func @slot(%i: index, %b: !tile.shared<64x64xbf16, swizzle = 128>) {
  // expected-error@+1 {{expected a ring, got '!tile.shared<64x64xbf16, swizzle = 128>'}}
  %0 = "tile.slot"(%b, %i) : (!tile.shared<64x64xbf16, swizzle = 128>, index) -> !tile.shared<64x64xbf16, swizzle = 128>
  return
}

// -----

func.func @fragment(%b: !tile.shared<64x64xbf16, swizzle = 128>) {
  // expected-error@+1 {{expected a tile in shared memory like}}
  %0 = tile.fragment %b : !tile.shared<64x64xbf16, swizzle = 128> -> tensor<64x32xbf16>
  return
}

// -----

func.func @dot(%a: tensor<64x32xbf16>, %b: tensor<16x32xbf16>, %c: tensor<64x16xf32>) {
  // expected-error@+1 {{expected inner dimensions to be equal, got 32 and 16}}
  %0 = tile.dot %a, %b, %c : tensor<64x32xbf16>, tensor<16x32xbf16>, tensor<64x16xf32>
  return
}

// -----

func.func @dot(%a: tensor<64x32xbf16>, %b: tensor<16x32xbf16>, %c: tensor<64x32xf32>) {
  // expected-error@+1 {{expected an accumulator of 64x16, got 64x32}}
  %0 = tile.dot %a, %b, %c transpose_b : tensor<64x32xbf16>, tensor<16x32xbf16>, tensor<64x32xf32>
  return
}

// -----

func.func @dot(%a: tensor<64x32xbf16>, %b: tensor<16x32xf16>, %c: tensor<64x16xf32>) {
  // expected-error@+1 {{expected operands of one element type, got 'bf16' and 'f16'}}
  %0 = tile.dot %a, %b, %c transpose_b : tensor<64x32xbf16>, tensor<16x32xf16>, tensor<64x16xf32>
  return
}

// -----

func.func @reduce(%a: tensor<64x32xf32>) {
  // expected-error@+1 {{does not give 'tensor<64x2xf32>' from 'tensor<64x32xf32>'}}
  %0 = tile.reduce add %a : tensor<64x32xf32> -> tensor<64x2xf32>
  return
}

// -----

func.func @fold(%a: tensor<64x32xf32>) {
  // expected-error@+1 {{does not give 'tensor<64x8xf32>' from 'tensor<64x32xf32>'}}
  %0 = tile.fold add %a : tensor<64x32xf32> -> tensor<64x8xf32>
  return
}

// -----

func.func @broadcast(%a: tensor<64x2xf32>) {
  // expected-error@+1 {{does not give 'tensor<64x32xf32>' from 'tensor<64x2xf32>'}}
  %0 = tile.broadcast %a : tensor<64x2xf32> -> tensor<64x32xf32>
  return
}

// -----

func.func @iota() {
  // expected-error@+1 {{expected a vector of i32, got 'tensor<8x8xi32>'}}
  %0 = tile.iota : tensor<8x8xi32>
  return
}

// -----

#schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2>
tile.kernel @put() attributes {schedule = #schedule, target = "sm_80"} {
  %a = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  %v = arith.constant dense<0.0> : tensor<64x32xbf16>
  // expected-error@+1 {{expected a tile in shared memory like 'tensor<64x32xbf16>', got '!tile.shared<64x64xbf16, swizzle = 128>'}}
  tile.put %v to %a : tensor<64x32xbf16> to !tile.shared<64x64xbf16, swizzle = 128>
  tile.return
}

// -----

#schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2>
tile.kernel @copy_out(%out: memref<?x64xf32>, %i: index) attributes {schedule = #schedule, target = "sm_80"} {
  %a = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  // expected-error@+1 {{expected element type 'f32', got 'bf16'}}
  tile.copy_out %a to %out[%i] : !tile.shared<64x64xbf16, swizzle = 128> to memref<?x64xf32>
  tile.return
}
