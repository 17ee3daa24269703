// RUN: attn-opt %s -split-input-file -verify-diagnostics

// expected-error@+1 {{expected schedule key `q` to be a multiple of 64 (16 rows for each of 4 warps), got 48}}
#schedule = #tile.schedule<q = 48, kv = 64, warps = 4, stages = 2>

// -----

// expected-error@+1 {{expected schedule key `kv` to be a multiple of 16, got 24}}
#schedule = #tile.schedule<q = 64, kv = 24, warps = 4, stages = 2>

// -----

// expected-error@+1 {{expected schedule key `stages` to be 1 without warps, got 2}}
#schedule = #tile.schedule<q = 64, kv = 64, warps = 0, stages = 2>

// -----

// expected-error@+1 {{expected schedule key `stages` in 1..8, got 9}}
#schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 9>

// -----

// expected-error@+1 {{expected schedule key `q` in 1..1024, got 2048}}
#schedule = #tile.schedule<q = 2048, kv = 64, warps = 4, stages = 2>

// -----

// expected-error@+1 {{expected rows to be a multiple of 64, got 48}}
func.func private @rows() -> tensor<48x16xf32, #tile.accumulator<warps = 4>>

// -----

// expected-error@+1 {{expected columns to be a multiple of 8, got 12}}
func.func private @columns() -> tensor<64x12xf32, #tile.accumulator<warps = 4>>

// -----

// expected-error@+1 {{expected elements of 8, 16 or 32 bits, got 'f64'}}
func.func private @element() -> tensor<64x16xf64, #tile.operand_a<warps = 4>>

// -----

// expected-error@+1 {{expected columns to be a multiple of 8, got 12}}
func.func private @step_of_32_bits() -> tensor<64x12xf32, #tile.operand_a<warps = 4>>

// -----

// expected-error@+1 {{expected columns to be a multiple of 32, got 16}}
func.func private @step_of_8_bits() -> tensor<64x16xf8E4M3FN, #tile.operand_a<warps = 4>>

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
    cta = #tile.cta<warps = 4>, schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2>, target = "sm_80"} {
  tile.return
}

// -----

// expected-error@+1 {{expected arguments of memref, tensor map or index type, got 'f32'}}
tile.kernel @argument(%x: f32) attributes {
    cta = #tile.cta<warps = 4>, schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2>, target = "sm_80"} {
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
    cta = #tile.cta<warps = 4>, schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2>, target = "sm_80"} {
  tile.return
}
func.func @launch(%n: index) {
  // expected-error@+1 {{expected 1 kernel arguments, got 0}}
  tile.launch @k grid(%n, %n, %n) ins() outs()
  return
}

// -----

#one = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2>
tile.kernel @k(%m: memref<?x64xbf16>) attributes {cta = #tile.cta<warps = 4>, schedule = #one, target = "sm_80"} {
  tile.return
}
// What is static is no parameter of a kernel.
func.func @launch(%t: tensor<8x64xbf16>, %n: index) {
  // expected-error@+1 {{expected argument 0 of the kernel to be 'memref<?x64xbf16>', got 'tensor<8x64xbf16>'}}
  tile.launch @k grid(%n, %n, %n) ins(%t : tensor<8x64xbf16>) outs()
  return
}

// -----

func.func @box_rank(%m: memref<?x?x64xbf16>, %i: index) {
  // expected-error@+1 {{expected a box of 2 sizes, got 3}}
  %0 = tile.load %m[%i, %i] box = [1, 1, 64] : memref<?x?x64xbf16> -> tensor<64x64xbf16>
  return
}

// -----

func.func @box_size(%m: memref<?x?x64xbf16>, %i: index) {
  // expected-error@+1 {{expected sizes of a box in 1..64, got 0}}
  %0 = tile.load %m[%i, %i] box = [0, 64] : memref<?x?x64xbf16> -> tensor<64x64xbf16>
  return
}

// -----

