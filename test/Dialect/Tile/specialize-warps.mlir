// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-specialize-warps))' | FileCheck %s
// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-specialize-warps,tile-specialize-warps))' | FileCheck %s
// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-specialize-warps))' --remarks-filter=tile-specialize-warps 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: [Missed] NotSpecialized | Category:tile-specialize-warps | {{.*}}no tile is copied to shared memory
// REMARK-NOT: [Missed]

!tensor = memref<?x64xbf16, strided<[?, 1], offset: ?>>
!narrow = memref<?x32xbf16, strided<[?, 1], offset: ?>>
!wide = memref<?x128xbf16, strided<[?, 1], offset: ?>>
!tile = !tile.shared<64x64xbf16, swizzle = 128>

// One query tile: uses are counted from 0, nobody waits for the query's place.
// CHECK-LABEL: tile.kernel @one_tile
// CHECK-SAME: %[[Q:[^:]*]]: memref<{{[^>]*>}}>, %[[K:[^:]*]]: memref<{{[^>]*>}}>, %[[FIRST:[^:]*]]: index, %[[MIDDLE:[^:]*]]: index, %[[LAST:[^:]*]]: index
tile.kernel @one_tile(%Q: !tensor, %K: !tensor, %first: index, %middle: index, %last: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  // CHECK: %[[KEYS:.*]], %[[KF:.*]], %[[KE:.*]] = tile.channel consumers = 4 : <3x64x64xbf16, swizzle = 128>
  // CHECK-NEXT: %[[QUERY:.*]], %[[QF:.*]], %[[QE:.*]] = tile.channel consumers = 4 : <1x64x64xbf16, swizzle = 128>
  // CHECK-NEXT: tile.roles produce {
  // CHECK: tile.acquire %[[QE]][%{{.*}}] : <1>
  // CHECK: tile.fetch %[[Q]][%[[FIRST]]] to %{{.*}} signals %[[QF]][%{{.*}}]
  // One loop over all tiles, as all of them are copied the same way.
  // CHECK: scf.for %[[T:.*]] = %[[FIRST]] to %[[LAST]] step
  // CHECK: %[[STEP:.*]] = arith.subi %[[T]], %[[FIRST]]
  // CHECK: %[[N:.*]] = arith.addi %{{.*}}, %[[STEP]]
  // CHECK: tile.acquire %[[KE]][%[[N]]] : <3>
  // CHECK: %[[SLOT:.*]] = tile.slot %[[KEYS]][%[[N]]]
  // CHECK: %[[ROW:.*]] = arith.muli %[[T]], %{{.*}}
  // CHECK: tile.fetch %[[K]][%[[ROW]]] to %[[SLOT]] signals %[[KF]][%[[N]]]
  // CHECK-NOT: scf.for
  // CHECK: } consume {
  // CHECK-NOT: tile.copy_async
  // CHECK-NOT: tile.commit_copies
  %keys = tile.alloc : !tile
  %query = tile.alloc : !tile
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // CHECK: %[[TILE:.*]] = tile.slot %[[QUERY]]
  // CHECK: tile.await %[[QF]][%{{.*}}] : <1>
  tile.copy_async %Q[%first] to %query : !tensor to !tile
  tile.commit_copies
  tile.wait_copies pending = 0
  // CHECK: tile.walk from %[[FIRST]] init({{.*}}) stages = 3 to %[[MIDDLE]] (%[[T:.*]], %{{.*}}) {
  %a = tile.walk from %first init(%zero : tensor<64x64xf32>) stages = 3 to %middle (%t, %acc) {
    // CHECK: %[[STEP:.*]] = arith.subi %[[T]], %[[FIRST]]
    // CHECK: %[[N:.*]] = arith.addi %{{.*}}, %[[STEP]]
    // CHECK: %[[SLOT:.*]] = tile.slot %[[KEYS]][%[[N]]]
    // CHECK: tile.await %[[KF]][%[[N]]] : <3>
    // CHECK-NEXT: tile.dot %[[TILE]], %[[SLOT]]
    // CHECK-NEXT: tile.release %[[KE]][%[[N]]] : <3>
    %row = arith.muli %t, %c64 : index
    tile.copy_async %K[%row] to %keys : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %query, %keys, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.yield %s : tensor<64x64xf32>
  // The segment behind it counts on.
  // CHECK: } to %[[LAST]] (%[[T:.*]], %{{.*}}) {
  // CHECK: arith.subi %[[T]], %[[FIRST]]
  // CHECK: tile.await %[[KF]]
  // CHECK: tile.release %[[KE]]
  // CHECK-NOT: tile.release %[[QE]]
  // CHECK: tile.return
  } to %last (%t, %acc) {
    %row = arith.muli %t, %c64 : index
    tile.copy_async %K[%row] to %keys : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %query, %keys, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.yield %s : tensor<64x64xf32>
  }
  tile.return
}

