// RUN: attn-opt %s --split-input-file --verify-diagnostics

// One case for each way to break a rule (G1) to (G10) of docs/AttnSpec.md.

func.func @g1_length(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x15x64xbf16>, %o: tensor<2x4x16x64xbf16>, %lse: tensor<2x4x16xf32>, %do: tensor<2x4x16x64xbf16>, %dl: tensor<2x4x16xf32>) {
  // expected-error @below {{expected length of value to match key (16), got 15}}
  // expected-note @below {{key is}}
  %0:3 = attn.sdpa_grad %q, %k, %v, %o, %lse, %do  : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x15x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16xf32>, tensor<2x4x16x64xbf16>) -> (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x15x64xbf16>)
  return
}

// -----

func.func @g1_clause(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>, %o: tensor<2x4x16x64xbf16>, %lse: tensor<2x4x16xf32>, %do: tensor<2x4x16x64xbf16>, %dl: tensor<2x4x16xf32>) {
  // expected-error @below {{expected `softcap` from 2^-64 to 2^64}}
  %0:3 = attn.sdpa_grad %q, %k, %v, %o, %lse, %do softcap(0.0) : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16xf32>, tensor<2x4x16x64xbf16>) -> (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>)
  return
}

// -----

func.func @g2_output(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>, %o: tensor<2x4x16x32xbf16>, %lse: tensor<2x4x16xf32>, %do: tensor<2x4x16x64xbf16>, %dl: tensor<2x4x16xf32>) {
  // expected-error @below {{expected type of output to be 'tensor<2x4x16x64xbf16>', got 'tensor<2x4x16x32xbf16>'}}
  %0:3 = attn.sdpa_grad %q, %k, %v, %o, %lse, %do  : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x32xbf16>, tensor<2x4x16xf32>, tensor<2x4x16x64xbf16>) -> (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>)
  return
}

// -----

func.func @g2_lse(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>, %o: tensor<2x4x16x64xbf16>, %lse: tensor<2x4x16xbf16>, %do: tensor<2x4x16x64xbf16>, %dl: tensor<2x4x16xf32>) {
  // expected-error @below {{expected type of LSE to be 'tensor<2x4x16xf32>', got 'tensor<2x4x16xbf16>'}}
  %0:3 = attn.sdpa_grad %q, %k, %v, %o, %lse, %do  : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16xbf16>, tensor<2x4x16x64xbf16>) -> (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>)
  return
}

// -----

func.func @g3_output(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>, %o: tensor<2x4x16x64xbf16>, %lse: tensor<2x4x16xf32>, %do: tensor<2x4x16x64xf32>, %dl: tensor<2x4x16xf32>) {
  // expected-error @below {{expected type of output gradient to be 'tensor<2x4x16x64xbf16>', got 'tensor<2x4x16x64xf32>'}}
  %0:3 = attn.sdpa_grad %q, %k, %v, %o, %lse, %do  : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16xf32>, tensor<2x4x16x64xf32>) -> (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>)
  return
}

// -----

func.func @g3_lse(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>, %o: tensor<2x4x16x64xbf16>, %lse: tensor<2x4x16xf32>, %do: tensor<2x4x16x64xbf16>, %dl: tensor<2x4x?xf32>) {
  // expected-error @below {{expected type of LSE gradient to be 'tensor<2x4x16xf32>', got 'tensor<2x4x?xf32>'}}
  %0:3 = attn.sdpa_grad %q, %k, %v, %o, %lse, %do, %dl  : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16xf32>, tensor<2x4x16x64xbf16>, tensor<2x4x?xf32>) -> (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>)
  return
}

// -----

func.func @g4_query(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>, %o: tensor<2x4x16x64xbf16>, %lse: tensor<2x4x16xf32>, %do: tensor<2x4x16x64xbf16>, %dl: tensor<2x4x16xf32>) {
  // expected-error @below {{expected type of query gradient to be 'tensor<2x4x16x64xbf16>', got 'tensor<2x4x16x64xf32>'}}
  %0:3 = attn.sdpa_grad %q, %k, %v, %o, %lse, %do  : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16xf32>, tensor<2x4x16x64xbf16>) -> (tensor<2x4x16x64xf32>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>)
  return
}

// -----

