// RUN: attn-opt %s --attn-expand-masks --attn-select-schedule=schedule=heads=1 --convert-attn-to-tile --canonicalize --cse | FileCheck %s

!q = tensor<?x8x?x56xf16>
!kv = tensor<?x2x?x56xf16>
!lse = tensor<?x8x?xf32>

// Without a mask two loops are left: whole tiles, and the ragged one.
// CHECK-LABEL: tile.kernel @plain_0
// CHECK-SAME: %[[Q:[^:]*]]: memref<?x8x?x56xf16, {{.*}}>, %[[K:[^:]*]]: memref<?x2x?x56xf16, {{.*}}>, %[[V:[^:]*]]: memref<?x2x?x56xf16, {{.*}}>, %[[GROUP:[^:]*]]: index, %[[O:[^:]*]]: memref<?x8x?x56xf16, {{.*}}>)
// CHECK-DAG: %[[BLOCK:.*]] = tile.block_id x
// CHECK-DAG: %[[HEAD:.*]] = tile.block_id y
// CHECK-DAG: %[[BATCH:.*]] = tile.block_id z
// CHECK-DAG: %[[ROW:.*]] = arith.muli %[[BLOCK]], %c128
// CHECK-DAG: %[[KV_HEAD:.*]] = arith.divui %[[HEAD]], %[[GROUP]]
// The head dimension is padded to the MMA step where the tile is read.
// CHECK: %[[QUERY:.*]] = tile.load %[[Q]][%[[BATCH]], %[[HEAD]], %[[ROW]]] : {{.*}} -> tensor<128x64xf16>
// Nothing is masked in front of the full tiles.
// CHECK: tile.walk from %[[FIRST:.*]] init({{.*}}) stages = 2 to %[[FIRST]] (
// CHECK: } to
// CHECK: tile.load %[[K]][%[[BATCH]], %[[KV_HEAD]], %{{.*}}] : {{.*}} -> tensor<64x64xf16>
// CHECK: tile.dot %[[QUERY]], %{{.*}}, %{{.*}} transpose_b
// CHECK-NOT: arith.select
// CHECK: tile.reduce max
// CHECK: tile.fold add
// CHECK: tile.load %[[V]]
// CHECK: tile.dot
// CHECK: } to
// The ragged tile: keys before the end.
// CHECK: %[[COLUMNS:.*]] = tile.iota : tensor<1x64xi32>
// CHECK: %[[COLUMN:.*]] = tile.broadcast %[[COLUMNS]]
// CHECK: %[[INSIDE:.*]] = arith.cmpi slt, %[[COLUMN]], %{{.*}} : tensor<128x64xi32>
// CHECK: arith.select %[[INSIDE]]
// CHECK-NOT: } to
// Nothing is masked, so no value can be lost.
// CHECK-NOT: tile.any
// CHECK: tile.reduce add
// CHECK: tile.store %{{.*}}, %[[O]][%[[BATCH]], %[[HEAD]], %[[ROW]]]
// CHECK-NOT: tile.store
// CHECK: tile.return

// CHECK-LABEL: func.func @plain(
// What the package will say of arguments and results.
// CHECK-SAME: tile.args = [{roles = ["query"]}, {roles = ["key"]}, {roles = ["value"]}]
// CHECK-SAME: tile.results = [{judge = {chain = 4 : i64, edges = [], rows = [0, 1, 2]}, role = "output"}]
// CHECK-DAG: cf.assert %{{.*}}, "expected batch of key (argument 1) to match query (argument 0)"
// CHECK-DAG: cf.assert %{{.*}}, "expected length of value (argument 2) to match key (argument 1)"
// Static heads need no check.
// CHECK-NOT: heads of
// CHECK: %[[EMPTY:.*]] = tensor.empty
// CHECK: tile.launch @plain_0 grid(%{{.*}}, %c8, %{{.*}}) ins(%{{.*}}, %{{.*}}, %{{.*}}, %c4 : {{.*}}) outs(%[[EMPTY]]
func.func @plain(%q: !q, %k: !kv, %v: !kv) -> !q {
  %o = attn.sdpa %q, %k, %v : (!q, !kv, !kv) -> !q
  return %o : !q
}

