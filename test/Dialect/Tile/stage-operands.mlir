// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-stage-operands))' --remarks-filter=tile-stage-operands 2>&1 | FileCheck %s --check-prefixes=CHECK,REMARK

// REMARK: [Missed] NotHeld | Category:tile-stage-operands | {{.*}}warpgroups read left operands from shared memory at the same rate

!tensor = memref<?x?x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
!narrow = memref<?x?x?x40xbf16, strided<[?, ?, ?, 1], offset: ?>>
#cta = #tile.cta<warps = 4>

// The query is read into registers once, before the loop; keys are read from
// shared memory where they are used.
// CHECK-LABEL: tile.kernel @query_in_registers
tile.kernel @query_in_registers(%Q: !tensor, %K: !tensor, %n: index)
    attributes {cta = #cta, target = "sm_80"} {
  // CHECK-DAG: %[[KEYS:.*]] = tile.alloc : <64x64xbf16, swizzle = 128>
  // CHECK-DAG: %[[QUERY:.*]] = tile.alloc : <64x64xbf16, swizzle = 128>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // CHECK: tile.copy_async %{{.*}}[%{{.*}}] to %[[BUFFER:.*]] : memref
  // CHECK-NEXT: tile.commit_copies
  // CHECK-NEXT: tile.wait_copies pending = 0
  // CHECK-NEXT: %[[FRAGMENT:.*]] = tile.fragment %[[BUFFER]]
  %q = tile.load %Q[%c0, %c0, %c0] held : !tensor -> tensor<64x64xbf16>
  // CHECK: scf.for
  %sum = scf.for %j = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    // CHECK: tile.copy_async %{{.*}}[%{{.*}}] to %[[STEP:.*]] : memref
    // CHECK-NEXT: tile.commit_copies
    // CHECK-NEXT: tile.wait_copies pending = 0
    %k = tile.load %K[%c0, %c0, %j] : !tensor -> tensor<64x64xbf16>
    // CHECK-NEXT: tile.dot %[[FRAGMENT]], %[[STEP]], %{{.*}} transpose_b
    %s = tile.dot %q, %k, %acc transpose_b : tensor<64x64xbf16>, tensor<64x64xbf16>, tensor<64x64xf32>
    scf.yield %s : tensor<64x64xf32>
  }
  tile.return
}

// Not where the builder of the kernel saw no registers for the query.
// CHECK-LABEL: tile.kernel @query_in_shared_memory
tile.kernel @query_in_shared_memory(%Q: !tensor, %K: !tensor, %n: index)
    attributes {cta = #cta, target = "sm_80"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<128x64xf32>
  // CHECK: tile.copy_async %{{.*}}[%{{.*}}] to %[[QUERY:.*]] : memref
  // CHECK-NOT: tile.fragment
  %q = tile.load %Q[%c0, %c0, %c0] : !tensor -> tensor<128x64xbf16>
  %sum = scf.for %j = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<128x64xf32>) {
    %k = tile.load %K[%c0, %c0, %j] : !tensor -> tensor<64x64xbf16>
    // CHECK: tile.dot %[[QUERY]], %{{.*}}, %{{.*}} transpose_b
    %s = tile.dot %q, %k, %acc transpose_b : tensor<128x64xbf16>, tensor<64x64xbf16>, tensor<128x64xf32>
    scf.yield %s : tensor<128x64xf32>
  }
  tile.return
}

// A row of 48 elements has 96 bytes: panels of 32.
// CHECK-LABEL: tile.kernel @swizzle_divides_rows
tile.kernel @swizzle_divides_rows(%Q: !narrow, %K: !narrow)
    attributes {cta = #cta, target = "sm_80"} {
  // CHECK-COUNT-2: tile.alloc : <64x48xbf16, swizzle = 32>
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %q = tile.load %Q[%c0, %c0, %c0] : !narrow -> tensor<64x48xbf16>
  %k = tile.load %K[%c0, %c0, %c0] : !narrow -> tensor<64x48xbf16>
  %s = tile.dot %q, %k, %zero transpose_b : tensor<64x48xbf16>, tensor<64x48xbf16>, tensor<64x64xf32>
  tile.return
}

// Loops that follow one another use one buffer; loads of one block do not.
// CHECK-LABEL: tile.kernel @loops_share_a_buffer
tile.kernel @loops_share_a_buffer(%Q: !tensor, %K: !tensor, %n: index)
    attributes {cta = #cta, target = "sm_80"} {
  // CHECK-COUNT-2: tile.alloc
  // CHECK-NOT: tile.alloc
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %q = tile.load %Q[%c0, %c0, %c0] : !tensor -> tensor<64x64xbf16>
  %first = scf.for %j = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    %k = tile.load %K[%c0, %c0, %j] : !tensor -> tensor<64x64xbf16>
    %s = tile.dot %q, %k, %acc transpose_b : tensor<64x64xbf16>, tensor<64x64xbf16>, tensor<64x64xf32>
    scf.yield %s : tensor<64x64xf32>
  }
  %second = scf.for %j = %c0 to %n step %c1 iter_args(%acc = %first) -> (tensor<64x64xf32>) {
    %k = tile.load %K[%c0, %c0, %j] : !tensor -> tensor<64x64xbf16>
    %s = tile.dot %q, %k, %acc transpose_b : tensor<64x64xbf16>, tensor<64x64xbf16>, tensor<64x64xf32>
    scf.yield %s : tensor<64x64xf32>
  }
  tile.return
}

// What the loads say goes with their copies.
// CHECK-LABEL: tile.kernel @roles_and_slots
tile.kernel @roles_and_slots(%Q: !tensor, %K: !tensor)
    attributes {cta = #cta, target = "sm_80"} {
  // CHECK: tile.copy_async {{.*}} slots = 2 role = "left"
  // CHECK: tile.copy_async {{.*}} role = "right"
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %q = tile.load %Q[%c0, %c0, %c0] slots = 2 role = "left" : !tensor -> tensor<64x64xbf16>
  %k = tile.load %K[%c0, %c0, %c0] role = "right" : !tensor -> tensor<64x64xbf16>
  %s = tile.dot %q, %k, %zero transpose_b : tensor<64x64xbf16>, tensor<64x64xbf16>, tensor<64x64xf32>
  tile.return
}

// CHECK-LABEL: tile.kernel @of_warpgroups
tile.kernel @of_warpgroups(%Q: !tensor, %K: !tensor, %n: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  // CHECK-NOT: tile.fragment
  // CHECK: tile.return
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %q = tile.load %Q[%c0, %c0, %c0] held : !tensor -> tensor<64x64xbf16>
  %sum = tile.walk from %c0 init(%zero : tensor<64x64xf32>) to %n (%j, %acc) {
    %k = tile.load %K[%c0, %c0, %j] : !tensor -> tensor<64x64xbf16>
    %s = tile.dot %q, %k, %acc transpose_b : tensor<64x64xbf16>, tensor<64x64xbf16>, tensor<64x64xf32>
    tile.yield %s : tensor<64x64xf32>
  }
  tile.return
}
