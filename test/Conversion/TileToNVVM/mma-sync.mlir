// RUN: attn-opt %s --convert-tile-to-nvvm --canonicalize --cse | FileCheck %s

#cta = #tile.cta<warps = 2>
#acc = #tile.accumulator<warps = 2>
#lhs = #tile.operand_a<warps = 2>
!left = !tile.shared<32x32xbf16, swizzle = 64>
!right = !tile.shared<16x32xbf16, swizzle = 64>

// 16 columns and 32 of k: two k-steps, in each one ldmatrix for the left operand,
// one for two right operands, and two MMAs.
// CHECK-LABEL: llvm.func @transposed
tile.kernel @transposed(%out: memref<?x16xf32, strided<[?, 1], offset: ?>>)
    attributes {cta = #cta, target = "sm_80", shared_bytes = 4096 : i64} {
  %c0 = arith.constant 0 : index
  %a = tile.alloc at 0 : !left
  %b = tile.alloc at 2048 : !right
  %zero = arith.constant dense<0.0> : tensor<32x16xf32, #acc>
  // CHECK: %[[A:.*]] = nvvm.ldmatrix %{{.*}} layout = #nvvm.mma_layout<row>{{.*}} num = 4
  // CHECK: %[[B:.*]] = nvvm.ldmatrix %{{.*}} layout = #nvvm.mma_layout<row>{{.*}} num = 4
  // CHECK: nvvm.mma.sync A[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] B[%{{.*}}, %{{.*}}] C[%{{.*}}] {{.*}}bf16
  // CHECK: nvvm.mma.sync
  // CHECK: nvvm.ldmatrix
  // CHECK: nvvm.ldmatrix
  // CHECK-COUNT-2: nvvm.mma.sync
  // CHECK-NOT: nvvm.mma.sync
  %s = tile.dot %a, %b, %zero transpose_b : !left, !right, tensor<32x16xf32, #acc>
  tile.store %s, %out[%c0] : tensor<32x16xf32, #acc>, memref<?x16xf32, strided<[?, 1], offset: ?>>
  tile.return
}

// A right operand stored as KxN is transposed on its way to registers; a left
// operand in registers is used as it is.
!values = !tile.shared<16x16xf16, swizzle = 32>
// CHECK-LABEL: llvm.func @from_registers
tile.kernel @from_registers(%out: memref<?x16xf32, strided<[?, 1], offset: ?>>)
    attributes {cta = #cta, target = "sm_80", shared_bytes = 512 : i64} {
  %c0 = arith.constant 0 : index
  %v = tile.alloc at 0 : !values
  %zero = arith.constant dense<0.0> : tensor<32x16xf32, #acc>
  %one = tile.load %out[%c0] : memref<?x16xf32, strided<[?, 1], offset: ?>> -> tensor<32x16xf32, #acc>
  // Two f32 registers are rounded to one pair.
  // CHECK: llvm.fptrunc %{{.*}} : vector<2xf32> to vector<2xf16>
  %p = arith.truncf %one : tensor<32x16xf32, #acc> to tensor<32x16xf16, #acc>
  %left = tile.convert_layout %p : tensor<32x16xf16, #acc> -> tensor<32x16xf16, #lhs>
  // CHECK: nvvm.ldmatrix %{{.*}} layout = #nvvm.mma_layout<col>{{.*}} num = 4
  // CHECK-COUNT-2: nvvm.mma.sync
  // CHECK-NOT: nvvm.shfl
  %o = tile.dot %left, %v, %zero : tensor<32x16xf16, #lhs>, !values, tensor<32x16xf32, #acc>
  tile.store %o, %out[%c0] : tensor<32x16xf32, #acc>, memref<?x16xf32, strided<[?, 1], offset: ?>>
  tile.return
}
