// RUN: sed s/TARGET/x86-64-v3/ %s | attn-opt --tile-to-vector | FileCheck %s --check-prefixes=CHECK,V3
// RUN: sed s/TARGET/x86-64-v4/ %s | attn-opt --tile-to-vector | FileCheck %s --check-prefixes=CHECK,V4

!m = memref<64x16xf32, strided<[16, 1]>>

// A polynomial of the fraction, scaled by the whole part: by an instruction where
// there is one, else in two steps, since a power of two may be beyond what normal
// numbers are.
// CHECK-LABEL: func.func private @power
// CHECK-DAG: arith.constant dense<-1.510000e+02>
// CHECK-DAG: arith.constant dense<1.290000e+02>
// CHECK: %[[WHOLE:.*]] = math.roundeven %[[X:.*]] : vector
// CHECK: %[[FRACTION:.*]] = arith.subf %[[X]], %[[WHOLE]]
// CHECK-COUNT-6: math.fma %{{.*}}, %[[FRACTION]],
// V3: arith.fptosi %[[WHOLE]]
// V3-COUNT-2: arith.shli
// V4-NOT: arith.shli
// V4: llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"
tile.kernel @power(%X: !m, %Y: !m) attributes {cta = #tile.cta<warps = 0>, target = "TARGET"} {
  %c0 = arith.constant 0 : index
  %x = tile.load %X[%c0] : !m -> tensor<16x16xf32>
  %y = math.exp2 %x : tensor<16x16xf32>
  tile.store %y, %Y[%c0] : tensor<16x16xf32>, !m
  tile.return
}
