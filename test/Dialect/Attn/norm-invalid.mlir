// RUN: attn-opt %s --split-input-file --verify-diagnostics

// One case for each way to break a rule (N1) to (N8) of docs/AttnSpec.md.

func.func @norm_n1_rank(%x: tensor<?x8x128xbf16>) {
  // expected-error @+1 {{expected input of rank 4 without an encoding, got 'tensor<?x8x128xbf16>'}}
  %r = attn.norm rms %x : tensor<?x8x128xbf16>
  return
}

// -----

func.func @norm_n2_f64(%x: tensor<?x8x?x128xf64>) {
  // expected-error @+1 {{expected element type of input to be f16, bf16 or f32, got 'f64'}}
  %r = attn.norm rms %x : tensor<?x8x?x128xf64>
  return
}

// -----

func.func @norm_n3_odd(%x: tensor<?x8x?x20xbf16>) {
  // expected-error @+1 {{expected head_dim of input to be a static multiple of 8 from 8 to 256, got 20}}
  %r = attn.norm l2 %x : tensor<?x8x?x20xbf16>
  return
}

// -----

func.func @norm_n4_length(%x: tensor<1x1073741824x8x64xbf16>) {
  // expected-error @+1 {{expected length of input to be below 2^30, got 1073741824}}
  %r = attn.norm layer %x layout(bshd) : tensor<1x1073741824x8x64xbf16>
  return
}

// -----

func.func @norm_n5_other_float(%x: tensor<2x8x3x64xbf16>) {
  // expected-error @+1 {{expected the result to be the input's type, or that with f32 in place of 16-bit elements or the other way round, got 'tensor<2x8x3x64xf16>' of 'tensor<2x8x3x64xbf16>'}}
  %r = attn.norm rms %x : tensor<2x8x3x64xbf16> -> tensor<2x8x3x64xf16>
  return
}

// -----

func.func @norm_n5_shape(%x: tensor<2x8x3x64xbf16>) {
  // expected-error @+1 {{expected the result to be the input's type}}
  %r = attn.norm rms %x : tensor<2x8x3x64xbf16> -> tensor<2x8x4x64xf32>
  return
}

// -----

func.func @norm_n6_weight(%x: tensor<2x8x3x64xbf16>, %w: tensor<63xf32>) {
  // expected-error @+1 {{expected `weight` to be [d], [H, d] or [H, 1] of f16, bf16 or f32, with the sizes of 'tensor<2x8x3x64xbf16>', got 'tensor<63xf32>'}}
  %r = attn.norm rms %x weight(%w : tensor<63xf32>) : tensor<2x8x3x64xbf16>
  return
}

// -----

func.func @norm_n6_one(%x: tensor<2x8x3x64xbf16>, %w: tensor<1xf32>) {
  // expected-error @+1 {{expected `weight` to be [d], [H, d] or [H, 1]}}
  %r = attn.norm rms %x weight(%w : tensor<1xf32>) : tensor<2x8x3x64xbf16>
  return
}

// -----

func.func @norm_n6_heads(%x: tensor<2x8x3x64xbf16>, %b: tensor<7x64xf32>) {
  // expected-error @+1 {{expected `bias` to be [d], [H, d] or [H, 1]}}
  %r = attn.norm layer %x bias(%b : tensor<7x64xf32>) : tensor<2x8x3x64xbf16>
  return
}

// -----

func.func @norm_n6_elements(%x: tensor<2x8x3x64xbf16>, %w: tensor<64xi32>) {
  // expected-error @+1 {{expected `weight` to be [d], [H, d] or [H, 1]}}
  %r = attn.norm rms %x weight(%w : tensor<64xi32>) : tensor<2x8x3x64xbf16>
  return
}

// -----

func.func @norm_n7_bias(%x: tensor<2x8x3x64xbf16>, %b: tensor<64xf32>) {
  // expected-error @+1 {{expected `bias` beside `layer` only, got `rms`}}
  %r = attn.norm rms %x bias(%b : tensor<64xf32>) : tensor<2x8x3x64xbf16>
  return
}

// -----

func.func @norm_n8_eps(%x: tensor<2x8x3x64xbf16>) {
  // expected-error @+1 {{expected `eps` to be from 2^-60 to 1}}
  %r = attn.norm rms %x eps(0.0) : tensor<2x8x3x64xbf16>
  return
}

// -----

func.func @norm_n8_scale(%x: tensor<2x8x3x64xbf16>) {
  // expected-error @+1 {{expected `scale` to be from -2^64 to 2^64}}
  %r = attn.norm rms %x scale(4.0e+19) : tensor<2x8x3x64xbf16>
  return
}

// -----

func.func @norm_kind(%x: tensor<2x8x3x64xbf16>) {
  // expected-error @+1 {{expected `rms`, `l2` or `layer`, got `batch`}}
  %r = attn.norm batch %x : tensor<2x8x3x64xbf16>
  return
}
