// RUN: attn-opt %s | FileCheck %s
// RUN: attn-opt %s | attn-opt | FileCheck %s
// RUN: attn-opt %s --mlir-print-op-generic | attn-opt | FileCheck %s

!tensor = memref<?x?x?x64xbf16, strided<[?, ?, ?, 1], offset: ?>>
!sums = memref<?x?x?xf32, strided<[?, ?, 1], offset: ?>>
#cta = #tile.cta<warps = 4>
#acc = #tile.accumulator<warps = 4>
#lhs = #tile.operand_a<warps = 4>

// CHECK-LABEL: tile.kernel @memory
// CHECK-SAME: cta = #tile.cta<warps = 4>
tile.kernel @memory(%in: !tensor, %group: index, %out: !tensor, %rows: !sums)
    attributes {cta = #cta, target = "sm_80"} {
  // CHECK: %[[X:.*]] = tile.block_id x
  %x = tile.block_id x
  %y = tile.block_id y
  %z = tile.block_id z
  %c1 = arith.constant 1 : index
  // CHECK: tile.load %{{.*}}[%{{.*}}, %{{.*}}, %[[X]]] : memref<{{.*}}> -> tensor<64x64xbf16>
  %tile = tile.load %in[%z, %y, %x] : !tensor -> tensor<64x64xbf16>
  // CHECK: tile.store %{{.*}}, %{{.*}}[%{{.*}}] : tensor<64x64xbf16>, memref<
  tile.store %tile, %out[%z, %y, %x] : tensor<64x64xbf16>, !tensor
  %one = arith.constant dense<1.0> : tensor<64x1xf32>
  // CHECK: tile.store %{{.*}}, %{{.*}}[%{{.*}}] : tensor<64x1xf32>, memref<
  tile.store %one, %rows[%z, %y, %x] : tensor<64x1xf32>, !sums

  // CHECK: %[[RING:.*]] = tile.alloc : <2x64x64xbf16, swizzle = 128>
  %ring = tile.alloc : !tile.shared<2x64x64xbf16, swizzle = 128>
  // CHECK: tile.alloc at 16384 : <64x64xbf16, swizzle = 128>
  %once = tile.alloc at 16384 : !tile.shared<64x64xbf16, swizzle = 128>
  // CHECK: %[[SLOT:.*]] = tile.slot %[[RING]][%{{.*}}] : <2x64x64xbf16, swizzle = 128>
  %slot = tile.slot %ring[%c1] : !tile.shared<2x64x64xbf16, swizzle = 128>
  // CHECK: tile.copy_async %{{.*}}[%{{.*}}] to %[[SLOT]]
  tile.copy_async %in[%z, %y, %x] to %slot : !tensor to !tile.shared<64x64xbf16, swizzle = 128>
  %values = arith.constant dense<1.0> : tensor<64x64xbf16>
  // CHECK: tile.put %{{.*}} to %[[SLOT]] : tensor<64x64xbf16> to <64x64xbf16, swizzle = 128>
  tile.put %values to %slot : tensor<64x64xbf16> to !tile.shared<64x64xbf16, swizzle = 128>
  // CHECK: tile.copy_out %[[SLOT]] to %{{.*}}[%{{.*}}, %{{.*}}, %{{.*}}]
  tile.copy_out %slot to %in[%z, %y, %x] : !tile.shared<64x64xbf16, swizzle = 128> to !tensor
  // CHECK: tile.copy_async %{{.*}}[%{{.*}}] box = [1, 16, 4] to %[[SLOT]]
  tile.copy_async %in[%z, %y, %x] box = [1, 16, 4] to %slot : !tensor to !tile.shared<64x64xbf16, swizzle = 128>
  // CHECK: tile.copy_out %[[SLOT]] to %{{.*}}[%{{.*}}] box = [1, 1, 64]
  tile.copy_out %slot to %in[%z, %y, %x] box = [1, 1, 64] : !tile.shared<64x64xbf16, swizzle = 128> to !tensor
  // CHECK: tile.load %{{.*}}[%{{.*}}] box = [2, 8, 4] : memref<
  %boxed = tile.load %in[%z, %y, %x] box = [2, 8, 4] : !tensor -> tensor<64x64xbf16>
  // CHECK: tile.store %{{.*}}, %{{.*}}[%{{.*}}] box = [1, 64, 1] : tensor<64x1xf32>, memref<
  tile.store %one, %rows[%z, %y, %x] box = [1, 64, 1] : tensor<64x1xf32>, !sums
  // CHECK-NEXT: tile.commit_copies
  tile.commit_copies
  // CHECK-NEXT: tile.wait_copies pending = 0
  tile.wait_copies pending = 0
  // CHECK-NEXT: tile.barrier
  tile.barrier
  // CHECK-NEXT: tile.fragment %[[SLOT]]
  %fragment = tile.fragment %slot : !tile.shared<64x64xbf16, swizzle = 128> -> tensor<64x64xbf16, #lhs>
  // CHECK: tile.return
  tile.return
}

