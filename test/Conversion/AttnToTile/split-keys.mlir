// RUN: attn-opt %s --attn-expand-masks --attn-select-schedule=schedule=split=3,heads=1 --convert-attn-to-tile --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,THREE
// RUN: attn-opt %s --attn-expand-masks --attn-select-schedule=schedule=split=0,heads=1 --convert-attn-to-tile --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,FILL

!q = tensor<?x8x?x64xf16>
!kv = tensor<?x2x?x64xf16>
!lse = tensor<?x8x?xf32>

// The kernel takes the count, and what parts are stored in; the results, too,
// where there may be one part.
// CHECK-LABEL: tile.kernel @f_0(
// CHECK-SAME: %[[GROUP:[^:]*]]: index, %[[SPLITS:[^:]*]]: index,
// FILL-SAME: %[[O:[^:]*]]: memref<?x8x?x64xf16, {{[^>]*}}>>, %[[LSE:[^:]*]]: memref<?x8x?xf32, {{[^>]*}}>>,
// CHECK-SAME: %[[MAX:[^:]*]]: memref<?x8x?xf32, {{[^>]*}}>>, %[[SUMS:[^:]*]]: memref<?x8x?xf32, {{[^>]*}}>>, %[[ACC:[^:]*]]: memref<?x8x?x64xf32, {{[^>]*}}>>)
// THREE-SAME: stages = 2, split = 3>
// FILL-SAME: stages = 2, split = 0>
// CHECK: tile.block_id x
// CHECK: arith.remui %{{.*}}, %[[SPLITS]]
// CHECK: arith.divui %{{.*}}, %[[SPLITS]]
// CHECK: tile.walk
// CHECK: tile.reduce add
// CHECK: tile.store %{{.*}}, %[[MAX]]
// CHECK: tile.store %{{.*}}, %[[SUMS]]
// CHECK: tile.store %{{.*}}, %[[ACC]]{{.*}} : tensor<128x64xf32>
// FILL: tile.store %{{.*}}, %[[O]]
// FILL: tile.store %{{.*}}, %[[LSE]]
// THREE-NOT: tile.store

// A walk over the parts, and the same end.
// CHECK-LABEL: tile.kernel @f_0_merge(
// CHECK-SAME: %[[SPLITS:[^:]*]]: index, %[[MAX:[^:]*]]: memref<{{[^>]*}}>>, %[[SUMS:[^:]*]]: memref<{{[^>]*}}>>, %[[ACC:[^:]*]]: memref<?x8x?x64xf32, {{[^>]*}}>>, %[[O:[^:]*]]: memref<?x8x?x64xf16, {{[^>]*}}>>, %[[LSE:[^:]*]]: memref<{{[^>]*}}>>)
// CHECK-SAME: schedule = #tile.row_schedule<rows = 8, warps = 4>
// CHECK: scf.for %{{.*}} = %c0 to %[[SPLITS]]
// CHECK: tile.load %[[ACC]]{{.*}} -> tensor<8x64xf32>
// CHECK: tile.store %{{.*}}, %[[O]]
// CHECK: tile.store %{{.*}}, %[[LSE]]

// CHECK-LABEL: func.func @f(
// CHECK: %[[BLOCKS:.*]] = arith.ceildivui
// As many CTAs as the device has multiprocessors, with four KV tiles at least.
// FILL: %[[ALL:.*]] = tile.multiprocessors
// FILL-DAG: %[[ROOM:.*]] = arith.divui %[[ALL]]
// FILL-DAG: %[[MOST:.*]] = arith.divui %{{.*}}, %c256
// FILL: %[[ALLOWED:.*]] = arith.minui %[[ROOM]], %c128
// FILL: arith.minui %[[ALLOWED]], %[[MOST]]
// FILL: %[[SPLITS:.*]] = arith.maxui
// CHECK: %[[GRID:.*]] = arith.muli %[[BLOCKS]]
// FILL: %[[ONE:.*]] = arith.cmpi eq, %[[SPLITS]], %c1
// FILL: %[[MERGED:.*]] = arith.select %[[ONE]], %c0
// A grid and partial results have limits, which are checked before anything is
// launched.
// CHECK: cf.assert %{{.*}}, "expected partial results of query (argument 0) to be at most 2147483647"
// CHECK-NOT: cf.assert
// FILL: arith.select %[[ONE]], %c0, %[[SPLITS]]
// FILL: %[[FILLED:.*]]:5 = tile.launch @f_0 grid(%[[GRID]],
// THREE: %[[PARTS:.*]]:3 = tile.launch @f_0 grid(%[[GRID]],
// FILL: tile.launch @f_0_merge grid(%[[MERGED]],
// THREE: tile.launch @f_0_merge grid(
// FILL-SAME: ins(%{{[^,]*}}, %[[FILLED]]#2, %[[FILLED]]#3, %[[FILLED]]#4 :
// FILL-SAME: outs(%[[FILLED]]#0, %[[FILLED]]#1 :
// THREE-SAME: ins(%{{[^,]*}}, %[[PARTS]]#0, %[[PARTS]]#1, %[[PARTS]]#2 :
func.func @f(%q: !q, %k: !kv, %v: !kv) -> (!q, !lse) {
  %o, %lse = attn.sdpa %q, %k, %v : (!q, !kv, !kv) -> (!q, !lse)
  return %o, %lse : !q, !lse
}

// Where types say that the chip is full, nothing is split.
!small = tensor<4x32x100x64xf16>
// CHECK: tile.kernel @full_0(
// THREE: tile.kernel @full_0_merge
// FILL-NOT: @full_0_merge
func.func @full(%q: !small, %k: !small, %v: !small) -> !small {
  %o = attn.sdpa %q, %k, %v : (!small, !small, !small) -> !small
  return %o : !small
}
