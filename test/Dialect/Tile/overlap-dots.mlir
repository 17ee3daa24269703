// RUN: attn-opt %s -split-input-file --pass-pipeline='builtin.module(tile.kernel(tile-overlap-dots))' -verify-diagnostics | FileCheck %s
// RUN: attn-opt %s -split-input-file --pass-pipeline='builtin.module(tile.kernel(tile-overlap-dots,tile-overlap-dots))' -verify-diagnostics | FileCheck %s

!keys = !tile.shared<2x64x64xbf16, swizzle = 128>
!tile = !tile.shared<64x64xbf16, swizzle = 128>
!full = !tile.barriers<2>
!acc = tensor<64x64xf32>
#overlap = #tile.cta<warps = 4, producers = 4>

// The first tile by itself, with the masks of the last loop; then the loops in
// their order, from the second tile on; then the product that is missing.
// CHECK-LABEL: tile.kernel @two_loops
// CHECK-SAME: %[[BEFORE:[^:]*]]: index, %[[FIRST:[^:]*]]: index, %[[MIDDLE:[^:]*]]: index, %[[LAST:[^:]*]]: index
tile.kernel @two_loops(%before: index, %first: index, %middle: index, %last: index, %out: memref<?x64xf32>)
    attributes {cta = #overlap, target = "sm_90a"} {
  // CHECK: %[[QUERY:.*]] = tile.alloc : <64x64xbf16, swizzle = 128>
  %query = tile.alloc : !tile
  // CHECK: %[[KEYS:.*]] = tile.alloc : <2x64x64xbf16, swizzle = 128>
  %keys = tile.alloc : !keys
  // CHECK: %[[VALUES:.*]] = tile.alloc : <2x64x64xbf16, swizzle = 128>
  %values = tile.alloc : !keys
  // CHECK: %[[KF:.*]] = tile.alloc_barriers arrivals = 1 : <2>
  %kf = tile.alloc_barriers arrivals = 1 : !full
  // CHECK: %[[KE:.*]] = tile.alloc_barriers arrivals = 4 : <2>
  %ke = tile.alloc_barriers arrivals = 4 : !full
  // CHECK: %[[VF:.*]] = tile.alloc_barriers arrivals = 1 : <2>
  %vf = tile.alloc_barriers arrivals = 1 : !full
  // CHECK: %[[VE:.*]] = tile.alloc_barriers arrivals = 4 : <2>
  %ve = tile.alloc_barriers arrivals = 4 : !full
  tile.roles produce {
  } consume {
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
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

    // CHECK: %[[SECOND:.*]] = arith.addi %[[FIRST]], %{{.*}}
    // CHECK-NEXT: %[[FROM:.*]] = arith.maxsi %[[FIRST]], %[[SECOND]]
    // CHECK-NEXT: %[[LOOP:.*]]:2 = scf.for %[[T:.*]] = %[[FROM]] to %[[MIDDLE]] {{.*}} iter_args(%[[ACC:.*]] = %[[SCALED]], %[[P:.*]] = %[[P0]]) -> (tensor<64x64xf32>, tensor<64x64xbf16>)
    %a = scf.for %t = %first to %middle step %c1 iter_args(%acc = %init) -> (!acc) {
      // CHECK: %[[STEP:.*]] = arith.subi %[[T]], %[[FIRST]]
      // CHECK: %[[N:.*]] = arith.addi %[[BEFORE]], %[[STEP]]
      // CHECK: tile.slot %[[KEYS]]
      // CHECK: tile.await %[[KF]][%[[N]]]
      // CHECK-NEXT: %[[S:.*]] = tile.dot %[[QUERY]], %{{.*}} transpose_b async
      // The weights of the step before, and its values.
      // CHECK: %[[PREVIOUS:.*]] = arith.addi %[[N]], %{{.*}}
      // CHECK: arith.remui %[[PREVIOUS]], %{{.*}}
      // CHECK: %[[SLOT:.*]] = tile.slot %[[VALUES]]
      // CHECK-NEXT: tile.await %[[VF]][%[[PREVIOUS]]]
      // CHECK-NEXT: %[[R:.*]] = tile.dot %[[P]], %[[SLOT]], %[[ACC]] async
      // CHECK-NEXT: %[[READY:.*]] = tile.wait_dots %[[S]] pending = 1
      // CHECK-NEXT: tile.release %[[KE]][%[[N]]]
      // CHECK-NEXT: %[[E:.*]] = math.exp2 %[[READY]]
      // CHECK-NEXT: %[[DONE:.*]] = tile.wait_dots %[[R]] pending = 0
      // CHECK-NEXT: tile.release %[[VE]][%[[PREVIOUS]]]
      // Neither is touched before the products are over.
      // CHECK-NEXT: %[[RESCALED:.*]] = arith.mulf %[[DONE]], %{{.*}}
      // CHECK-NEXT: %[[ROUNDED:.*]] = arith.truncf %[[E]]
      // CHECK-NEXT: scf.yield %[[RESCALED]], %[[ROUNDED]]
      %step = arith.subi %t, %first : index
      %n = arith.addi %before, %step : index
      %index = arith.remui %n, %c2 : index
      %k = tile.slot %keys[%index] : !keys
      %v = tile.slot %values[%index] : !keys
      tile.await %kf[%n] : !full
      %s = tile.dot %query, %k, %zero transpose_b : !tile, !tile, !acc
      tile.release %ke[%n] : !full
      %e = math.exp2 %s : !acc
      %r = arith.mulf %acc, %scale : !acc
      %p = arith.truncf %e : !acc to tensor<64x64xbf16>
      tile.await %vf[%n] : !full
      %o = tile.dot %p, %v, %r : tensor<64x64xbf16>, !tile, !acc
      tile.release %ve[%n] : !full
      scf.yield %o : !acc
    }
    // CHECK: %[[SECOND:.*]] = arith.addi %[[FIRST]], %{{.*}}
    // CHECK-NEXT: %[[FROM:.*]] = arith.maxsi %[[MIDDLE]], %[[SECOND]]
    // CHECK-NEXT: %[[REST:.*]]:2 = scf.for %{{.*}} = %[[FROM]] to %[[LAST]] {{.*}} iter_args(%{{.*}} = %[[LOOP]]#0, %{{.*}} = %[[LOOP]]#1)
    // CHECK: arith.addf
    // CHECK: scf.yield
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
    %b = scf.for %t = %middle to %last step %c1 iter_args(%acc = %a) -> (!acc) {
      %step = arith.subi %t, %first : index
      %n = arith.addi %before, %step : index
      %index = arith.remui %n, %c2 : index
      %k = tile.slot %keys[%index] : !keys
      %v = tile.slot %values[%index] : !keys
      tile.await %kf[%n] : !full
      %s = tile.dot %query, %k, %zero transpose_b : !tile, !tile, !acc
      tile.release %ke[%n] : !full
      %masked = arith.addf %s, %mask : !acc
      %e = math.exp2 %masked : !acc
      %r = arith.mulf %acc, %scale : !acc
      %p = arith.truncf %e : !acc to tensor<64x64xbf16>
      tile.await %vf[%n] : !full
      %o = tile.dot %p, %v, %r : tensor<64x64xbf16>, !tile, !acc
      tile.release %ve[%n] : !full
      scf.yield %o : !acc
    }
    // CHECK: tile.store %[[ALL]]
    tile.store %b, %out[%first] : !acc, memref<?x64xf32>
  }
  tile.return
}

