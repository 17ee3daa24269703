// C = A B, both operands streamed: every step copies a tile of each.
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
// MISSED: gemm: {{[1-9][0-9]*}} of {{[0-9]+}} lines are missed
// CHECK: gemm: {{[0-9]+}} runs agree with numpy

!a = memref<1x?x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
!b = memref<1x?x?x128xbf16, strided<[?, ?, ?, 1], offset: ?>>

// SM80: tile.alloc at {{[0-9]+}} : <3x64x128xbf16, swizzle = 128>
// SM80: tile.alloc at {{[0-9]+}} : <3x64x64xbf16, swizzle = 128>
// SM80-COUNT-2: tile.commit_copies
// SM80: scf.for
// SM80: tile.wait_copies pending = 1
// SM80: tile.barrier
// SM80: tile.dot
// SM90: tile.channel consumers = 4 at {{.*}} : <3x64x128xbf16, swizzle = 128>
// SM90: tile.channel consumers = 4 at {{.*}} : <3x64x64xbf16, swizzle = 128>
// SM90: tile.roles produce {
// SM90-COUNT-2: tile.fetch
// SM90: } consume {
// SM90-COUNT-2: tile.await
// SM90: tile.dot
// SM90: tile.release
// SM90: tile.release
tile.kernel @gemm_kernel(%A: !a, %B: !b, %C: !b)
    attributes {cta = #tile.cta<CTA>, target = "CHIP"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64x128xf32>
  // Columns in blocks, which come first, as rows are of the last index.
  %a_blocks = memref.transpose %A (i, m, k, c) -> (i, k, m, c) : !a to !a
  %b_blocks = memref.transpose %B (i, k, n, c) -> (i, n, k, c) : !b to !b
  %c_blocks = memref.transpose %C (i, m, n, c) -> (i, n, m, c) : !b to !b
  %i = tile.block_id x
  %j = tile.block_id y
  %m = arith.muli %i, %c64 : index
  %last = memref.dim %a_blocks, %c1 : !a
  %acc = tile.walk from %c0 init(%zero : tensor<64x128xf32>) stages = 3 to %last (%t, %sum) {
    %a = tile.load %a_blocks[%c0, %t, %m] : !a -> tensor<64x64xbf16>
    %k = arith.muli %t, %c64 : index
    %b = tile.load %b_blocks[%c0, %j, %k] : !b -> tensor<64x128xbf16>
    %next = tile.dot %a, %b, %sum : tensor<64x64xbf16>, tensor<64x128xbf16>, tensor<64x128xf32>
    tile.yield %next : tensor<64x128xf32>
  }
  %rounded = arith.truncf %acc : tensor<64x128xf32> to tensor<64x128xbf16>
  tile.store %rounded, %c_blocks[%c0, %j, %m] : tensor<64x128xbf16>, !b
  tile.return
}

func.func @gemm(%a: tensor<1x?x?x64xbf16>, %b: tensor<1x?x?x128xbf16>) -> tensor<1x?x?x128xbf16> {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c63 = arith.constant 63 : index
  %c64 = arith.constant 64 : index
  %m = tensor.dim %a, %c1 : tensor<1x?x?x64xbf16>
  %n = tensor.dim %b, %c2 : tensor<1x?x?x128xbf16>
  %padded = arith.addi %m, %c63 : index
  %blocks = arith.divui %padded, %c64 : index
  %empty = tensor.empty(%m, %n) : tensor<1x?x?x128xbf16>
  %c = tile.launch @gemm_kernel grid(%blocks, %n, %c1)
      ins(%a, %b : tensor<1x?x?x64xbf16>, tensor<1x?x?x128xbf16>)
      outs(%empty : tensor<1x?x?x128xbf16>) -> tensor<1x?x?x128xbf16>
  return %c : tensor<1x?x?x128xbf16>
}
