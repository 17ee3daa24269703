// Functions of any name are compiled, run and judged, and reports use the name that
// the user gave. What else a module holds does no harm.
//
// RUN: attn-compile %s --target=sm_80 -o %t.so --report=json | FileCheck %s --check-prefix=REPORT
// RUN: attn-run %t.so --device=sim --function=my-attention --json=%t.json
// RUN: FileCheck %s --check-prefix=RECORD < %t.json
// RUN: attn-run %t.so --device=sim --function=layer.0 | FileCheck %s --check-prefix=DOT
// RUN: attn-run %t.so --device=sim --function=layer_0 | FileCheck %s --check-prefix=PLAIN
// RUN: attn-run %t.so --device=sim --function=1x | FileCheck %s --check-prefix=DIGIT
// RUN: attn-run %t.so --device=sim --function='a b' | FileCheck %s --check-prefix=SPACE
// RUN: attn-run %t.so --device=sim --function='say "so"' | FileCheck %s --check-prefix=QUOTE
// RUN: attn-run %t.so --device=sim --function='model/block*/q' | FileCheck %s --check-prefix=SLASH
// RUN: attn-run %t.so --device=sim --function=größe | FileCheck %s --check-prefix=UMLAUT
// RUN: attn-run %t.so --device=sim --function=layer | FileCheck %s --check-prefix=LAYER
// RUN: attn-run %t.so --device=sim --function=layer__reference | FileCheck %s --check-prefix=JUDGE
// RUN: attn-run %t.so --device=sim --function=attnrtLaunch | FileCheck %s --check-prefix=RUNTIME
// RUN: attn-run %t.so --device=sim --function=exp | FileCheck %s --check-prefix=LIBM
//
// Each stage's printed text gives the same.
// RUN: attn-opt %s --attn-to-tile='target=sm_90a' | attn-opt --tile-to-nvvm | attn-opt --package-build-entries --package-assemble-kernels=cubin=false -o /dev/null

// Not one kernel of the module is called what another is.
// REPORT: "name":"my_attention_0"
// REPORT-NOT: "name":"k"
// RECORD: "function": "my-attention"
// RECORD: "name": "my_attention_0"
// DOT: context layer.0 on sim
// DOT: kernel layer_0_1_0 grid
// DOT: passed
// PLAIN: context layer_0 on sim
// PLAIN: passed
// DIGIT: context 1x on sim
// DIGIT: kernel _1x_0 grid
// DIGIT: passed
// SPACE: context a b on sim
// SPACE: kernel a_b_0 grid
// SPACE: passed
// QUOTE: context say "so" on sim
// QUOTE: kernel say_so__0 grid
// QUOTE: passed
// SLASH: context model/block*/q on sim
// SLASH: kernel model_block_q_0 grid
// SLASH: passed
// UMLAUT: context größe on sim
// UMLAUT: kernel gr_e_0 grid
// UMLAUT: passed
// LAYER: context layer on sim
// LAYER: passed
// JUDGE: context layer__reference on sim
// JUDGE: passed
// RUNTIME: context attnrtLaunch on sim
// RUNTIME: passed
// LIBM: context exp on sim
// LIBM: passed

!q = tensor<1x2x5x16xbf16>

// An operation that nobody reads, and arguments that none does.
func.func @"my-attention"(%q: !q, %k: !q, %v: !q, %scalar: tensor<f32>, %empty: tensor<3x0xbf16>) -> !q {
  %unused = attn.sdpa %k, %k, %v : (!q, !q, !q) -> !q
  %o = attn.sdpa %q, %k, %v : (!q, !q, !q) -> !q
  return %o : !q
}
func.func @"layer.0"(%q: !q, %k: !q, %v: !q) -> !q {
  %o = attn.sdpa %q, %k, %v : (!q, !q, !q) -> !q
  return %o : !q
}
func.func @layer_0(%q: !q, %k: !q, %v: !q) -> !q {
  %o = attn.sdpa %q, %k, %v : (!q, !q, !q) -> !q
  return %o : !q
}
func.func @layer(%q: !q, %k: !q, %v: !q) -> !q {
  %r = attn.rope %q : !q
  %o = attn.sdpa %r, %k, %v : (!q, !q, !q) -> !q
  return %o : !q
}
func.func @layer__reference(%q: !q, %k: !q, %v: !q) -> !q {
  %o = attn.sdpa %q, %k, %v : (!q, !q, !q) -> !q
  return %o : !q
}
func.func @"1x"(%q: !q, %k: !q, %v: !q) -> !q {
  %o = attn.sdpa %q, %k, %v : (!q, !q, !q) -> !q
  return %o : !q
}
func.func @"a b"(%q: !q, %k: !q, %v: !q) -> !q {
  %o = attn.sdpa %q, %k, %v : (!q, !q, !q) -> !q
  return %o : !q
}
func.func @"say \22so\22"(%q: !q, %k: !q, %v: !q) -> !q {
  %o = attn.sdpa %q, %k, %v : (!q, !q, !q) -> !q
  return %o : !q
}
func.func @"model/block*/q"(%q: !q, %k: !q, %v: !q) -> !q {
  %o = attn.sdpa %q, %k, %v : (!q, !q, !q) -> !q
  return %o : !q
}
func.func @"größe"(%q: !q, %k: !q, %v: !q) -> !q {
  %o = attn.sdpa %q, %k, %v : (!q, !q, !q) -> !q
  return %o : !q
}
func.func @attnrtLaunch(%q: !q) -> !q {
  %o = attn.rope %q : !q
  return %o : !q
}
func.func @exp(%q: !q, %k: !q, %v: !q) -> !q {
  %o = attn.sdpa %q, %k, %v : (!q, !q, !q) -> !q
  return %o : !q
}

gpu.module @kernels {
  gpu.func @k() kernel {
    gpu.return
  }
}
func.func private @declared(tensor<4xf32>) -> tensor<4xf32>
func.func @helper(%a: tensor<4xf32>) -> tensor<4xf32> {
  %b = arith.addf %a, %a : tensor<4xf32>
  return %b : tensor<4xf32>
}
func.func @caller(%q: !q, %k: !q, %v: !q) -> !q {
  %o = call @"layer.0"(%q, %k, %v) : (!q, !q, !q) -> !q
  return %o : !q
}
module @nested {
  func.func @inner(%a: i32) -> i32 {
    return %a : i32
  }
}