// A window has masked tiles on both sides of the full ones.
// CHECK-LABEL: tile.kernel @window_0
// CHECK: tile.walk from
// One run of keys: begin <= column < end, where begin <= end.
// CHECK: %[[BEHIND:.*]] = arith.cmpi sge
// CHECK: %[[BEYOND:.*]] = arith.cmpi sge
// CHECK: %[[KEPT:.*]] = arith.xori %[[BEHIND]], %[[BEYOND]]
// CHECK: arith.select %[[KEPT]]
// CHECK: tile.yield
// CHECK: } to
// CHECK-NOT: arith.select
// CHECK: tile.yield
// CHECK: } to
// CHECK: arith.select
// CHECK: tile.yield
// Where an accumulator is NaN and its row's total is not, the values that rows keep
// are added anew, some columns and one key at a time; what rows do not keep is
// replaced by 0.
// CHECK: %[[SUM:.*]] = tile.reduce add
// CHECK: %[[TOTAL:.*]] = tile.reduce add
// CHECK-DAG: %[[NAN:.*]] = arith.cmpf uno, %[[SUM]], %[[SUM]]
// CHECK-DAG: %[[NUMBER:.*]] = arith.cmpf ord, %[[TOTAL]], %[[TOTAL]]
// CHECK: %[[LOST:.*]] = arith.andi %[[NAN]], %[[NUMBER]]
// CHECK: %[[ANY:.*]] = tile.any %[[LOST]]
// CHECK: scf.if %[[ANY]]
// CHECK: scf.for %[[COLUMN:[^ ]*]] =
// CHECK: %[[KEPT:.*]] = scf.for %[[KEY:[^ ]*]] =
// CHECK: %[[VALUE:.*]] = tile.load %{{.*}}, %[[KEY]], %[[COLUMN]]] : {{.*}} -> tensor<1x16xf16>
// CHECK: arith.select {{.*}} : tensor<32x16xi1>, tensor<32x16xf32>
// CHECK: math.fma
// CHECK: tile.insert %[[KEPT]], %{{.*}}[%[[COLUMN]]] : tensor<32x16xf32> to tensor<32x64xf32>
// Nothing below attn knows the words.
// CHECK-NOT: causal
// CHECK-NOT: {{ window[ (]}}
// CHECK: tile.return
// CHECK-LABEL: func.func @window(
func.func @window(%q: !q, %k: !kv, %v: !kv) -> !q {
  %o = attn.sdpa %q, %k, %v window(40, 3) : (!q, !kv, !kv) -> !q
  return %o : !q
}

// CHECK-LABEL: tile.kernel @lse_0
// CHECK: %[[LOG:.*]] = math.log2
// CHECK: %[[SUM:.*]] = math.fma
// CHECK: %[[LSE:.*]] = arith.select %{{.*}}, %{{.*}}, %[[SUM]]
// CHECK: tile.store %[[LSE]], %{{.*}} : tensor<128x1xf32>, memref<?x8x?xf32
// CHECK-LABEL: func.func @lse(
func.func @lse(%q: !q, %k: !kv, %v: !kv) -> (!q, !lse) {
  %o, %l = attn.sdpa %q, %k, %v : (!q, !kv, !kv) -> (!q, !lse)
  return %o, %l : !q, !lse
}

// A negative scale would turn the order of scores round.
// CHECK-LABEL: tile.kernel @negative_scale_0
// CHECK: tile.dot
// CHECK-NEXT: arith.mulf %{{.*}}, %{{.*}} : tensor<128x64xf32>
// CHECK-LABEL: func.func @negative_scale(
func.func @negative_scale(%q: !q, %k: !kv, %v: !kv) -> !q {
  %o = attn.sdpa %q, %k, %v scale(-1.0) : (!q, !kv, !kv) -> !q
  return %o : !q
}

// Another layout is another order of dimensions, without a copy.
!bshd = tensor<?x?x8x64xf16>
// CHECK-LABEL: tile.kernel @bshd_0
// CHECK: memref.transpose %{{.*}} (d0, d1, d2, d3) -> (d0, d2, d1, d3)
// CHECK-LABEL: func.func @bshd(
// CHECK-SAME: rows = [0, 2, 1]
func.func @bshd(%q: !bshd, %k: !bshd, %v: !bshd) -> !bshd {
  %o = attn.sdpa %q, %k, %v layout(bshd) : (!bshd, !bshd, !bshd) -> !bshd
  return %o : !bshd
}
