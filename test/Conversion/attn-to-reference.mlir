// convert-attn-to-reference adds the functions that judge another one:
//
//   func.func @f(%q, %k, %v) -> tensor<…>
// becomes that and
//   func.func @f__reference(%q, %k, %v, %o, %begin, %end)
//   func.func @f__baseline(%q, %k, %v, %o, %begin, %end)
//   func.func @f__flops(%q, %k, %v) -> f64
//
// attn-to-reference-run.mlir and attn-to-reference-language.test compare what
// they compute with numpy.
//
// RUN: attn-opt %s --attn-expand-scores --attn-expand-masks \
// RUN:   --convert-attn-to-reference --canonicalize --split-input-file | FileCheck %s

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

// A keep region of any form; the lengths are those of the operands.
// CHECK-LABEL: func.func @any_keep__reference
// CHECK: %[[SQ:.*]] = memref.dim
// CHECK: %[[FAR:.*]] = arith.cmpi ne, %{{.*}}, %[[SQ]]
// CHECK: %[[NEAR:.*]] = arith.cmpi sle
// CHECK: %[[KEPT:.*]] = arith.select %{{.*}}, %[[FAR]], %[[NEAR]]
// CHECK: scf.if %[[KEPT]]
// CHECK: return
// CHECK-LABEL: func.func @any_keep__flops
func.func @any_keep(%q: !q) -> !q {
  %o = attn.sdpa %q, %q, %q keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %first = arith.cmpi eq, %h, %b : index
    %sq = attn.query_length : index
    %end = arith.muli %j, %i : index
    %x = arith.cmpi ne, %end, %sq : index
    %y = arith.cmpi sle, %j, %i : index
    %p = arith.select %first, %x, %y : i1
    attn.yield %p : i1
  } : (!q, !q, !q) -> !q
  return %o : !q
}

// -----

!q = tensor<1x2x?x8xf16>

// Floats of a region are f64 in the reference, constants included: what widens
// or narrows them is nothing. Constants may come from outside of the region.
// CHECK-LABEL: func.func @score__reference
// CHECK-SAME: %[[T:[a-z0-9]*]]: memref<2xbf16, {{[^%]*}}, %{{.*}}: memref<1x2x?x8xf64
// CHECK-DAG: %[[HALF:.*]] = arith.constant 5.000000e-01 : f64
// CHECK: %[[DOT:.*]] = scf.for %{{.*}} = %c0 to %c8
// CHECK: %[[S:.*]] = arith.mulf %[[DOT]], %{{.*}} : f64
// CHECK: memref.load %[[T]]
// CHECK: %[[F32:.*]] = arith.bitcast {{.*}} : i32 to f32
// CHECK: %[[SLOPE:.*]] = arith.extf %[[F32]] : f32 to f64
// CHECK: %[[SUM:.*]] = arith.addf %[[S]], %[[SLOPE]] : f64
// CHECK: %[[TANH:.*]] = math.tanh %[[SUM]] : f64
// CHECK: arith.mulf %[[TANH]], %[[HALF]] : f64
// CHECK: math.exp
// CHECK: return

// In the baseline they are f32, and tanh has 11 bits: 13 are cut off.
// CHECK-LABEL: func.func @score__baseline
// CHECK-DAG: %[[CUT:.*]] = arith.constant -8192 : i32
// CHECK: %[[TANH:.*]] = math.tanh {{.*}} : f32
// CHECK: arith.bitcast %[[TANH]] : f32 to i32
// CHECK: arith.andi %{{.*}}, %[[CUT]]
// CHECK: return
func.func @score(%q: !q, %t: tensor<2xbf16>) -> !q {
  %half = arith.constant 0.5 : f32
  %o = attn.sdpa %q, %q, %q captures(%t : tensor<2xbf16>) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %x = attn.capture %t[%h] : tensor<2xbf16>
    %slope = arith.extf %x : bf16 to f32
    %sum = arith.addf %s, %slope : f32
    %tanh = math.tanh %sum : f32
    %y = arith.mulf %tanh, %half fastmath<fast> : f32
    attn.yield %y : f32
  } : (!q, !q, !q) -> !q
  return %o : !q
}

// -----

!q = tensor<1x2x?x8xf16>

// Indices are clamped; a dimension that may be empty is asked first.
// CHECK-LABEL: func.func @captures__reference
// CHECK-SAME: %[[N:[a-z0-9]*]]: memref<i8, strided<[], offset: ?>>, %[[T:[a-z0-9]*]]: memref<?x4xi1, strided<[?, 1], offset: ?>>,
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[THREE:.*]] = arith.constant 3 : index
// CHECK-DAG: %[[FALSE:.*]] = arith.constant false
// CHECK: %[[SMALL:.*]] = memref.load %[[N]][]
// CHECK: %[[PLACE:.*]] = arith.index_cast %[[SMALL]] : i8 to index
// CHECK: %[[LEAST:.*]] = arith.minsi %[[PLACE]], %[[THREE]]
// CHECK: %[[IN:.*]] = arith.maxsi %[[LEAST]], %[[ZERO]]
// CHECK: %[[SOME:.*]] = arith.cmpi sgt, %{{.*}}, %[[ZERO]]
// CHECK: scf.if %[[SOME]] -> (i1)
// CHECK: memref.load %[[T]][%{{.*}}, %[[IN]]]
// CHECK: } else {
// CHECK-NEXT: scf.yield %[[FALSE]]
// CHECK: return

// A mask of tensors without data keeps all pairs.
// CHECK-LABEL: func.func @captures__flops
// CHECK: memref.extract_aligned_pointer_as_index
// CHECK: scf.if
func.func @captures(%q: !q, %n: tensor<i8>, %t: tensor<?x4xi1>) -> !q {
  %o = attn.sdpa %q, %q, %q
      captures(%n, %t : tensor<i8>, tensor<?x4xi1>) keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %x = attn.capture %n[] : tensor<i8>
    %place = arith.index_cast %x : i8 to index
    %p = attn.capture %t[%j, %place] : tensor<?x4xi1>
    attn.yield %p : i1
  } : (!q, !q, !q) -> !q
  return %o : !q
}

// -----

!q = tensor<1x2x?x8xf16>

// A sink is the first score and the first weight of a row.
// CHECK-LABEL: func.func @sinks__reference
// CHECK-SAME: %[[T:[a-z0-9]*]]: memref<2xf32, {{[^%]*}}, %{{.*}}: memref<1x2x?x8xf64
// CHECK: %[[LOAD:.*]] = memref.load %[[T]]
// CHECK: %[[SINK:.*]] = arith.extf %[[LOAD]] : f32 to f64
// CHECK: %[[MAX:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %[[SINK]])
// CHECK: %[[LESS:.*]] = arith.subf %[[SINK]], %[[MAX]]
// CHECK: %[[WEIGHT:.*]] = math.exp %[[LESS]]
// CHECK: %[[FIRST:.*]] = arith.select %{{.*}}, %[[WEIGHT]],
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[FIRST]])
func.func @sinks(%q: !q, %t: tensor<2xf32>) -> !q {
  %o = attn.sdpa %q, %q, %q sinks(%t : tensor<2xf32>) : (!q, !q, !q) -> !q
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
