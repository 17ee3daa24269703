// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-insert-barriers))' | FileCheck %s

!tensor = memref<?x64xbf16, strided<[?, 1], offset: ?>>
!tile = !tile.shared<64x64xbf16, swizzle = 128>
!ring = !tile.shared<2x64x64xbf16, swizzle = 128>
#cta = #tile.cta<warps = 4>

// A thread's wait is for its own copies; the others' need a barrier.
// CHECK-LABEL: tile.kernel @before_first_read
tile.kernel @before_first_read(%K: !tensor, %i: index) attributes {cta = #cta, target = "sm_80"} {
  %a = tile.alloc : !tile
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  tile.copy_async %K[%i] to %a : !tensor to !tile
  tile.commit_copies
  // CHECK: tile.wait_copies
  // CHECK-NEXT: tile.barrier
  // CHECK-NEXT: tile.dot
  tile.wait_copies pending = 0
  %s = tile.dot %a, %a, %zero transpose_b : !tile, !tile, tensor<64x64xf32>
  // CHECK-NOT: tile.barrier
  %t = tile.dot %a, %a, %s transpose_b : !tile, !tile, tensor<64x64xf32>
  tile.return
}

// CHECK-LABEL: tile.kernel @before_overwriting
tile.kernel @before_overwriting(%K: !tensor, %i: index) attributes {cta = #cta, target = "sm_80"} {
  %a = tile.alloc : !tile
  %f = tile.fragment %a : !tile -> tensor<64x64xbf16>
  // CHECK: tile.fragment
  // CHECK-NEXT: tile.barrier
  // CHECK-NEXT: tile.copy_async
  tile.copy_async %K[%i] to %a : !tensor to !tile
  tile.return
}

// Other buffers do not matter.
// CHECK-LABEL: tile.kernel @independent
tile.kernel @independent(%K: !tensor, %i: index) attributes {cta = #cta, target = "sm_80"} {
  %a = tile.alloc : !tile
  %b = tile.alloc : !tile
  %f = tile.fragment %a : !tile -> tensor<64x64xbf16>
  // CHECK-NOT: tile.barrier
  tile.copy_async %K[%i] to %b : !tensor to !tile
  tile.return
}

// One barrier a step: the tile of this step has arrived, and nobody reads the
// one that is overwritten. It stands outside the condition.
// CHECK-LABEL: tile.kernel @pipelined
tile.kernel @pipelined(%K: !tensor, %n: index) attributes {cta = #cta, target = "sm_80"} {
  %ring = tile.alloc : !ring
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // CHECK: scf.for
  // CHECK-NEXT: tile.wait_copies
  // CHECK-NEXT: arith.cmpi
  // CHECK-NEXT: tile.barrier
  // CHECK-NEXT: scf.if
  // CHECK-NOT: tile.barrier
  %r = scf.for %t = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    tile.wait_copies pending = 0
    %more = arith.cmpi slt, %t, %n : index
    scf.if %more {
      %next = tile.slot %ring[%c1] : !ring
      tile.copy_async %K[%t] to %next : !tensor to !tile
    }
    tile.commit_copies
    %now = tile.slot %ring[%c0] : !ring
    %s = tile.dot %now, %now, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    scf.yield %s : tensor<64x64xf32>
  }
  tile.return
}

// Around the back edge: read, then copied into.
// CHECK-LABEL: tile.kernel @back_edge
tile.kernel @back_edge(%K: !tensor, %n: index) attributes {cta = #cta, target = "sm_80"} {
  %a = tile.alloc : !tile
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // CHECK: scf.for
  // CHECK-NEXT: tile.barrier
  // CHECK-NEXT: tile.copy_async
  // CHECK-NEXT: tile.commit_copies
  // CHECK-NEXT: tile.wait_copies
  // CHECK-NEXT: tile.barrier
  // CHECK-NEXT: tile.dot
  %r = scf.for %t = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    tile.copy_async %K[%t] to %a : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %a, %a, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    scf.yield %s : tensor<64x64xf32>
  }
  tile.return
}

// What is put may get the place of any buffer, so nobody may still be at work on
// one; and the chunks that a thread copies out are others' values.
// CHECK-LABEL: tile.kernel @put
tile.kernel @put(%K: !tensor, %i: index) attributes {cta = #cta, target = "sm_80"} {
  %a = tile.alloc : !tile
  %b = tile.alloc : !tile
  %values = arith.constant dense<0.0> : tensor<64x64xbf16>
  %f = tile.fragment %a : !tile -> tensor<64x64xbf16>
  // CHECK: tile.fragment
  // CHECK-NEXT: tile.barrier
  // CHECK-NEXT: tile.put
  // CHECK-NEXT: tile.barrier
  // CHECK-NEXT: tile.copy_out
  tile.put %values to %b : tensor<64x64xbf16> to !tile
  tile.copy_out %b to %K[%i] : !tile to !tensor
  tile.return
}