func.func @box_rows(%v: tensor<64x1xf32>, %m: memref<?x?xf32>, %i: index) {
  // expected-error@+1 {{expected a box of the tile's 64 rows}}
  tile.store %v, %m[%i, %i] box = [4, 8] : tensor<64x1xf32>, memref<?x?xf32>
  return
}

// -----

func.func @box_of_map(%m: !tile.tensor_map<16x4x64xbf16, swizzle = 128>, %i: index, %b: !tile.shared<64x64xbf16, swizzle = 128>, %f: !tile.barriers<2>) {
  // expected-error@+1 {{expected boxes of rows of '!tile.shared<64x64xbf16, swizzle = 128>', got '!tile.tensor_map<16x4x64xbf16, swizzle = 128>'}}
  tile.fetch %m[%i, %i] box = [8, 8] to %b signals %f[%i] : !tile.tensor_map<16x4x64xbf16, swizzle = 128> to !tile.shared<64x64xbf16, swizzle = 128>, !tile.barriers<2>
  return
}

// -----

func.func @rows_of_map(%m: !tile.tensor_map<48x64xbf16, swizzle = 128>, %i: index, %b: !tile.shared<64x64xbf16, swizzle = 128>) {
  // expected-error@+1 {{expected boxes of rows of}}
  tile.send %b to %m[%i] : !tile.shared<64x64xbf16, swizzle = 128> to !tile.tensor_map<48x64xbf16, swizzle = 128>
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

func.func @dot(%a: tensor<64x32xf32>, %b: tensor<16x32xf32>, %c: tensor<64x16xf32>, %k: tensor<64x1xi32>, %l: tensor<16x1xi32>) {
  // expected-error@+1 {{expected bounds of 64x1, got 'tensor<16x1xi32>'}}
  %0 = tile.dot %a, %b, %c transpose_b within(%k : tensor<64x1xi32>, %l : tensor<16x1xi32>) : tensor<64x32xf32>, tensor<16x32xf32>, tensor<64x16xf32>
  return
}

// -----

func.func @dot(%a: tensor<64x32xf32>, %b: tensor<32x16xf32>, %c: tensor<64x16xf32>, %k: tensor<64x1xi32>) {
  // expected-error@+1 {{expected bounds of `within` where there is `inner`}}
  %0 = tile.dot %a, %b, %c inner : tensor<64x32xf32>, tensor<32x16xf32>, tensor<64x16xf32>
  return
}

// -----

func.func @dot(%a: tensor<64x32xbf16>, %b: tensor<16x32xf16>, %c: tensor<64x16xf32>) {
  // expected-error@+1 {{expected operands of one element type, got 'bf16' and 'f16'}}
  %0 = tile.dot %a, %b, %c transpose_b : tensor<64x32xbf16>, tensor<16x32xf16>, tensor<64x16xf32>
  return
}

// -----

func.func @dot_parts(%a: tensor<64x32xbf16>, %b: tensor<16x32xbf16>, %c: tensor<64x16xf32>) {
  // expected-error@+1 {{expected `parts` from 1 to 1 for operands of 'bf16', got 2}}
  %0 = tile.dot %a, %b, %c transpose_b parts = 2 : tensor<64x32xbf16>, tensor<16x32xbf16>, tensor<64x16xf32>
  return
}

// -----

func.func @dot_many_parts(%a: tensor<64x32xf32>, %b: tensor<16x32xf32>, %c: tensor<64x16xf32>) {
  // expected-error@+1 {{expected `parts` from 1 to 2 for operands of 'f32', got 3}}
  %0 = tile.dot %a, %b, %c transpose_b parts = 3 : tensor<64x32xf32>, tensor<16x32xf32>, tensor<64x16xf32>
  return
}

// -----

// expected-error@+1 {{expected no `ofResult` for elements of 16 bits, whose columns have one order}}
func.func private @order_of_16_bits() -> tensor<64x16xbf16, #tile.operand_a<warps = 4, ofResult = true>>

// -----

func.func @reduce(%a: tensor<64x32xf32>) {
  // expected-error@+1 {{does not give 'tensor<64x2xf32>' from 'tensor<64x32xf32>'}}
  %0 = tile.reduce add %a : tensor<64x32xf32> -> tensor<64x2xf32>
  return
}

// -----

func.func @insert(%part: tensor<64x24xf32>, %tile: tensor<64x32xf32>, %i: index) {
  // expected-error@+1 {{does not put 'tensor<64x24xf32>' into 'tensor<64x32xf32>'}}
  %0 = tile.insert %part, %tile[%i] : tensor<64x24xf32> to tensor<64x32xf32>
  return
}

// -----

func.func @fold(%a: tensor<64x32xf32>) {
  // expected-error@+1 {{does not give 'tensor<64x5xf32>' from 'tensor<64x32xf32>'}}
  %0 = tile.fold add %a : tensor<64x32xf32> -> tensor<64x5xf32>
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
  // expected-error@+1 {{expected a vector of i32, or columns of f32, got 'tensor<8x8xi32>'}}
  %0 = tile.iota : tensor<8x8xi32>
  return
}

// -----

#schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2>
tile.kernel @put() attributes {cta = #tile.cta<warps = 4>, schedule = #schedule, target = "sm_80"} {
  %a = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  %v = arith.constant dense<0.0> : tensor<64x32xbf16>
  // expected-error@+1 {{expected a tile in shared memory like 'tensor<64x32xbf16>', got '!tile.shared<64x64xbf16, swizzle = 128>'}}
  tile.put %v to %a : tensor<64x32xbf16> to !tile.shared<64x64xbf16, swizzle = 128>
  tile.return
}

// -----

#schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2>
tile.kernel @copy_out(%out: memref<?x64xf32>, %i: index) attributes {cta = #tile.cta<warps = 4>, schedule = #schedule, target = "sm_80"} {
  %a = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  // expected-error@+1 {{expected element type 'f32', got 'bf16'}}
  tile.copy_out %a to %out[%i] : !tile.shared<64x64xbf16, swizzle = 128> to memref<?x64xf32>
  tile.return
}

// -----

// expected-error@+1 {{expected schedule key `producers` to be 0 or 4, got 8}}
#schedule = #tile.schedule<q = 128, kv = 64, warps = 8, stages = 2, producers = 8>

// -----

// expected-error@+1 {{expected schedule key `persistent` in 0..2, got 3}}
#schedule = #tile.schedule<q = 128, kv = 64, warps = 8, stages = 2, producers = 4, persistent = 3>

// -----

// expected-error@+1 {{expected schedule key `prefetch` in 0..1, got 2}}
#schedule = #tile.schedule<q = 128, kv = 64, warps = 8, stages = 2, producers = 4, persistent = 1, prefetch = 2>

// -----

// expected-error@+1 {{expected schedule key `turns` in 0..2, got -1}}
#schedule = #tile.schedule<q = 128, kv = 64, warps = 8, stages = 2, producers = 4, turns = -1>

// -----

// expected-error@+1 {{expected schedule key `overlap` in 0..1, got 2}}
#schedule = #tile.schedule<q = 128, kv = 64, warps = 8, stages = 2, producers = 4, overlap = 2>

// -----

// expected-error@+1 {{expected schedule key `longest` to be 0 without warps and beside `persistent`, got 1}}
#schedule = #tile.schedule<q = 128, kv = 64, warps = 8, stages = 2, producers = 4, persistent = 1, longest = 1>

// -----

// expected-error@+1 {{expected schedule key `longest` to be 0 without warps and beside `persistent`, got 1}}
#schedule = #tile.schedule<q = 128, kv = 64, warps = 0, stages = 1, longest = 1>

// -----

// expected-error@+1 {{expected schedule key `persistent` to be 0 without `producers`, got 1}}
#schedule = #tile.schedule<q = 128, kv = 64, warps = 8, stages = 2, persistent = 1>

// -----

// expected-error@+1 {{expected schedule key `prefetch` to be 0 without `producers`, got 1}}
#schedule = #tile.schedule<q = 128, kv = 64, warps = 8, stages = 2, prefetch = 1>

// -----

// expected-error@+1 {{expected schedule key `turns` to be 0 without `producers`, got 2}}
#schedule = #tile.schedule<q = 128, kv = 64, warps = 8, stages = 2, turns = 2>

// -----

// expected-error@+1 {{expected schedule key `overlap` to be 0 without `producers`, got 1}}
#schedule = #tile.schedule<q = 128, kv = 64, warps = 8, stages = 2, overlap = 1>

// -----

// expected-error@+1 {{expected schedule key `prefetch` to be 0 where a CTA has one query tile, got 1}}
#schedule = #tile.schedule<q = 128, kv = 64, warps = 8, stages = 2, producers = 4, prefetch = 1>

// -----

// expected-error@+1 {{expected schedule key `warps` to be a multiple of 4 beside producers, got 6}}
#schedule = #tile.schedule<q = 96, kv = 64, warps = 6, stages = 2, producers = 4>

// -----

// 1024 threads, producers among them.
// expected-error@+1 {{expected schedule key `warps` to be at most 28 beside producers, got 32}}
#schedule = #tile.schedule<q = 512, kv = 64, warps = 32, stages = 2, producers = 4>

// -----

// expected-error@+1 {{expected schedule key `q` to be 128 (16 rows for each of 8 warps beside producers), got 256}}
#schedule = #tile.schedule<q = 256, kv = 64, warps = 8, stages = 2, producers = 4>

// -----

// expected-error@+1 {{expected schedule key `kv` in 16..256 beside producers, got 272}}
#schedule = #tile.schedule<q = 128, kv = 272, warps = 8, stages = 2, producers = 4>

// -----

// expected-error@+1 {{expected schedule key `kv` in 16..1024, got 0}}
#schedule = #tile.schedule<q = 128, kv = 0, warps = 8, stages = 2, producers = 4>

// -----

// expected-error@+1 {{expected schedule key `turns` to be 0 or 1 where products do not overlap, got 2}}
#schedule = #tile.schedule<q = 128, kv = 64, warps = 8, stages = 2, producers = 4, turns = 2>

// -----

// expected-error@+1 {{expected schedule key `warps` to be at least 8 where warpgroups take turns, got 4}}
#schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2, producers = 4, turns = 1>

// -----

// expected-error@+1 {{expected at least one barrier, got 0}}
func.func private @no_barriers() -> !tile.barriers<0>

// -----

// expected-error@+1 {{expected rank 1 to 5, got 6}}
func.func private @map_rank() -> !tile.tensor_map<1x1x1x1x128x64xbf16, swizzle = 128>

// -----

// expected-error@+1 {{expected dimensions of a box in 1..256}}
func.func private @map_box() -> !tile.tensor_map<272x64xbf16, swizzle = 128>

// -----

// expected-error@+1 {{expected a box as wide as the swizzle of 128 bytes}}
func.func private @map_width() -> !tile.tensor_map<128x32xbf16, swizzle = 128>

// -----

func.func @fetch(%m: memref<?x64xbf16>, %i: index, %b: !tile.shared<2x64x64xbf16, swizzle = 128>, %f: !tile.barriers<2>) {
  // expected-error@+1 {{expected one tile, got the ring '!tile.shared<2x64x64xbf16, swizzle = 128>'}}
  tile.fetch %m[%i] to %b signals %f[%i] : memref<?x64xbf16> to !tile.shared<2x64x64xbf16, swizzle = 128>, !tile.barriers<2>
  return
}

// -----

func.func @fetch(%m: !tile.tensor_map<1x64x64xbf16, swizzle = 128>, %i: index, %b: !tile.shared<64x64xbf16, swizzle = 128>, %f: !tile.barriers<2>) {
  // expected-error@+1 {{expected 2 indices, got 3}}
  tile.fetch %m[%i, %i, %i] to %b signals %f[%i] : !tile.tensor_map<1x64x64xbf16, swizzle = 128> to !tile.shared<64x64xbf16, swizzle = 128>, !tile.barriers<2>
  return
}

// -----

func.func @fetch(%m: !tile.tensor_map<64x64xf16, swizzle = 128>, %i: index, %b: !tile.shared<64x64xbf16, swizzle = 128>, %f: !tile.barriers<2>) {
  // expected-error@+1 {{expected boxes of the panels of '!tile.shared<64x64xbf16, swizzle = 128>', got '!tile.tensor_map<64x64xf16, swizzle = 128>'}}
  tile.fetch %m[%i] to %b signals %f[%i] : !tile.tensor_map<64x64xf16, swizzle = 128> to !tile.shared<64x64xbf16, swizzle = 128>, !tile.barriers<2>
  return
}

// -----

func.func @fetch(%m: memref<?x?x64xbf16>, %i: index, %b: !tile.shared<64x64xbf16, swizzle = 128>, %f: !tile.barriers<2>) {
  // expected-error@+1 {{expected 2 indices, got 1}}
  tile.fetch %m[%i] to %b signals %f[%i] : memref<?x?x64xbf16> to !tile.shared<64x64xbf16, swizzle = 128>, !tile.barriers<2>
  return
}

// -----

func.func @send(%m: !tile.tensor_map<16x32xbf16, swizzle = 64>, %i: index, %b: !tile.shared<64x64xbf16, swizzle = 128>) {
  // expected-error@+1 {{expected boxes of the panels of '!tile.shared<64x64xbf16, swizzle = 128>', got '!tile.tensor_map<16x32xbf16, swizzle = 64>'}}
  tile.send %b to %m[%i] : !tile.shared<64x64xbf16, swizzle = 128> to !tile.tensor_map<16x32xbf16, swizzle = 64>
  return
}

// -----

func.func @send(%m: memref<?x64xf16>, %i: index, %b: !tile.shared<64x64xbf16, swizzle = 128>) {
  // expected-error@+1 {{expected element type 'f16', got 'bf16'}}
  tile.send %b to %m[%i] : !tile.shared<64x64xbf16, swizzle = 128> to memref<?x64xf16>
  return
}

// -----

func.func @reuse_rows(%b: !tile.shared<64x64xbf16, swizzle = 128>) {
  // expected-error@+1 {{cannot put '!tile.shared<32x64xbf16, swizzle = 128>' in the place of '!tile.shared<64x64xbf16, swizzle = 128>'}}
  %0 = tile.reuse %b : !tile.shared<64x64xbf16, swizzle = 128> to !tile.shared<32x64xbf16, swizzle = 128>
  return
}

// -----

func.func @reuse_panels(%b: !tile.shared<64x64xbf16, swizzle = 128>) {
  // expected-error@+1 {{cannot put '!tile.shared<64x64xbf16, swizzle = 64>' in the place of '!tile.shared<64x64xbf16, swizzle = 128>'}}
  %0 = tile.reuse %b : !tile.shared<64x64xbf16, swizzle = 128> to !tile.shared<64x64xbf16, swizzle = 64>
  return
}

// -----

func.func @reuse_bytes(%b: !tile.shared<64x64xbf16, swizzle = 128>) {
  // expected-error@+1 {{cannot put '!tile.shared<64x128xbf16, swizzle = 128>' in the place of '!tile.shared<64x64xbf16, swizzle = 128>'}}
  %0 = tile.reuse %b : !tile.shared<64x64xbf16, swizzle = 128> to !tile.shared<64x128xbf16, swizzle = 128>
  return
}

// -----

func.func @describe_rank(%t: tensor<?x64xbf16>) {
  // expected-error@+1 {{expected boxes of 'tensor<?x64xbf16>', got '!tile.tensor_map<1x64x64xbf16, swizzle = 128>'}}
  %0 = tile.tensor_map %t : tensor<?x64xbf16> -> !tile.tensor_map<1x64x64xbf16, swizzle = 128>
  return
}

// -----

func.func @describe_order(%t: tensor<?x?x64xbf16>) {
  // expected-error@+1 {{expected a permutation of 3 dimensions with the last one last}}
  %0 = tile.tensor_map %t permutation = [0, 2, 1] : tensor<?x?x64xbf16> -> !tile.tensor_map<1x64x64xbf16, swizzle = 128>
  return
}

// -----

func.func @describe_permutation(%t: tensor<?x?x64xbf16>) {
  // expected-error@+1 {{expected a permutation of 3 dimensions with the last one last}}
  %0 = tile.tensor_map %t permutation = [0, 0, 2] : tensor<?x?x64xbf16> -> !tile.tensor_map<1x64x64xbf16, swizzle = 128>
  return
}

// -----

func.func @describe_element(%t: tensor<?x64xf16>) {
  // expected-error@+1 {{expected boxes of 'tensor<?x64xf16>', got '!tile.tensor_map<64x64xbf16, swizzle = 128>'}}
  %0 = tile.tensor_map %t : tensor<?x64xf16> -> !tile.tensor_map<64x64xbf16, swizzle = 128>
  return
}

// -----

func.func @consumers() {
  // expected-error@+1 {{'consumers' failed to satisfy constraint}}
  %0:3 = tile.channel consumers = 0 : !tile.shared<2x64x64xbf16, swizzle = 128>
  return
}

// -----

func.func @pending(%s: tensor<64x64xf32>) {
  // expected-error@+1 {{'pending' failed to satisfy constraint}}
  %0 = tile.wait_dots %s pending = -1 : tensor<64x64xf32>
  return
}

// -----

// expected-error-re@+1 {{expected schedule keys `q`, `kv`, `warps`, {{.*}} or {{.*}}, got `rows`}}
#schedule = #tile.schedule<rows = 64>

// -----

// expected-error@+1 {{expected schedule key `q` once}}
#schedule = #tile.schedule<q = 64, q = 64, kv = 64, warps = 4, stages = 2>

// -----

// expected-error@+1 {{expected schedule key `kv`}}
#schedule = #tile.schedule<q = 64, warps = 4, stages = 2>

// -----

// expected-error-re@+1 {{expected schedule keys `rows`, {{.*}} or {{.*}}, got `q`}}
#schedule = #tile.row_schedule<q = 64, warps = 4>

// -----

// expected-error@+1 {{expected schedule key `rows` in 1..1024, got 0}}
#schedule = #tile.row_schedule<rows = 0, warps = 4>

// -----

// expected-error@+1 {{expected schedule key `producers` to be 0 where kernels map rows to rows, got 4}}
#schedule = #tile.row_schedule<rows = 64, warps = 4, producers = 4>

// -----

func.func @channel_of_a_tile() {
  // expected-error@+1 {{expected a ring, got '!tile.shared<64x64xbf16, swizzle = 128>'}}
  %0:3 = tile.channel consumers = 4 : !tile.shared<64x64xbf16, swizzle = 128>
  return
}

// -----

func.func @channel_offsets() {
  // expected-error@+1 {{expected 3 offsets, got 2}}
  %0:3 = tile.channel consumers = 4 at [0, 8] : !tile.shared<2x64x64xbf16, swizzle = 128>
  return
}

// -----

// expected-error@+1 {{expected `warps` in 0..32, got 33}}
tile.kernel @warps() attributes {cta = #tile.cta<warps = 33>, target = "sm_80"} {
  tile.return
}

// -----

// expected-error@+1 {{expected `producers` to be whole warpgroups of 4 warps, got 2}}
tile.kernel @producers() attributes {cta = #tile.cta<warps = 4, producers = 2>, target = "sm_90a"} {
  tile.return
}

// -----

// expected-error@+1 {{expected `warps` to be a multiple of 4 beside producers, got 6}}
tile.kernel @warps_beside_producers() attributes {cta = #tile.cta<warps = 6, producers = 4>, target = "sm_90a"} {
  tile.return
}

// -----

func.func @no_bound(%n: index) {
  // expected-error@+1 {{expected a segment for each of 1 bounds, got 0}}
  "tile.walk"(%n, %n) <{operandSegmentSizes = array<i32: 1, 1, 0>}> : (index, index) -> ()
  return
}

// -----

func.func @arguments(%n: index) {
  // expected-error@+1 {{expected the tile and 0 carried values, got 2 arguments}}
  tile.walk from %n to %n (%t, %x) {
  }
  return
}

// -----

func.func @steps(%n: index) {
  // expected-error@+1 {{expected steps that take 'index', got 'i32'}}
  "tile.walk"(%n, %n) <{operandSegmentSizes = array<i32: 1, 1, 0>}> ({
  ^step(%t: i32):
    tile.yield
  }) : (index, index) -> ()
  return
}

// -----

func.func @yielded(%n: index, %x: f32) {
  %0 = tile.walk from %n init(%x : f32) to %n (%t, %y) {
    // expected-error@+1 {{expected values of types 'f32', got 'index'}}
    tile.yield %t : index
  }
  return
}

// -----

func.func @results(%n: index, %x: f32) {
  // expected-error@+1 {{expected results of types 'f32', got }}
  "tile.walk"(%n, %n, %x) <{operandSegmentSizes = array<i32: 1, 1, 1>}> ({
  ^step(%t: index, %y: f32):
    tile.yield %y : f32
  }) : (index, index, f32) -> ()
  return
}

// -----

tile.kernel @roles() attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  // expected-error@+1 {{expected one program for the role `keys`}}
  tile.roles produce("keys") {
  } produce("keys") {
  } consume {
  }
  tile.return
}