// CHECK-LABEL: tile.kernel @arithmetic
tile.kernel @arithmetic() attributes {cta = #cta, target = "sm_80"} {
  %a = arith.constant dense<1.0> : tensor<64x16xbf16>
  %k = arith.constant dense<1.0> : tensor<32x16xbf16>
  %v = arith.constant dense<1.0> : tensor<16x32xbf16>
  %zero = arith.constant dense<0.0> : tensor<64x32xf32, #acc>
  %plain = arith.constant dense<0.0> : tensor<64x32xf32>
  // CHECK: tile.dot %{{.*}}, %{{.*}}, %{{.*}} transpose_b : tensor<64x16xbf16>, tensor<32x16xbf16>, tensor<64x32xf32>
  %s = tile.dot %a, %k, %plain transpose_b : tensor<64x16xbf16>, tensor<32x16xbf16>, tensor<64x32xf32>
  // CHECK: tile.dot %{{.*}}, %{{.*}}, %{{.*}} : tensor<64x16xbf16>, tensor<16x32xbf16>, tensor<64x32xf32>
  %o = tile.dot %a, %v, %s : tensor<64x16xbf16>, tensor<16x32xbf16>, tensor<64x32xf32>
  %first = arith.constant dense<0> : tensor<64x1xi32>
  %end = arith.constant dense<9> : tensor<64x1xi32>
  // CHECK: tile.dot %{{.*}}, %{{.*}}, %{{.*}} inner within(%{{.*}} : tensor<64x1xi32>, %{{.*}} : tensor<64x1xi32>) : tensor<64x16xbf16>
  %bounded = tile.dot %a, %v, %o inner within(%first : tensor<64x1xi32>, %end : tensor<64x1xi32>) : tensor<64x16xbf16>, tensor<16x32xbf16>, tensor<64x32xf32>
  // CHECK: tile.reduce max %{{.*}} : tensor<64x32xf32> -> tensor<64x1xf32>
  %m = tile.reduce max %o : tensor<64x32xf32> -> tensor<64x1xf32>
  // CHECK: tile.any %{{.*}} : tensor<64x1xi1>
  %bits = arith.cmpf uno, %m, %m : tensor<64x1xf32>
  %any = tile.any %bits : tensor<64x1xi1>
  // CHECK: tile.insert %{{.*}}, %{{.*}}[%{{.*}}] : tensor<64x32xf32> to tensor<64x32xf32>
  %n = arith.constant 0 : index
  %all = tile.insert %o, %o[%n] : tensor<64x32xf32> to tensor<64x32xf32>
  // CHECK: tile.fold add %{{.*}} : tensor<64x32xf32> -> tensor<64x4xf32>
  %l = tile.fold add %o : tensor<64x32xf32> -> tensor<64x4xf32>
  // CHECK: tile.broadcast %{{.*}} : tensor<64x1xf32> -> tensor<64x32xf32>
  %b = tile.broadcast %m : tensor<64x1xf32> -> tensor<64x32xf32>
  // CHECK: tile.iota : tensor<1x32xi32>
  %i = tile.iota : tensor<1x32xi32>
  // CHECK: tile.iota repeat = 4 : tensor<64x1xi32>
  %fours = tile.iota repeat = 4 : tensor<64x1xi32>
  %p = arith.constant dense<1.0> : tensor<64x32xbf16, #acc>
  // CHECK: tile.convert_layout %{{.*}} : tensor<64x32xbf16, #tile.accumulator<warps = 4>> -> tensor<64x32xbf16, #tile.operand_a<warps = 4>>
  %q = tile.convert_layout %p : tensor<64x32xbf16, #acc> -> tensor<64x32xbf16, #lhs>
  tile.return
}

