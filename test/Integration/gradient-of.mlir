// Descriptions and records name the function whose gradients another computes, by
// the name that the user gave it.
//
// RUN: attn-run %s --function=my-attention --vjp --target=host --device=host --json=%t.json > %t.txt
// RUN: FileCheck %s < %t.json
// CHECK: "function": "my-attention_vjp"
// CHECK: "gradient_of": "my-attention"
// RUN: attn-run %s --function=my-attention --target=host --device=host --json=%t.json > %t.txt
// RUN: FileCheck %s --check-prefix=PLAIN < %t.json
// PLAIN: "function": "my-attention"
// PLAIN: "gradient_of": null

!t = tensor<1x2x9x8xf32>
func.func @"my-attention"(%q: !t) -> !t {
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  return %o : !t
}
