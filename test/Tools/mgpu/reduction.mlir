// Sums of blocks through shared memory and barriers, and what becomes of the
// program when a barrier is gone.
//
// RUN: %lower %s | %run_on_sim | FileCheck %s
//
// CHECK: [2016, 6112, 10208]
//
// RUN: sed '/gpu.barrier \/\/ between steps/d' %s > %t.racy.mlir
// RUN: %lower %t.racy.mlir -o %t.racy.low.mlir
// RUN: not %run_on_sim %t.racy.low.mlir > %t.out 2> %t.err
// RUN: FileCheck %s --check-prefix=RACE --input-file=%t.err
// RUN: count 0 < %t.out
//
// RACE: error: kernel main_kernel: {{[0-9]+}} hazards, the first: {{.*}} at PTX line
// RACE: hazard race PTX line {{[0-9]+}} cta 0,0,0 warp {{[01]}}
// RACE-NEXT: __wg_main_kernel_0{{.*}}expected a barrier of both warps between

func.func private @printMemrefF32(memref<*xf32>)

func.func @main() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %threads = arith.constant 64 : index
  %half = arith.constant 32 : index
  %blocks = arith.constant 3 : index
  %n = arith.constant 192 : index
  %in = memref.alloc() : memref<192xf32>
  %out = memref.alloc() : memref<3xf32>
  scf.for %i = %c0 to %n step %c1 {
    %int = arith.index_cast %i : index to i32
    %x = arith.sitofp %int : i32 to f32
    memref.store %x, %in[%i] : memref<192xf32>
  }
  %uin = memref.cast %in : memref<192xf32> to memref<*xf32>
  %uout = memref.cast %out : memref<3xf32> to memref<*xf32>
  gpu.host_register %uin : memref<*xf32>
  gpu.host_register %uout : memref<*xf32>
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %blocks, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %threads, %sy = %c1, %sz = %c1)
             workgroup(%sums : memref<64xf32, #gpu.address_space<workgroup>>) {
    %first = arith.muli %bx, %sx : index
    %i = arith.addi %first, %tx : index
    %mine = memref.load %in[%i] : memref<192xf32>
    memref.store %mine, %sums[%tx] : memref<64xf32, #gpu.address_space<workgroup>>
    %last = scf.while (%width = %half) : (index) -> index {
      %more = arith.cmpi ugt, %width, %c0 : index
      scf.condition(%more) %width : index
    } do {
    ^bb0(%width: index):
      gpu.barrier // between steps
      %adds = arith.cmpi ult, %tx, %width : index
      scf.if %adds {
        %other = arith.addi %tx, %width : index
        %x = memref.load %sums[%tx] : memref<64xf32, #gpu.address_space<workgroup>>
        %y = memref.load %sums[%other] : memref<64xf32, #gpu.address_space<workgroup>>
        %sum = arith.addf %x, %y : f32
        memref.store %sum, %sums[%tx] : memref<64xf32, #gpu.address_space<workgroup>>
      }
      %next = arith.divui %width, %c2 : index
      scf.yield %next : index
    }
    %isFirst = arith.cmpi eq, %tx, %c0 : index
    scf.if %isFirst {
      %total = memref.load %sums[%c0] : memref<64xf32, #gpu.address_space<workgroup>>
      memref.store %total, %out[%bx] : memref<3xf32>
    }
    gpu.terminator
  }
  call @printMemrefF32(%uout) : (memref<*xf32>) -> ()
  return
}
