// RUN: attn-opt %s --split-input-file --verify-diagnostics

// One case for each way to break a rule (R1) to (R12) of docs/AttnSpec.md.

func.func @rope_r1_rank(%x: tensor<?x8x128xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected input of rank 4 without an encoding, got 'tensor<?x8x128xbf16>'}}
  %r = attn.rope %x : tensor<?x8x128xbf16>
  return
}

// -----

func.func @rope_r1_encoding(%x: tensor<2x8x16x128xbf16, 1 : i32>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected input of rank 4 without an encoding}}
  %r = attn.rope %x : tensor<2x8x16x128xbf16, 1 : i32>
  return
}

// -----

func.func @rope_r2_f64(%x: tensor<?x8x?x128xf64>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected element type of input to be f16, bf16 or f32, got 'f64'}}
  %r = attn.rope %x : tensor<?x8x?x128xf64>
  return
}

// -----

func.func @rope_r3_dynamic(%x: tensor<?x8x?x?xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected head_dim of input to be a static multiple of 8 from 8 to 256, got ?}}
  %r = attn.rope %x : tensor<?x8x?x?xbf16>
  return
}

// -----

func.func @rope_r3_odd(%x: tensor<?x8x?x20xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected head_dim of input to be a static multiple of 8 from 8 to 256, got 20}}
  %r = attn.rope %x : tensor<?x8x?x20xbf16>
  return
}

// -----

func.func @rope_r4_length(%x: tensor<1x8x1073741824x64xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected length of input to be below 2^30, got 1073741824}}
  %r = attn.rope %x : tensor<1x8x1073741824x64xbf16>
  return
}

// -----

func.func @rope_r4_length_bshd(%x: tensor<1x1073741824x8x64xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected length of input to be below 2^30, got 1073741824}}
  %r = attn.rope %x layout(bshd) : tensor<1x1073741824x8x64xbf16>
  return
}

// -----

func.func @rope_r5_base(%x: tensor<?x8x?x64xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected `base` to be positive and finite}}
  %r = attn.rope %x base(-1.0) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r5_zero(%x: tensor<?x8x?x64xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected `base` to be positive and finite}}
  %r = attn.rope %x base(0.0) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r6_odd(%x: tensor<?x8x?x64xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected `rotary_dims` to be even, from 2 to the head_dim 64, got 31}}
  %r = attn.rope %x rotary_dims(31) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r6_large(%x: tensor<?x8x?x64xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected `rotary_dims` to be even, from 2 to the head_dim 64, got 66}}
  %r = attn.rope %x rotary_dims(66) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r6_zero(%x: tensor<?x8x?x64xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected `rotary_dims` to be even, from 2 to the head_dim 64, got 0}}
  %r = attn.rope %x rotary_dims(0) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r7_offset(%x: tensor<?x8x?x64xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected `offset` above -2^30 and below 2^30, got 1073741824}}
  %r = attn.rope %x offset(1073741824) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r8_both(%x: tensor<?x8x?x64xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected either `positions` or `offsets`}}
  %r = attn.rope %x positions(%p : tensor<?x?xi32>) offsets(%o : tensor<?xi32>) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r8_positions_type(%x: tensor<?x8x?x64xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected `positions` to be 'tensor<?x?xi32>', got 'tensor<?x?xi64>'}}
  %r = attn.rope %x positions(%l : tensor<?x?xi64>) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r8_positions_rank(%x: tensor<?x8x?x64xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected `positions` to be 'tensor<?x?xi32>', got 'tensor<?xi32>'}}
  %r = attn.rope %x positions(%o : tensor<?xi32>) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r8_positions_shape(%x: tensor<2x8x77x64xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected `positions` to be 'tensor<2x77xi32>', got 'tensor<2x76xi32>'}}
  %r = attn.rope %x positions(%w : tensor<2x76xi32>) : tensor<2x8x77x64xbf16>
  return
}

// -----

func.func @rope_r8_positions_shape_bshd(%x: tensor<2x77x8x64xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected `positions` to be 'tensor<2x77xi32>', got 'tensor<2x76xi32>'}}
  %r = attn.rope %x positions(%w : tensor<2x76xi32>) layout(bshd) : tensor<2x77x8x64xbf16>
  return
}

// -----

