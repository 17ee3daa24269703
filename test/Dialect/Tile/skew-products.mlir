// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-skew-products))' --remarks-filter=tile-skew-products 2>&1 | FileCheck %s --check-prefixes=CHECK,REMARK
// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-skew-products,tile-skew-products))' | FileCheck %s

// REMARK-DAG: [Missed] NotSkewed | Category:tile-skew-products | {{.*}}the step has products of one stage only
// REMARK-DAG: [Missed] NotSkewed | Category:tile-skew-products | {{.*}}the result of a product of stage 1 is used in its step
// REMARK-DAG: [Missed] NotSkewed | Category:tile-skew-products | {{.*}}a product is of a stage above 1
// REMARK-DAG: [Missed] NotSkewed | Category:tile-skew-products | {{.*}}a product stands in a loop or branch of the step
// REMARK-DAG: [Missed] NotSkewed | Category:tile-skew-products | {{.*}}a tile for products of stage 1 has one slot only
// REMARK-DAG: [Missed] NotSkewed | Category:tile-skew-products | {{.*}}segments carry different tiles to the next step
// REMARK-DAG: [Missed] NotSkewed | Category:tile-skew-products | {{.*}}products are not started and waited for without warps that only copy

!keys = !tile.shared<2x64x64xbf16, swizzle = 128>
!tile = !tile.shared<64x64xbf16, swizzle = 128>
!full = !tile.barriers<2>
!acc = tensor<64x64xf32>
#cta = #tile.cta<warps = 4, producers = 4>