tile.kernel @copy(%in: memref<?x64xf32, strided<[?, 1], offset: ?>>, %out: memref<?x64xf32, strided<[?, 1], offset: ?>>)
    attributes {cta = #cta, target = "sm_80"} {
  tile.return
}

// CHECK-LABEL: func.func @launch
func.func @launch(%in: tensor<?x64xf32>, %n: index) -> tensor<?x64xf32> {
  %c1 = arith.constant 1 : index
  %empty = tensor.empty(%n) : tensor<?x64xf32>
  // CHECK: tile.launch @copy grid(%{{.*}}, %{{.*}}, %{{.*}}) ins(%{{.*}} : tensor<?x64xf32>) outs(%{{.*}} : tensor<?x64xf32>) -> tensor<?x64xf32>
  %out = tile.launch @copy grid(%n, %c1, %c1) ins(%in : tensor<?x64xf32>) outs(%empty : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %out : tensor<?x64xf32>
}

// CHECK-LABEL: tile.kernel @rows
// CHECK-SAME: schedule = #tile.row_schedule<rows = 64, warps = 4>
tile.kernel @rows() attributes {cta = #tile.cta<warps = 4>, schedule = #tile.row_schedule<warps = 4, rows = 64, producers = 0>, target = "sm_80"} {
  tile.return
}

// CHECK-LABEL: tile.kernel @any_order
// CHECK-SAME: schedule = #tile.schedule<q = 64, kv = 32, warps = 4, stages = 1, heads = 2, split = 0>
tile.kernel @any_order()
    attributes {cta = #tile.cta<warps = 4>, schedule = #tile.schedule<split = 0, stages = 1, kv = 32, heads = 2, q = 64, overlap = 0, warps = 4>, target = "sm_80"} {
  tile.return
}

#specialized = #tile.cta<warps = 8, producers = 4>
!map = !tile.tensor_map<1x1x128x64xbf16, swizzle = 128>
!strip = !tile.tensor_map<1x1x16x32xbf16, swizzle = 64>

// CHECK-LABEL: tile.kernel @roles
// CHECK-SAME: %[[MAP:[^:]*]]: !tile.tensor_map<1x1x128x64xbf16, swizzle = 128>, %[[STRIP:[^:]*]]: !tile.tensor_map<1x1x16x32xbf16, swizzle = 64>
// CHECK-SAME: cta = #tile.cta<warps = 8, producers = 4>
tile.kernel @roles(%in: !map, %strip: !strip, %out: !tensor, %n: index)
    attributes {cta = #specialized, target = "sm_90a"} {
  // CHECK: %[[RING:.*]], %[[FULL:.*]], %[[EMPTY:.*]] = tile.channel consumers = 8 : <2x128x64xbf16, swizzle = 128>
  %ring, %full, %empty = tile.channel consumers = 8 : !tile.shared<2x128x64xbf16, swizzle = 128>
  // CHECK: tile.grid_dim x
  // CHECK: tile.grid_dim y
  // CHECK: tile.grid_dim z
  %x = tile.grid_dim x
  %y = tile.grid_dim y
  %z = tile.grid_dim z
  // CHECK: tile.roles produce {
  tile.roles produce {
    // CHECK-NEXT: tile.acquire %[[EMPTY]][%[[N:.*]]] : <2>
    tile.acquire %empty[%n] : !tile.barriers<2>
    // CHECK-NEXT: %[[SLOT:.*]] = tile.slot
    %slot = tile.slot %ring[%n] : !tile.shared<2x128x64xbf16, swizzle = 128>
    // CHECK-NEXT: tile.fetch %[[MAP]][%{{.*}}, %{{.*}}, %[[N]]] to %[[SLOT]] signals %[[FULL]][%[[N]]] : !tile.tensor_map<1x1x128x64xbf16, swizzle = 128> to <128x64xbf16, swizzle = 128>, <2>
    tile.fetch %in[%x, %y, %n] to %slot signals %full[%n]
        : !map to !tile.shared<128x64xbf16, swizzle = 128>, !tile.barriers<2>
    // A fetch of a memref, before maps are made.
    // CHECK-NEXT: tile.fetch {{.*}} : memref<{{.*}}> to <128x64xbf16, swizzle = 128>, <2>
    tile.fetch %out[%x, %y, %n] to %slot signals %full[%n]
        : !tensor to !tile.shared<128x64xbf16, swizzle = 128>, !tile.barriers<2>
  // CHECK-NEXT: } consume {
  } consume {
    // CHECK-NEXT: tile.warpgroup_id
    %group = tile.warpgroup_id
    // CHECK: tile.await %[[FULL]][%{{.*}}] : <2>
    tile.await %full[%n] : !tile.barriers<2>
    %slot = tile.slot %ring[%n] : !tile.shared<2x128x64xbf16, swizzle = 128>
    %zero = arith.constant dense<0.0> : tensor<128x128xf32>
    // CHECK: tile.take_turn
    tile.take_turn
    // CHECK-NEXT: %[[STARTED:.*]] = tile.dot %{{.*}}, %{{.*}}, %{{.*}} transpose_b async :
    %started = tile.dot %slot, %slot, %zero transpose_b async
        : !tile.shared<128x64xbf16, swizzle = 128>, !tile.shared<128x64xbf16, swizzle = 128>, tensor<128x128xf32>
    // CHECK-NEXT: tile.pass_turn
    tile.pass_turn
    // CHECK-NEXT: tile.wait_dots %[[STARTED]] pending = 1 : tensor<128x128xf32>
    %s = tile.wait_dots %started pending = 1 : tensor<128x128xf32>
    // CHECK-NEXT: tile.release %[[EMPTY]][%{{.*}}] : <2>
    tile.release %empty[%n] : !tile.barriers<2>
    %panels = tile.alloc : !tile.shared<128x64xbf16, swizzle = 64>
    // CHECK: %[[PLACE:.*]] = tile.reuse %{{.*}} : <128x64xbf16, swizzle = 64> to <128x32xbf16, swizzle = 64>
    %place = tile.reuse %panels : !tile.shared<128x64xbf16, swizzle = 64> to !tile.shared<128x32xbf16, swizzle = 64>
    // CHECK-NEXT: tile.send %[[PLACE]] to %[[STRIP]][%{{.*}}, %{{.*}}, %{{.*}}] : <128x32xbf16, swizzle = 64> to !tile.tensor_map<1x1x16x32xbf16, swizzle = 64>
    tile.send %place to %strip[%x, %y, %n] : !tile.shared<128x32xbf16, swizzle = 64> to !strip
  }
  tile.return
}

// CHECK-LABEL: func.func @describe
func.func @describe(%in: tensor<?x?x?x64xbf16>) -> index {
  // CHECK: tile.tensor_map %{{.*}} : tensor<?x?x?x64xbf16> -> <1x1x128x64xbf16, swizzle = 128>
  %map = tile.tensor_map %in : tensor<?x?x?x64xbf16> -> !map
  // CHECK: tile.multiprocessors
  %count = tile.multiprocessors
  return %count : index
}

// CHECK-LABEL: tile.kernel @walks
// CHECK-SAME: cta = #tile.cta<warps = 4>
tile.kernel @walks(%M: memref<?x?x64xf32>, %first: index, %full: index, %last: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  %x = arith.constant dense<0.0> : tensor<64x64xf32>
  %y = arith.constant dense<0.0> : tensor<64x1xf32>
  // CHECK: %[[R:.*]]:2 = tile.walk from %[[FIRST:.*]] init(%{{.*}}, %{{.*}} : tensor<64x64xf32>, tensor<64x1xf32>) stages = 3 skip = 1 turns = #tile.turns<results, groups = [0, 2]> attributes {kind = "masked"} to %[[FULL:.*]] (%[[T:.*]], %[[A:.*]], %[[B:.*]]) {
  // CHECK-NEXT: tile.load %{{.*}}[%[[T]], %[[T]]] slots = 2 role = "left" held
  // CHECK-NEXT: tile.load %{{.*}}[%[[T]], %[[T]], %[[T]]]
  // CHECK-NEXT: tile.yield %[[A]], %[[B]] : tensor<64x64xf32>, tensor<64x1xf32>
  // CHECK-NEXT: } to %[[LAST:.*]] (%{{.*}}, %{{.*}}, %{{.*}}) {
  // CHECK-NEXT: tile.yield
  %r:2 = tile.walk from %first init(%x, %y : tensor<64x64xf32>, tensor<64x1xf32>) stages = 3 skip = 1 turns = #tile.turns<results, groups = [0, 2]> attributes {kind = "masked"} to %full (%t, %a, %b) {
    %l = tile.load %M[%t, %t] slots = 2 role = "left" held : memref<?x?x64xf32> -> tensor<64x64xf32>
    %c = tile.load %M[%t, %t, %t] : memref<?x?x64xf32> -> tensor<64x16xf32>
    tile.yield %a, %b : tensor<64x64xf32>, tensor<64x1xf32>
  } to %last (%t, %a, %b) {
    tile.yield %a, %b : tensor<64x64xf32>, tensor<64x1xf32>
  }
  // CHECK: tile.walk from %[[FIRST]] to %[[LAST]] (%{{.*}}) {
  // CHECK-NEXT: }
  tile.walk from %first to %last (%t) {
  }
  // CHECK-NEXT: tile.iota repeat = 2 recomputed : tensor<64x1xi32>
  %i = tile.iota repeat = 2 recomputed : tensor<64x1xi32>
  // CHECK-NEXT: tile.fold add %{{.*}} {tile.computed_first}
  %f = tile.fold add %x {tile.computed_first} : tensor<64x64xf32> -> tensor<64x4xf32>
  // CHECK-NEXT: %[[EVEN:.*]], %[[ODD:.*]] = tile.deinterleave %{{.*}} : tensor<64x64xf32> -> tensor<64x32xf32>
  // CHECK-NEXT: tile.interleave %[[EVEN]], %[[ODD]] : tensor<64x32xf32> -> tensor<64x64xf32>
  %even, %odd = tile.deinterleave %x : tensor<64x64xf32> -> tensor<64x32xf32>
  %whole = tile.interleave %even, %odd : tensor<64x32xf32> -> tensor<64x64xf32>
  tile.return
}

