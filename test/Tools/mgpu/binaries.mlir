// The simulator takes the PTX of a fatbin, the default form of a gpu.binary; a
// cubin has none.
//
// REQUIRES: nvcc
//
// RUN: %toolkit_lower_fatbin' %s | %run_on_sim | FileCheck %s
// RUN: %toolkit_lower_bin' %s -o %t.mlir
// RUN: not %run_on_sim %t.mlir 2>&1 | FileCheck %s --check-prefix=CUBIN
//
// CHECK: [0, 1, 2, 3]
// CUBIN: error: module gpu.binary: the simulator runs PTX, and there is only machine code

func.func private @printMemrefF32(memref<*xf32>)

func.func @main() {
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %out = memref.alloc() : memref<4xf32>
  %u = memref.cast %out : memref<4xf32> to memref<*xf32>
  gpu.host_register %u : memref<*xf32>
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c4, %sy = %c1, %sz = %c1) {
    %int = arith.index_cast %tx : index to i32
    %x = arith.sitofp %int : i32 to f32
    memref.store %x, %out[%tx] : memref<4xf32>
    gpu.terminator
  }
  call @printMemrefF32(%u) : (memref<*xf32>) -> ()
  return
}
