// RUN: attn-opt %s --attn-expand-masks --attn-select-schedule=schedule=heads=4,split=1,longest=0 --convert-attn-to-tile --canonicalize --cse | FileCheck %s
// RUN: attn-opt %s --attn-expand-masks --attn-select-schedule=schedule=heads=4,split=1,longest=0 --convert-attn-to-tile | attn-opt --canonicalize --cse | FileCheck %s

!q = tensor<?x6x?x64xf16>
!kv = tensor<?x2x?x64xf16>
!lse = tensor<?x6x?xf32>

// Three heads of a group in tiles of four: query and results have a dimension of
// key heads and one of the heads that share one, which is the last of the rows. A
// tile has 32 queries.
// CHECK-LABEL: tile.kernel @f_0(
// CHECK-SAME: %[[Q:[^:]*]]: memref<?x2x3x?x64xf16, {{[^>]*}}>>, %[[K:[^:]*]]: memref<?x2x?x64xf16, {{[^>]*}}>>, %{{[^:]*}}: memref<{{[^>]*}}>>, %[[TILES:[^:]*]]: index, %[[O:[^:]*]]: memref<?x2x3x?x64xf16, {{[^>]*}}>>, %[[LSE:[^:]*]]: memref<?x2x3x?xf32, {{[^>]*}}>>)
// CHECK-DAG: %[[X:.*]] = tile.block_id x
// CHECK-DAG: %[[Y:.*]] = tile.block_id y
// CHECK-DAG: %[[Z:.*]] = tile.block_id z
// CHECK-DAG: %[[ROWS:.*]] = memref.transpose %[[Q]] (d0, d1, d2, d3, d4) -> (d0, d1, d3, d2, d4)
// CHECK-DAG: %[[I:.*]] = arith.muli %[[X]], %c32
// CHECK-DAG: %[[KEYHEAD:.*]] = arith.divui %[[Y]], %[[TILES]]
// CHECK-DAG: %[[TILE:.*]] = arith.remui %[[Y]], %[[TILES]]
// CHECK-DAG: %[[HEAD:.*]] = arith.muli %[[TILE]], %c4
// CHECK: tile.load %[[ROWS]][%[[Z]], %[[KEYHEAD]], %[[I]], %[[HEAD]]] box = [1, 1, 32, 4] : {{.*}} -> tensor<128x64xf16>
// CHECK: tile.walk
// CHECK: tile.load %[[K]][%[[Z]], %[[KEYHEAD]], %{{.*}}] : {{.*}} -> tensor<64x64xf16>
// Masks are of the row's own query.
// CHECK: } to
// CHECK: tile.dot
// CHECK: %[[STEP:.*]] = tile.iota repeat = 4 recomputed : tensor<128x1xi32>
// CHECK: arith.addi %[[STEP]], %{{.*}} : tensor<128x1xi32>
// CHECK: %[[OUT:.*]] = memref.transpose %[[O]] (d0, d1, d2, d3, d4) -> (d0, d1, d3, d2, d4)
// CHECK: tile.store %{{.*}}, %[[OUT]][%[[Z]], %[[KEYHEAD]], %[[I]], %[[HEAD]]] box = [1, 1, 32, 4]
// CHECK: %[[SUMS:.*]] = memref.transpose %[[LSE]] (d0, d1, d2, d3) -> (d0, d1, d3, d2)
// CHECK: tile.store %{{.*}}, %[[SUMS]][%[[Z]], %[[KEYHEAD]], %[[I]], %[[HEAD]]] box = [1, 1, 32, 4] : tensor<128x1xf32>

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[A:[^:]*]]: tensor<?x6x?x64xf16>
// CHECK: %[[BLOCKS:.*]] = arith.ceildivui %{{.*}}, %c32
// CHECK: %[[SEEN:.*]] = tensor.expand_shape %[[A]] {{\[\[}}0], [1, 2], [3], [4]] output_shape [%{{.*}}, 2, 3, %{{.*}}, 64] : tensor<?x6x?x64xf16> into tensor<?x2x3x?x64xf16>
// CHECK: %[[DEST:.*]] = tensor.expand_shape %{{.*}} into tensor<?x2x3x?x64xf16>
// CHECK: %[[DESTLSE:.*]] = tensor.expand_shape %{{.*}} into tensor<?x2x3x?xf32>
// CHECK: %[[FILLED:.*]]:2 = tile.launch @f_0 grid(%[[BLOCKS]], %c2, %{{.*}}) ins(%[[SEEN]], {{.*}}) outs(%[[DEST]], %[[DESTLSE]]
// CHECK: tensor.collapse_shape %[[FILLED]]#0 {{.*}} into tensor<?x6x?x64xf16>
// CHECK: tensor.collapse_shape %[[FILLED]]#1 {{.*}} into tensor<?x6x?xf32>
func.func @f(%q: !q, %k: !kv, %v: !kv) -> (!q, !lse) {
  %o, %lse = attn.sdpa %q, %k, %v causal(top_left) : (!q, !kv, !kv) -> (!q, !lse)
  return %o, %lse : !q, !lse
}

// Where only the query's heads are known, the group is not; a mask that looks at
// the head gets the row's own.
!known = tensor<1x?x6x64xf16>
!unknown = tensor<1x?x?x64xf16>
// CHECK-LABEL: tile.kernel @g_0(
// CHECK-SAME: %[[Q:[^:]*]]: memref<1x?x?x?x64xf16, {{[^>]*}}>>
// CHECK: %[[ROWS:.*]] = memref.transpose %[[Q]] (d0, d1, d2, d3, d4) -> (d0, d2, d1, d3, d4)
// CHECK: tile.load %[[ROWS]]{{.*}} box = [1, 1, 32, 4]
// CHECK: arith.remui %{{.*}}, %{{.*}} : tensor<128x1xi32>
// CHECK-LABEL: func.func @g(
// CHECK: tensor.cast %{{.*}} : tensor<1x?x6x64xf16> to tensor<1x?x?x64xf16>
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0], [1], [2, 3], [4]] {{.*}} into tensor<1x?x?x?x64xf16>
// CHECK: tile.launch @g_0
// CHECK: tensor.collapse_shape
// CHECK: tensor.cast %{{.*}} : tensor<1x?x?x64xf16> to tensor<1x?x6x64xf16>
func.func @g(%q: !known, %k: !unknown, %v: !unknown) -> !known {
  %o = attn.sdpa %q, %k, %v layout(bshd) keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %in = arith.cmpi ule, %j, %h : index
    attn.yield %in : i1
  } : (!known, !unknown, !unknown) -> !known
  return %o : !known
}
