// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-pipeline-loads))' --remarks-filter=tile-pipeline-loads 2>&1 | FileCheck %s

// CHECK: [Missed] NotPipelined | Category:tile-pipeline-loads | {{.*}}segments copy different tiles

!tensor = memref<?x64xbf16, strided<[?, 1], offset: ?>>
!tile = !tile.shared<64x64xbf16, swizzle = 128>

// The copy that the last step of a segment starts is the tile of the first step of
// the next one.
// CHECK-LABEL: tile.kernel @two_stages
// CHECK-SAME: %[[K:[^:]*]]: memref<{{.*}}>, %[[FIRST:[^:]*]]: index, %[[MIDDLE:[^:]*]]: index, %[[LAST:[^:]*]]: index
tile.kernel @two_stages(%K: !tensor, %first: index, %middle: index, %last: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  // CHECK: %[[RING:.*]] = tile.alloc : <2x64x64xbf16, swizzle = 128>
  %buffer = tile.alloc : !tile
  %query = tile.alloc : !tile
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // The query and the first tile travel together; the wait is for the query.
  // CHECK: tile.copy_async %{{.*}} to %[[QUERY:.*]] :
  // CHECK-NEXT: tile.commit_copies
  tile.copy_async %K[%first] to %query : !tensor to !tile
  tile.commit_copies
  // CHECK: %[[HAS:.*]] = arith.cmpi slt, %{{.*}}, %[[LAST]]
  // CHECK: scf.if %[[HAS]] {
  // CHECK: tile.slot %[[RING]]
  // CHECK: tile.copy_async
  // CHECK: }
  // CHECK-NEXT: tile.commit_copies
  // CHECK-NEXT: tile.wait_copies pending = 1
  tile.wait_copies pending = 0
  // CHECK: tile.walk from %[[FIRST]] init({{.*}}) stages = 2 to %[[MIDDLE]] (%[[T:.*]], %{{.*}}) {
  %a = tile.walk from %first init(%zero : tensor<64x64xf32>) stages = 2 to %middle (%t, %acc) {
    // CHECK-NEXT: tile.wait_copies pending = 0
    // CHECK: %[[NEXT:.*]] = arith.addi %[[T]], %{{.*}}
    // CHECK: %[[MORE:.*]] = arith.cmpi slt, %[[NEXT]], %[[LAST]]
    // CHECK: scf.if %[[MORE]] {
    // CHECK: %[[AHEAD:.*]] = arith.subi %[[NEXT]], %[[FIRST]]
    // CHECK: tile.slot %[[RING]][%[[AHEAD]]]
    // CHECK: %[[ROW:.*]] = arith.muli %[[NEXT]], %{{.*}}
    // CHECK: tile.copy_async %[[K]][%[[ROW]]]
    // CHECK: }
    // CHECK-NEXT: tile.commit_copies
    // CHECK: %[[STEP:.*]] = arith.subi %[[T]], %[[FIRST]]
    // CHECK: %[[NOW:.*]] = tile.slot %[[RING]][%[[STEP]]]
    %row = arith.muli %t, %c64 : index
    tile.copy_async %K[%row] to %buffer : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    // CHECK-NOT: tile.copy_async
    // CHECK: tile.dot %{{.*}}, %[[NOW]], %{{.*}}
    %s = tile.dot %query, %buffer, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.yield %s : tensor<64x64xf32>
  // CHECK: } to %[[LAST]] (
  } to %last (%t, %acc) {
    // CHECK: arith.cmpi slt, %{{.*}}, %[[LAST]]
    // CHECK: arith.subi %{{.*}}, %[[FIRST]]
    %row = arith.muli %t, %c64 : index
    tile.copy_async %K[%row] to %buffer : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %query, %buffer, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.yield %s : tensor<64x64xf32>
  }
  tile.return
}

// Three slots, two copies before the walk, one group may be in flight in it.
// CHECK-LABEL: tile.kernel @three_stages
tile.kernel @three_stages(%K: !tensor, %first: index, %last: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  // CHECK: tile.alloc : <3x64x64xbf16, swizzle = 128>
  %buffer = tile.alloc : !tile
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // CHECK-COUNT-2: tile.commit_copies
  // CHECK: tile.walk
  // CHECK-NEXT: tile.wait_copies pending = 1
  %a = tile.walk from %first init(%zero : tensor<64x64xf32>) stages = 3 to %last (%t, %acc) {
    tile.copy_async %K[%t] to %buffer : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %buffer, %buffer, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.yield %s : tensor<64x64xf32>
  }
  tile.return
}

// CHECK-LABEL: tile.kernel @one_stage
tile.kernel @one_stage(%K: !tensor, %first: index, %last: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  // CHECK: tile.alloc : <64x64xbf16, swizzle = 128>
  %buffer = tile.alloc : !tile
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %a = tile.walk from %first init(%zero : tensor<64x64xf32>) to %last (%t, %acc) {
    // CHECK: tile.copy_async
    // CHECK-NEXT: tile.commit_copies
    // CHECK-NEXT: tile.wait_copies pending = 0
    // CHECK-NEXT: tile.dot
    tile.copy_async %K[%t] to %buffer : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %buffer, %buffer, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.yield %s : tensor<64x64xf32>
  }
  tile.return
}

// Two walks behind one another use one ring, with room for what either has in
// flight. The second one's first copies wait until the first one is over.
// CHECK-LABEL: tile.kernel @two_walks
tile.kernel @two_walks(%K: !tensor, %first: index, %last: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  // CHECK: %[[RING:.*]] = tile.alloc : <3x64x64xbf16, swizzle = 128>
  %buffer = tile.alloc : !tile
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // CHECK-COUNT-1: tile.commit_copies
  // CHECK-NOT: tile.commit_copies
  // CHECK: tile.walk
  // CHECK-NEXT: tile.wait_copies pending = 0
  %a = tile.walk from %first init(%zero : tensor<64x64xf32>) stages = 2 to %last (%t, %acc) {
    tile.copy_async %K[%t] to %buffer : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %buffer, %buffer, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.yield %s : tensor<64x64xf32>
  }
  // CHECK: tile.yield
  // CHECK-COUNT-2: tile.commit_copies
  // CHECK: tile.walk
  // CHECK-NEXT: tile.wait_copies pending = 1
  %b = tile.walk from %first init(%a : tensor<64x64xf32>) stages = 3 to %last (%t, %acc) {
    tile.copy_async %K[%t] to %buffer : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %buffer, %buffer, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.yield %s : tensor<64x64xf32>
  }
  tile.return
}

// A copy that is not what every segment makes stays where it is.
// CHECK-LABEL: tile.kernel @different_tiles
tile.kernel @different_tiles(%K: !tensor, %V: !tensor, %first: index, %middle: index, %last: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  // CHECK: tile.alloc : <64x64xbf16, swizzle = 128>
  %buffer = tile.alloc : !tile
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // CHECK: tile.walk
  // CHECK-NEXT: tile.copy_async
  %a = tile.walk from %first init(%zero : tensor<64x64xf32>) stages = 2 to %middle (%t, %acc) {
    tile.copy_async %K[%t] to %buffer : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %buffer, %buffer, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.yield %s : tensor<64x64xf32>
  } to %last (%t, %acc) {
    tile.copy_async %V[%t] to %buffer : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %buffer, %buffer, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.yield %s : tensor<64x64xf32>
  }
  tile.return
}