func.func @g4_key(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x2x16x64xbf16>, %v: tensor<2x2x16x64xbf16>, %o: tensor<2x4x16x64xbf16>, %lse: tensor<2x4x16xf32>, %do: tensor<2x4x16x64xbf16>, %dl: tensor<2x4x16xf32>) {
  // expected-error @below {{expected type of key gradient to be 'tensor<2x2x16x64xbf16>', got 'tensor<2x4x16x64xbf16>'}}
  %0:3 = attn.sdpa_grad %q, %k, %v, %o, %lse, %do  : (tensor<2x4x16x64xbf16>, tensor<2x2x16x64xbf16>, tensor<2x2x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16xf32>, tensor<2x4x16x64xbf16>) -> (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x2x16x64xbf16>)
  return
}

// -----

func.func @g4_value(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>, %o: tensor<2x4x16x64xbf16>, %lse: tensor<2x4x16xf32>, %do: tensor<2x4x16x64xbf16>, %dl: tensor<2x4x16xf32>) {
  // expected-error @below {{expected type of value gradient to be 'tensor<2x4x16x64xbf16>', got 'tensor<2x4x16x8xbf16>'}}
  %0:3 = attn.sdpa_grad %q, %k, %v, %o, %lse, %do  : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16xf32>, tensor<2x4x16x64xbf16>) -> (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x8xbf16>)
  return
}

// -----

func.func @g6_beside(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>, %o: tensor<2x4x16x64xbf16>, %lse: tensor<2x4x16xf32>, %do: tensor<2x4x16x64xbf16>, %dl: tensor<2x4x16xf32>) {
  // expected-error @below {{expected `query_range` to stand beside `keep`}}
  %0:3 = attn.sdpa_grad %q, %k, %v, %o, %lse, %do query_range {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    attn.yield %b, %b, %b, %b : index, index, index, index
  } : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16xf32>, tensor<2x4x16x64xbf16>) -> (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>)
  return
}

// -----

func.func @g6_yield(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>, %o: tensor<2x4x16x64xbf16>, %lse: tensor<2x4x16xf32>, %do: tensor<2x4x16x64xbf16>, %dl: tensor<2x4x16xf32>) {
  // expected-error @below {{expected `query_range` to end in `attn.yield` of 4 values of type 'index'}}
  %0:3 = attn.sdpa_grad %q, %k, %v, %o, %lse, %do keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  } query_range {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    attn.yield %b, %b : index, index
  } : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16xf32>, tensor<2x4x16x64xbf16>) -> (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>)
  return
}

// -----

func.func @five_operands(%q: tensor<2x4x16x64xbf16>) {
  // expected-error @below {{expected 6 operands (query, key, value, output, LSE, output gradient), or 7 with the LSE gradient, got 5}}
  %0:3 = attn.sdpa_grad %q, %q, %q, %q, %q : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>) -> (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>)
  return
}

// -----

func.func @two_results(%q: tensor<2x4x16x64xbf16>) {
  // expected-error @below {{expected 3 results, the gradients of query, key, value and what `gradients_of` names, got 2}}
  %0:2 = attn.sdpa_grad %q, %q, %q, %q, %q, %q : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>) -> (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>)
  return
}

// -----

func.func @g7_beside(%q: tensor<2x4x16x64xbf16>, %lse: tensor<2x4x16xf32>) {
  // expected-error @below {{expected `slope` to stand beside `score`}}
  %0:3 = attn.sdpa_grad %q, %q, %q, %q, %lse, %q slope {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %s : f32
  } : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16xf32>, tensor<2x4x16x64xbf16>) -> (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>)
  return
}

// -----

func.func @g7_yield(%q: tensor<2x4x16x64xbf16>, %lse: tensor<2x4x16xf32>) {
  // expected-error @below {{expected `slope` to end in `attn.yield` of 1 value of type 'f32'}}
  %0:3 = attn.sdpa_grad %q, %q, %q, %q, %lse, %q score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %s : f32
  } slope {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %j : index
  } : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16xf32>, tensor<2x4x16x64xbf16>) -> (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>)
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
!l = tensor<2x4x16xf32>

