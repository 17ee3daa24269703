// RUN: attn-opt %s --convert-tile-to-nvvm --canonicalize --cse | FileCheck %s

// Each role is run by one thread of a warp of its own behind those that compute; these
// meet at a barrier of their own.
// CHECK-LABEL: llvm.func @three_roles
tile.kernel @three_roles(%n: index) attributes {
    cta = #tile.cta<warps = 8, producers = 4>, target = "sm_90a", shared_bytes = 1040 : i64} {
  %ring, %full, %empty = tile.channel consumers = 8 at [0, 1024, 1032] : !tile.shared<1x8x64xbf16, swizzle = 128>
  // CHECK-DAG: %[[EIGHT:.*]] = llvm.mlir.constant(8 : i32)
  // CHECK-DAG: %[[NINE:.*]] = llvm.mlir.constant(9 : i32)
  // CHECK: %[[WARP:.*]] = nvvm.shfl.sync
  // CHECK: llvm.icmp "sge" %[[WARP]], %[[EIGHT]]
  // CHECK: nvvm.setmaxregister decrease
  // CHECK: %[[FIRST:.*]] = llvm.icmp "eq" %[[WARP]], %[[EIGHT]]
  // CHECK: llvm.cond_br %[[FIRST]]
  // CHECK: nvvm.elect.sync
  // CHECK: nvvm.mbarrier.try_wait
  // CHECK: %[[SECOND:.*]] = llvm.icmp "eq" %[[WARP]], %[[NINE]]
  // CHECK: llvm.cond_br %[[SECOND]]
  // CHECK: nvvm.elect.sync
  // CHECK: nvvm.mbarrier.try_wait
  // CHECK: nvvm.setmaxregister increase
  // CHECK: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
  // CHECK-NEXT: llvm.inline_asm has_side_effects{{.*}} "bar.sync 15, 256;"
  tile.roles produce("keys") {
    tile.acquire %empty[%n] : !tile.barriers<1>
  } produce("values") {
    tile.acquire %empty[%n] : !tile.barriers<1>
  } consume {
    tile.barrier
  }
  tile.return
}
