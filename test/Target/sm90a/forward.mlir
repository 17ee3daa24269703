// RUN: attn-compile %s --target=sm_90a --emit=ptx -o %t.ptx
// RUN: FileCheck %s < %t.ptx
// RUN: FileCheck %s --check-prefix=NOT < %t.ptx
// RUN: grep -c wgmma.mma_async %t.ptx | FileCheck %s --check-prefix=PRODUCTS
// RUN: grep -cE "bar.sync.*256" %t.ptx | FileCheck %s --check-prefix=TURNS
// RUN: grep -cE "bar.arrive.*256" %t.ptx | FileCheck %s --check-prefix=PASSED

!q = tensor<1x4x?x64xbf16>

// CHECK: .version 8.0
// CHECK: .target sm_90a
// CHECK: .visible .entry f_0(
// Three maps to copy from and one to copy to, passed by value.
// CHECK-COUNT-4: .param .align 64 .b8 f_0_param_{{[0-3]}}[128]
// CHECK: .maxntid 512
// CHECK: mbarrier.init.shared.b64
// CHECK: fence.mbarrier_init.release.cluster;
// CHECK: bar.sync 0;
// One thread of the producers copies.
// CHECK: setmaxnreg.dec.sync.aligned.u32 32;
// CHECK: elect.sync
// CHECK: mbarrier.try_wait.parity.shared.b64
// CHECK: mbarrier.arrive.expect_tx.shared.b64
// CHECK: cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes
// CHECK: setmaxnreg.inc.sync.aligned.u32 160;
// The third warpgroup passes the first turn.
// CHECK: bar.arrive %r{{[0-9]+}}, 256;
// Scores of the first tile, four steps of 16.
// CHECK: wgmma.fence.sync.aligned;
// CHECK-COUNT-4: wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {{.*}}, a, b, p, 1, 1, 0, 0;
// CHECK: wgmma.commit_group.sync.aligned;
// CHECK: wgmma.wait_group.sync.aligned 0;
// CHECK: mbarrier.arrive.shared.b64
// CHECK: ex2.approx.ftz.f32
// In a step, scores and the values of the step before are started in one turn.
// CHECK: bar.sync %r{{[0-9]+}}, 256;
// CHECK-COUNT-4: wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {{.*}}, a, b, p, 1, 1, 0, 0;
// CHECK: wgmma.commit_group.sync.aligned;
// CHECK-COUNT-8: wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {{.*}}}, b, p, 1, 1, 1;
// CHECK: wgmma.commit_group.sync.aligned;
// CHECK: bar.arrive %r{{[0-9]+}}, 256;
// CHECK: wgmma.wait_group.sync.aligned 1;
// CHECK: wgmma.wait_group.sync.aligned 0;
// The output leaves by way of shared memory, a box for each warp.
// CHECK: stmatrix.sync.aligned.m8n8.x4.shared.b16
// CHECK: fence.proxy.async.shared::cta;
// CHECK: cp.async.bulk.tensor.4d.global.shared::cta.tile.bulk_group
// CHECK: cp.async.bulk.commit_group;
// CHECK: cp.async.bulk.wait_group.read 0;

// Neither local memory nor calls, nor what threads copy or multiply by themselves.
// NOT-NOT: .local
// NOT-NOT: call
// NOT-NOT: cp.async.cg
// NOT-NOT: mma.sync
// NOT-NOT: ldmatrix
// NOT-NOT: st.global

// Inline assembly is not duplicated: scores of the first tile, both products of
// two loops, and the last values; each loop takes a turn, and passes it.
// PRODUCTS: {{^}}36{{$}}
// TURNS: {{^}}2{{$}}
// PASSED: {{^}}3{{$}}
func.func @f(%q: !q, %k: !q, %v: !q) -> !q {
  %o = attn.sdpa %q, %k, %v : (!q, !q, !q) -> !q
  return %o : !q
}
