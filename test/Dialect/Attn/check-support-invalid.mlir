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

// -----

!t = tensor<?x?x?x8xf16>
func.func @bits(%q: !t) -> !t {
  %o = attn.sdpa %q, %q, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    // expected-error @below {{'arith.bitcast' op the bits of a float is not supported in regions of `attn.sdpa`; nearest is arithmetic}}
    %n = arith.bitcast %s : f32 to i32
    %r = arith.sitofp %n : i32 to f32
    attn.yield %r : f32
  } : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<?x?x?x8xf16>
func.func @wide(%q: !t) -> !t {
  %o = attn.sdpa %q, %q, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    // expected-error @below {{'arith.index_cast' op a value of 'i64' is not supported in regions of `attn.sdpa`; nearest are f32, i32 and index}}
    %n = arith.index_cast %i : index to i64
    %r = arith.sitofp %n : i64 to f32
    attn.yield %r : f32
  } : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<?x?x?x8xf16>
func.func @half(%q: !t, %x: tensor<8xf16>) -> !t {
  %o = attn.sdpa %q, %q, %q captures(%x : tensor<8xf16>) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %e = attn.capture %x[%j] : tensor<8xf16>
    // expected-error @below {{'arith.fptosi' op a float of 16 bits as an operand is not supported in regions of `attn.sdpa`; nearest is `arith.extf` of it}}
    %n = arith.fptosi %e : f16 to i32
    %r = arith.sitofp %n : i32 to f32
    attn.yield %r : f32
  } : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<?x?x?x8xf16>
func.func @several(%q: !t) -> !t {
  %o = attn.sdpa %q, %q, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %n = arith.index_cast %i : index to i32
    // expected-error @below {{'arith.mului_extended' op an operation of several results is not supported in regions of `attn.sdpa`; nearest are operations of one}}
    %low, %high = arith.mului_extended %n, %n : i32
    %r = arith.sitofp %high : i32 to f32
    attn.yield %r : f32
  } : (!t, !t, !t) -> !t
  return %o : !t
}
