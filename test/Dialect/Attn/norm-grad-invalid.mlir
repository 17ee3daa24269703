// RUN: attn-opt %s --split-input-file --verify-diagnostics

// One case for each way to break a rule (D1) to (D4) of docs/AttnSpec.md.

func.func @norm_grad_d1_head_dim(%x: tensor<2x4x16x12xbf16>) -> tensor<2x4x16x12xbf16> {
  // expected-error @below {{expected head_dim of input to be a static multiple of 8 from 8 to 256, got 12}}
  %dx = attn.norm_grad rms %x, %x : tensor<2x4x16x12xbf16>, tensor<2x4x16x12xbf16>
  return %dx : tensor<2x4x16x12xbf16>
}

// -----

!t = tensor<2x4x16x64xbf16>

func.func @norm_grad_d1_weight(%x: !t, %w: tensor<3x64xbf16>) -> !t {
  // expected-error @below {{expected `weight` to be [d], [H, d] or [H, 1] of f16, bf16 or f32}}
  %dx = attn.norm_grad rms %x, %x weight(%w : tensor<3x64xbf16>) : !t, !t
  return %dx : !t
}

// -----

!t = tensor<2x4x16x64xbf16>

func.func @norm_grad_d1_eps(%x: !t) -> !t {
  // expected-error @below {{expected `eps` to be from 2^-60 to 1}}
  %dx = attn.norm_grad rms %x, %x eps(2.0) : !t, !t
  return %dx : !t
}

// -----

!t = tensor<2x4x16x64xbf16>

func.func @norm_grad_d2_cotangent(%x: !t, %dy: tensor<2x4x15x64xbf16>) -> !t {
  // expected-error @below {{expected the cotangent to be the input's type, or that with f32 in place of 16-bit elements or the other way round}}
  %dx = attn.norm_grad rms %x, %dy : !t, tensor<2x4x15x64xbf16>
  return %dx : !t
}

// -----

!t = tensor<2x4x16x64xbf16>

func.func @norm_grad_d3_no_weight(%x: !t) -> tensor<64xf32> {
  // expected-error @below {{expected `weight_grad` to have the type of a `weight`}}
  %dx, %dw = attn.norm_grad rms %x, %x : !t, !t weight_grad(tensor<64xf32>)
  return %dw : tensor<64xf32>
}

// -----

!t = tensor<2x4x16x64xbf16>

func.func @norm_grad_d4_bias_of_rms(%x: !t) -> tensor<64xf32> {
  // expected-error @below {{expected `bias_grad` beside `layer` only, got `rms`}}
  %dx, %db = attn.norm_grad rms %x, %x : !t, !t bias_grad(tensor<64xf32>)
  return %db : tensor<64xf32>
}

// -----

!t = tensor<2x4x16x64xbf16>

func.func @norm_grad_d4_bias(%x: !t) -> tensor<32xf32> {
  // expected-error @below {{expected `bias_grad` to be [d], [H, d] or [H, 1] of f16, bf16 or f32}}
  %dx, %db = attn.norm_grad layer %x, %x : !t, !t bias_grad(tensor<32xf32>)
  return %db : tensor<32xf32>
}
