// A matrix product by nvgpu.mma.sync; operands pass through shared memory and
// nvgpu.ldmatrix. A[i][k] = i - k/4, B[k][j] = (k + j) mod 3, exact in f16.
//
// RUN: %lower %s | %run_on_sim | FileCheck %s
//
// Row 0 is minus the sum over k of k/4 * ((k + j) mod 3); row 15 has 15 times the
// sums of B's columns more, which are 15, 16 and 17 in turn.
// CHECK: {{\[\[}}-28.75, -28.75, -32.5, -28.75, -28.75, -32.5, -28.75, -28.75]
// CHECK: [196.25, 211.25, 222.5, 196.25, 211.25, 222.5, 196.25, 211.25]]
//
// RUN: sed 's/ {llvm.align = 16 : i64}//' %s > %t.mlir
// RUN: %lower %t.mlir -o %t.low.mlir
// RUN: not %run_on_sim %t.low.mlir 2>&1 | FileCheck %s --check-prefix=ALIGN
//
// ALIGN: error: kernel product: {{[0-9]+}} hazards, the first: align at PTX line
// ALIGN: misaligned 16-byte read

module attributes {gpu.container_module} {

func.func private @printMemrefF32(memref<*xf32>)

gpu.module @kernels {
  // ldmatrix wants 16 bytes of alignment; without it there is a hazard.
  gpu.func @product(%a: memref<16x16xf16>, %b: memref<16x8xf16>, %c: memref<16x8xf32>)
      workgroup(%sa : memref<16x16xf16, #gpu.address_space<workgroup>> {llvm.align = 16 : i64},
                %sb : memref<16x8xf16, #gpu.address_space<workgroup>> {llvm.align = 16 : i64})
      kernel {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c4 = arith.constant 4 : index
    %c8 = arith.constant 8 : index
    %c16 = arith.constant 16 : index
    %tx = gpu.thread_id x
    // A lane copies half a row of A and, of B, half a row of eight.
    %row = arith.divui %tx, %c2 : index
    %odd = arith.remui %tx, %c2 : index
    %aColumn = arith.muli %odd, %c8 : index
    %bColumn = arith.muli %odd, %c4 : index
    scf.for %e = %c0 to %c8 step %c1 {
      %k = arith.addi %aColumn, %e : index
      %x = memref.load %a[%row, %k] : memref<16x16xf16>
      memref.store %x, %sa[%row, %k] : memref<16x16xf16, #gpu.address_space<workgroup>>
    }
    scf.for %e = %c0 to %c4 step %c1 {
      %j = arith.addi %bColumn, %e : index
      %x = memref.load %b[%row, %j] : memref<16x8xf16>
      memref.store %x, %sb[%row, %j] : memref<16x8xf16, #gpu.address_space<workgroup>>
    }
    gpu.barrier
    %r16 = arith.remui %tx, %c16 : index
    %hi = arith.divui %tx, %c16 : index
    %ak = arith.muli %hi, %c8 : index
    %fa = nvgpu.ldmatrix %sa[%r16, %ak] {numTiles = 4 : i32, transpose = false} : memref<16x16xf16, #gpu.address_space<workgroup>> -> vector<4x2xf16>
    %fb = nvgpu.ldmatrix %sb[%r16, %c0] {numTiles = 2 : i32, transpose = true} : memref<16x8xf16, #gpu.address_space<workgroup>> -> vector<2x2xf16>
    %zero = arith.constant dense<0.0> : vector<2x2xf32>
    %d = nvgpu.mma.sync(%fa, %fb, %zero) {mmaShape = [16, 8, 16]} : (vector<4x2xf16>, vector<2x2xf16>, vector<2x2xf32>) -> vector<2x2xf32>
    %group = arith.divui %tx, %c4 : index
    %inGroup = arith.remui %tx, %c4 : index
    %j0 = arith.muli %inGroup, %c2 : index
    %j1 = arith.addi %j0, %c1 : index
    %below = arith.addi %group, %c8 : index
    %d00 = vector.extract %d[0, 0] : f32 from vector<2x2xf32>
    %d01 = vector.extract %d[0, 1] : f32 from vector<2x2xf32>
    %d10 = vector.extract %d[1, 0] : f32 from vector<2x2xf32>
    %d11 = vector.extract %d[1, 1] : f32 from vector<2x2xf32>
    memref.store %d00, %c[%group, %j0] : memref<16x8xf32>
    memref.store %d01, %c[%group, %j1] : memref<16x8xf32>
    memref.store %d10, %c[%below, %j0] : memref<16x8xf32>
    memref.store %d11, %c[%below, %j1] : memref<16x8xf32>
    gpu.return
  }
}

func.func @main() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %quarter = arith.constant 0.25 : f32
  %a = memref.alloc() : memref<16x16xf16>
  %b = memref.alloc() : memref<16x8xf16>
  %c = memref.alloc() : memref<16x8xf32>
  scf.for %i = %c0 to %c16 step %c1 {
    %ii = arith.index_cast %i : index to i32
    %fi = arith.sitofp %ii : i32 to f32
    scf.for %k = %c0 to %c16 step %c1 {
      %ki = arith.index_cast %k : index to i32
      %fk = arith.sitofp %ki : i32 to f32
      %q = arith.mulf %fk, %quarter : f32
      %x = arith.subf %fi, %q : f32
      %h = arith.truncf %x : f32 to f16
      memref.store %h, %a[%i, %k] : memref<16x16xf16>
    }
    scf.for %j = %c0 to %c8 step %c1 {
      %s = arith.addi %i, %j : index
      %m = arith.remui %s, %c3 : index
      %mi = arith.index_cast %m : index to i32
      %fm = arith.sitofp %mi : i32 to f32
      %h = arith.truncf %fm : f32 to f16
      memref.store %h, %b[%i, %j] : memref<16x8xf16>
    }
  }
  %ua = memref.cast %a : memref<16x16xf16> to memref<*xf16>
  %ub = memref.cast %b : memref<16x8xf16> to memref<*xf16>
  %uc = memref.cast %c : memref<16x8xf32> to memref<*xf32>
  gpu.host_register %ua : memref<*xf16>
  gpu.host_register %ub : memref<*xf16>
  gpu.host_register %uc : memref<*xf32>
  gpu.launch_func @kernels::@product blocks in (%c1, %c1, %c1) threads in (%c32, %c1, %c1)
      args(%a : memref<16x16xf16>, %b : memref<16x8xf16>, %c : memref<16x8xf32>)
  call @printMemrefF32(%uc) : (memref<*xf32>) -> ()
  return
}

}
