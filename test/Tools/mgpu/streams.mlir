// The asynchronous form: streams, events, allocations on the device and shared
// with the host, fills and copies in every direction. Two chains of work join.
//
// RUN: %lower %s | %run_on_sim | FileCheck %s
//
// CHECK: [7.5, 7.5, 7.5, 7.5]
// CHECK: [1, 1, 1, 1]

module attributes {gpu.container_module} {

func.func private @printMemrefF32(memref<*xf32>)

gpu.module @kernels {
  gpu.func @add(%a: memref<4xf32>, %b: memref<4xf32>, %c: memref<4xf32>) kernel {
    %i = gpu.thread_id x
    %x = memref.load %a[%i] : memref<4xf32>
    %y = memref.load %b[%i] : memref<4xf32>
    %z = arith.addf %x, %y : f32
    memref.store %z, %c[%i] : memref<4xf32>
    gpu.return
  }
}

func.func @main() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %two = arith.constant 2.5 : f32
  %five = arith.constant 5.0 : f32
  %one = arith.constant 1.0 : f32
  %host = memref.alloc() : memref<4xf32>
  scf.for %i = %c0 to %c4 step %c1 {
    memref.store %five, %host[%i] : memref<4xf32>
  }
  // One chain copies, the other fills.
  %s0 = gpu.wait async
  %a, %t0 = gpu.alloc async [%s0] () : memref<4xf32>
  %t1 = gpu.memcpy async [%t0] %a, %host : memref<4xf32>, memref<4xf32>
  %s1 = gpu.wait async
  %b, %u0 = gpu.alloc async [%s1] () : memref<4xf32>
  %u1 = gpu.memset async [%u0] %b, %two : memref<4xf32>, f32
  // The first waits for the second.
  %both = gpu.wait async [%t1, %u1]
  %c, %v0 = gpu.alloc async [%both] () : memref<4xf32>
  %v1 = gpu.launch_func async [%v0] @kernels::@add blocks in (%c1, %c1, %c1) threads in (%c4, %c1, %c1)
      args(%a : memref<4xf32>, %b : memref<4xf32>, %c : memref<4xf32>)
  %d, %v2 = gpu.alloc async [%v1] () : memref<4xf32>
  %v3 = gpu.memcpy async [%v2] %d, %c : memref<4xf32>, memref<4xf32>
  %v4 = gpu.memcpy async [%v3] %host, %d : memref<4xf32>, memref<4xf32>
  %v5 = gpu.dealloc async [%v4] %a : memref<4xf32>
  %v6 = gpu.dealloc async [%v5] %b : memref<4xf32>
  %v7 = gpu.dealloc async [%v6] %c : memref<4xf32>
  %v8 = gpu.dealloc async [%v7] %d : memref<4xf32>
  gpu.wait [%v8]
  %uhost = memref.cast %host : memref<4xf32> to memref<*xf32>
  call @printMemrefF32(%uhost) : (memref<*xf32>) -> ()

  // The host writes what a kernel reads, and the other way.
  %shared = gpu.alloc host_shared () : memref<4xf32>
  %half = arith.constant 0.5 : f32
  scf.for %i = %c0 to %c4 step %c1 {
    memref.store %half, %shared[%i] : memref<4xf32>
  }
  gpu.launch_func @kernels::@add blocks in (%c1, %c1, %c1) threads in (%c4, %c1, %c1)
      args(%shared : memref<4xf32>, %shared : memref<4xf32>, %shared : memref<4xf32>)
  %ushared = memref.cast %shared : memref<4xf32> to memref<*xf32>
  call @printMemrefF32(%ushared) : (memref<*xf32>) -> ()
  %last = gpu.wait async
  %freed = gpu.dealloc async [%last] %shared : memref<4xf32>
  gpu.wait [%freed]
  return
}

}
