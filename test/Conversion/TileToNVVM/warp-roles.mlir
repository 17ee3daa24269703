// RUN: split-file %s %t
// RUN: attn-opt %t/roles.mlir --convert-tile-to-nvvm --canonicalize --cse | FileCheck %t/roles.mlir
// RUN: attn-opt %t/registers.mlir --convert-tile-to-nvvm | FileCheck %t/registers.mlir
// RUN: attn-compile %t/convergent.mlir --emit=ptx -o - | FileCheck %t/convergent.mlir

//--- roles.mlir

// All threads meet behind the barriers' initialisation. Of the producers, one
// thread of the first warp goes on. Turns are barriers from 1 on, of which a
// warpgroup waits at its own and arrives at that of the next one, or, as the last
// one, of the first.
// CHECK-LABEL: llvm.func @roles
// CHECK-SAME: nvvm.maxntid = array<i32: 384>
tile.kernel @roles() attributes {
    cta = #tile.cta<warps = 8, producers = 4>,
    target = "sm_90a", shared_bytes = 16 : i64} {
  // CHECK-DAG: %[[ZERO:.*]] = llvm.mlir.constant(0 : i32)
  // CHECK-DAG: %[[ONE:.*]] = llvm.mlir.constant(1 : i32)
  // CHECK-DAG: %[[TWO:.*]] = llvm.mlir.constant(2 : i32)
  // CHECK-DAG: %[[FIVE:.*]] = llvm.mlir.constant(5 : i32)
  // CHECK-DAG: %[[CONSUMERS:.*]] = llvm.mlir.constant(8 : i32)
  // CHECK: %[[TID:.*]] = nvvm.read.ptx.sreg.tid.x
  // CHECK: %[[LANES:.*]] = llvm.lshr %[[TID]], %[[FIVE]]
  // CHECK: %[[WARP:.*]] = nvvm.shfl.sync idx %{{.*}}, %[[LANES]], %[[ZERO]]
  // CHECK-NOT: nvvm.shfl.sync
  // CHECK: nvvm.mbarrier.init
  // CHECK: nvvm.fence.mbarrier.init
  // CHECK-NEXT: nvvm.barrier0
  // CHECK-NEXT: %[[COPIES:.*]] = llvm.icmp "sge" %[[WARP]], %[[CONSUMERS]]
  // CHECK-NEXT: llvm.cond_br %[[COPIES]]
  // CHECK: nvvm.setmaxregister decrease 24
  // CHECK-NEXT: %[[FIRST:.*]] = llvm.icmp "eq" %[[WARP]], %[[CONSUMERS]]
  // CHECK-NEXT: llvm.cond_br %[[FIRST]]
  // CHECK: %[[ELECTED:.*]] = nvvm.elect.sync
  // CHECK-NEXT: llvm.cond_br %[[ELECTED]]
  // CHECK: nvvm.mbarrier.try_wait
  // CHECK: nvvm.setmaxregister increase 240
  %ring_of_empty, %full_of_empty, %empty = tile.channel consumers = 8 at [0, 8, 0] : !tile.shared<1x8x64xbf16, swizzle = 128>
  %c0 = arith.constant 0 : index
  tile.roles produce {
    tile.acquire %empty[%c0] : !tile.barriers<1>
  } consume {
    // CHECK: %[[GROUP:.*]] = llvm.lshr %[[WARP]], %[[TWO]]
    // CHECK: %[[MINE:.*]] = llvm.add %[[GROUP]], %[[ONE]]
    // CHECK: llvm.inline_asm has_side_effects "bar.sync $0, 256;", "r" %[[MINE]]
    tile.take_turn
    // CHECK: %[[IS_LAST:.*]] = llvm.icmp "eq" %[[GROUP]], %[[ONE]]
    // CHECK: %[[NEXT:.*]] = llvm.select %[[IS_LAST]], %[[ZERO]], %[[MINE]]
    // CHECK: %[[THEIRS:.*]] = llvm.add %[[NEXT]], %[[ONE]]
    // CHECK: llvm.inline_asm has_side_effects "bar.arrive $0, 256;", "r" %[[THEIRS]]
    tile.pass_turn
    // What is computed before decides, for all that ptxas knows, on the barrier.
    // CHECK: llvm.inline_asm has_side_effects "{{.*}}setp.eq.b32 q, $1, 2141562277;\0Asetp.eq.or.b32 q, $2, 2141562277, q;{{.*}}selp.b32 t, 0, $0, q;\0Abar.arrive t, 256;{{.*}}", "r,f,f"
    %sums = arith.constant dense<1.0> : tensor<128x4xf32, #tile.accumulator<warps = 8>>
    tile.pass_turn computed(%sums : tensor<128x4xf32, #tile.accumulator<warps = 8>>)
  }
  tile.return
}

//--- registers.mlir

// 64Ki registers: what a CTA has got at its start is shared out in eights. One
// warpgroup of consumers has what it needs without.
// CHECK-LABEL: llvm.func @one
// CHECK-NOT: nvvm.setmaxregister
// CHECK-LABEL: llvm.func @two
// CHECK: nvvm.setmaxregister decrease 24
// CHECK: nvvm.setmaxregister increase 240
// CHECK-LABEL: llvm.func @three
// CHECK: nvvm.setmaxregister decrease 32
// CHECK: nvvm.setmaxregister increase 160
tile.kernel @one() attributes {
    cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a", shared_bytes = 0 : i64} {
  tile.roles produce {
  } consume {
  }
  tile.return
}
tile.kernel @two() attributes {
    cta = #tile.cta<warps = 8, producers = 4>, target = "sm_90a", shared_bytes = 0 : i64} {
  tile.roles produce {
  } consume {
  }
  tile.return
}
tile.kernel @three() attributes {
    cta = #tile.cta<warps = 12, producers = 4>, target = "sm_90a", shared_bytes = 0 : i64} {
  // Of three, two meet at a turn.
  // CHECK: bar.sync $0, 256;
  // CHECK: llvm.mlir.constant(2 : i32)
  // CHECK: bar.arrive $0, 256;
  tile.roles produce {
  } consume {
    tile.take_turn
    tile.pass_turn
  }
  tile.return
}

//--- convergent.mlir

// Two branches on one condition, with a turn between them: to thread the jump
// would be to have two copies of its barriers, at which warps would not meet.
// CHECK-LABEL: .entry threaded(
// CHECK: fence.mbarrier_init
// CHECK: bar.sync 0;
// CHECK: bar.sync %r{{[0-9]+}}, 256;
// CHECK: bar.arrive %r{{[0-9]+}}, 256;
// CHECK-NOT: bar.sync
// CHECK-NOT: bar.arrive
tile.kernel @threaded(%x: index, %full: memref<?xf32, strided<[1], offset: ?>>) attributes {
    cta = #tile.cta<warps = 8, producers = 4>,
    target = "sm_90a", shared_bytes = 16 : i64} {
  %ring_of_empty, %full_of_empty, %empty = tile.channel consumers = 8 at [0, 8, 0] : !tile.shared<1x8x64xbf16, swizzle = 128>
  tile.roles produce {
  } consume {
    %c1 = arith.constant 1 : index
    %is = arith.cmpi slt, %x, %c1 : index
    scf.if %is {
      tile.release %empty[%x] : !tile.barriers<1>
    }
    tile.take_turn
    tile.pass_turn
    scf.if %is {
      tile.release %empty[%x] : !tile.barriers<1>
    }
  }
  tile.return
}
