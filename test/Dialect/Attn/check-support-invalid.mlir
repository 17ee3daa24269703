// What attn-check-support refuses wherever it stands; each message names the
// nearest form.
//
// RUN: attn-opt %s --attn-check-support --split-input-file --verify-diagnostics

!t = tensor<?x?x?x8xf16>
func.func @keep(%q: !t) -> !t {
  // expected-error @below {{'attn.sdpa' op `keep` is not supported yet; nearest are the clauses `causal` and `window`}}
  %o = attn.sdpa %q, %q, %q keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  } : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<?x?x?x8xf16>
func.func private @beside()
module @inner {
  // expected-error @below {{'func.func' op with `attn.sdpa` is supported only directly in the outermost module, got it in `builtin.module`}}
  func.func @in_a_module(%q: !t) -> !t {
    %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
    return %o : !t
  }
}
