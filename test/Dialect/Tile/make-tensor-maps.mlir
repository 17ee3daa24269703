// RUN: attn-opt %s -split-input-file --tile-make-tensor-maps -verify-diagnostics | FileCheck %s
// RUN: attn-opt %s -split-input-file --tile-make-tensor-maps --tile-make-tensor-maps -verify-diagnostics | FileCheck %s

!tensor = memref<?x?x?x128xbf16, strided<[?, ?, ?, 1], offset: ?>>
!tile = !tile.shared<64x128xbf16, swizzle = 128>
#cta = #tile.cta<warps = 4, producers = 4>

// Maps come first, in the order of their use; what is left of the tensors stays
// behind them. Two copies of a tensor in boxes of one kind share a map. A fetched
// box has the tile's rows, one that is sent a warp's.
// CHECK-LABEL: tile.kernel @copies
// CHECK-SAME: %[[IN:[^:]*]]: !tile.tensor_map<1x1x64x64xbf16, swizzle = 128>, %[[HALF:[^:]*]]: !tile.tensor_map<1x1x32x64xbf16, swizzle = 128>, %[[OUT:[^:]*]]: !tile.tensor_map<1x1x16x64xbf16, swizzle = 128>,
// CHECK-SAME: %{{[^:]*}}: memref<{{.*}}>, %[[I:[^:]*]]: index, %[[J:[^:]*]]: index, %{{[^:]*}}: memref<
tile.kernel @copies(%in: !tensor, %i: index, %j: index, %out: !tensor)
    attributes {cta = #cta, target = "sm_90a"} {
  %tile = tile.alloc : !tile
  %half = tile.alloc : !tile.shared<32x128xbf16, swizzle = 128>
  %ring_of_full, %full, %empty_of_full = tile.channel consumers = 4 : !tile.shared<1x8x64xbf16, swizzle = 128>
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

// A kernel sees BHSD in a tensor that is BSHD, and so does its map.
!tensor = memref<?x?x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
!tile = !tile.shared<64x64xbf16, swizzle = 64>
// CHECK-LABEL: tile.kernel @transposed
// CHECK-SAME: %[[IN:[^:]*]]: !tile.tensor_map<1x1x64x32xbf16, swizzle = 64>, %{{[^:]*}}: memref<{{.*}}>, %[[B:[^:]*]]: index, %[[H:[^:]*]]: index, %[[S:[^:]*]]: index
tile.kernel @transposed(%in: !tensor, %b: index, %h: index, %s: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  %view = memref.transpose %in (b, s, h, d) -> (b, h, s, d) : !tensor to !tensor
  %tile = tile.alloc : !tile
  %ring_of_full, %full, %empty_of_full = tile.channel consumers = 4 : !tile.shared<1x8x64xbf16, swizzle = 128>
  // CHECK-NOT: memref.transpose
  // CHECK: tile.fetch %[[IN]][%[[B]], %[[H]], %[[S]]] to
  tile.fetch %view[%b, %h, %s] to %tile signals %full[%b] : !tensor to !tile, !tile.barriers<1>
  tile.return
}
func.func @launch(%a: tensor<?x?x?x64xbf16>, %n: index) {
  // CHECK: tile.tensor_map %{{.*}} permutation = [0, 2, 1, 3] : {{.*}} -> <1x1x64x32xbf16, swizzle = 64>
  tile.launch @transposed grid(%n, %n, %n) ins(%a, %n, %n, %n : tensor<?x?x?x64xbf16>, index, index, index) outs()
  return
}

// -----

// Rows that are those of several heads are boxes of more than one dimension: a
// tile of 4 queries of 16 heads, and a warp's 16 heads of one query.
!tensor = memref<?x2x?x?x64xbf16, strided<[?, ?, ?, ?, 1], offset: ?>>
!view = memref<?x2x?x?x64xbf16, strided<[?, ?, ?, ?, 1], offset: ?>>
!tile = !tile.shared<64x64xbf16, swizzle = 128>
// CHECK-LABEL: tile.kernel @heads
// CHECK-SAME: %[[IN:[^:]*]]: !tile.tensor_map<1x1x4x16x64xbf16, swizzle = 128>, %[[OUT:[^:]*]]: !tile.tensor_map<1x1x1x16x64xbf16, swizzle = 128>, %[[FEW:[^:]*]]: !tile.tensor_map<1x1x8x2x64xbf16, swizzle = 128>,
tile.kernel @heads(%in: !tensor, %b: index, %h: index, %s: index, %g: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  %rows = memref.transpose %in (b, h, g, s, d) -> (b, h, s, g, d) : !tensor to !view
  %tile = tile.alloc : !tile
  %ring_of_full, %full, %empty_of_full = tile.channel consumers = 4 : !tile.shared<1x8x64xbf16, swizzle = 128>
  // CHECK: tile.fetch %[[IN]][%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] box = [1, 1, 4, 16] to
  tile.fetch %rows[%b, %h, %s, %g] box = [1, 1, 4, 16] to %tile signals %full[%b] : !view to !tile, !tile.barriers<1>
  // CHECK: tile.send %{{.*}} to %[[OUT]][%{{.*}}] box = [1, 1, 4, 16]
  tile.send %tile to %rows[%b, %h, %s, %g] box = [1, 1, 4, 16] : !tile to !view
  // CHECK: tile.send %{{.*}} to %[[FEW]][%{{.*}}] box = [1, 1, 32, 2]
  tile.send %tile to %rows[%b, %h, %s, %g] box = [1, 1, 32, 2] : !tile to !view
  tile.return
}
func.func @launch(%a: tensor<?x2x?x?x64xbf16>, %n: index) {
  // CHECK: tile.tensor_map %{{.*}} permutation = [0, 1, 3, 2, 4] : {{.*}} -> <1x1x4x16x64xbf16, swizzle = 128>
  tile.launch @heads grid(%n, %n, %n) ins(%a, %n, %n, %n, %n : tensor<?x2x?x?x64xbf16>, index, index, index, index) outs()
  return
}

// -----

!tensor = memref<?x?x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
!tile = !tile.shared<64x64xbf16, swizzle = 64>

// A kernel that copies by its threads stays.
// CHECK-LABEL: tile.kernel @threads
// CHECK-NOT: tensor_map
// CHECK: tile.return
tile.kernel @threads(%in: !tensor, %i: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_90a"} {
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
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  %tile = tile.alloc : !tile
  %ring_of_full, %full, %empty_of_full = tile.channel consumers = 4 : !tile.shared<1x8x64xbf16, swizzle = 128>
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
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  %tile = tile.alloc : !tile
  %ring_of_full, %full, %empty_of_full = tile.channel consumers = 4 : !tile.shared<1x8x64xbf16, swizzle = 128>
  %part = memref.subview %in[%i, 0] [64, 64] [1, 1] : !tensor to memref<64x64xbf16, strided<[?, 1], offset: ?>>
  // expected-error@+1 {{expected a kernel's argument, or its transpose}}
  tile.fetch %part[%i] to %tile signals %full[%i] : memref<64x64xbf16, strided<[?, 1], offset: ?>> to !tile, !tile.barriers<1>
  tile.return
}
func.func @launch(%a: tensor<?x64xbf16>, %n: index) {
  tile.launch @other grid(%n, %n, %n) ins(%a, %n : tensor<?x64xbf16>, index) outs()
  return
}
