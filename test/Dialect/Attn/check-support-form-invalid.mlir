// Functions that attn-check-support refuses for what stands beside attention, or
// for where attention stands. attn-outline takes it out of each of them.
//
// RUN: attn-opt %s --attn-check-support --split-input-file --verify-diagnostics
// RUN: attn-opt %s --attn-outline --attn-check-support --split-input-file -o /dev/null

!t = tensor<?x?x?x8xf16>
func.func @summed(%q: !t) -> !t {
  %o = attn.sum %q, %q : !t
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
  // expected-error @below {{'tensor.empty' op is not supported beside `attn.sdpa` in a function; nearest is a function of its own, which attn-outline makes}}
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
  // expected-error @below {{'func.return' op is supported only of results of `attn.sdpa`, `attn.rope` and `attn.norm`, got an argument of the function}}
  return %o, %q : !t, !t
}

// -----

!t = tensor<?x?x?x8xf16>
func.func @returned_twice(%q: !t) -> (!t, !t) {
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  // expected-error @below {{'func.return' op is supported only of each result once, got one twice}}
  return %o, %o : !t, !t
}

// -----

!t = tensor<?x?x?x8xf16>
// expected-error @below {{'func.func' op with `attn.sdpa` is supported only in a public function, which a package exports, got a private one}}
func.func private @private(%q: !t) -> !t {
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<?x?x?x8xf16>
// expected-error @below {{'func.func' op with `attn.rope` is supported only where the function returns a result of it, got no results}}
func.func @nothing_returned(%q: !t) {
  %o = attn.rope %q : !t
  return
}

// -----

!t = tensor<?x?x?x8xf16>
// expected-error @below {{'func.func' op with `attn.sdpa` is supported only on ranked tensors of rank at most 8 as arguments, got 'i32' for argument 1}}
func.func @unused_scalar(%q: !t, %unused: i32) -> !t {
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<?x?x?x8xf16>
// expected-error @below {{rank at most 8 as arguments, got 'tensor<1x1x1x1x1x1x1x1x1xf32>' for argument 1}}
func.func @rank_nine(%q: !t, %unused: tensor<1x1x1x1x1x1x1x1x1xf32>) -> !t {
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<?x?x?x8xf16>
// expected-error @below {{'func.func' op with `attn.sdpa` is supported only on tensors of f16, bf16, f32, i1, i8, i32 or i64 as arguments, got 'tensor<4xf64>' for argument 0}}
func.func @unused_f64(%unused: tensor<4xf64>, %q: !t) -> !t {
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<?x?x?x8xf16>
// expected-error @below {{got 'tensor<4xindex>' for argument 0}}
func.func @unused_index(%unused: tensor<4xindex>, %q: !t) -> !t {
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<?x?x?x8xf16>
// expected-error @below {{got 'tensor<4xui32>' for argument 0}}
func.func @unused_unsigned(%unused: tensor<4xui32>, %q: !t) -> !t {
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<?x?x?x8xf16>
// expected-error @below {{'func.func' op with `attn.sdpa` is supported only under a name of UTF-8 without control characters, got "two\nlines"}}
func.func @"two\0Alines"(%q: !t) -> !t {
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<?x?x?x8xf16>
// expected-error @below {{is supported only under a name of UTF-8}}
func.func @"\FF"(%q: !t) -> !t {
  %o = attn.sdpa %q, %q, %q : (!t, !t, !t) -> !t
  return %o : !t
}