// CHECK-LABEL: tile.kernel @named_roles
tile.kernel @named_roles() attributes {cta = #specialized, target = "sm_90a"} {
  %tile = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // CHECK: tile.roles produce("keys") {
  // CHECK-NEXT: } produce("values") {
  // CHECK-NEXT: } consume {
  // CHECK-NEXT: tile.dot {{.*}} async stage = 1 group = 2 :
  tile.roles produce("keys") {
  } produce("values") {
  } consume {
    %s = tile.dot %tile, %tile, %zero async stage = 1 group = 2 : !tile.shared<64x64xbf16, swizzle = 128>, !tile.shared<64x64xbf16, swizzle = 128>, tensor<64x64xf32>
  }
  tile.return
}

// CHECK-LABEL: tile.kernel @random
tile.kernel @random(%seed: memref<i64>) attributes {cta = #cta, target = "sm_80"} {
  %number = tile.element %seed[] : memref<i64>
  %word = arith.trunci %number : i64 to i32
  %rows = tile.iota : tensor<64x1xi32>
  %columns = tile.iota : tensor<1x64xi32>
  // CHECK: tile.random key(%[[K:.*]], %[[K]]) at[%[[K]], %[[K]], %{{.*}}, %{{.*}}] counted = 32 : (i32, i32, tensor<64x1xi32>, tensor<1x64xi32>) -> tensor<64x64xi32>
  %0 = tile.random key(%word, %word) at[%word, %word, %rows, %columns] counted = 32 : (i32, i32, tensor<64x1xi32>, tensor<1x64xi32>) -> tensor<64x64xi32>
  // Of keys as rows, and of a row vector.
  // CHECK: tile.random key({{.*}}) at[{{.*}}] : (i32, i32, tensor<1x64xi32>, tensor<64x1xi32>) -> tensor<64x64xi32>
  %1 = tile.random key(%word, %word) at[%word, %word, %columns, %rows] : (i32, i32, tensor<1x64xi32>, tensor<64x1xi32>) -> tensor<64x64xi32>
  // CHECK: tile.random key({{.*}}) at[{{.*}}] : (i32, tensor<64x1xi32>, tensor<64x1xi32>, i32) -> tensor<64x1xi32>
  %2 = tile.random key(%word, %word) at[%word, %rows, %rows, %word] : (i32, tensor<64x1xi32>, tensor<64x1xi32>, i32) -> tensor<64x1xi32>
  tile.return
}
