// RUN: attn-opt %s --attn-outline --attn-expand-masks --attn-select-schedule="target=sm_80 schedule=split=0" --convert-attn-to-tile --canonicalize --cse | FileCheck %s

// Behind the row sums and in front of the product, in every step; rows are of
// four heads.
// CHECK-LABEL: tile.kernel @drop_0
// CHECK-SAME: %[[SEED:[^:]*]]: memref<i64, strided<[], offset: ?>>, %[[OFFSET:[^:]*]]: memref<i64, strided<[], offset: ?>>
// CHECK-DAG: %[[FACTOR:.*]] = arith.constant dense<2.000000e+00> : tensor<{{[0-9]+}}x1xf32>
// CHECK: tile.element %[[OFFSET]][]
// CHECK: tile.element %[[SEED]][]
// The call's key: ten rounds.
// CHECK-COUNT-17: arith.mului_extended
// CHECK-NOT: arith.mului_extended
// CHECK: tile.walk
// CHECK: %[[W:.*]] = math.exp2 {{.*}} : tensor<[[ROWS:[0-9]+]]x[[KEYS:[0-9][0-9]+]]xf32>
// CHECK: tile.fold add %[[W]]
// CHECK: %[[BITS:.*]] = tile.random key(%{{.*}}, %{{.*}}) at[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] counted = [[KEYS]] : (i32, tensor<[[ROWS]]x1xi32>, tensor<[[ROWS]]x1xi32>, tensor<1x[[KEYS]]xi32>) -> tensor<[[ROWS]]x[[KEYS]]xi32>
// CHECK: %[[LEFT:.*]] = arith.cmpi uge, %[[BITS]], %{{.*}}
// CHECK: %[[P:.*]] = arith.select %[[LEFT]], %[[W]], %{{.*}}
// CHECK: %[[ROUNDED:.*]] = arith.truncf %[[P]]
// CHECK: tile.dot %[[ROUNDED]]
// CHECK: tile.random
// What is added anew where a value is not finite is dropped likewise.
// CHECK: tile.any
// CHECK: tile.random key({{.*}}) at[{{.*}}] : (i32, tensor<[[ROWS]]x1xi32>, tensor<[[ROWS]]x1xi32>, i32) -> tensor<[[ROWS]]x1xi32>
// Where results and not partial ones are stored, the factor is a part of 1/l.
// CHECK: arith.divf %[[FACTOR]], %{{.*}}
//
// CHECK-LABEL: tile.kernel @drop_0_merge
// CHECK-NOT: tile.random
// CHECK: arith.divf %{{.*}}, %{{.*}} fastmath<afn>
//
// CHECK-LABEL: func.func @drop(
// CHECK-SAME: tile.args = [{roles = ["query"]}, {roles = ["key", "value"]}, {roles = ["seed"]}, {roles = ["offset"]}]
!q = tensor<2x8x16x64xbf16>
!k = tensor<2x2x?x64xbf16>
func.func @drop(%q: !q, %k: !k, %seed: i64, %offset: i64) -> !q {
  %o = attn.sdpa %q, %k, %k causal(bottom_right) dropout(0.5, %seed, %offset : i64) : (!q, !k, !k) -> !q
  return %o : !q
}

// What takes nothing costs nothing, with or without canonicalization.
// CHECK-LABEL: tile.kernel @nothing_0
// CHECK-NOT: tile.random
// CHECK: tile.return
func.func @nothing(%q: !q, %k: !k, %seed: i64, %offset: i64) -> !q {
  %o = attn.sdpa %q, %k, %k dropout(0.0, %seed, %offset : i64) : (!q, !k, !k) -> !q
  return %o : !q
}
