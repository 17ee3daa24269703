// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-alternate-loads))' --remarks-filter=tile-alternate-loads 2>&1 | FileCheck %s

// CHECK-DAG: [Missed] NotAlternated | Category:tile-alternate-loads | {{.*}}a step copies one tile only
// CHECK-DAG: [Missed] NotAlternated | Category:tile-alternate-loads | {{.*}}a step reads a tile again when it has read the next one

!tensor = memref<?x64xbf16, strided<[?, 1], offset: ?>>
!tile = !tile.shared<64x64xbf16, swizzle = 128>
#cta = #tile.cta<warps = 4>

// The values of a step are copied while it multiplies by its keys, the keys of
// the next step while it multiplies by its values.
// CHECK-LABEL: tile.kernel @keys_and_values
// CHECK-SAME: %[[K:[^:]*]]: memref<{{.*}}>, %[[V:[^:]*]]: memref<{{.*}}>, %[[FIRST:[^:]*]]: index, %[[MIDDLE:[^:]*]]: index, %[[LAST:[^:]*]]: index
tile.kernel @keys_and_values(%K: !tensor, %V: !tensor, %first: index, %middle: index, %last: index)
    attributes {cta = #cta, target = "sm_80"} {
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
  // CHECK: tile.walk from %[[FIRST]] init({{.*}}) to %[[MIDDLE]] (%[[T:.*]], %{{.*}}) {
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
  // CHECK-NEXT: tile.yield
  %a = tile.walk from %first init(%zero : tensor<64x64xf32>) to %middle (%t, %acc) {
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
    tile.yield %o : tensor<64x64xf32>
  // The copy that the last step of a segment starts is the next one's.
  // CHECK: } to %[[LAST]] (
  // CHECK-NEXT: tile.wait_copies pending = 0
  // CHECK: arith.cmpi slt, %{{.*}}, %[[LAST]]
  } to %last (%t, %acc) {
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
    tile.yield %o : tensor<64x64xf32>
  }
  tile.return
}

// A step with one copy has nothing to alternate with.
// CHECK-LABEL: tile.kernel @one_copy
tile.kernel @one_copy(%K: !tensor, %n: index) attributes {cta = #cta, target = "sm_80"} {
  %a = tile.alloc : !tile
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // CHECK: tile.walk
  // CHECK-NEXT: tile.copy_async
  // CHECK-NEXT: tile.commit_copies
  // CHECK-NEXT: tile.wait_copies pending = 0
  // CHECK-NEXT: tile.dot
  %r = tile.walk from %c0 init(%zero : tensor<64x64xf32>) to %n (%t, %acc) {
    tile.copy_async %K[%t] to %a : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %a, %a, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.yield %s : tensor<64x64xf32>
  }
  tile.return
}

// More stages are tile-pipeline-loads' business.
// CHECK-LABEL: tile.kernel @two_stages
tile.kernel @two_stages(%K: !tensor, %n: index) attributes {cta = #cta, target = "sm_80"} {
  %a = tile.alloc : !tile
  %b = tile.alloc : !tile
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // CHECK: tile.walk
  // CHECK-NEXT: tile.copy_async
  %r = tile.walk from %c0 init(%zero : tensor<64x64xf32>) stages = 2 to %n (%t, %acc) {
    tile.copy_async %K[%t] to %a : !tensor to !tile
    tile.copy_async %K[%t] to %b : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %a, %b, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.yield %s : tensor<64x64xf32>
  }
  tile.return
}

// Three tiles go round as two do.
// CHECK-LABEL: tile.kernel @three_copies
// CHECK-SAME: %[[K:[^:]*]]: memref
tile.kernel @three_copies(%K: !tensor, %n: index) attributes {cta = #cta, target = "sm_80"} {
  // CHECK: %[[A:.*]] = tile.alloc
  // CHECK: %[[B:.*]] = tile.alloc
  // CHECK: %[[C:.*]] = tile.alloc
  %a = tile.alloc : !tile
  %b = tile.alloc : !tile
  %c = tile.alloc : !tile
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // CHECK: tile.walk
  // CHECK-NEXT: tile.wait_copies pending = 0
  // CHECK-NEXT: tile.copy_async %[[K]][%{{.*}}] to %[[B]]
  // CHECK-NEXT: tile.commit_copies
  // CHECK-NEXT: tile.dot %[[A]], %[[A]]
  // CHECK-NEXT: tile.wait_copies pending = 0
  // CHECK-NEXT: tile.copy_async %[[K]][%{{.*}}] to %[[C]]
  // CHECK-NEXT: tile.commit_copies
  // CHECK-NEXT: tile.dot %[[B]], %[[B]]
  // CHECK-NEXT: tile.wait_copies pending = 0
  // CHECK: scf.if
  // CHECK-NEXT: tile.copy_async %[[K]][%{{.*}}] to %[[A]]
  // CHECK: tile.commit_copies
  // CHECK-NEXT: tile.dot %[[C]], %[[C]]
  // CHECK-NEXT: tile.yield
  %r = tile.walk from %c0 init(%zero : tensor<64x64xf32>) to %n (%t, %acc) {
    tile.copy_async %K[%t] to %a : !tensor to !tile
    tile.copy_async %K[%t] to %b : !tensor to !tile
    tile.copy_async %K[%t] to %c : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %a, %a, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    %u = tile.dot %b, %b, %s transpose_b : !tile, !tile, tensor<64x64xf32>
    %v = tile.dot %c, %c, %u transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.yield %v : tensor<64x64xf32>
  }
  tile.return
}

// A tile that is read to the end leaves its buffer to nobody.
// CHECK-LABEL: tile.kernel @read_again
tile.kernel @read_again(%K: !tensor, %n: index) attributes {cta = #cta, target = "sm_80"} {
  %a = tile.alloc : !tile
  %b = tile.alloc : !tile
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // CHECK: tile.walk
  // CHECK-NEXT: tile.copy_async
  %r = tile.walk from %c0 init(%zero : tensor<64x64xf32>) to %n (%t, %acc) {
    tile.copy_async %K[%t] to %a : !tensor to !tile
    tile.copy_async %K[%t] to %b : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %a, %b, %acc transpose_b : !tile, !tile, tensor<64x64xf32>
    %u = tile.dot %a, %a, %s transpose_b : !tile, !tile, tensor<64x64xf32>
    tile.yield %u : tensor<64x64xf32>
  }
  tile.return
}
