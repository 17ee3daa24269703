// Positions are sums of 64 bits: an offset beside given positions or offsets of any
// i32 value does not wrap.
//
// RUN: %python -c "import numpy as np, sys; np.save(sys.argv[1], np.array([2**31 - 1, -2**31], np.int32))" %t.offsets.npy
// RUN: %python -c "import numpy as np, sys; np.save(sys.argv[1], np.array([[2**31 - 1, -2**31, 5], [-2**31, 1 - 2**31, 0]], np.int32))" %t.positions.npy
// RUN: attn-run %s --function=offsets --device=sim --target=sm_80 --arg 1=%t.offsets.npy | FileCheck %s
// RUN: attn-run %s --function=offsets --device=sim --target=sm_90a --arg 1=%t.offsets.npy | FileCheck %s
// RUN: attn-run %s --function=above --device=sim --target=sm_80 --arg 1=%t.positions.npy | FileCheck %s
// RUN: attn-run %s --function=below --device=sim --target=sm_90a --arg 1=%t.positions.npy | FileCheck %s
//
// CHECK: verify {{.*}}passed

!t = tensor<2x1x3x16xbf16>
func.func @offsets(%x: !t, %o: tensor<2xi32>) -> !t {
  %r = attn.rope %x offset(1073741823) offsets(%o : tensor<2xi32>) : !t
  return %r : !t
}

func.func @above(%x: !t, %p: tensor<2x3xi32>) -> !t {
  %r = attn.rope %x offset(1073741823) positions(%p : tensor<2x3xi32>) : !t
  return %r : !t
}

func.func @below(%x: !t, %p: tensor<2x3xi32>) -> !t {
  %r = attn.rope %x pairing(interleaved) offset(-1073741823) positions(%p : tensor<2x3xi32>) : !t
  return %r : !t
}