// The first tile by itself, with the masks of the last segment; then the walk from
// the second tile on; then the product that is missing.
// CHECK-LABEL: tile.kernel @two_segments
// CHECK-SAME: %[[BEFORE:[^:]*]]: index, %[[FIRST:[^:]*]]: index, %[[MIDDLE:[^:]*]]: index, %[[LAST:[^:]*]]: index
tile.kernel @two_segments(%before: index, %first: index, %middle: index, %last: index, %out: memref<?x64xf32>)
    attributes {cta = #cta, target = "sm_90a"} {
  // CHECK: %[[QUERY:.*]] = tile.alloc : <64x64xbf16, swizzle = 128>
  %query = tile.alloc : !tile
  // CHECK: %[[KEYS:.*]], %[[KF:.*]], %[[KE:.*]] = tile.channel
  %keys, %kf, %ke = tile.channel consumers = 4 : !keys
  // CHECK: %[[VALUES:.*]], %[[VF:.*]], %[[VE:.*]] = tile.channel
  %values, %vf, %ve = tile.channel consumers = 4 : !keys
  tile.roles produce {
  } consume {
    %zero = arith.constant dense<0.0> : !acc
    %scale = arith.constant dense<0.5> : !acc
    %mask = arith.constant dense<-1.0> : !acc
    // CHECK: %[[INIT:.*]] = arith.constant dense<2.000000e+00>
    %init = arith.constant dense<2.0> : !acc
    // CHECK: %[[HAS:.*]] = arith.cmpi slt, %[[FIRST]], %[[LAST]]
    // CHECK: %[[ALL:.*]] = scf.if %[[HAS]] -> (tensor<64x64xf32>) {
    // CHECK: arith.addi %[[BEFORE]], %{{.*}}
    // CHECK: tile.await %[[KF]]
    // CHECK: %[[S0:.*]] = tile.dot %[[QUERY]], %{{.*}} transpose_b :
    // CHECK-NEXT: tile.release %[[KE]]
    // CHECK: %[[MASKED:.*]] = arith.addf %[[S0]], %{{.*}}
    // CHECK: %[[SCALED:.*]] = arith.mulf %[[INIT]], %{{.*}}
    // CHECK-NEXT: %[[P0:.*]] = arith.truncf
    // Nothing of its values yet.
    // CHECK-NOT: tile.await
    // CHECK-NOT: tile.dot

    // CHECK: %[[REST:.*]]:2 = tile.walk from %[[FIRST]] init(%[[SCALED]], %[[P0]] : tensor<64x64xf32>, tensor<64x64xbf16>) stages = 2 skip = 1 to %[[MIDDLE]] (%[[T:.*]], %[[ACC:.*]], %[[P:.*]]) {
    %b = tile.walk from %first init(%init : !acc) stages = 2 to %middle (%t, %acc) {
      // CHECK: %[[STEP:.*]] = arith.subi %[[T]], %[[FIRST]]
      // CHECK: %[[N:.*]] = arith.addi %[[BEFORE]], %[[STEP]]
      // CHECK: tile.slot %[[KEYS]]
      // CHECK: tile.await %[[KF]][%[[N]]]
      // CHECK-NEXT: %[[S:.*]] = tile.dot %[[QUERY]], %{{.*}} transpose_b async
      // The weights of the step before, and its values.
      // CHECK: %[[PREVIOUS:.*]] = arith.addi %[[N]], %{{.*}}
      // CHECK-NEXT: %[[SLOT:.*]] = tile.slot %[[VALUES]][%[[PREVIOUS]]]
      // CHECK-NEXT: tile.await %[[VF]][%[[PREVIOUS]]]
      // CHECK-NEXT: %[[R:.*]] = tile.dot %[[P]], %[[SLOT]], %[[ACC]] async
      // CHECK-NEXT: %[[READY:.*]] = tile.wait_dots %[[S]] pending = 1
      // CHECK-NEXT: tile.release %[[KE]][%[[N]]]
      // CHECK-NEXT: %[[E:.*]] = math.exp2 %[[READY]]
      // CHECK-NEXT: %[[DONE:.*]] = tile.wait_dots %[[R]] pending = 0 computed(%[[E]] :
      // CHECK-NEXT: tile.release %[[VE]][%[[PREVIOUS]]]
      // Neither is touched before the products are over.
      // CHECK-NEXT: %[[RESCALED:.*]] = arith.mulf %[[DONE]], %{{.*}}
      // CHECK-NEXT: %[[ROUNDED:.*]] = arith.truncf %[[E]]
      // CHECK-NEXT: tile.yield %[[RESCALED]], %[[ROUNDED]]
      %step = arith.subi %t, %first : index
      %n = arith.addi %before, %step : index
      %k = tile.slot %keys[%n] : !keys
      %v = tile.slot %values[%n] : !keys
      tile.await %kf[%n] : !full
      %s = tile.dot %query, %k, %zero transpose_b : !tile, !tile, !acc
      tile.release %ke[%n] : !full
      %e = math.exp2 %s {tile.computed_first} : !acc
      %r = arith.mulf %acc, %scale : !acc
      %p = arith.truncf %e : !acc to tensor<64x64xbf16>
      tile.await %vf[%n] : !full
      %o = tile.dot %p, %v, %r stage = 1 : tensor<64x64xbf16>, !tile, !acc
      tile.release %ve[%n] : !full
      tile.yield %o : !acc
    // CHECK: } to %[[LAST]] (
    // CHECK: arith.addf
    // CHECK: tile.yield
    // The values of the last tile.
    // CHECK: %[[END:.*]] = arith.addi %[[LAST]], %{{.*}}
    // CHECK: %[[STEP:.*]] = arith.subi %[[END]], %[[FIRST]]
    // CHECK: %[[N:.*]] = arith.addi %[[BEFORE]], %[[STEP]]
    // CHECK-NOT: tile.await %[[KF]]
    // CHECK: tile.await %[[VF]][%[[N]]]
    // CHECK-NEXT: %[[R:.*]] = tile.dot %[[REST]]#1, %{{.*}}, %[[REST]]#0 async
    // CHECK-NEXT: %[[DONE:.*]] = tile.wait_dots %[[R]] pending = 0
    // CHECK-NEXT: tile.release %[[VE]][%[[N]]]
    // CHECK-NEXT: scf.yield %[[DONE]]
    // CHECK-NEXT: } else {
    // CHECK-NEXT: scf.yield %[[INIT]]
    } to %last (%t, %acc) {
      %step = arith.subi %t, %first : index
      %n = arith.addi %before, %step : index
      %k = tile.slot %keys[%n] : !keys
      %v = tile.slot %values[%n] : !keys
      tile.await %kf[%n] : !full
      %s = tile.dot %query, %k, %zero transpose_b : !tile, !tile, !acc
      tile.release %ke[%n] : !full
      %masked = arith.addf %s, %mask : !acc
      %e = math.exp2 %masked {tile.computed_first} : !acc
      %r = arith.mulf %acc, %scale : !acc
      %p = arith.truncf %e : !acc to tensor<64x64xbf16>
      tile.await %vf[%n] : !full
      %o = tile.dot %p, %v, %r stage = 1 : tensor<64x64xbf16>, !tile, !acc
      tile.release %ve[%n] : !full
      tile.yield %o : !acc
    }
    // CHECK: tile.store %[[ALL]]
    tile.store %b, %out[%first] : !acc, memref<?x64xf32>
  }
  tile.return
}

