// Kernels broken in one place: the simulator or the judge must notice each. The
// lengths are ragged on purpose, so that copies and masks have edges.
//
// RUN: mkdir -p %t
// RUN: attn-compile %s --target=sm_80 -o %t/f.so
// RUN: attn-compile %s --target=sm_80 --emit=ptx -o %t/f.ptx
// RUN: %python %S/Inputs/run_mutants.py %t/f.so %t/f.ptx %t | FileCheck %s
//
// CHECK-DAG: killed wait dropped{{.*}}cp-async
// CHECK-DAG: killed wait too weak{{.*}}cp-async
// CHECK-DAG: killed barrier dropped{{.*}}hazard
// CHECK-DAG: killed copies not cut off at the edge{{.*}}oob
// CHECK-DAG: killed copy to the wrong address{{.*}}race
// CHECK-DAG: killed swizzle undone{{.*}}result 0 is wrong
// CHECK-DAG: killed not transposed{{.*}}result 0 is wrong
// CHECK-DAG: killed registers of an operand swapped{{.*}}result 0 is wrong
// CHECK-DAG: killed one lane too few{{.*}}result 0 is wrong
// CHECK-DAG: killed one key too few{{.*}}result {{[01]}} is wrong

func.func @f(%q: tensor<1x1x200x64xbf16>, %k: tensor<1x1x203x64xbf16>, %v: tensor<1x1x203x64xbf16>) -> (tensor<1x1x200x64xbf16>, tensor<1x1x200xf32>) {
  %o, %lse = attn.sdpa %q, %k, %v causal(bottom_right) : (tensor<1x1x200x64xbf16>, tensor<1x1x203x64xbf16>, tensor<1x1x203x64xbf16>) -> (tensor<1x1x200x64xbf16>, tensor<1x1x200xf32>)
  return %o, %lse : tensor<1x1x200x64xbf16>, tensor<1x1x200xf32>
}
