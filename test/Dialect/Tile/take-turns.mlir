// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-take-turns))' --remarks-filter=tile-take-turns 2>&1 | FileCheck %s --check-prefixes=CHECK,REMARK
// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-take-turns,tile-take-turns))' | FileCheck %s

// REMARK-DAG: [Missed] NoTurns | Category:tile-take-turns | {{.*}}only several warpgroups of consumers take turns
// REMARK-DAG: [Missed] NoTurns | Category:tile-take-turns | {{.*}}a step has no product of these groups

!tile = !tile.shared<128x64xbf16, swizzle = 128>
!ring = !tile.shared<1x128x64xbf16, swizzle = 128>
!full = !tile.barriers<1>
!acc = tensor<128x128xf32>
!out = tensor<128x64xf32>

// Exponentials: from before the wait for the scores to the wait for the values.
// CHECK-LABEL: tile.kernel @exponentials
tile.kernel @exponentials(%first: index, %last: index)
    attributes {cta = #tile.cta<warps = 8, producers = 4>, target = "sm_90a"} {
  %query = tile.alloc : !tile
  %ring, %full, %empty = tile.channel consumers = 8 : !ring
  // CHECK: tile.roles produce {
  // CHECK-NOT: {{take|pass}}_turn
  // CHECK: } consume {
  // The last of the warpgroups lets the first one begin.
  // CHECK-NEXT: %[[GROUP:.*]] = tile.warpgroup_id
  // CHECK-NEXT: %[[LAST:.*]] = arith.constant 1 : index
  // CHECK-NEXT: %[[IS_LAST:.*]] = arith.cmpi eq, %[[GROUP]], %[[LAST]]
  // CHECK-NEXT: scf.if %[[IS_LAST]] {
  // CHECK-NEXT: tile.pass_turn
  // CHECK-NEXT: }
  tile.roles produce {
    %c1 = arith.constant 1 : index
    scf.for %t = %first to %last step %c1 {
      tile.acquire %empty[%t] : !full
    }
  } consume {
    %c1 = arith.constant 1 : index
    %zero = arith.constant dense<0.0> : !acc
    %init = arith.constant dense<0.0> : !out
    // CHECK: tile.walk
    %a = tile.walk from %first init(%init : !out) turns = #tile.turns<results, groups = [0]> to %last (%t, %acc) {
      // CHECK-NEXT: tile.await
      // CHECK-NEXT: tile.dot {{.*}} transpose_b async
      // CHECK-NEXT: tile.take_turn
      // CHECK-NEXT: tile.wait_dots {{.*}} pending = 0
      // CHECK-NEXT: tile.release
      // CHECK-NEXT: math.exp2
      // CHECK-NEXT: %[[SUMS:.*]] = tile.fold add
      // CHECK-NEXT: arith.truncf
      // CHECK-NEXT: tile.pass_turn computed(%[[SUMS]] : tensor<128x4xf32>)
      // CHECK-NEXT: tile.await
      // CHECK-NEXT: tile.dot
      // CHECK-NEXT: tile.release
      // CHECK-NEXT: tile.yield
      tile.await %full[%t] : !full
      %s = tile.dot %query, %query, %zero transpose_b : !tile, !tile, !acc
      tile.release %empty[%t] : !full
      %e = math.exp2 %s : !acc
      %l = tile.fold add %e {tile.computed_first} : !acc -> tensor<128x4xf32>
      %p = arith.truncf %e : !acc to tensor<128x128xbf16>
      tile.await %full[%t] : !full
      %o = tile.dot %p, %query, %acc group = 1 : tensor<128x128xbf16>, !tile, !out
      tile.release %empty[%t] : !full
      tile.yield %o : !out
    }
  }
  tile.return
}

