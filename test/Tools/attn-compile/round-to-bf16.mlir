// Results are rounded to bf16 by vectors, also where a processor has no instruction
// for it: without a call for each of them.
//
// RUN: attn-compile %s --target=x86-64-v3 --emit=asm -o - | FileCheck %s
// RUN: attn-compile %s --target=x86-64-v4 --emit=asm -o - | FileCheck %s
// RUN: attn-compile %s --target=aarch64 --emit=asm -o - | FileCheck %s
// CHECK: {{^}}f_0:
// CHECK-NOT: __truncsfbf2

!t = tensor<1x2x64x64xbf16>
func.func @f(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v : (!t, !t, !t) -> !t
  return %o : !t
}
