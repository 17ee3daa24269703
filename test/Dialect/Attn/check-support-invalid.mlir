// What attn-check-support refuses; each message names the nearest form.
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
func.func @chained(%q: !t) -> !t {
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  // expected-error @below {{'attn.sdpa' op is supported only on arguments of the function, got key from another operation}}
  %p = attn.sdpa %q, %o, %q : (!t, !t, !t) -> !t
  return %p : !t
}

// -----

!t = tensor<?x?x?x8xf16>
func.func @nested(%q: !t, %n: index) -> !t {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%x = %q) -> !t {
    // expected-error @below {{'attn.sdpa' op is supported only directly in a `func.func`, got `scf.for`}}
    %o = attn.sdpa %q, %q, %x : (!t, !t, !t) -> !t
    scf.yield %o : !t
  }
  return %r : !t
}

// -----

!t = tensor<?x?x?x8xf16>
func.func @other_operation(%q: !t) -> !t {
  // expected-error @below {{'tensor.empty' op is not supported beside `attn.sdpa` in a function; nearest is a function of its own}}
  %e = tensor.empty() : tensor<4xf16>
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<?x?x?x8xf16>
// expected-error @below {{'func.func' op with `attn.sdpa` is supported only with one block, got 2}}
func.func @two_blocks(%q: !t) -> !t {
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  cf.br ^bb1
^bb1:
  return %o : !t
}

// -----

!t = tensor<?x?x?x8xf16>
func.func @block_argument(%q: !t) -> !t {
  cf.br ^bb1(%q : !t)
^bb1(%x: !t):
  // expected-error @below {{'attn.sdpa' op is supported only on arguments of the function, got query from another block}}
  %o = attn.sdpa %x, %q, %q : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<?x?x?x8xf16>
func.func @returned_argument(%q: !t) -> (!t, !t) {
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  // expected-error @below {{'func.return' op is supported only of results of `attn.sdpa` and `attn.rope`, got an argument of the function}}
  return %o, %q : !t, !t
}

// -----

!t = tensor<?x?x?x8xf16>
func.func @returned_twice(%q: !t) -> (!t, !t) {
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  // expected-error @below {{'func.return' op is supported only of each result once, got one twice}}
  return %o, %o : !t, !t
}