// Products: both are started in a turn. Those outside of loops, which overlap
// leaves there, are not: the other warpgroup may have none.
// CHECK-LABEL: tile.kernel @products
tile.kernel @products(%first: index, %last: index)
    attributes {cta = #tile.cta<warps = 8, producers = 4>, target = "sm_90a"} {
  %query = tile.alloc : !tile
  %ring, %full, %empty = tile.channel consumers = 8 : !ring
  // CHECK: consume
  // CHECK: tile.pass_turn
  // CHECK-NOT: {{take|pass}}_turn
  // CHECK: tile.dot
  // CHECK-NOT: {{take|pass}}_turn
  // CHECK: tile.walk
  tile.roles produce {
  } consume {
    %c1 = arith.constant 1 : index
    %zero = arith.constant dense<0.0> : !acc
    %init = arith.constant dense<0.0> : !out
    %weights = arith.constant dense<0.0> : tensor<128x128xbf16>
    %s0 = tile.dot %query, %query, %zero transpose_b : !tile, !tile, !acc
    %a = tile.walk from %first init(%init : !out) turns = #tile.turns<products, groups = [0, 1]> to %last (%t, %acc) {
      // CHECK-NEXT: tile.take_turn
      // CHECK-NEXT: tile.dot {{.*}} async
      // CHECK-NEXT: tile.await
      // CHECK-NEXT: tile.dot {{.*}} async
      // CHECK-NEXT: tile.pass_turn
      // CHECK-NEXT: tile.wait_dots
      // CHECK-NEXT: tile.wait_dots
      // CHECK-NEXT: tile.yield
      %s = tile.dot %query, %query, %zero transpose_b async : !tile, !tile, !acc
      tile.await %full[%t] : !full
      %o = tile.dot %weights, %query, %acc async group = 1 : tensor<128x128xbf16>, !tile, !out
      %s1 = tile.wait_dots %s pending = 1 : !acc
      %o1 = tile.wait_dots %o pending = 0 : !out
      tile.yield %o1 : !out
    }
    // CHECK: }
    // CHECK-NOT: {{take|pass}}_turn
    // CHECK: tile.return
  }
  tile.return
}

// Of three warpgroups, the last one is the third.
// CHECK-LABEL: tile.kernel @three
tile.kernel @three(%first: index, %last: index)
    attributes {cta = #tile.cta<warps = 12, producers = 4>, target = "sm_90a"} {
  // CHECK: consume
  // CHECK-NEXT: %[[GROUP:.*]] = tile.warpgroup_id
  // CHECK-NEXT: %[[LAST:.*]] = arith.constant 2 : index
  // CHECK-NEXT: %[[IS_LAST:.*]] = arith.cmpi eq, %[[GROUP]], %[[LAST]]
  // CHECK-NEXT: scf.if %[[IS_LAST]] {
  // CHECK-NEXT: tile.pass_turn
  // CHECK: tile.take_turn
  // CHECK-NEXT: tile.dot
  // CHECK-NEXT: tile.pass_turn
  %query = tile.alloc : !tile.shared<192x64xbf16, swizzle = 128>
  %key = tile.alloc : !tile
  tile.roles produce {
  } consume {
    %c1 = arith.constant 1 : index
    %zero = arith.constant dense<0.0> : tensor<192x128xf32>
    tile.walk from %first turns = #tile.turns<products, groups = [0, 1]> to %last (%t) {
      %s = tile.dot %query, %key, %zero transpose_b async : !tile.shared<192x64xbf16, swizzle = 128>, !tile, tensor<192x128xf32>
      %s1 = tile.wait_dots %s pending = 0 : tensor<192x128xf32>
    }
  }
  tile.return
}

