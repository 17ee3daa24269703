// A file may have any name: in PTX it stays within the comment of its line.
//
// RUN: attn-compile %s --target=sm_80 --emit=ptx -o %t.ptx
// RUN: FileCheck %s < %t.ptx
// RUN: attn-run %s --device=sim --target=sm_80 | FileCheck %s --check-prefix=VERDICT

// CHECK: .visible .entry f_0(
// CHECK: .loc {{.*}} from two\0Alines \22q\22 *\C3\A4.mlir:3:4
// CHECK-NOT: {{^}}lines
// VERDICT: kernel f_0
// VERDICT: passed

!q = tensor<1x1x4x16xbf16>
func.func @f(%q: !q, %k: !q, %v: !q) -> !q {
  %o = attn.sdpa %q, %k, %v : (!q, !q, !q) -> !q loc("two\0Alines \22q\22 *ä.mlir":3:4)
  return %o : !q
}
