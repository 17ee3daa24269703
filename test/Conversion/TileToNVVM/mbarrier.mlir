// RUN: attn-opt %s --convert-tile-to-nvvm --canonicalize --cse | FileCheck %s

// Three slots: one thread makes each barrier, with its arrivals. Use n is of slot
// n mod 3, phase n / 3; who waits for a use waits for the parity of its phase,
// who acquires it for that of the phase before. One lane of a warp arrives.
// CHECK-LABEL: llvm.func @ring
// CHECK-SAME: %[[N:[^:]*]]: i32
tile.kernel @ring(%n: index) attributes {
    cta = #tile.cta<warps = 4, producers = 4>,
    target = "sm_90a", shared_bytes = 1072 : i64} {
  // CHECK-DAG: %[[ZERO:.*]] = llvm.mlir.constant(0 : i32)
  // CHECK-DAG: %[[ONE:.*]] = llvm.mlir.constant(1 : i32)
  // CHECK-DAG: %[[THREE:.*]] = llvm.mlir.constant(3 : i32)
  // CHECK-DAG: %[[FOUR:.*]] = llvm.mlir.constant(4 : i32)
  // CHECK-DAG: %[[EIGHT:.*]] = llvm.mlir.constant(8 : i32)
  // CHECK-DAG: %[[TRUE:.*]] = llvm.mlir.constant(true)
  // CHECK: %[[BASE:.*]] = llvm.getelementptr %{{.*}}[1024]
  // CHECK: %[[TID:.*]] = nvvm.read.ptx.sreg.tid.x
  // CHECK: %[[FIRST:.*]] = llvm.icmp "eq" %[[TID]], %[[ZERO]]
  // CHECK: llvm.cond_br %[[FIRST]]
  // A copy arrives at each full slot, and the warps that compute at each empty one.
  // CHECK: nvvm.mbarrier.init %[[BASE]], %[[ONE]]
  // CHECK: %[[SECOND:.*]] = llvm.getelementptr %[[BASE]][8]
  // CHECK: nvvm.mbarrier.init %[[SECOND]], %[[ONE]]
  // CHECK: %[[THIRD:.*]] = llvm.getelementptr %[[BASE]][16]
  // CHECK: nvvm.mbarrier.init %[[THIRD]], %[[ONE]]
  // CHECK: llvm.getelementptr %{{.*}}[1048]
  // CHECK-COUNT-3: nvvm.mbarrier.init %{{.*}}, %[[FOUR]]
  // CHECK-NOT: nvvm.mbarrier.init
  %ring_of_barriers, %barriers, %empty_of_barriers = tile.channel consumers = 4 at [0, 1024, 1048] : !tile.shared<3x8x64xbf16, swizzle = 128>
  // CHECK: %[[SLOT:.*]] = llvm.urem %[[N]], %[[THREE]]
  // CHECK: %[[OFFSET:.*]] = llvm.mul %[[SLOT]], %[[EIGHT]]
  // CHECK: %[[BARRIER:.*]] = llvm.getelementptr %[[BASE]][%[[OFFSET]]]
  // CHECK: %[[PHASE:.*]] = llvm.udiv %[[N]], %[[THREE]]
  // CHECK: %[[PARITY:.*]] = llvm.and %[[PHASE]], %[[ONE]]
  // CHECK: llvm.br ^[[AGAIN:bb[0-9]+]]
  // CHECK: ^[[AGAIN]]:
  // CHECK: %[[OVER:.*]] = nvvm.mbarrier.try_wait %[[BARRIER]], %[[PARITY]]
  // CHECK: %[[NOT:.*]] = llvm.xor %[[OVER]], %[[TRUE]]
  // CHECK: llvm.cond_br %[[NOT]], ^[[AGAIN]], ^
  tile.await %barriers[%n] : !tile.barriers<3>
  // CHECK: %[[NEXT:.*]] = llvm.add %[[PHASE]], %[[ONE]]
  // CHECK: %[[BEFORE:.*]] = llvm.and %[[NEXT]], %[[ONE]]
  // CHECK: nvvm.mbarrier.try_wait %[[BARRIER]], %[[BEFORE]]
  tile.acquire %barriers[%n] : !tile.barriers<3>
  // CHECK: %[[LANE:.*]] = llvm.and %[[TID]], %{{.*}}
  // CHECK: %[[IS:.*]] = llvm.icmp "eq" %[[LANE]], %[[ZERO]]
  // CHECK: llvm.cond_br %[[IS]]
  // CHECK: nvvm.mbarrier.arrive %[[BARRIER]] :
  // CHECK-NOT: nvvm.mbarrier.arrive
  tile.release %barriers[%n] : !tile.barriers<3>
  tile.return
}
