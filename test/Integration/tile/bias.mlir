// Attention with a bias that is loaded in the layout of the scores.
//
// RUN: sed -e 's/CTA/warps = 4/' -e 's/CHIP/sm_80/' %s > %t.sm80.mlir
// RUN: sed -e 's/CTA/warps = 4, producers = 4/' -e 's/CHIP/sm_90a/' %s > %t.sm90.mlir
// RUN: attn-opt %t.sm80.mlir --attn-to-tile | FileCheck %s --check-prefix=SM80
// RUN: attn-opt %t.sm90.mlir --attn-to-tile | FileCheck %s --check-prefix=SM90
// RUN: %python %S/Inputs/run_kernel.py %t.sm80.mlir attn-compile %attn_obj_root/lib %t.sm80.so | FileCheck %s
// RUN: %python %S/Inputs/run_kernel.py %t.sm90.mlir attn-compile %attn_obj_root/lib %t.sm90.so | FileCheck %s
// RUN: sed -e 's/CTA/warps = 0/' -e 's/CHIP/host/' %s > %t.host.mlir
// RUN: %python %S/Inputs/run_kernel.py %t.host.mlir attn-compile %attn_obj_root/lib %t.host.so | FileCheck %s
// CHECK: bias: {{[0-9]+}} runs agree with numpy

!t = tensor<1x?x?x64xbf16>
!m = memref<1x?x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
!s = tensor<64x64xf32>
!bt = tensor<?x?x?xf32>
!bm = memref<?x?x?xf32, strided<[?, ?, 1], offset: ?>>

// The bias is no operand of a product: nobody copies it to shared memory.
// SM80: %[[B:.*]] = tile.load %{{.*}} -> tensor<64x64xf32, #tile.accumulator<warps = 4>>
// SM80: arith.addf %{{.*}}, %[[B]] : tensor<64x64xf32, #tile.accumulator<warps = 4>>
// SM90: } consume {
// SM90: %[[B:.*]] = tile.load %{{.*}} -> tensor<64x64xf32, #tile.accumulator<warps = 4>>
// SM90: arith.addf %{{.*}}, %[[B]] : tensor<64x64xf32, #tile.accumulator<warps = 4>>
tile.kernel @bias_kernel(%Q: !m, %K: !m, %V: !m, %B: !bm, %O: !m) attributes {cta = #tile.cta<CTA>, target = "CHIP"} {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c64 = arith.constant 64 : index
  %rows = arith.constant 64 : index
  %i = tile.block_id x
  %h = tile.block_id y
  %first_row = arith.muli %i, %rows : index
  %length = memref.dim %K, %c2 : !m
  %last = arith.divui %length, %c64 : index
  %zero = arith.constant dense<0.0> : !s
  %none = arith.constant dense<0.0> : tensor<64x4xf32>
  %to_log2 = arith.constant dense<0.18033688> : !s
  %q = tile.load %Q[%c0, %h, %first_row] : !m -> tensor<64x64xbf16>
  %w:2 = tile.walk from %c0 init(%zero, %none : !s, tensor<64x4xf32>) stages = 2 to %last (%t, %acc, %sums) {
    %key = arith.muli %t, %c64 : index
    %k = tile.load %K[%c0, %h, %key] : !m -> tensor<64x64xbf16>
    %s = tile.dot %q, %k, %zero transpose_b : tensor<64x64xbf16>, tensor<64x64xbf16>, !s
    %b = tile.load %B[%h, %first_row, %key] : !bm -> !s
    %biased = arith.addf %s, %b : !s
    %e = arith.mulf %biased, %to_log2 : !s
    %p = math.exp2 %e : !s
    %of_tile = tile.fold add %p : !s -> tensor<64x4xf32>
    %sums1 = arith.addf %sums, %of_tile : tensor<64x4xf32>
    %weights = arith.truncf %p : !s to tensor<64x64xbf16>
    %v = tile.load %V[%c0, %h, %key] : !m -> tensor<64x64xbf16>
    %acc1 = tile.dot %weights, %v, %acc : tensor<64x64xbf16>, tensor<64x64xbf16>, !s
    tile.yield %acc1, %sums1 : !s, tensor<64x4xf32>
  }
  %total = tile.reduce add %w#1 : tensor<64x4xf32> -> tensor<64x1xf32>
  %ones = arith.constant dense<1.0> : tensor<64x1xf32>
  %inverse = arith.divf %ones, %total fastmath<afn> : tensor<64x1xf32>
  %factors = tile.broadcast %inverse : tensor<64x1xf32> -> !s
  %normal = arith.mulf %w#0, %factors : !s
  %out = arith.truncf %normal : !s to tensor<64x64xbf16>
  tile.store %out, %O[%c0, %h, %first_row] : tensor<64x64xbf16>, !m
  tile.return
}

func.func @bias(%q: !t, %k: !t, %v: !t, %b: !bt) -> !t {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %rows = arith.constant 64 : index
  %before = arith.constant 63 : index
  %heads = tensor.dim %q, %c1 : !t
  %n = tensor.dim %q, %c2 : !t
  %padded = arith.addi %n, %before : index
  %blocks = arith.divui %padded, %rows : index
  %empty = tensor.empty(%heads, %n) : !t
  %o = tile.launch @bias_kernel grid(%blocks, %heads, %c1) ins(%q, %k, %v, %b : !t, !t, !t, !bt)
      outs(%empty : !t) -> !t
  return %o : !t
}