// One query tile after the other: both programs carry the uses of the query's
// ring and of the walk's, which a tile without keys leaves alone. With prefetch
// the query has two places.
// CHECK-LABEL: tile.kernel @persistent
// CHECK-SAME: %[[Q:[^:]*]]: memref<{{[^>]*>}}>, %[[K:[^:]*]]: memref<{{[^>]*>}}>, %[[O:[^:]*]]: memref<{{[^>]*>}}>, %[[COUNT:[^:]*]]: index
tile.kernel @persistent(%Q: !tensor, %K: !tensor, %O: !tensor, %count: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  // CHECK: tile.channel consumers = 4 : <2x64x64xbf16, swizzle = 128>
  // CHECK: %[[QUERY:.*]], %[[QF:.*]], %[[QE:.*]] = tile.channel consumers = 4 : <2x64x64xbf16, swizzle = 128>
  // CHECK: tile.roles produce {
  // CHECK: scf.for %[[I:.*]] = %{{.*}} to %[[COUNT]] {{.*}} iter_args(%[[UQ:.*]] = %{{.*}}, %[[UW:.*]] = %{{.*}}) -> (index, index)
  // CHECK: tile.acquire %[[QE]][%[[UQ]]]
  // CHECK: tile.fetch %[[Q]]{{.*}} signals %[[QF]][%[[UQ]]]
  // CHECK: scf.for %[[T:.*]] = %{{.*}} to %[[I]]
  // CHECK: %[[N:.*]] = arith.addi %[[UW]], %{{.*}}
  // CHECK: tile.acquire %{{.*}}[%[[N]]]
  // CHECK: }
  // CHECK: %[[LENGTH:.*]] = arith.subi %[[I]], %{{.*}}
  // CHECK: %[[STEPS:.*]] = arith.maxsi %[[LENGTH]], %{{.*}}
  // CHECK: %[[UQ1:.*]] = arith.addi %[[UQ]], %{{.*}}
  // CHECK: %[[UW1:.*]] = arith.addi %[[UW]], %[[STEPS]]
  // CHECK: scf.yield %[[UQ1]], %[[UW1]]
  // CHECK: } consume {
  // CHECK: scf.for %[[I:.*]] = %{{.*}} to %[[COUNT]] {{.*}} iter_args(%[[UQ:.*]] = %{{.*}}, %[[UW:.*]] = %{{.*}}) -> (index, index)
  %keys = tile.alloc : !tile
  %query = tile.alloc : !tile
  %result = tile.alloc : !tile
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %x = tile.block_id x
  %n = tile.grid_dim x
  scf.for %i = %x to %count step %n {
    %row = arith.muli %i, %c64 : index
    // CHECK: tile.await %[[QF]][%[[UQ]]]
    tile.copy_async %Q[%row] to %query slots = 2 : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    // CHECK: tile.walk
    // CHECK: arith.addi %[[UW]], %{{.*}}
    %a = tile.walk from %c0 init(%zero : tensor<64x64xf32>) stages = 2 to %i (%t, %acc) {
      %from = arith.muli %t, %c64 : index
      tile.copy_async %K[%from] to %keys : !tensor to !tile
      tile.commit_copies
      tile.wait_copies pending = 0
      %s = tile.dot %query, %keys, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
      tile.yield %s : tensor<64x64xf32>
    }
    %o = arith.truncf %a : tensor<64x64xf32> to tensor<64x64xbf16>
    // Results leave from where the query was, which is free behind that.
    // CHECK: %[[PLACE:.*]] = tile.slot %[[QUERY]]
    // CHECK: tile.put %{{.*}} to %[[PLACE]]
    // CHECK: tile.send %[[PLACE]] to %[[O]]
    // CHECK: tile.release %[[QE]][%[[UQ]]]
    // CHECK-NEXT: scf.yield
    tile.put %o to %result : tensor<64x64xbf16> to !tile
    tile.send %result to %O[%row] : !tile to !tensor
  }
  tile.return
}

