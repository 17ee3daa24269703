// RUN: attn-opt %s -split-input-file --tile-make-tensor-maps -verify-diagnostics | FileCheck %s
// RUN: attn-opt %s -split-input-file --tile-make-tensor-maps --tile-make-tensor-maps -verify-diagnostics | FileCheck %s

!tensor = memref<?x?x?x128xbf16, strided<[?, ?, ?, 1], offset: ?>>
!tile = !tile.shared<64x128xbf16, swizzle = 128>
#schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 1, producers = 4>

// Maps come first, in the order of their use; what is left of the tensors stays
// behind them. Two copies of a tensor in boxes of one kind share a map. A fetched
// box has the tile's rows, one that is sent a warp's.
// CHECK-LABEL: tile.kernel @copies
// CHECK-SAME: %[[IN:[^:]*]]: !tile.tensor_map<1x1x64x64xbf16, swizzle = 128>, %[[HALF:[^:]*]]: !tile.tensor_map<1x1x32x64xbf16, swizzle = 128>, %[[OUT:[^:]*]]: !tile.tensor_map<1x1x16x64xbf16, swizzle = 128>,
// CHECK-SAME: %{{[^:]*}}: memref<{{.*}}>, %[[I:[^:]*]]: index, %[[J:[^:]*]]: index, %{{[^:]*}}: memref<
tile.kernel @copies(%in: !tensor, %i: index, %j: index, %out: !tensor)
    attributes {schedule = #schedule, target = "sm_90a"} {
  %tile = tile.alloc : !tile
  %half = tile.alloc : !tile.shared<32x128xbf16, swizzle = 128>
  %full = tile.alloc_barriers arrivals = 1 : !tile.barriers<1>
  // CHECK: tile.fetch %[[IN]][%[[I]], %[[I]], %[[J]]] to
  tile.fetch %in[%i, %i, %j] to %tile signals %full[%i] : !tensor to !tile, !tile.barriers<1>
  // CHECK: tile.fetch %[[IN]][%[[J]], %[[I]], %[[I]]] to
  tile.fetch %in[%j, %i, %i] to %tile signals %full[%i] : !tensor to !tile, !tile.barriers<1>
  // CHECK: tile.fetch %[[HALF]][
  tile.fetch %in[%i, %i, %j] to %half signals %full[%i] : !tensor to !tile.shared<32x128xbf16, swizzle = 128>, !tile.barriers<1>
  // CHECK: tile.send %{{.*}} to %[[OUT]][%[[J]], %[[J]], %[[I]]]
  tile.send %tile to %out[%j, %j, %i] : !tile to !tensor
  tile.return
}

// CHECK-LABEL: func.func @launch
// CHECK-SAME: %[[A:[^:]*]]: tensor<{{[^>]*}}>, %[[B:[^:]*]]: tensor
func.func @launch(%a: tensor<?x?x?x128xbf16>, %b: tensor<?x?x?x128xbf16>, %n: index) -> tensor<?x?x?x128xbf16> {
  // CHECK: %[[MAP:.*]] = tile.tensor_map %[[A]] : tensor<?x?x?x128xbf16> -> <1x1x64x64xbf16, swizzle = 128>
  // CHECK: %[[HALF:.*]] = tile.tensor_map %[[A]] : tensor<?x?x?x128xbf16> -> <1x1x32x64xbf16, swizzle = 128>
  // CHECK: %[[OUT:.*]] = tile.tensor_map %[[B]] : tensor<?x?x?x128xbf16> -> <1x1x16x64xbf16, swizzle = 128>
  // CHECK: tile.launch @copies grid(%{{.*}}) ins(%[[MAP]], %[[HALF]], %[[OUT]], %[[A]], %{{.*}}, %{{.*}} : {{.*}}) outs(%[[B]] :
  %o = tile.launch @copies grid(%n, %n, %n) ins(%a, %n, %n : tensor<?x?x?x128xbf16>, index, index)
      outs(%b : tensor<?x?x?x128xbf16>) -> tensor<?x?x?x128xbf16>
  return %o : tensor<?x?x?x128xbf16>
}

// -----

