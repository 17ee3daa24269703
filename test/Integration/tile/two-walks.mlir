// Attention with a walk for the maxima and one for the sums.
//
// RUN: sed -e 's/CTA/warps = 4/' -e 's/CHIP/sm_80/' %s > %t.sm80.mlir
// RUN: sed -e 's/CTA/warps = 4, producers = 4/' -e 's/CHIP/sm_90a/' %s > %t.sm90.mlir
// RUN: attn-opt %t.sm80.mlir --attn-to-tile | FileCheck %s --check-prefix=SM80
// RUN: attn-opt %t.sm90.mlir --attn-to-tile | FileCheck %s --check-prefix=SM90
// RUN: %python %S/Inputs/run_kernel.py %t.sm80.mlir attn-compile %attn_obj_root/lib %t.sm80.so | FileCheck %s
// RUN: %python %S/Inputs/run_kernel.py %t.sm90.mlir attn-compile %attn_obj_root/lib %t.sm90.so | FileCheck %s
// RUN: sed -e 's/CTA/warps = 0/' -e 's/CHIP/host/' %s > %t.host.mlir
// RUN: %python %S/Inputs/run_kernel.py %t.host.mlir attn-compile %attn_obj_root/lib %t.host.so | FileCheck %s
// RUN: %python %S/Inputs/run_kernel.py %t.sm80.mlir attn-compile %attn_obj_root/lib %t.mutant.so --without "nvvm.barrier0" | FileCheck %s --check-prefix=MISSED
// RUN: %python %S/Inputs/run_kernel.py %t.sm80.mlir attn-compile %attn_obj_root/lib %t.mutant.so --without "cp.async.wait.group" | FileCheck %s --check-prefix=MISSED
// RUN: %python %S/Inputs/run_kernel.py %t.sm90.mlir attn-compile %attn_obj_root/lib %t.mutant.so --without "nvvm.mbarrier.arrive %%" | FileCheck %s --check-prefix=MISSED
// MISSED: two_walks: {{[1-9][0-9]*}} of {{[0-9]+}} lines are missed
// CHECK: two_walks: {{[0-9]+}} runs agree with numpy

!t = tensor<1x?x?x64xbf16>
!m = memref<1x?x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
!s = tensor<64x64xf32>

// Both walks copy keys, to one ring; both are pipelined.
// SM80: tile.alloc at {{[0-9]+}} : <2x64x64xbf16, swizzle = 128>
// SM80: tile.alloc at {{[0-9]+}} : <2x64x64xbf16, swizzle = 128>
// SM80: tile.alloc at {{[0-9]+}} : <64x64xbf16, swizzle = 128>
// SM80: scf.for
// SM80: tile.slot
// SM80: tile.reduce max
// SM80: scf.for
// SM80: tile.slot
// SM80: tile.slot
// SM80: math.exp2
// The second walk counts on where the first one ends.
// SM90: %[[V:.*]], %[[VF:.*]], %[[VE:.*]] = tile.channel consumers = 4 at {{.*}} : <2x64x64xbf16, swizzle = 128>
// SM90: %[[K:.*]], %[[KF:.*]], %[[KE:.*]] = tile.channel consumers = 4 at {{.*}} : <2x64x64xbf16, swizzle = 128>
// SM90: tile.roles produce {
// SM90: scf.for
// SM90: tile.acquire %[[KE]][
// SM90: %[[STEPS:.*]] = arith.maxsi
// SM90: scf.for
// SM90: %[[USE:.*]] = arith.addi %[[STEPS]]
// SM90: tile.acquire %[[KE]][%[[USE]]]
// SM90: tile.acquire %[[VE]][
// SM90: } consume {
// SM90: tile.await %[[KF]]
// SM90: tile.reduce max
// SM90: tile.await %[[KF]]
// SM90: tile.await %[[VF]]
tile.kernel @two_walks_kernel(%Q: !m, %K: !m, %V: !m, %O: !m) attributes {cta = #tile.cta<CTA>, target = "CHIP"} {
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
  %low = arith.constant dense<0xFF800000> : tensor<64x1xf32>
  // 1/8 log2(e), and that with the other sign.
  %to_log2 = arith.constant dense<0.18033688> : !s
  %minus = arith.constant dense<-0.18033688> : tensor<64x1xf32>
  %q = tile.load %Q[%c0, %h, %first_row] held : !m -> tensor<64x64xbf16>
  %max = tile.walk from %c0 init(%low : tensor<64x1xf32>) stages = 2 to %last (%t, %m) {
    %key = arith.muli %t, %c64 : index
    %k = tile.load %K[%c0, %h, %key] : !m -> tensor<64x64xbf16>
    %s = tile.dot %q, %k, %zero transpose_b : tensor<64x64xbf16>, tensor<64x64xbf16>, !s
    %of_tile = tile.reduce max %s : !s -> tensor<64x1xf32>
    %next = arith.maxnumf %m, %of_tile : tensor<64x1xf32>
    tile.yield %next : tensor<64x1xf32>
  }
  %shift = arith.mulf %max, %minus : tensor<64x1xf32>
  %shifts = tile.broadcast %shift : tensor<64x1xf32> -> !s
  %w:2 = tile.walk from %c0 init(%zero, %none : !s, tensor<64x4xf32>) stages = 2 to %last (%t, %acc, %sums) {
    %key = arith.muli %t, %c64 : index
    %k = tile.load %K[%c0, %h, %key] : !m -> tensor<64x64xbf16>
    %s = tile.dot %q, %k, %zero transpose_b : tensor<64x64xbf16>, tensor<64x64xbf16>, !s
    %e = math.fma %s, %to_log2, %shifts : !s
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

func.func @two_walks(%q: !t, %k: !t, %v: !t) -> !t {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %rows = arith.constant 64 : index
  %before = arith.constant 63 : index
  %heads = tensor.dim %q, %c1 : !t
  %n = tensor.dim %q, %c2 : !t
  %padded = arith.addi %n, %before : index
  %blocks = arith.divui %padded, %rows : index
  %empty = tensor.empty(%heads, %n) : !t
  %o = tile.launch @two_walks_kernel grid(%blocks, %heads, %c1) ins(%q, %k, %v : !t, !t, !t)
      outs(%empty : !t) -> !t
  return %o : !t
}