// A place for the query and wider results: as wide as those, in panels that
// divide both rows.
// CHECK-LABEL: tile.kernel @wider_results
tile.kernel @wider_results(%Q: !narrow, %K: !narrow, %O: !wide, %n: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  // CHECK: %[[QUERY:.*]], %{{.*}}, %{{.*}} = tile.channel consumers = 4 : <1x64x128xbf16, swizzle = 64>
  // CHECK: tile.roles produce
  // CHECK: %[[SLOT:.*]] = tile.slot %[[QUERY]]
  // CHECK-NEXT: %[[TILE:.*]] = tile.reuse %[[SLOT]] : <64x128xbf16, swizzle = 64> to <64x32xbf16, swizzle = 64>
  // CHECK: tile.fetch %{{.*}} to %[[TILE]]
  // CHECK: consume
  // CHECK: %[[SLOT:.*]] = tile.slot %[[QUERY]]
  // CHECK-NEXT: %[[TILE:.*]] = tile.reuse %[[SLOT]]
  // CHECK: tile.dot %[[TILE]]
  // CHECK: %[[PLACE:.*]] = tile.slot %[[QUERY]]
  // CHECK-NEXT: tile.put %{{.*}} to %[[PLACE]] : tensor<64x128xbf16> to <64x128xbf16, swizzle = 64>
  %keys = tile.alloc : !tile.shared<64x32xbf16, swizzle = 64>
  %query = tile.alloc : !tile.shared<64x32xbf16, swizzle = 64>
  %result = tile.alloc : !tile.shared<64x128xbf16, swizzle = 128>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %value = arith.constant dense<1.0> : tensor<64x128xbf16>
  tile.copy_async %Q[%c0] to %query : !narrow to !tile.shared<64x32xbf16, swizzle = 64>
  tile.commit_copies
  tile.wait_copies pending = 0
  %a = tile.walk from %c0 init(%zero : tensor<64x64xf32>) stages = 2 to %n (%t, %acc) {
    tile.copy_async %K[%t] to %keys : !narrow to !tile.shared<64x32xbf16, swizzle = 64>
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %query, %keys, %acc transpose_b
        : !tile.shared<64x32xbf16, swizzle = 64>, !tile.shared<64x32xbf16, swizzle = 64>, tensor<64x64xf32>
    tile.yield %s : tensor<64x64xf32>
  }
  tile.put %value to %result : tensor<64x128xbf16> to !tile.shared<64x128xbf16, swizzle = 128>
  tile.send %result to %O[%c0] : !tile.shared<64x128xbf16, swizzle = 128> to !wide
  tile.return
}

// Two operands are loaded once; each stored tile leaves from a place of its own. One
// that a product reads as its right operand is read by all warps: nothing goes there.
// CHECK-LABEL: tile.kernel @two_residents
tile.kernel @two_residents(%A: !tensor, %B: !tensor, %C: !tensor, %O: !tensor, %n: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  // CHECK: %[[A:.*]], %{{.*}}, %{{.*}} = tile.channel
  // CHECK: %[[B:.*]], %{{.*}}, %{{.*}} = tile.channel
  // CHECK: %[[C:.*]], %{{.*}}, %{{.*}} = tile.channel
  // CHECK: %[[OWN:.*]] = tile.alloc
  // CHECK: tile.roles produce {
  // CHECK-COUNT-3: tile.fetch
  %a = tile.alloc : !tile
  %b = tile.alloc : !tile
  %c = tile.alloc : !tile
  %x = tile.alloc : !tile
  %y = tile.alloc : !tile
  %z = tile.alloc : !tile
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  tile.copy_async %A[%n] to %a : !tensor to !tile
  tile.copy_async %B[%n] to %b : !tensor to !tile
  tile.commit_copies
  tile.wait_copies pending = 0
  tile.copy_async %C[%n] to %c : !tensor to !tile
  tile.commit_copies
  tile.wait_copies pending = 0
  %r = tile.dot %a, %c, %zero transpose_b : !tile, !tile, tensor<64x64xf32>
  %s = tile.dot %b, %c, %r transpose_b : !tile, !tile, tensor<64x64xf32>
  %o = arith.truncf %s : tensor<64x64xf32> to tensor<64x64xbf16>
  // CHECK: arith.truncf
  // CHECK-NEXT: %[[FIRST:.*]] = tile.slot %[[A]]
  // CHECK-NEXT: tile.put %{{.*}} to %[[FIRST]]
  // CHECK-NEXT: tile.send
  // CHECK-NEXT: %[[SECOND:.*]] = tile.slot %[[B]]
  // CHECK-NEXT: tile.put %{{.*}} to %[[SECOND]]
  // CHECK: tile.put %{{.*}} to %[[OWN]]
  tile.put %o to %x : tensor<64x64xbf16> to !tile
  tile.send %x to %O[%n] : !tile to !tensor
  tile.put %o to %y : tensor<64x64xbf16> to !tile
  tile.send %y to %O[%n] : !tile to !tensor
  tile.put %o to %z : tensor<64x64xbf16> to !tile
  tile.send %z to %O[%n] : !tile to !tensor
  tile.return
}

