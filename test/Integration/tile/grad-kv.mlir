// The core of the gradients of keys and values: two resident operands, two streamed
// ones, and four products a step.
//
// RUN: sed -e 's/CTA/warps = 4/' -e 's/CHIP/sm_80/' %s > %t.sm80.mlir
// RUN: sed -e 's/CTA/warps = 4, producers = 4/' -e 's/CHIP/sm_90a/' %s > %t.sm90.mlir
// RUN: attn-opt %t.sm80.mlir --attn-to-tile | FileCheck %s --check-prefix=SM80
// RUN: attn-opt %t.sm90.mlir --attn-to-tile | FileCheck %s --check-prefix=SM90
// RUN: %python %S/Inputs/run_kernel.py %t.sm80.mlir attn-compile %attn_obj_root/lib %t.sm80.so | FileCheck %s
// RUN: %python %S/Inputs/run_kernel.py %t.sm90.mlir attn-compile %attn_obj_root/lib %t.sm90.so | FileCheck %s
// CHECK: grad_kv: {{[0-9]+}} runs agree with numpy

!t = tensor<1x?x?x64xbf16>
!m = memref<1x?x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
!s = tensor<64x64xf32>
!x = tensor<64x64xbf16>
!o = tensor<?x?x?x64xbf16>
!om = memref<?x?x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
!lt = tensor<?x?xf32>
!lm = memref<?x?xf32, strided<[?, 1], offset: ?>>

// SM80: tile.alloc at {{[0-9]+}} : <2x64x64xbf16, swizzle = 128>
// SM80: tile.alloc at {{[0-9]+}} : <2x64x64xbf16, swizzle = 128>
// SM80: scf.for
// SM80: tile.barrier
// SM80-COUNT-3: tile.dot
// The barrier at the beginning of a step is also that of the buffer.
// SM80-NOT: tile.barrier
// SM80: tile.put
// SM80: tile.barrier
// SM80: tile.dot
// SM90: tile.channel consumers = 4 at {{.*}} : <2x64x64xbf16, swizzle = 128>
// SM90: tile.channel consumers = 4 at {{.*}} : <2x64x64xbf16, swizzle = 128>
// SM90: tile.channel consumers = 4 at {{.*}} : <1x64x64xbf16, swizzle = 128>
// SM90: tile.channel consumers = 4 at {{.*}} : <1x64x64xbf16, swizzle = 128>
// SM90: tile.roles produce {
// SM90-COUNT-4: tile.fetch
// SM90: } consume {
// SM90: scf.if
// SM90: scf.for
// Four products in flight: two of this step, and two of the one before it.
// SM90: tile.dot {{.*}} transpose_b async
// SM90: tile.dot {{.*}} transpose_b async
// SM90: tile.barrier
// SM90: tile.dot {{.*}} async
// SM90: tile.wait_dots {{.*}} pending = 3
// SM90: math.exp2
// SM90: tile.wait_dots {{.*}} pending = 2
// SM90: tile.put
tile.kernel @grad_kv_kernel(%K: !m, %V: !om, %Q: !m, %G: !m, %L: !lm, %D: !lm, %GK: !m, %GV: !om) attributes {cta = #tile.cta<CTA>, target = "CHIP"} {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c64 = arith.constant 64 : index
  %rows = arith.constant 64 : index
  %i = tile.block_id x
  %h = tile.block_id y
  %first_row = arith.muli %i, %rows : index
  %length = memref.dim %Q, %c2 : !m
  %last = arith.divui %length, %c64 : index
  %zero = arith.constant dense<0.0> : !s
  %to_log2 = arith.constant dense<0.18033688> : !s
  %scale = arith.constant dense<0.125> : !s
  // Rows are keys, columns queries: weights are a left operand as they are.
  %buffer = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  %k = tile.load %K[%c0, %h, %first_row] : !m -> !x
  %v = tile.load %V[%c0, %h, %first_row] : !om -> !x
  %w:2 = tile.walk from %c0 init(%zero, %zero : !s, !s) stages = 2 to %last (%t, %gk, %gv) {
    %query = arith.muli %t, %c64 : index
    %q = tile.load %Q[%c0, %h, %query] : !m -> !x
    %s = tile.dot %k, %q, %zero transpose_b : !x, !x, !s
    %g = tile.load %G[%c0, %h, %query] : !m -> !x
    %dp = tile.dot %v, %g, %zero transpose_b : !x, !x, !s
    %l = tile.load %L[%h, %query] : !lm -> tensor<1x64xf32>
    %ls = tile.broadcast %l : tensor<1x64xf32> -> !s
    %scaled = arith.mulf %s, %to_log2 : !s
    %e = arith.subf %scaled, %ls : !s
    %p = math.exp2 %e : !s
    %weights = arith.truncf %p : !s to !x
    %gv1 = tile.dot %weights, %g, %gv stage = 1 : !x, !x, !s
    %d = tile.load %D[%h, %query] : !lm -> tensor<1x64xf32>
    %ds = tile.broadcast %d : tensor<1x64xf32> -> !s
    %centred = arith.subf %dp, %ds : !s
    %unscaled = arith.mulf %p, %centred : !s
    %dscores = arith.mulf %unscaled, %scale : !s
    %rounded = arith.truncf %dscores : !s to !x
    tile.put %rounded to %buffer : !x to !tile.shared<64x64xbf16, swizzle = 128>
    %gk1 = tile.dot %buffer, %q, %gk stage = 1 : !tile.shared<64x64xbf16, swizzle = 128>, !x, !s
    tile.yield %gk1, %gv1 : !s, !s
  }
  %gkr = arith.truncf %w#0 : !s to !x
  tile.store %gkr, %GK[%c0, %h, %first_row] : !x, !m
  %gvr = arith.truncf %w#1 : !s to !x
  tile.store %gvr, %GV[%c0, %h, %first_row] : !x, !om
  tile.return
}

func.func @grad_kv(%k: !t, %v: !o, %q: !t, %g: !t, %l: !lt, %d: !lt) -> (!t, !o) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %rows = arith.constant 64 : index
  %before = arith.constant 63 : index
  %heads = tensor.dim %k, %c1 : !t
  %n = tensor.dim %k, %c2 : !t
  %padded = arith.addi %n, %before : index
  %blocks = arith.divui %padded, %rows : index
  %empty = tensor.empty(%heads, %n) : !t
  %c0 = arith.constant 0 : index
  %batches = tensor.dim %v, %c0 : !o
  // Of another type than the first, as CSE makes one of equal ones.
  %other = tensor.empty(%batches, %heads, %n) : !o
  %gk, %gv = tile.launch @grad_kv_kernel grid(%blocks, %heads, %c1)
      ins(%k, %v, %q, %g, %l, %d : !t, !o, !t, !t, !lt, !lt)
      outs(%empty, %other : !t, !o) -> !t, !o
  return %gk, %gv : !t, !o
}