// -----

tile.kernel @no_producer() attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  // expected-error@+1 {{expected programs for 1..4 warps that copy, got 0}}
  tile.roles consume {
  }
  tile.return
}

// -----

tile.kernel @too_many() attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  // expected-error@+1 {{expected programs for 1..4 warps that copy, got 5}}
  tile.roles produce("a") {
  } produce("b") {
  } produce("c") {
  } produce("d") {
  } produce("e") {
  } consume {
  }
  tile.return
}

// -----

func.func @names() {
  // expected-error@+1 {{expected a name for each program but the last of 1, got 1}}
  "tile.roles"() <{names = ["keys"]}> ({
  ^program:
  }) : () -> ()
  return
}

// -----

func.func @first_with_a_value(%x: tensor<64x64xf32>) {
  // expected-error@+1 {{expected `tile.computed_first` without a value, or of 1 to 100 percent, got 101 : i64}}
  %0 = tile.fold add %x {tile.computed_first = 101} : tensor<64x64xf32> -> tensor<64x4xf32>
  return
}

// -----

func.func @wait_shares(%q: tensor<64x16xbf16>, %s: tensor<64x64xf32>) {
  %0 = tile.dot %q, %q, %s transpose_b async : tensor<64x16xbf16>, tensor<64x16xbf16>, tensor<64x64xf32>
  // expected-error@+1 {{expected a share of each computed tile, got 2 of 1}}
  %1 = tile.wait_dots %0 pending = 0 computed(%s : tensor<64x64xf32>) shares = [50, 60] : tensor<64x64xf32>
  return
}

