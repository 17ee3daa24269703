// What attn-check-support refuses wherever it stands; each message names the
// nearest form.
//
// RUN: attn-opt %s --attn-check-support --split-input-file --verify-diagnostics

!t = tensor<?x?x?x8xf16>
func.func @range(%q: !t) -> !t {
  // expected-error @below {{'attn.sdpa' op `range` is not supported yet; nearest is `keep`, from which it is derived}}
  %o = attn.sdpa %q, %q, %q keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  } range {
  ^bb0(%b: index, %h: index, %i0: index, %i1: index):
    attn.yield %i0, %i0, %i1, %i1 : index, index, index, index
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
