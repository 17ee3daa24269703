// What a module and its functions say to other compilers does not reach the host
// code of a package: neither the width of its indices, nor a target, nor
// assembly, nor a library.
//
// RUN: attn-run %s --target=sm_80 --device=sim | FileCheck %s --check-prefix=VERDICT
// RUN: attn-opt %s --attn-to-package=target=sm_80 | FileCheck %s
// RUN: sed '/^module/,/^  } {/c module {' %s > %t.plain.mlir
// RUN: attn-compile %s --target=sm_80 --emit=ptx -o %t.ptx
// RUN: attn-compile %t.plain.mlir --target=sm_80 --emit=ptx -o %t.plain.ptx
// RUN: grep -v -E '^[[:space:]]*\.loc|^//' %t.ptx > %t.code
// RUN: grep -v -E '^[[:space:]]*\.loc|^//' %t.plain.ptx | diff - %t.code

// VERDICT: result 0  passed
// CHECK: module {
// CHECK-NOT: alien
// CHECK-NOT: dlti
module attributes {
    dlti.dl_spec = #dlti.dl_spec<index = 32 : i32, "dlti.endianness" = "big">,
    llvm.module_asm = ["alien instruction"], llvm.target_triple = 4,
    llvm.dependent_libraries = ["alien"], nvvm.alien, alien.number = 1
  } {
  func.func @f(%q: tensor<1x1x8x64xbf16> {llvm.noalias, alien.number = 1}) -> (tensor<1x1x8x64xbf16> {alien.text = "x"})
      attributes {llvm.emit_c_interface, alien.number = 1, passthrough = ["alien"]} {
    %o = attn.sdpa %q, %q, %q : (tensor<1x1x8x64xbf16>, tensor<1x1x8x64xbf16>, tensor<1x1x8x64xbf16>) -> tensor<1x1x8x64xbf16>
    return %o : tensor<1x1x8x64xbf16>
  }
}