// -----

func.func @wait_share(%q: tensor<64x16xbf16>, %s: tensor<64x64xf32>) {
  %0 = tile.dot %q, %q, %s transpose_b async : tensor<64x16xbf16>, tensor<64x16xbf16>, tensor<64x64xf32>
  // expected-error@+1 {{expected shares of 1 to 100 percent, got 0}}
  %1 = tile.wait_dots %0 pending = 0 computed(%s : tensor<64x64xf32>) shares = [0] : tensor<64x64xf32>
  return
}

// -----

func.func @first_of_nothing(%x: index) {
  // expected-error@+1 {{expected `tile.computed_first` on an operation that computes tiles}}
  %0 = arith.addi %x, %x {tile.computed_first} : index
  return
}

// -----

func.func @column_and_box(%m: memref<?x?x64xf32>, %i: index) {
  // expected-error@+1 {{expected a box of 2 sizes, got 3}}
  %0 = tile.load %m[%i, %i, %i] box = [1, 64, 1] : memref<?x?x64xf32> -> tensor<64x64xf32>
  return
}

// -----

func.func @halves(%x: tensor<64x64xf32>) {
  // expected-error@+1 {{expected 'tensor<64x16xf32>' to have half the columns of 'tensor<64x64xf32>'}}
  %0, %1 = tile.deinterleave %x : tensor<64x64xf32> -> tensor<64x16xf32>
  return
}

