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

// -----

!t = tensor<2x4x16x64xbf16>
!l = tensor<2x4x16xf32>
func.func @gradient_not_read(%q: !t, %l: !l, %t: tensor<4xf32>, %n: tensor<16xi32>) -> (!t, tensor<4xf32>) {
  // expected-error @below {{with the gradient of a 'tensor<4xf32>' that no score reads is not supported yet; nearest is one that `score` reads}}
  %0:4 = attn.sdpa_grad %q, %q, %q, %q, %l, %q gradients_of(%t : tensor<4xf32>) captures(%t, %n : tensor<4xf32>, tensor<16xi32>) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %s : f32
  } : (!t, !t, !t, !t, !l, !t) -> (!t, !t, !t, tensor<4xf32>)
  return %0#0, %0#3 : !t, tensor<4xf32>
}

// -----

!t = tensor<2x4x16x64xbf16>
!l = tensor<2x4x16xf32>
func.func @gradient_of_sinks(%q: !t, %l: !l, %t: tensor<4xf32>, %n: tensor<16xi32>) -> (!t, tensor<4xf32>) {
  // expected-error @below {{with the gradient of a 'tensor<4xf32>' that is `sinks` and something else is not supported yet; nearest are two tensors}}
  %0:4 = attn.sdpa_grad %q, %q, %q, %q, %l, %q gradients_of(%t : tensor<4xf32>) sinks(%t : tensor<4xf32>) captures(%t, %n : tensor<4xf32>, tensor<16xi32>) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %e = attn.capture %t[%h] : tensor<4xf32>
    attn.yield %s : f32
  } : (!t, !t, !t, !t, !l, !t) -> (!t, !t, !t, tensor<4xf32>)
  return %0#0, %0#3 : !t, tensor<4xf32>
}

// -----

!t = tensor<2x4x16x64xbf16>
!l = tensor<2x4x16xf32>
func.func @gradient_of_pairs(%q: !t, %l: !l, %t: tensor<16x16x4xf32>, %n: tensor<16xi32>) -> (!t, tensor<16x16x4xf32>) {
  // expected-error @below {{with the gradient of a 'tensor<16x16x4xf32>' whose last dimension is neither of queries nor of keys is not supported yet; nearest has the keys last}}
  %0:4 = attn.sdpa_grad %q, %q, %q, %q, %l, %q gradients_of(%t : tensor<16x16x4xf32>) captures(%t, %n : tensor<16x16x4xf32>, tensor<16xi32>) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %e = attn.capture %t[%i, %j, %h] : tensor<16x16x4xf32>
    attn.yield %s : f32
  } : (!t, !t, !t, !t, !l, !t) -> (!t, !t, !t, tensor<16x16x4xf32>)
  return %0#0, %0#3 : !t, tensor<16x16x4xf32>
}

// -----

!t = tensor<2x4x16x64xbf16>
!l = tensor<2x4x16xf32>
func.func @gradient_of_blocks(%q: !t, %l: !l, %t: tensor<16x8xf32>, %n: tensor<16xi32>) -> (!t, tensor<16x8xf32>) {
  // expected-error @below {{with the gradient of a 'tensor<16x8xf32>' that has several indices of query and key is not supported yet; nearest is one index of both}}
  %0:4 = attn.sdpa_grad %q, %q, %q, %q, %l, %q gradients_of(%t : tensor<16x8xf32>) captures(%t, %n : tensor<16x8xf32>, tensor<16xi32>) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %two = arith.constant 2 : index
    %m = arith.divui %j, %two : index
    %e = attn.capture %t[%i, %m] : tensor<16x8xf32>
    attn.yield %s : f32
  } : (!t, !t, !t, !t, !l, !t) -> (!t, !t, !t, tensor<16x8xf32>)
  return %0#0, %0#3 : !t, tensor<16x8xf32>
}