// All threads meet in front of a branch for what is read in it.
// CHECK-LABEL: tile.kernel @read_in_a_branch
tile.kernel @read_in_a_branch(%K: memref<?x64xbf16, strided<[?, 1], offset: ?>>, %n: index, %is: memref<1xi1>)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %b = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  %some = arith.cmpi sgt, %n, %c0 : index
  tile.copy_async %K[%n] to %b : memref<?x64xbf16, strided<[?, 1], offset: ?>> to !tile.shared<64x64xbf16, swizzle = 128>
  tile.commit_copies
  // CHECK: tile.wait_copies pending = 0
  // CHECK-NEXT: tile.barrier
  // CHECK-NEXT: scf.if
  // CHECK-NEXT: tile.dot
  // CHECK-NEXT: }
  // Nobody reads any more when the next tile is copied.
  // CHECK-NEXT: tile.barrier
  // CHECK-NEXT: tile.copy_async
  tile.wait_copies pending = 0
  scf.if %some {
    %s = tile.dot %b, %b, %zero transpose_b : !tile.shared<64x64xbf16, swizzle = 128>, !tile.shared<64x64xbf16, swizzle = 128>, tensor<64x64xf32>
  }
  tile.copy_async %K[%c0] to %b : memref<?x64xbf16, strided<[?, 1], offset: ?>> to !tile.shared<64x64xbf16, swizzle = 128>
  tile.return
}

// Among the consumers: for a buffer of their own, and not for what channels order.
// CHECK-LABEL: tile.kernel @consumers
tile.kernel @consumers(%n: index) attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  %ring, %full, %empty = tile.channel consumers = 4 : !tile.shared<1x64x64xbf16, swizzle = 128>
  %b = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  // CHECK: produce
  // CHECK-NOT: tile.barrier
  // CHECK: consume
  tile.roles produce {
  } consume {
    %zero = arith.constant dense<0.0> : tensor<64x64xf32>
    %value = arith.constant dense<0.0> : tensor<64x64xbf16>
    %slot = tile.slot %ring[%n] : !tile.shared<1x64x64xbf16, swizzle = 128>
    // CHECK: tile.await
    // CHECK-NEXT: tile.dot
    // CHECK-NEXT: tile.put
    // CHECK-NEXT: tile.put
    // CHECK-NEXT: tile.barrier
    // CHECK-NEXT: tile.dot
    // CHECK-NEXT: tile.barrier
    // CHECK-NEXT: tile.put
    tile.await %full[%n] : !tile.barriers<1>
    %s = tile.dot %slot, %slot, %zero transpose_b : !tile.shared<64x64xbf16, swizzle = 128>, !tile.shared<64x64xbf16, swizzle = 128>, tensor<64x64xf32>
    tile.put %value to %slot : tensor<64x64xbf16> to !tile.shared<64x64xbf16, swizzle = 128>
    tile.put %value to %b : tensor<64x64xbf16> to !tile.shared<64x64xbf16, swizzle = 128>
    %r = tile.dot %b, %b, %s transpose_b : !tile.shared<64x64xbf16, swizzle = 128>, !tile.shared<64x64xbf16, swizzle = 128>, tensor<64x64xf32>
    tile.put %value to %b : tensor<64x64xbf16> to !tile.shared<64x64xbf16, swizzle = 128>
  }
  tile.return
}

// A buffer that is written in every step has its own place: what else was read does
// not matter, what reads it does.
// CHECK-LABEL: tile.kernel @put_in_a_loop
tile.kernel @put_in_a_loop(%n: index) attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  %a = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  %b = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  %d = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %value = arith.constant dense<0.0> : tensor<64x64xbf16>
  // CHECK: scf.for
  // CHECK-NEXT: tile.dot
  // CHECK-NEXT: tile.barrier
  // CHECK-NEXT: tile.put
  // CHECK-NEXT: tile.barrier
  // CHECK-NEXT: tile.dot
  scf.for %i = %c0 to %n step %c1 {
    %s = tile.dot %a, %a, %zero transpose_b : !tile.shared<64x64xbf16, swizzle = 128>, !tile.shared<64x64xbf16, swizzle = 128>, tensor<64x64xf32>
    tile.put %value to %b : tensor<64x64xbf16> to !tile.shared<64x64xbf16, swizzle = 128>
    %r = tile.dot %b, %b, %s transpose_b : !tile.shared<64x64xbf16, swizzle = 128>, !tile.shared<64x64xbf16, swizzle = 128>, tensor<64x64xf32>
  }
  // CHECK: }
  // CHECK-NEXT: scf.for
  // CHECK-NEXT: tile.dot
  // CHECK-NEXT: tile.put
  scf.for %i = %c0 to %n step %c1 {
    %s = tile.dot %a, %a, %zero transpose_b : !tile.shared<64x64xbf16, swizzle = 128>, !tile.shared<64x64xbf16, swizzle = 128>, tensor<64x64xf32>
    tile.put %value to %d : tensor<64x64xbf16> to !tile.shared<64x64xbf16, swizzle = 128>
  }
  tile.return
}