// -----

func.func @rows_of_halves(%x: tensor<32x32xf32>) {
  // expected-error@+1 {{expected 'tensor<32x32xf32>' to have half the columns of 'tensor<64x64xf32>'}}
  %0 = tile.interleave %x, %x : tensor<32x32xf32> -> tensor<64x64xf32>
  return
}

// -----

func.func @elements_of_halves(%x: tensor<64x64xf32>) {
  // expected-error@+1 {{expected 'tensor<64x32xf16>' to have half the columns of 'tensor<64x64xf32>'}}
  %0, %1 = tile.deinterleave %x : tensor<64x64xf32> -> tensor<64x32xf16>
  return
}

// -----

func.func @random_place(%k: i32) {
  // expected-error @below {{expected 4 indices, got 3}}
  %0 = tile.random key(%k, %k) at[%k, %k, %k] : (i32, i32, i32) -> tensor<16x16xi32>
  return
}

// -----

func.func @random_shape(%k: i32, %rows: tensor<8x1xi32>) {
  // expected-error @below {{expected indices that 'tensor<16x16xi32>' can repeat, got 'tensor<8x1xi32>'}}
  %0 = tile.random key(%k, %k) at[%k, %k, %rows, %k] : (i32, i32, tensor<8x1xi32>, i32) -> tensor<16x16xi32>
  return
}

