// RUN: attn-opt %s --split-input-file --verify-diagnostics --attn-differentiate

!t = tensor<2x4x16x64xbf16>

func.func @compared(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %zero = arith.constant 0.0 : f32
    // expected-error @below {{'arith.cmpf' op of the score has no derivative; those with one are sums, products, quotients, `math.tanh` and the like}}
    %p = arith.cmpf ogt, %s, %zero : f32
    %r = arith.select %p, %s, %zero : f32
    attn.yield %r : f32
  } : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<2x4x16x64xbf16>

func.func @floor(%q: !t, %k: !t, %v: !t, %s: tensor<4xf32>) -> !t {
  %o = attn.sdpa %q, %k, %v captures(%s : tensor<4xf32>) score {
  ^bb0(%t: f32, %b: index, %h: index, %i: index, %j: index):
    %x = attn.capture %s[%h] : tensor<4xf32>
    // expected-error @below {{'math.floor' op of the score has no derivative; those with one are sums, products, quotients, `math.tanh` and the like}}
    %y = math.floor %x : f32
    %r = arith.addf %t, %y : f32
    attn.yield %r : f32
  } : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<2x4x16x64xbf16>

func.func @other_op(%q: !t, %k: !t, %v: !t) -> !t {
  // expected-error @below {{'arith.negf' op has no rule of differentiation; those with one are `attn.sdpa`, `attn.rope` and `attn.norm`}}
  %n = arith.negf %q : !t
  %o = attn.sdpa %n, %k, %v : (!t, !t, !t) -> !t
  return %o : !t
}

// -----

!t = tensor<2x4x16x64xbf16>

// expected-error @below {{expected the name `f_vjp` to be free}}
func.func @f(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v : (!t, !t, !t) -> !t
  return %o : !t
}
// expected-note @below {{it is taken here}}
func.func private @f_vjp()