// CHECK-LABEL: tile.kernel @no_turns
tile.kernel @no_turns(%first: index, %last: index)
    attributes {cta = #tile.cta<warps = 8, producers = 4>, target = "sm_90a"} {
  // CHECK-NOT: {{take|pass}}_turn
  // CHECK: tile.dot
  // CHECK-NOT: {{take|pass}}_turn
  // CHECK: tile.return
  %query = tile.alloc : !tile
  tile.roles produce {
  } consume {
    %c1 = arith.constant 1 : index
    %zero = arith.constant dense<0.0> : !acc
    %a = tile.walk from %first init(%zero : !acc) to %last (%t, %acc) {
      %s = tile.dot %query, %query, %acc transpose_b : !tile, !tile, !acc
      tile.yield %s : !acc
    }
  }
  tile.return
}

// Results of two groups: from the first wait to what is waited for behind the last.
// CHECK-LABEL: tile.kernel @two_groups
tile.kernel @two_groups(%first: index, %last: index)
    attributes {cta = #tile.cta<warps = 8, producers = 4>, target = "sm_90a"} {
  %query = tile.alloc : !tile
  tile.roles produce {
  } consume {
    %zero = arith.constant dense<0.0> : !acc
    // CHECK: tile.walk
    // CHECK-NEXT: %[[A:.*]] = tile.dot {{.*}} async
    // CHECK-NEXT: %[[B:.*]] = tile.dot {{.*}} async
    // CHECK-NEXT: %[[C:.*]] = tile.dot {{.*}} async
    // CHECK-NEXT: tile.take_turn
    // CHECK-NEXT: tile.wait_dots %[[A]]
    // CHECK-NEXT: tile.wait_dots %[[B]]
    // CHECK-NEXT: math.exp2
    // CHECK-NEXT: tile.pass_turn
    // CHECK-NEXT: tile.wait_dots %[[C]]
    tile.walk from %first turns = #tile.turns<results, groups = [1, 2]> to %last (%t) {
      %a = tile.dot %query, %query, %zero transpose_b async group = 1 : !tile, !tile, !acc
      %b = tile.dot %query, %query, %zero transpose_b async group = 2 : !tile, !tile, !acc
      %c = tile.dot %query, %query, %zero transpose_b async : !tile, !tile, !acc
      %a1 = tile.wait_dots %a pending = 2 : !acc
      %b1 = tile.wait_dots %b pending = 1 : !acc
      %e = math.exp2 %b1 : !acc
      %c1 = tile.wait_dots %c pending = 0 : !acc
    }
  }
  tile.return
}

// One warpgroup has nobody to take turns with.
// CHECK-LABEL: tile.kernel @one_warpgroup
tile.kernel @one_warpgroup(%first: index, %last: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  // CHECK-NOT: {{take|pass}}_turn
  // CHECK: tile.return
  %query = tile.alloc : !tile.shared<64x64xbf16, swizzle = 128>
  tile.roles produce {
  } consume {
    %zero = arith.constant dense<0.0> : tensor<64x64xf32>
    tile.walk from %first turns = #tile.turns<products, groups = [0]> to %last (%t) {
      %a = tile.dot %query, %query, %zero transpose_b : !tile.shared<64x64xbf16, swizzle = 128>, !tile.shared<64x64xbf16, swizzle = 128>, tensor<64x64xf32>
    }
  }
  tile.return
}

// If the steps of one segment took no turn, nobody would pass it on.
// CHECK-LABEL: tile.kernel @no_such_group
tile.kernel @no_such_group(%first: index, %middle: index, %last: index)
    attributes {cta = #tile.cta<warps = 8, producers = 4>, target = "sm_90a"} {
  // CHECK-NOT: {{take|pass}}_turn
  // CHECK: tile.return
  %query = tile.alloc : !tile
  tile.roles produce {
  } consume {
    %zero = arith.constant dense<0.0> : !acc
    tile.walk from %first turns = #tile.turns<products, groups = [1]> to %middle (%t) {
      %a = tile.dot %query, %query, %zero transpose_b group = 1 : !tile, !tile, !acc
    } to %last (%t) {
      %a = tile.dot %query, %query, %zero transpose_b : !tile, !tile, !acc
    }
  }
  tile.return
}