// CHECK-LABEL: tile.kernel @without_overlap
tile.kernel @without_overlap(%first: index, %last: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  // CHECK-NOT: scf.if
  // CHECK: scf.for
  // CHECK-NOT: async
  // CHECK: tile.return
  %query = tile.alloc : !tile
  %zero = arith.constant dense<0.0> : !acc
  %c1 = arith.constant 1 : index
  %a = scf.for %t = %first to %last step %c1 iter_args(%acc = %zero) -> (!acc) {
    %s = tile.dot %query, %query, %acc transpose_b : !tile, !tile, !acc
    scf.yield %s : !acc
  }
  tile.return
}

// Nothing to multiply.
// CHECK-LABEL: tile.kernel @no_walk
tile.kernel @no_walk() attributes {
    cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  // CHECK-NEXT: tile.return
  tile.return
}

// -----

!tile = !tile.shared<64x64xbf16, swizzle = 128>
!acc = tensor<64x64xf32>

tile.kernel @other(%first: index, %last: index) attributes {
    cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  %query = tile.alloc : !tile
  %zero = arith.constant dense<0.0> : !acc
  %c1 = arith.constant 1 : index
  // expected-error@+1 {{expected a product of the query and one of weights}}
  %a = scf.for %t = %first to %last step %c1 iter_args(%acc = %zero) -> (!acc) {
    %s = tile.dot %query, %query, %acc transpose_b : !tile, !tile, !acc
    scf.yield %s : !acc
  }
  tile.return
}