func.func @rope_r8_offsets_rank(%x: tensor<?x8x?x64xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected `offsets` to be 'tensor<?xi32>', got 'tensor<?x?xi32>'}}
  %r = attn.rope %x offsets(%p : tensor<?x?xi32>) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r9_dynamic(%x: tensor<?x8x?x64xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{`rope_dynamic_ntk` counts positions by the length of the input, got `offsets`}}
  %r = attn.rope %x offsets(%o : tensor<?xi32>) scaling(#attn.rope_dynamic_ntk<factor = 2.0, original_length = 16>) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r9_exponent(%x: tensor<?x8x?x64xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected more than 2 rotary dims for this scaling, got 2}}
  %r = attn.rope %x rotary_dims(2) scaling(#attn.rope_ntk<factor = 2.0>) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r9_factors(%x: tensor<?x8x?x64xbf16>, %p: tensor<?x?xi32>, %o: tensor<?xi32>, %l: tensor<?x?xi64>, %w: tensor<2x76xi32>) {
  // expected-error @+1 {{expected one of `factors` for each of the 32 pairs, got 1}}
  %r = attn.rope %x scaling(#attn.rope_long<factor = 2.0, original_length = 16, factors = [1.0]>) : tensor<?x8x?x64xbf16>
  return
}

// -----

// expected-error @+1 {{expected `factor` from 2^-16 to 2^16, got 0.00e+00}}
func.func private @rope_attribute() attributes {a = #attn.rope_linear<factor = 0.0>}

// -----

// expected-error @+1 {{expected `original_length` to be at least 2, got 1}}
func.func private @rope_attribute() attributes {a = #attn.rope_yarn<factor = 2.0, original_length = 1>}

// -----

// expected-error @+1 {{expected `beta_fast` to be positive and finite}}
func.func private @rope_attribute() attributes {a = #attn.rope_yarn<factor = 2.0, original_length = 16, beta_fast = -1.0>}

// -----

// expected-error @+1 {{expected `low_freq_factor` to be less than `high_freq_factor`}}
func.func private @rope_attribute() attributes {a = #attn.rope_llama3<factor = 2.0, original_length = 16, low_freq_factor = 4.0>}

// -----

// expected-error @+1 {{expected `factors` from 2^-16 to 2^16, got 0.00e+00}}
func.func private @rope_attribute() attributes {a = #attn.rope_long<factor = 2.0, original_length = 16, factors = [1.0, 0.0]>}

// -----

func.func @rope_word(%x: tensor<?x8x?x64xbf16>) {
  // expected-error @+1 {{expected `half` or `interleaved`, got `quarter`}}
  %r = attn.rope %x pairing(quarter) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_unknown_clause(%x: tensor<?x8x?x64xbf16>) {
  // expected-error @+1 {{expected ':'}}
  %r = attn.rope %x theta(5.0) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r9_yarn_base(%x: tensor<?x8x?x64xbf16>) {
  // expected-error @+1 {{expected `base` above 1 for `rope_yarn`, got 1.00e+00}}
  %r = attn.rope %x base(1.0) scaling(#attn.rope_yarn<factor = 4.0, original_length = 64>) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r10_ntk(%x: tensor<?x8x?x64xbf16>) {
  // expected-error @+1 {{expected `factor` from 2^-16 to 2^16, got 1.00e-300}}
  %r = attn.rope %x scaling(#attn.rope_ntk<factor = 1.0e-300>) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r10_linear(%x: tensor<?x8x?x64xbf16>) {
  // expected-error @+1 {{expected `factor` from 2^-16 to 2^16, got 6.55e+04}}
  %r = attn.rope %x scaling(#attn.rope_linear<factor = 65537.0>) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r10_dynamic(%x: tensor<?x8x?x64xbf16>) {
  // expected-error @+1 {{expected `factor` from 2^-16 to 2^16, got 1.00e+300}}
  %r = attn.rope %x scaling(#attn.rope_dynamic_ntk<factor = 1.0e+300, original_length = 64>) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r10_yarn(%x: tensor<?x8x?x64xbf16>) {
  // expected-error @+1 {{expected `factor` from 2^-16 to 2^16, got 1.00e-06}}
  %r = attn.rope %x scaling(#attn.rope_yarn<factor = 1.0e-6, original_length = 64>) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r10_llama3(%x: tensor<?x8x?x64xbf16>) {
  // expected-error @+1 {{expected `factor` from 2^-16 to 2^16, got 1.00e-06}}
  %r = attn.rope %x scaling(#attn.rope_llama3<factor = 1.0e-6, original_length = 64>) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r10_attention(%x: tensor<?x8x?x64xbf16>) {
  // expected-error @+1 {{expected `attention_factor` from 2^-16 to 2^16, got 1.00e+39}}
  %r = attn.rope %x scaling(#attn.rope_yarn<factor = 4.0, original_length = 64, attention_factor = 1.0e+39>) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r11_base(%x: tensor<?x8x?x64xbf16>) {
  // expected-error @+1 {{expected frequencies of at most 16 radians per position, got 2.37e+09 for pair 1}}
  %r = attn.rope %x base(1.0e-300) : tensor<?x8x?x64xbf16>
  return
}

// -----

func.func @rope_r11_linear(%x: tensor<?x8x?x64xbf16>) {
  // expected-error @+1 {{expected frequencies of at most 16 radians per position, got 1.00e+02 for pair 0}}
  %r = attn.rope %x scaling(#attn.rope_linear<factor = 0.01>) : tensor<?x8x?x64xbf16>
  return
}
