// Attention whose keys and values are copied by warps of different roles.
//
// RUN: sed -e 's/CTA/warps = 8/' -e 's/CHIP/sm_80/' %s > %t.sm80.mlir
// RUN: sed -e 's/CTA/warps = 8, producers = 4/' -e 's/CHIP/sm_90a/' %s > %t.sm90.mlir
// RUN: attn-opt %t.sm80.mlir --attn-to-tile | FileCheck %s --check-prefix=SM80
// RUN: attn-opt %t.sm90.mlir --attn-to-tile | FileCheck %s --check-prefix=SM90
// RUN: %python %S/Inputs/run_kernel.py %t.sm80.mlir attn-compile %attn_obj_root/lib %t.sm80.so | FileCheck %s
// RUN: %python %S/Inputs/run_kernel.py %t.sm90.mlir attn-compile %attn_obj_root/lib %t.sm90.so | FileCheck %s
// RUN: sed -e 's/CTA/warps = 0/' -e 's/CHIP/host/' %s > %t.host.mlir
// RUN: %python %S/Inputs/run_kernel.py %t.host.mlir attn-compile %attn_obj_root/lib %t.host.so | FileCheck %s
// CHECK: three_roles: {{[0-9]+}} runs agree with numpy

!t = tensor<1x?x?x64xbf16>
!m = memref<1x?x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
!s = tensor<128x64xf32>

// Without warps that only copy, roles mean nothing.
// SM80-NOT: tile.roles
// SM80: tile.alloc at {{[0-9]+}} : <2x64x64xbf16, swizzle = 128>
// SM80: tile.wait_copies pending = 0
// SM90: %[[V:.*]], %[[VF:.*]], %[[VE:.*]] = tile.channel consumers = 8 at {{.*}} : <2x64x64xbf16, swizzle = 128>
// SM90: %[[K:.*]], %[[KF:.*]], %[[KE:.*]] = tile.channel consumers = 8 at {{.*}} : <2x64x64xbf16, swizzle = 128>
// SM90: tile.roles produce("keys") {
// SM90-NOT: tile.acquire %[[VE]][
// SM90: tile.acquire %[[KE]][
// SM90-NOT: tile.acquire %[[VE]][
// SM90: } produce("values") {
// SM90-NOT: tile.acquire %[[KE]][
// SM90: tile.acquire %[[VE]][
// SM90: } consume {
// Products of two steps run together, and warpgroups take turns to start them.
// SM90: scf.if
// SM90: scf.if
// SM90: scf.for
// SM90: tile.take_turn
// SM90: tile.dot {{.*}} async
// SM90: tile.dot {{.*}} async
// SM90: tile.pass_turn
// SM90: tile.wait_dots {{.*}} pending = 1
// SM90: math.exp2
// SM90: tile.wait_dots {{.*}} pending = 0 computed(
tile.kernel @three_roles_kernel(%Q: !m, %K: !m, %V: !m, %O: !m) attributes {cta = #tile.cta<CTA>, target = "CHIP"} {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c64 = arith.constant 64 : index
  %rows = arith.constant 128 : index
  %i = tile.block_id x
  %h = tile.block_id y
  %first_row = arith.muli %i, %rows : index
  %length = memref.dim %K, %c2 : !m
  %last = arith.divui %length, %c64 : index
  %zero = arith.constant dense<0.0> : !s
  %none = arith.constant dense<0.0> : tensor<128x4xf32>
  %to_log2 = arith.constant dense<0.18033688> : !s
  %q = tile.load %Q[%c0, %h, %first_row] role = "keys" : !m -> tensor<128x64xbf16>
  %w:2 = tile.walk from %c0 init(%zero, %none : !s, tensor<128x4xf32>) stages = 2 turns = #tile.turns<products, groups = [0, 1]> to %last (%t, %acc, %sums) {
    %key = arith.muli %t, %c64 : index
    %k = tile.load %K[%c0, %h, %key] role = "keys" : !m -> tensor<64x64xbf16>
    %s = tile.dot %q, %k, %zero transpose_b : tensor<128x64xbf16>, tensor<64x64xbf16>, !s
    %e = arith.mulf %s, %to_log2 : !s
    %p = math.exp2 %e : !s
    %of_tile = tile.fold add %p {tile.computed_first} : !s -> tensor<128x4xf32>
    %sums1 = arith.addf %sums, %of_tile : tensor<128x4xf32>
    %weights = arith.truncf %p : !s to tensor<128x64xbf16>
    %v = tile.load %V[%c0, %h, %key] role = "values" : !m -> tensor<64x64xbf16>
    %acc1 = tile.dot %weights, %v, %acc stage = 1 group = 1 : tensor<128x64xbf16>, tensor<64x64xbf16>, !s
    tile.yield %acc1, %sums1 : !s, tensor<128x4xf32>
  }
  %total = tile.reduce add %w#1 : tensor<128x4xf32> -> tensor<128x1xf32>
  %ones = arith.constant dense<1.0> : tensor<128x1xf32>
  %inverse = arith.divf %ones, %total fastmath<afn> : tensor<128x1xf32>
  %factors = tile.broadcast %inverse : tensor<128x1xf32> -> !s
  %normal = arith.mulf %w#0, %factors : !s
  %out = arith.truncf %normal : !s to tensor<128x64xbf16>
  tile.store %out, %O[%c0, %h, %first_row] : tensor<128x64xbf16>, !m
  tile.return
}

func.func @three_roles(%q: !t, %k: !t, %v: !t) -> !t {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %rows = arith.constant 128 : index
  %before = arith.constant 127 : index
  %heads = tensor.dim %q, %c1 : !t
  %n = tensor.dim %q, %c2 : !t
  %padded = arith.addi %n, %before : index
  %blocks = arith.divui %padded, %rows : index
  %empty = tensor.empty(%heads, %n) : !t
  %o = tile.launch @three_roles_kernel grid(%blocks, %heads, %c1) ins(%q, %k, %v : !t, !t, !t)
      outs(%empty : !t) -> !t
  return %o : !t
}