// -----

func.func @random_counted(%k: i32, %rows: tensor<16x1xi32>) {
  // expected-error @below {{expected a column vector of keys that are counted, got 'tensor<16x1xi32>'}}
  %0 = tile.random key(%k, %k) at[%k, %k, %k, %rows] counted = 8 : (i32, i32, i32, tensor<16x1xi32>) -> tensor<16x16xi32>
  return
}

// -----

func.func @put_columns_outside(%b: !tile.shared<64x64xbf16, swizzle = 128>, %v: tensor<64x32xbf16>) {
  // expected-error@+1 {{expected a tile in shared memory like 'tensor<64x32xbf16>'}}
  tile.put %v to %b columns = [40, 32] : tensor<64x32xbf16> to !tile.shared<64x64xbf16, swizzle = 128>
  return
}

// -----

func.func @put_more_columns_than_there_are(%b: !tile.shared<64x64xbf16, swizzle = 128>, %v: tensor<64x32xbf16>) {
  // expected-error@+1 {{expected a tile in shared memory like 'tensor<64x32xbf16>'}}
  tile.put %v to %b columns = [0, 40] : tensor<64x32xbf16> to !tile.shared<64x64xbf16, swizzle = 128>
  return
}

// -----

func.func @put_columns_form(%b: !tile.shared<64x64xbf16, swizzle = 128>, %v: tensor<64x32xbf16>) {
  // expected-error@+1 {{expected `columns` to be the first one and a count, got 1 numbers}}
  tile.put %v to %b columns = [0] : tensor<64x32xbf16> to !tile.shared<64x64xbf16, swizzle = 128>
  return
}

// -----

func.func @get_rows(%b: !tile.shared<64x64xbf16, swizzle = 128>, %i: index) {
  // expected-error@+1 {{expected columns of a tile in shared memory like '!tile.shared<64x64xbf16, swizzle = 128>', got 'tensor<32x16xbf16>'}}
  %g = tile.get %b[%i] : !tile.shared<64x64xbf16, swizzle = 128> -> tensor<32x16xbf16>
  return
}
