// RUN: attn-opt %s -split-input-file --convert-tile-to-nvvm --canonicalize --cse | FileCheck %s

#cta = #tile.cta<warps = 2>
#acc = #tile.accumulator<warps = 2>
!left = !tile.shared<32x16xf32, swizzle = 64>
!right = !tile.shared<16x16xf32, swizzle = 64>

// 16 columns and 16 of k: two k-steps of two MMAs, operands rounded to 11 bits.
// CHECK-LABEL: llvm.func @once
tile.kernel @once(%out: memref<?x16xf32, strided<[?, 1], offset: ?>>)
    attributes {cta = #cta, target = "sm_80", shared_bytes = 4096 : i64} {
  %c0 = arith.constant 0 : index
  %a = tile.alloc at 0 : !left
  %b = tile.alloc at 2048 : !right
  %zero = arith.constant dense<0.0> : tensor<32x16xf32, #acc>
  // CHECK: nvvm.ldmatrix {{.*}} layout = #nvvm.mma_layout<row>{{.*}} num = 4
  // CHECK-COUNT-4: nvvm.convert.float.to.tf32 %{{.*}} {rnd = #nvvm.fp_rnd_mode<rna>}
  // CHECK: nvvm.ldmatrix {{.*}} layout = #nvvm.mma_layout<row>{{.*}} num = 4
  // CHECK: nvvm.mma.sync {{.*}}tf32{{.*}}shape = #nvvm.shape<m = 16, n = 8, k = 8>
  // CHECK-COUNT-3: nvvm.mma.sync
  // CHECK-NOT: nvvm.mma.sync
  // CHECK-NOT: llvm.fsub
  %s = tile.dot %a, %b, %zero transpose_b : !left, !right, tensor<32x16xf32, #acc>
  tile.store %s, %out[%c0] : tensor<32x16xf32, #acc>, memref<?x16xf32, strided<[?, 1], offset: ?>>
  tile.return
}

// Each operand in two parts: three MMAs for one, and small sums that count where
// they are finite.
// CHECK-LABEL: llvm.func @in_two_parts
tile.kernel @in_two_parts(%out: memref<?x16xf32, strided<[?, 1], offset: ?>>)
    attributes {cta = #cta, target = "sm_80", shared_bytes = 4096 : i64} {
  %c0 = arith.constant 0 : index
  %a = tile.alloc at 0 : !left
  %b = tile.alloc at 2048 : !right
  %zero = arith.constant dense<0.0> : tensor<32x16xf32, #acc>
  // CHECK: %[[HIGH:.*]] = nvvm.convert.float.to.tf32 %[[X:.*]] {rnd = #nvvm.fp_rnd_mode<rna>}
  // CHECK: %[[TAKEN:.*]] = llvm.bitcast %[[HIGH]] : i32 to f32
  // CHECK: %[[REST:.*]] = llvm.fsub %[[X]], %[[TAKEN]]
  // CHECK: nvvm.convert.float.to.tf32 %[[REST]]
  // CHECK-COUNT-12: nvvm.mma.sync
  // CHECK-NOT: nvvm.mma.sync
  // CHECK: llvm.intr.fabs
  // CHECK: llvm.fcmp "olt"
  // CHECK: llvm.select
  %s = tile.dot %a, %b, %zero transpose_b parts = 2 : !left, !right, tensor<32x16xf32, #acc>
  tile.store %s, %out[%c0] : tensor<32x16xf32, #acc>, memref<?x16xf32, strided<[?, 1], offset: ?>>
  tile.return
}

// -----

#cta = #tile.cta<warps = 2>
#acc = #tile.accumulator<warps = 2>
#lhs = #tile.operand_a<warps = 2, ofResult = true>
!values = !tile.shared<16x8xf32, swizzle = 32>

// What was computed stays in its registers. The right operand's rows come in that
// order: lanes read rows 2(L%4) and 2(L%4) + 1, and no matrix is transposed.
// CHECK-LABEL: llvm.func @from_registers
tile.kernel @from_registers(%out: memref<?x8xf32, strided<[?, 1], offset: ?>>)
    attributes {cta = #cta, target = "sm_90a", shared_bytes = 512 : i64} {
  %c0 = arith.constant 0 : index
  %v = tile.alloc at 0 : !values
  %sums = arith.constant dense<2.0> : tensor<32x8xf32, #acc>
  %p = arith.constant dense<1.0> : tensor<32x16xf32, #acc>
  %left = tile.convert_layout %p : tensor<32x16xf32, #acc> -> tensor<32x16xf32, #lhs>
  // CHECK-NOT: nvvm.ldmatrix
  // CHECK-NOT: nvvm.shfl
  // CHECK: llvm.load {{.*}} : !llvm.ptr<3> -> f32
  // CHECK-COUNT-2: nvvm.mma.sync
  // CHECK-NOT: nvvm.mma.sync
  // The accumulator is added once.
  // CHECK-COUNT-4: llvm.fadd
  %o = tile.dot %left, %v, %sums : tensor<32x16xf32, #lhs>, !values, tensor<32x8xf32, #acc>
  tile.store %o, %out[%c0] : tensor<32x8xf32, #acc>, memref<?x8xf32, strided<[?, 1], offset: ?>>
  tile.return
}
