// RUN: attn-compile %s --target=sm_80 --emit=ptx | FileCheck %s
// RUN: attn-compile %s --target=sm_80 --emit=ptx | FileCheck %s --check-prefix=NOT

!q = tensor<1x4x?x64xbf16>

// CHECK: .version 7.0
// CHECK: .target sm_80
// CHECK: .visible .entry f_0(
// CHECK: .maxntid 128
// CHECK: .minnctapersm 1
// 16 bytes past the first-level cache, zeros where the row is outside.
// CHECK: cp.async.cg.shared.global [%r{{.*}}], [%rd{{.*}}], 16, %r{{[0-9]+}};
// CHECK: cp.async.commit_group;
// CHECK: cp.async.wait_group 0;
// CHECK: bar.sync 0;
// CHECK: ldmatrix.sync.aligned.m8n8.x4.shared.b16
// CHECK: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// CHECK: shfl.sync.bfly.b32
// The scale is the factor of the FMA in front of exp2.
// CHECK: fma.rn.ftz.f32
// CHECK: ex2.approx.ftz.f32
// CHECK: cvt.rn.bf16x2.f32
// CHECK: ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16
// The output leaves by way of shared memory, 16 bytes at a time.
// CHECK: st.shared.b32
// CHECK: ld.shared.v4.b32
// CHECK: st.global.v4.b32

// Neither local memory nor calls, nor divisions but the one by a row's sum.
// NOT-NOT: .local
// NOT-NOT: call
// NOT-NOT: div.rn
// NOT-NOT: cvt.rn.bf16.f32
func.func @f(%q: !q, %k: !q, %v: !q) -> !q {
  %o = attn.sdpa %q, %k, %v : (!q, !q, !q) -> !q
  return %o : !q
}