func.func @g8_integers(%q: !t, %lse: !l, %t: tensor<4xi32>) {
  // expected-error @below {{expected `gradients_of` to name tensors of floats, got 'tensor<4xi32>'}}
  %0:4 = attn.sdpa_grad %q, %q, %q, %q, %lse, %q gradients_of(%t : tensor<4xi32>) captures(%t : tensor<4xi32>) : (!t, !t, !t, !t, !l, !t) -> (!t, !t, !t, tensor<4xi32>)
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
!l = tensor<2x4x16xf32>

func.func @g8_not_read(%q: !t, %lse: !l, %t: tensor<4xf32>) {
  // expected-error @below {{expected tensors of `gradients_of` in `alibi`, `relative_bias`, `bias`, `sinks` or `captures`}}
  %0:4 = attn.sdpa_grad %q, %q, %q, %q, %lse, %q gradients_of(%t : tensor<4xf32>) : (!t, !t, !t, !t, !l, !t) -> (!t, !t, !t, tensor<4xf32>)
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
!l = tensor<2x4x16xf32>

func.func @g8_twice(%q: !t, %lse: !l, %t: tensor<4xf32>) {
  // expected-error @below {{expected `gradients_of` to name each tensor once}}
  %0:5 = attn.sdpa_grad %q, %q, %q, %q, %lse, %q gradients_of(%t, %t : tensor<4xf32>, tensor<4xf32>) alibi(%t : tensor<4xf32>) : (!t, !t, !t, !t, !l, !t) -> (!t, !t, !t, tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
!l = tensor<2x4x16xf32>

func.func @g9_type(%q: !t, %lse: !l, %t: tensor<4xf32>) {
  // expected-error @below {{expected type of tensor gradient to be 'tensor<4xf32>', got 'tensor<4xf16>'}}
  %0:4 = attn.sdpa_grad %q, %q, %q, %q, %lse, %q gradients_of(%t : tensor<4xf32>) alibi(%t : tensor<4xf32>) : (!t, !t, !t, !t, !l, !t) -> (!t, !t, !t, tensor<4xf16>)
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
!l = tensor<2x4x16xf32>

func.func @g9_count(%q: !t, %lse: !l, %t: tensor<4xf32>) {
  // expected-error @below {{expected a result for each tensor of `gradients_of`, 1, got 0}}
  %0:3 = "attn.sdpa_grad"(%q, %q, %q, %q, %lse, %q, %t, %t) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1>}> ({}, {}, {}, {}, {}) : (!t, !t, !t, !t, !l, !t, tensor<4xf32>, tensor<4xf32>) -> (!t, !t, !t)
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
!l = tensor<2x4x16xf32>

func.func @g10_score(%q: !t, %lse: !l, %t: tensor<4xf32>, %u: tensor<4xf32>) {
  %0:4 = attn.sdpa_grad %q, %q, %q, %q, %lse, %q gradients_of(%t : tensor<4xf32>) captures(%t, %u : tensor<4xf32>, tensor<4xf32>) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    // expected-error @below {{expected to stand in the `slope` region}}
    attn.add_gradient %s, %t[%h] : tensor<4xf32>
    attn.yield %s : f32
  } slope {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %s : f32
  } : (!t, !t, !t, !t, !l, !t) -> (!t, !t, !t, tensor<4xf32>)
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
!l = tensor<2x4x16xf32>

func.func @g10_tensor(%q: !t, %lse: !l, %t: tensor<4xf32>, %u: tensor<4xf32>) {
  %0:4 = attn.sdpa_grad %q, %q, %q, %q, %lse, %q gradients_of(%t : tensor<4xf32>) captures(%t, %u : tensor<4xf32>, tensor<4xf32>) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %s : f32
  } slope {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    // expected-error @below {{expected its tensor in `gradients_of`}}
    attn.add_gradient %s, %u[%h] : tensor<4xf32>
    attn.yield %s : f32
  } : (!t, !t, !t, !t, !l, !t) -> (!t, !t, !t, tensor<4xf32>)
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
!l = tensor<2x4x16xf32>

func.func @g10_indices(%q: !t, %lse: !l, %t: tensor<4xf32>, %u: tensor<4xf32>) {
  %0:4 = attn.sdpa_grad %q, %q, %q, %q, %lse, %q gradients_of(%t : tensor<4xf32>) captures(%t, %u : tensor<4xf32>, tensor<4xf32>) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %s : f32
  } slope {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    // expected-error @below {{expected 1 indices, as many as the rank of 'tensor<4xf32>', got 2}}
    attn.add_gradient %s, %t[%h, %i] : tensor<4xf32>
    attn.yield %s : f32
  } : (!t, !t, !t, !t, !l, !t) -> (!t, !t, !t, tensor<4xf32>)
  return
}
