// A hazard ends the process with status 1 and is printed; other failures end it
// with those of their kind. Each case changes one thing of a program that works.
//
// RUN: %python %S/Inputs/stops.py %s %lower -- %run_on_sim

module attributes {gpu.container_module} {

func.func private @printMemrefF32(memref<*xf32>)

gpu.module @kernels {
  gpu.func @copy(%from: memref<64xf32>, %to: memref<64xf32>) kernel {
    %i = gpu.thread_id x
    %x = memref.load %from[%i] : memref<64xf32>
    memref.store %x, %to[%i] : memref<64xf32>
    gpu.return
  }
}

func.func @main() {
  %c1 = arith.constant 1 : index
  %threads = arith.constant 64 : index
  %one = arith.constant 1.0 : f32
  %host = memref.alloc() : memref<64xf32>
  %stream = gpu.wait async
  %a, %t0 = gpu.alloc async [%stream] () : memref<64xf32>
  %b, %t1 = gpu.alloc async [%t0] () : memref<64xf32>
  %t2 = gpu.memset async [%t1] %a, %one : memref<64xf32>, f32
  %t3 = gpu.launch_func async [%t2] @kernels::@copy blocks in (%c1, %c1, %c1) threads in (%threads, %c1, %c1)
      args(%a : memref<64xf32>, %b : memref<64xf32>)
  %t4 = gpu.memcpy async [%t3] %host, %b : memref<64xf32>, memref<64xf32>
  gpu.wait [%t4]
  %u = memref.cast %host : memref<64xf32> to memref<*xf32>
  call @printMemrefF32(%u) : (memref<*xf32>) -> ()
  return
}

}