// Both slots that stage 1 reads are released behind it; the one that stage 0 reads,
// too, is not waited for again. What is computed first stands before the waits.
// CHECK-LABEL: tile.kernel @shared_slot
tile.kernel @shared_slot(%first: index, %last: index) attributes {cta = #cta, target = "sm_90a"} {
  // CHECK: %[[Q:.*]], %[[QF:.*]], %[[QE:.*]] = tile.channel
  %queries, %qf, %qe = tile.channel consumers = 4 : !keys
  %key = tile.alloc : !tile
  tile.roles produce {
  } consume {
    %zero = arith.constant dense<0.0> : !acc
    // CHECK: tile.walk {{.*}} skip = 1 to
    // CHECK-NEXT: %[[NOW:.*]] = tile.slot %[[Q]][%[[T:.*]]] :
    // CHECK-NEXT: tile.await %[[QF]][%[[T]]]
    // CHECK-NEXT: %[[S:.*]] = tile.dot %{{.*}}, %[[NOW]], %{{.*}} transpose_b async
    // CHECK: %[[BEFORE:.*]] = arith.addi %[[T]]
    // CHECK-NEXT: %[[SLOT:.*]] = tile.slot %[[Q]][%[[BEFORE]]]
    // CHECK-NEXT: %[[R:.*]] = tile.dot %{{.*}}, %[[SLOT]], %{{.*}} async
    // CHECK-NEXT: tile.wait_dots %[[S]] pending = 1
    // CHECK-NEXT: math.exp2
    // CHECK-NEXT: %[[P:.*]] = arith.truncf
    // CHECK-NEXT: tile.wait_dots %[[R]] pending = 0 computed(%[[P]] : tensor<64x64xbf16>) shares = [60]
    // CHECK-NEXT: tile.release %[[QE]][%[[BEFORE]]]
    // CHECK-NEXT: tile.yield
    %a = tile.walk from %first init(%zero : !acc) to %last (%t, %acc) {
      %q = tile.slot %queries[%t] : !keys
      tile.await %qf[%t] : !full
      %s = tile.dot %key, %q, %zero transpose_b : !tile, !tile, !acc
      %e = math.exp2 %s : !acc
      %p = arith.truncf %e {tile.computed_first = 60} : !acc to tensor<64x64xbf16>
      %o = tile.dot %p, %q, %acc stage = 1 : tensor<64x64xbf16>, !tile, !acc
      tile.release %qe[%t] : !full
      tile.yield %o : !acc
    }
  }
  tile.return
}

// A buffer is written again when the product of the step before has read it.
// CHECK-LABEL: tile.kernel @through_a_buffer
tile.kernel @through_a_buffer(%first: index, %last: index) attributes {cta = #cta, target = "sm_90a"} {
  %key = tile.alloc : !tile
  // CHECK: %[[BUFFER:.*]] = tile.alloc
  // CHECK: %[[BUFFER:.*]] = tile.alloc
  %buffer = tile.alloc : !tile
  tile.roles produce {
  } consume {
    %zero = arith.constant dense<0.0> : !acc
    // CHECK: tile.walk {{.*}} skip = 1 to
    // CHECK: %[[S:.*]] = tile.dot {{.*}} transpose_b async
    // CHECK: %[[R:.*]] = tile.dot %[[BUFFER]], {{.*}} async
    // CHECK: tile.wait_dots %[[S]] pending = 1
    // CHECK-NEXT: arith.truncf
    // CHECK-NEXT: tile.wait_dots %[[R]] pending = 0
    // CHECK-NEXT: tile.put %{{.*}} to %[[BUFFER]]
    // CHECK-NEXT: tile.yield
    %a = tile.walk from %first init(%zero : !acc) to %last (%t, %acc) {
      %s = tile.dot %key, %key, %zero transpose_b : !tile, !tile, !acc
      %p = arith.truncf %s : !acc to tensor<64x64xbf16>
      tile.put %p to %buffer : tensor<64x64xbf16> to !tile
      %o = tile.dot %buffer, %key, %acc stage = 1 : !tile, !tile, !acc
      tile.yield %o : !acc
    }
  }
  tile.return
}

// CHECK-LABEL: tile.kernel @of_stage_0
tile.kernel @of_stage_0(%first: index, %last: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  %query = tile.alloc : !tile
  %zero = arith.constant dense<0.0> : !acc
  // CHECK-NOT: scf.if
  // CHECK: tile.walk
  // CHECK-NOT: async
  // CHECK: tile.return
  %a = tile.walk from %first init(%zero : !acc) to %last (%t, %acc) {
    %s = tile.dot %query, %query, %acc transpose_b : !tile, !tile, !acc
    tile.yield %s : !acc
  }
  tile.return
}

// What is declined stays as it is.
// CHECK-NOT: scf.if
// CHECK-LABEL: tile.kernel @of_stage_1
tile.kernel @of_stage_1(%first: index, %last: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  %query = tile.alloc : !tile
  %zero = arith.constant dense<0.0> : !acc
  %a = tile.walk from %first init(%zero : !acc) to %last (%t, %acc) {
    %s = tile.dot %query, %query, %acc transpose_b stage = 1 : !tile, !tile, !acc
    tile.yield %s : !acc
  }
  tile.return
}

