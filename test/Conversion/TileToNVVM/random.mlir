// RUN: attn-opt %s --convert-tile-to-nvvm --canonicalize --cse | FileCheck %s

#cta = #tile.cta<warps = 1>
#acc = #tile.accumulator<warps = 1>
!out = memref<?x32xf32, strided<[?, 1], offset: ?>>

// One call for the 8 columns that a thread has of each of its two rows in a block,
// ten rounds of two products each; rows share those of the first round. The key is hidden, so that no round's is kept.
// CHECK-LABEL: llvm.func @block
// CHECK: llvm.inline_asm has_side_effects {{.*}}"mov.b32 $0, $1;"
// CHECK: llvm.inline_asm has_side_effects {{.*}}"mov.b32 $0, $1;"
// CHECK-NOT: llvm.inline_asm
// CHECK-COUNT-36: llvm.mul %{{.*}}, %{{[01]}} : i64
// CHECK-NOT: llvm.mul %{{.*}}, %{{[01]}} : i64
// CHECK: llvm.store
tile.kernel @block(%out: !out, %i: index)
    attributes {cta = #cta, target = "sm_80", shared_bytes = 0 : i64} {
  %rows = tile.iota : tensor<16x1xi32, #acc>
  %columns = tile.iota : tensor<1x32xi32, #acc>
  %k = arith.index_cast %i : index to i32
  %bits = tile.random key(%k, %k) at[%k, %k, %rows, %columns] counted = 32
      : (i32, i32, tensor<16x1xi32, #acc>, tensor<1x32xi32, #acc>) -> tensor<16x32xi32, #acc>
  %x = arith.sitofp %bits : tensor<16x32xi32, #acc> to tensor<16x32xf32, #acc>
  tile.store %x, %out[%i] : tensor<16x32xf32, #acc>, !out
  tile.return
}

// Tiles that begin within a block: one call for the two columns of an atom.
// CHECK-LABEL: llvm.func @atoms
// CHECK-COUNT-141: llvm.mul %{{.*}}, %{{[01]}} : i64
// CHECK-NOT: llvm.mul %{{.*}}, %{{[01]}} : i64
// CHECK: llvm.store
tile.kernel @atoms(%out: !out, %i: index)
    attributes {cta = #cta, target = "sm_80", shared_bytes = 0 : i64} {
  %rows = tile.iota : tensor<16x1xi32, #acc>
  %columns = tile.iota : tensor<1x32xi32, #acc>
  %k = arith.index_cast %i : index to i32
  %bits = tile.random key(%k, %k) at[%k, %k, %rows, %columns] counted = 16
      : (i32, i32, tensor<16x1xi32, #acc>, tensor<1x32xi32, #acc>) -> tensor<16x32xi32, #acc>
  %x = arith.sitofp %bits : tensor<16x32xi32, #acc> to tensor<16x32xf32, #acc>
  tile.store %x, %out[%i] : tensor<16x32xf32, #acc>, !out
  tile.return
}
