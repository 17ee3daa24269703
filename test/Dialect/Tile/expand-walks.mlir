// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-expand-walks))' | FileCheck %s

// CHECK-LABEL: tile.kernel @segments
// CHECK-SAME: %[[FIRST:[^:]*]]: index, %[[MIDDLE:[^:]*]]: index, %[[LAST:[^:]*]]: index
tile.kernel @segments(%first: index, %middle: index, %last: index, %O: memref<?xf32>)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  // CHECK: %[[INIT:.*]] = arith.constant dense<0.0
  %init = arith.constant dense<0.0> : tensor<64x1xf32>
  // CHECK: %[[A:.*]] = scf.for %{{.*}} = %[[FIRST]] to %[[MIDDLE]] step %{{.*}} iter_args(%[[X:.*]] = %[[INIT]])
  // CHECK-NEXT: %[[Y:.*]] = math.exp2 %[[X]] : tensor<64x1xf32>
  // CHECK-NEXT: scf.yield %[[Y]]
  // CHECK: %[[B:.*]] = scf.for %{{.*}} = %[[MIDDLE]] to %[[LAST]] step %{{.*}} iter_args(%[[X:.*]] = %[[A]])
  // CHECK-NEXT: arith.negf
  // CHECK: tile.store %[[B]]
  %r = tile.walk from %first init(%init : tensor<64x1xf32>) to %middle (%t, %x) {
    %y = math.exp2 %x {tile.computed_first} : tensor<64x1xf32>
    tile.yield %y : tensor<64x1xf32>
  } to %last (%t, %x) {
    %y = arith.negf %x : tensor<64x1xf32>
    tile.yield %y : tensor<64x1xf32>
  }
  tile.store %r, %O[%first] : tensor<64x1xf32>, memref<?xf32>
  tile.return
}

// Every segment leaves out tiles that were walked before.
// CHECK-LABEL: tile.kernel @skip
// CHECK-SAME: %[[FIRST:[^:]*]]: index, %[[MIDDLE:[^:]*]]: index, %[[LAST:[^:]*]]: index
tile.kernel @skip(%first: index, %middle: index, %last: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  // CHECK: %[[SECOND:.*]] = arith.addi %[[FIRST]], %{{.*}}
  // CHECK-NEXT: %[[FROM:.*]] = arith.maxsi %[[FIRST]], %[[SECOND]]
  // CHECK: scf.for %{{.*}} = %[[FROM]] to %[[MIDDLE]]
  // CHECK: %[[SECOND:.*]] = arith.addi %[[FIRST]], %{{.*}}
  // CHECK-NEXT: %[[FROM:.*]] = arith.maxsi %[[MIDDLE]], %[[SECOND]]
  // CHECK: scf.for %{{.*}} = %[[FROM]] to %[[LAST]]
  tile.walk from %first skip = 1 to %middle (%t) {
  } to %last (%t) {
  }
  tile.return
}