// CHECK-LABEL: tile.kernel @used_in_its_step
tile.kernel @used_in_its_step(%first: index, %last: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  %query = tile.alloc : !tile
  %zero = arith.constant dense<0.0> : !acc
  %a = tile.walk from %first init(%zero : !acc) to %last (%t, %acc) {
    %s = tile.dot %query, %query, %zero transpose_b : !tile, !tile, !acc
    %r = tile.dot %query, %query, %acc transpose_b stage = 1 : !tile, !tile, !acc
    %e = arith.addf %s, %r : !acc
    tile.yield %e : !acc
  }
  tile.return
}

// CHECK-LABEL: tile.kernel @of_stage_2
tile.kernel @of_stage_2(%first: index, %last: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  %query = tile.alloc : !tile
  %zero = arith.constant dense<0.0> : !acc
  %a = tile.walk from %first init(%zero : !acc) to %last (%t, %acc) {
    %s = tile.dot %query, %query, %zero transpose_b : !tile, !tile, !acc
    %r = tile.dot %query, %query, %acc transpose_b stage = 2 : !tile, !tile, !acc
    tile.yield %r : !acc
  }
  tile.return
}

// CHECK-LABEL: tile.kernel @in_a_loop
tile.kernel @in_a_loop(%first: index, %last: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  %query = tile.alloc : !tile
  %zero = arith.constant dense<0.0> : !acc
  %c1 = arith.constant 1 : index
  %a = tile.walk from %first init(%zero : !acc) to %last (%t, %acc) {
    %s = tile.dot %query, %query, %zero transpose_b : !tile, !tile, !acc
    %r = scf.for %i = %first to %last step %c1 iter_args(%sum = %acc) -> (!acc) {
      %o = tile.dot %query, %query, %sum transpose_b stage = 1 : !tile, !tile, !acc
      scf.yield %o : !acc
    }
    tile.yield %r : !acc
  }
  tile.return
}

// CHECK-LABEL: tile.kernel @not_alike
tile.kernel @not_alike(%first: index, %last: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  %query = tile.alloc : !tile
  %zero = arith.constant dense<0.0> : !acc
  %a = tile.walk from %first init(%zero : !acc) to %first (%t, %acc) {
    %s = tile.dot %query, %query, %zero transpose_b : !tile, !tile, !acc
    %r = tile.dot %query, %query, %acc transpose_b stage = 1 : !tile, !tile, !acc
    tile.yield %r : !acc
  } to %last (%t, %acc) {
    %s = tile.dot %query, %query, %zero transpose_b : !tile, !tile, !acc
    %p = arith.truncf %s : !acc to tensor<64x64xbf16>
    %r = tile.dot %p, %query, %acc transpose_b stage = 1 : tensor<64x64xbf16>, !tile, !acc
    tile.yield %r : !acc
  }
  tile.return
}

// With one slot, the next tile could not be fetched before this one is released,
// which is when the next step is at work.
// CHECK-LABEL: tile.kernel @one_slot
tile.kernel @one_slot(%first: index, %last: index) attributes {cta = #cta, target = "sm_90a"} {
  %queries, %qf, %qe = tile.channel consumers = 4 : !tile.shared<1x64x64xbf16, swizzle = 128>
  tile.roles produce {
  } consume {
    %zero = arith.constant dense<0.0> : !acc
    %a = tile.walk from %first init(%zero : !acc) to %last (%t, %acc) {
      %q = tile.slot %queries[%t] : !tile.shared<1x64x64xbf16, swizzle = 128>
      tile.await %qf[%t] : !tile.barriers<1>
      %s = tile.dot %q, %q, %zero transpose_b : !tile, !tile, !acc
      %p = arith.truncf %s : !acc to tensor<64x64xbf16>
      %o = tile.dot %p, %q, %acc stage = 1 : tensor<64x64xbf16>, !tile, !acc
      tile.release %qe[%t] : !tile.barriers<1>
      tile.yield %o : !acc
    }
  }
  tile.return
}

// CHECK-LABEL: tile.kernel @without_roles
tile.kernel @without_roles(%first: index, %last: index)
    attributes {cta = #tile.cta<warps = 4>, target = "sm_90a"} {
  %query = tile.alloc : !tile
  %zero = arith.constant dense<0.0> : !acc
  %a = tile.walk from %first init(%zero : !acc) to %last (%t, %acc) {
    %s = tile.dot %query, %query, %zero transpose_b : !tile, !tile, !acc
    %r = tile.dot %query, %query, %acc transpose_b stage = 1 : !tile, !tile, !acc
    tile.yield %r : !acc
  }
  tile.return
}
// CHECK-NOT: scf.if