// A kernel sees BHSD in a tensor that is BSHD; its map has rows in dimension 1.
!tensor = memref<?x?x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
!tile = !tile.shared<64x64xbf16, swizzle = 64>
// CHECK-LABEL: tile.kernel @transposed
// CHECK-SAME: %[[IN:[^:]*]]: !tile.tensor_map<1x64x1x32xbf16, swizzle = 64>, %{{[^:]*}}: memref<{{.*}}>, %[[B:[^:]*]]: index, %[[H:[^:]*]]: index, %[[S:[^:]*]]: index
tile.kernel @transposed(%in: !tensor, %b: index, %h: index, %s: index)
    attributes {schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 1, producers = 4>, target = "sm_90a"} {
  %view = memref.transpose %in (b, s, h, d) -> (b, h, s, d) : !tensor to !tensor
  %tile = tile.alloc : !tile
  %full = tile.alloc_barriers arrivals = 1 : !tile.barriers<1>
  // CHECK: tile.fetch %[[IN]][%[[B]], %[[S]], %[[H]]] to
  tile.fetch %view[%b, %h, %s] to %tile signals %full[%b] : !tensor to !tile, !tile.barriers<1>
  tile.return
}
func.func @launch(%a: tensor<?x?x?x64xbf16>, %n: index) {
  // CHECK: tile.tensor_map %{{.*}} -> <1x64x1x32xbf16, swizzle = 64>
  tile.launch @transposed grid(%n, %n, %n) ins(%a, %n, %n, %n : tensor<?x?x?x64xbf16>, index, index, index) outs()
  return
}

// A kernel that copies by its threads stays.
// CHECK-LABEL: tile.kernel @threads
// CHECK-NOT: tensor_map
// CHECK: tile.return
tile.kernel @threads(%in: !tensor, %i: index)
    attributes {schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 1>, target = "sm_90a"} {
  %tile = tile.alloc : !tile
  tile.copy_async %in[%i, %i, %i] to %tile : !tensor to !tile
  tile.return
}
func.func @launch_threads(%a: tensor<?x?x?x64xbf16>, %n: index) {
  tile.launch @threads grid(%n, %n, %n) ins(%a, %n : tensor<?x?x?x64xbf16>, index) outs()
  return
}

// -----

// Boxes have 256 rows at most.
!tensor = memref<?x32xbf16, strided<[?, 1], offset: ?>>
!tile = !tile.shared<512x32xbf16, swizzle = 64>
// CHECK-LABEL: tile.kernel @tall
// CHECK-SAME: !tile.tensor_map<256x32xbf16, swizzle = 64>
tile.kernel @tall(%in: !tensor, %i: index)
    attributes {schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 1, producers = 4>, target = "sm_90a"} {
  %tile = tile.alloc : !tile
  %full = tile.alloc_barriers arrivals = 1 : !tile.barriers<1>
  tile.fetch %in[%i] to %tile signals %full[%i] : !tensor to !tile, !tile.barriers<1>
  tile.return
}
func.func @launch(%a: tensor<?x32xbf16>, %n: index) {
  tile.launch @tall grid(%n, %n, %n) ins(%a, %n : tensor<?x32xbf16>, index) outs()
  return
}

// -----

!tensor = memref<?x64xbf16, strided<[?, 1], offset: ?>>
!tile = !tile.shared<64x64xbf16, swizzle = 128>
tile.kernel @other(%in: !tensor, %i: index)
    attributes {schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 1, producers = 4>, target = "sm_90a"} {
  %tile = tile.alloc : !tile
  %full = tile.alloc_barriers arrivals = 1 : !tile.barriers<1>
  %part = memref.subview %in[%i, 0] [64, 64] [1, 1] : !tensor to memref<64x64xbf16, strided<[?, 1], offset: ?>>
  // expected-error@+1 {{expected a kernel's argument, or its transpose}}
  tile.fetch %part[%i] to %tile signals %full[%i] : memref<64x64xbf16, strided<[?, 1], offset: ?>> to !tile, !tile.barriers<1>
  tile.return
}
func.func @launch(%a: tensor<?x64xbf16>, %n: index) {
  tile.launch @other grid(%n, %n, %n) ins(%a, %n : tensor<?x64xbf16>, index) outs()
  return
}
