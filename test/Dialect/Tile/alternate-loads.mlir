// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-alternate-loads))' | FileCheck %s

!tensor = memref<?x64xbf16, strided<[?, 1], offset: ?>>
!tile = !tile.shared<64x64xbf16, swizzle = 128>
#one = #tile.cta<warps = 4>
#two = #tile.cta<warps = 4>

// The values of a step are copied while it multiplies by its keys, the keys of
// the next step while it multiplies by its values.
// CHECK-LABEL: tile.kernel @keys_and_values
// CHECK-SAME: %[[K:[^:]*]]: memref<{{.*}}>, %[[V:[^:]*]]: memref<{{.*}}>, %[[FIRST:[^:]*]]: index, %[[MIDDLE:[^:]*]]: index, %[[LAST:[^:]*]]: index
tile.kernel @keys_and_values(%K: !tensor, %V: !tensor, %first: index, %middle: index, %last: index)
    attributes {cta = #one, target = "sm_80"} {
  // CHECK: %[[KEYS:.*]] = tile.alloc
  // CHECK: %[[VALUES:.*]] = tile.alloc
  %keys = tile.alloc : !tile
  %values = tile.alloc : !tile
  %query = tile.alloc : !tile
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // The first keys stay in flight over the wait for the query.
  // CHECK: tile.copy_async
  // CHECK: %[[HAS:.*]] = arith.cmpi slt, %[[FIRST]], %[[LAST]]
  // CHECK: scf.if %[[HAS]] {
  // CHECK: tile.copy_async %[[K]][%{{.*}}] to %[[KEYS]]
  // CHECK: }
  // CHECK-NEXT: tile.commit_copies
  // CHECK-NEXT: tile.wait_copies pending = 1
  tile.copy_async %K[%first] to %query : !tensor to !tile
  tile.commit_copies
  tile.wait_copies pending = 0
  // CHECK: scf.for %[[T:.*]] = %[[FIRST]] to %[[MIDDLE]]
  // CHECK-NEXT: tile.wait_copies pending = 0
  // CHECK-NEXT: %[[ROW:.*]] = arith.muli %[[T]]
  // CHECK-NEXT: tile.copy_async %[[V]][%[[ROW]]] to %[[VALUES]]
  // CHECK-NEXT: tile.commit_copies
  // CHECK-NOT: copy_async
  // CHECK: tile.dot %{{.*}}, %[[KEYS]]
  // CHECK-NEXT: tile.wait_copies pending = 0
  // CHECK: %[[NEXT:.*]] = arith.addi %[[T]]
  // CHECK: %[[MORE:.*]] = arith.cmpi slt, %[[NEXT]], %[[LAST]]
  // CHECK: scf.if %[[MORE]] {
  // CHECK: %[[AHEAD:.*]] = arith.muli %[[NEXT]]
  // CHECK: tile.copy_async %[[K]][%[[AHEAD]]] to %[[KEYS]]
  // CHECK: }
  // CHECK-NEXT: tile.commit_copies
  // CHECK: tile.dot %{{.*}}, %[[VALUES]]
  // CHECK-NEXT: scf.yield
  %a = scf.for %t = %first to %middle step %c1 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    %row = arith.muli %t, %c64 : index
    tile.copy_async %K[%row] to %keys : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %query, %keys, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.copy_async %V[%row] to %values : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %p = arith.truncf %s : tensor<64x64xf32> to tensor<64x64xbf16>
    %o = tile.dot %p, %values, %acc : tensor<64x64xbf16>, !tile, tensor<64x64xf32>
    scf.yield %o : tensor<64x64xf32>
  }
  // The copy that the last step of the first loop starts is the second one's.
  // CHECK: scf.for %{{.*}} = %[[MIDDLE]] to %[[LAST]]
  // CHECK-NEXT: tile.wait_copies pending = 0
  // CHECK: arith.cmpi slt, %{{.*}}, %[[LAST]]
  %b = scf.for %t = %middle to %last step %c1 iter_args(%acc = %a) -> (tensor<64x64xf32>) {
    %row = arith.muli %t, %c64 : index
    tile.copy_async %K[%row] to %keys : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %query, %keys, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.copy_async %V[%row] to %values : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %p = arith.truncf %s : tensor<64x64xf32> to tensor<64x64xbf16>
    %o = tile.dot %p, %values, %acc : tensor<64x64xbf16>, !tile, tensor<64x64xf32>
    scf.yield %o : tensor<64x64xf32>
  }
  tile.return
}

// A step with one copy has nothing to alternate with.
// CHECK-LABEL: tile.kernel @one_copy
tile.kernel @one_copy(%K: !tensor, %n: index) attributes {cta = #one, target = "sm_80"} {
  %a = tile.alloc : !tile
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // CHECK: scf.for
  // CHECK-NEXT: tile.copy_async
  // CHECK-NEXT: tile.commit_copies
  // CHECK-NEXT: tile.wait_copies pending = 0
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

// More stages are tile-pipeline-loads' business.
// CHECK-LABEL: tile.kernel @two_stages
tile.kernel @two_stages(%K: !tensor, %n: index) attributes {cta = #two, target = "sm_80"} {
  %a = tile.alloc : !tile
  %b = tile.alloc : !tile
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // CHECK: scf.for
  // CHECK-NEXT: tile.copy_async
  %r = scf.for %t = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    tile.copy_async %K[%t] to %a : !tensor to !tile
    tile.copy_async %K[%t] to %b : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %a, %b, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    scf.yield %s : tensor<64x64xf32>
  }
  tile.return
}
