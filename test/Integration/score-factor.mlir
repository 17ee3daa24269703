// A score region that is nothing but a factor, which the softmax has.
//
// RUN: attn-run %s --target=host --device=host --shape 0=1x2x70x64 | FileCheck %s
// RUN: sed 's/f32>/bf16>/' %s > %t.mlir
// RUN: attn-run %t.mlir --target=sm_80 --device=sim --shape 0=1x2x70x64 | FileCheck %s
// RUN: attn-run %t.mlir --target=sm_90a --device=sim --shape 0=1x2x70x64 | FileCheck %s
// CHECK: verify   result 0  passed

!t = tensor<1x2x?x64xf32>
func.func @twice(%q: !t) -> !t {
  %o = attn.sdpa %q, %q, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %two = arith.constant 2.0 : f32
    %x = arith.mulf %s, %two : f32
    attn.yield %x : f32
  } : (!t, !t, !t) -> !t
  return %o : !t
}
