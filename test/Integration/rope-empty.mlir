// A static length, batch or head count of 0 gives an empty result, as a dynamic
// one does: the kernel is there and is not launched.
//
// RUN: attn-run %s --function=length --device=sim --target=sm_80 | FileCheck %s
// RUN: %python -c "import numpy as np, sys; np.save(sys.argv[1], np.zeros((0, 3), np.int32))" %t.npy
// RUN: attn-run %s --function=batch --device=sim --target=sm_90a --arg 1=%t.npy | FileCheck %s
// RUN: attn-run %s --function=heads --device=sim --target=sm_80 | FileCheck %s
// RUN: attn-run %s --function=open --shape 0=1x2x0x64 --device=sim --target=sm_90a | FileCheck %s
// RUN: attn-run %s --function=attention --device=sim --target=sm_80 | FileCheck %s --check-prefix=BOTH
// RUN: attn-run %s --function=attention --device=sim --target=sm_90a | FileCheck %s --check-prefix=BOTH
//
// CHECK: not launched
// CHECK: verify {{.*}}passed
// BOTH: not launched
// BOTH: not launched
// BOTH: verify {{.*}}passed

func.func @length(%x: tensor<1x2x0x64xbf16>) -> tensor<1x2x0x64xbf16> {
  %r = attn.rope %x : tensor<1x2x0x64xbf16>
  return %r : tensor<1x2x0x64xbf16>
}

func.func @batch(%x: tensor<0x2x3x64xf16>, %p: tensor<0x3xi32>) -> tensor<0x2x3x64xf16> {
  %r = attn.rope %x pairing(interleaved) rotary_dims(32) positions(%p : tensor<0x3xi32>) : tensor<0x2x3x64xf16>
  return %r : tensor<0x2x3x64xf16>
}

func.func @heads(%x: tensor<2x3x0x64xbf16>) -> tensor<2x3x0x64xbf16> {
  %r = attn.rope %x layout(bshd) : tensor<2x3x0x64xbf16>
  return %r : tensor<2x3x0x64xbf16>
}

func.func @open(%x: tensor<1x2x?x64xbf16>) -> tensor<1x2x?x64xbf16> {
  %r = attn.rope %x : tensor<1x2x?x64xbf16>
  return %r : tensor<1x2x?x64xbf16>
}

!t = tensor<0x2x5x64xbf16>
func.func @attention(%q: !t, %k: !t, %v: !t) -> !t {
  %r = attn.rope %q : !t
  %o = attn.sdpa %r, %k, %v : (!t, !t, !t) -> !t
  return %o : !t
}