// A program for each role, in the order of their first copies.
// CHECK-LABEL: tile.kernel @two_roles
// CHECK-SAME: %[[A:[^:]*]]: memref<{{[^>]*>}}>, %[[B:[^:]*]]: memref
tile.kernel @two_roles(%A: !tensor, %B: !tensor, %first: index, %last: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  // CHECK: tile.roles produce("left") {
  // CHECK: scf.for
  // CHECK: tile.fetch %[[A]]
  // CHECK-NOT: tile.fetch
  // CHECK: } produce("right") {
  // CHECK: scf.for
  // CHECK: tile.fetch %[[B]]
  // CHECK-NOT: tile.fetch
  // CHECK: } consume {
  // CHECK-COUNT-2: tile.await
  // CHECK-COUNT-2: tile.release
  %a = tile.alloc : !tile
  %b = tile.alloc : !tile
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %r = tile.walk from %first init(%zero : tensor<64x64xf32>) stages = 2 to %last (%t, %acc) {
    tile.copy_async %A[%t] to %a role = "left" : !tensor to !tile
    tile.copy_async %B[%t] to %b role = "right" : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %a, %b, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.yield %s : tensor<64x64xf32>
  }
  tile.return
}

// Segments that copy different tiles are loops of their own, one behind the other.
// CHECK-LABEL: tile.kernel @different_segments
// CHECK-SAME: %[[A:[^:]*]]: memref<{{[^>]*>}}>, %[[B:[^:]*]]: memref<{{[^>]*>}}>, %[[FIRST:[^:]*]]: index, %[[MIDDLE:[^:]*]]: index, %[[LAST:[^:]*]]: index
tile.kernel @different_segments(%A: !tensor, %B: !tensor, %first: index, %middle: index, %last: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  // CHECK: tile.roles produce {
  // CHECK: scf.for %[[T:.*]] = %[[FIRST]] to %[[MIDDLE]]
  // CHECK: arith.subi %[[T]], %[[FIRST]]
  // CHECK: tile.fetch %[[A]]
  // CHECK: scf.for %[[T:.*]] = %[[MIDDLE]] to %[[LAST]]
  // CHECK: arith.subi %[[T]], %[[FIRST]]
  // CHECK: tile.fetch %[[B]]
  // CHECK: } consume {
  %a = tile.alloc : !tile
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %r = tile.walk from %first init(%zero : tensor<64x64xf32>) stages = 2 to %middle (%t, %acc) {
    tile.copy_async %A[%t] to %a : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %a, %a, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.yield %s : tensor<64x64xf32>
  } to %last (%t, %acc) {
    tile.copy_async %B[%t] to %a : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %a, %a, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.yield %s : tensor<64x64xf32>
  }
  tile.return
}

// Every warp copies.
// CHECK-LABEL: tile.kernel @without_producers
tile.kernel @without_producers(%K: !tensor, %first: index, %last: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_90a"} {
  // CHECK-NOT: tile.roles
  // CHECK-NOT: tile.channel
  // CHECK: tile.copy_async
  // CHECK-NEXT: tile.commit_copies
  // CHECK-NEXT: tile.wait_copies pending = 0
  // CHECK-NEXT: tile.dot
  // CHECK-NOT: tile.release
  // CHECK: tile.return
  %keys = tile.alloc : !tile
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %a = tile.walk from %first init(%zero : tensor<64x64xf32>) stages = 2 to %last (%t, %acc) {
    tile.copy_async %K[%t] to %keys : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %keys, %keys, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.yield %s : tensor<64x64xf32>
  }
  tile.return
}

// Nothing to copy.
// CHECK-LABEL: tile.kernel @without_copies
tile.kernel @without_copies() attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  // CHECK-NEXT: tile.return
  tile.return
}
