// convert-attn-to-reference adds the functions that judge another one:
//
//   func.func @f(%q, %k, %v) -> tensor<…>
// becomes that and
//   func.func @f__reference(%q, %k, %v, %o, %begin, %end)
//   func.func @f__baseline(%q, %k, %v, %o, %begin, %end)
//   func.func @f__flops(%q, %k, %v) -> f64
//
// attn-to-reference-run.mlir compares what they compute with numpy.
//
// RUN: attn-opt %s --attn-expand-masks --convert-attn-to-reference \
// RUN:   --canonicalize --split-input-file | FileCheck %s

!q = tensor<1x2x?x8xbf16>
!k = tensor<1x1x?x8xbf16>
!l = tensor<1x2x?xf32>

// The function itself stays.
// CHECK-LABEL: func.func @f(
// CHECK-SAME: tensor<1x2x?x8xbf16>
// CHECK: attn.sdpa

// CHECK-LABEL: func.func @f__reference(
// CHECK-SAME: %[[Q:[a-z0-9]*]]: memref<1x2x?x8xbf16, strided<[?, ?, ?, 1], offset: ?>>,
// CHECK-SAME: %[[K:[a-z0-9]*]]: memref<1x1x?x8xbf16, strided<[?, ?, ?, 1], offset: ?>>,
// CHECK-SAME: %[[V:[a-z0-9]*]]: memref<1x1x?x8xbf16, strided<[?, ?, ?, 1], offset: ?>>,
// CHECK-SAME: %[[O:[a-z0-9]*]]: memref<1x2x?x8xf64, strided<[?, ?, ?, 1], offset: ?>>,
// CHECK-SAME: %[[LSE:[a-z0-9]*]]: memref<1x2x?xf64, strided<[?, ?, 1], offset: ?>>,
// CHECK-SAME: %[[BEGIN:[a-z0-9]*]]: index, %[[END:[a-z0-9]*]]: index) {
// One row of scores for the whole call, as long as the keys are.
// CHECK: %[[SK:.*]] = memref.dim %[[K]],
// CHECK: %[[SCORES:.*]] = memref.alloc(%[[SK]]) : memref<?xf64>
// CHECK: scf.for %{{.*}} = %[[BEGIN]] to
// Without a mask, nothing is asked about a key.
// CHECK-NOT: scf.if
// CHECK: memref.load %[[K]]
// CHECK: arith.mulf {{.*}} fastmath<reassoc,contract> : f64
// CHECK: arith.addf {{.*}} fastmath<reassoc,contract> : f64
// CHECK: memref.store %{{.*}}, %[[SCORES]]
// CHECK: math.exp {{.*}} : f64
// CHECK: memref.load %[[V]]
// CHECK: arith.addf {{.*}} fastmath<contract> : f64
// CHECK: memref.store %{{.*}}, %[[O]]
// CHECK: math.log {{.*}} : f64
// CHECK: memref.store %{{.*}}, %[[LSE]]
// CHECK: memref.dealloc %[[SCORES]]

// CHECK-LABEL: func.func @f__baseline(
// CHECK-SAME: memref<1x2x?x8xf64, strided<[?, ?, ?, 1], offset: ?>>,
// CHECK: memref.alloc({{.*}}) : memref<?xf32>
// CHECK: arith.addf {{.*}} fastmath<reassoc,contract> : f32
// CHECK: %[[P:.*]] = math.exp {{.*}} : f32
// P rounded to nearest even, by integers: no libcall for bf16.
// CHECK: arith.bitcast %[[P]] : f32 to i32
// CHECK: arith.select
// CHECK-NOT: arith.truncf
// The row sum is of the unrounded P.
// CHECK: arith.addf %{{.*}}, %[[P]] : f32
// CHECK: math.log {{.*}} : f32
// CHECK: return

// 2 * (8 + 8) for each pair, in closed form.
// CHECK-LABEL: func.func @f__flops(
// CHECK-SAME: -> f64
// CHECK-NOT: scf.for
// CHECK: arith.constant 3.200000e+01 : f64
func.func @f(%q: !q, %k: !k, %v: !k) -> (!q, !l) {
  %o, %lse = attn.sdpa %q, %k, %v : (!q, !k, !k) -> (!q, !l)
  return %o, %lse : !q, !l
}

// -----

!q = tensor<1x2x?x8xf16>

// The judges evaluate keep for every key and never read range.
// CHECK-LABEL: func.func @masked__reference
// CHECK: %[[SK:.*]] = memref.dim
// CHECK: scf.for %[[J:.*]] = %c0 to %[[SK]]
// CHECK: %[[KEPT:.*]] = arith.cmpi sle, %[[J]],
// CHECK: scf.if %[[KEPT]]
// CHECK: scf.for %{{.*}} = %c0 to %[[SK]]
// CHECK: scf.if
// CHECK: return

// CHECK-LABEL: func.func @masked__baseline
// CHECK: arith.truncf {{.*}} : f32 to f16

// CHECK-LABEL: func.func @masked__flops
// CHECK: scf.for
func.func @masked(%q: !q) -> !q {
  %o = attn.sdpa %q, %q, %q causal(top_left) : (!q, !q, !q) -> !q
  return %o : !q
}

// -----

!q = tensor<1x2x?x8xf16>

// A keep region of any form; lengths are replaced at any depth.
// CHECK-LABEL: func.func @any_keep__reference
// CHECK: %[[SQ:.*]] = memref.dim
// CHECK: scf.if %{{.*}} -> (i1)
// CHECK-NOT: attn.query_length
// CHECK: arith.cmpi ne, %{{.*}}, %[[SQ]]
// CHECK: return
// CHECK-LABEL: func.func @any_keep__flops
func.func @any_keep(%q: !q) -> !q {
  %o = attn.sdpa %q, %q, %q keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %first = arith.cmpi eq, %h, %b : index
    %p = scf.if %first -> i1 {
      %sq = attn.query_length : index
      %end = arith.muli %j, %i : index
      %x = arith.cmpi ne, %end, %sq : index
      scf.yield %x : i1
    } else {
      %y = arith.cmpi sle, %j, %i : index
      scf.yield %y : i1
    }
    attn.yield %p : i1
  } : (!q, !q, !q) -> !q
  return %o : !q
}

// -----

!q = tensor<1x2x?x8xf16>

// Only the LSE is returned: the values are not read.
// CHECK-LABEL: func.func @only_lse__reference
// CHECK-SAME: %{{.*}}: memref{{.*}}, %[[V:.*]]: memref<1x2x?x8xf16, {{[^%]*}}, %{{.*}}: memref<1x2x?xf64
// CHECK-NOT: memref.load %[[V]]
// CHECK: return
func.func @only_lse(%q: !q, %v: !q) -> tensor<1x2x?xf32> {
  %o, %lse = attn.sdpa %q, %q, %v : (!q, !q, !q) -> (!q, tensor<1x2x?xf32>)
  return %lse : tensor<1x2x?xf32>
}

// -----

!q = tensor<1x2x?x8xf16>

// Private functions have no judges.
// CHECK-LABEL: func.func private @private
// CHECK-NOT: func.func
func.func private @private(%q: !q) -> !q {
  %o = attn.sdpa %q, %q, %q : (!q, !q, !q) -> !q
  return %o : !q
}
