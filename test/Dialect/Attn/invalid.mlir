// The rules of docs/AttnSpec.md, by label, and the syntax of the clauses.
//
// RUN: attn-opt %s --split-input-file --verify-diagnostics

func.func @sdpa_c1_query(%q: tensor<4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected rank of query to be 4, got 3}}
  %0 = attn.sdpa %q, %k, %v : (tensor<4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c1_value(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<1x2x4x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected rank of value to be 4, got 5}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<1x2x4x16x64xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c1_unranked(%q: tensor<*xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op operand #0 must be ranked tensor of any type values, but got 'tensor<*xbf16>'}}
  %0 = attn.sdpa %q, %k, %v : (tensor<*xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c1_memref(%q: tensor<2x4x16x64xbf16>, %k: memref<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op operand #1 must be ranked tensor of any type values, but got 'memref<2x4x16x64xbf16>'}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, memref<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c2(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16, "sparse">, %v: tensor<2x4x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected key without an encoding, got "sparse"}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16, "sparse">, tensor<2x4x16x64xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c3_f8e4m3fn(%q: tensor<2x4x16x64xf8E4M3FN>, %k: tensor<2x4x16x64xf8E4M3FN>, %v: tensor<2x4x16x64xf8E4M3FN>) {
  // expected-error @below {{'attn.sdpa' op element type 'f8E4M3FN' is not supported yet; nearest are f16 and bf16}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xf8E4M3FN>, tensor<2x4x16x64xf8E4M3FN>, tensor<2x4x16x64xf8E4M3FN>) -> tensor<2x4x16x64xf8E4M3FN>
  return
}

// -----

func.func @sdpa_c3_f64(%q: tensor<2x4x16x64xf64>, %k: tensor<2x4x16x64xf64>, %v: tensor<2x4x16x64xf64>) {
  // expected-error @below {{'attn.sdpa' op expected element type of query to be f16, bf16 or f32, got 'f64'}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xf64>, tensor<2x4x16x64xf64>, tensor<2x4x16x64xf64>) -> tensor<2x4x16x64xf64>
  return
}

// -----

func.func @sdpa_c3_i8(%q: tensor<2x4x16x64xi8>, %k: tensor<2x4x16x64xi8>, %v: tensor<2x4x16x64xi8>) {
  // expected-error @below {{'attn.sdpa' op expected element type of query to be f16, bf16 or f32, got 'i8'}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xi8>, tensor<2x4x16x64xi8>, tensor<2x4x16x64xi8>) -> tensor<2x4x16x64xi8>
  return
}

// -----

func.func @sdpa_c3_index(%q: tensor<2x4x16x64xindex>, %k: tensor<2x4x16x64xindex>, %v: tensor<2x4x16x64xindex>) {
  // expected-error @below {{'attn.sdpa' op expected element type of query to be f16, bf16 or f32, got 'index'}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xindex>, tensor<2x4x16x64xindex>, tensor<2x4x16x64xindex>) -> tensor<2x4x16x64xindex>
  return
}

// -----

func.func @sdpa_c3_tf32(%q: tensor<2x4x16x64xtf32>, %k: tensor<2x4x16x64xtf32>, %v: tensor<2x4x16x64xtf32>) {
  // expected-error @below {{'attn.sdpa' op expected element type of query to be f16, bf16 or f32, got 'tf32'}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xtf32>, tensor<2x4x16x64xtf32>, tensor<2x4x16x64xtf32>) -> tensor<2x4x16x64xtf32>
  return
}

// -----

func.func @sdpa_c3_complex_f32(%q: tensor<2x4x16x64xcomplex<f32>>, %k: tensor<2x4x16x64xcomplex<f32>>, %v: tensor<2x4x16x64xcomplex<f32>>) {
  // expected-error @below {{'attn.sdpa' op expected element type of query to be f16, bf16 or f32, got 'complex<f32>'}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xcomplex<f32>>, tensor<2x4x16x64xcomplex<f32>>, tensor<2x4x16x64xcomplex<f32>>) -> tensor<2x4x16x64xcomplex<f32>>
  return
}

// -----

func.func @sdpa_c4_key(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xf16>, %v: tensor<2x4x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected element type of key to match query ('bf16'), got 'f16'}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xf16>, tensor<2x4x16x64xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c4_value(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xf32>) {
  // expected-error @below {{'attn.sdpa' op expected element type of value to match query ('bf16'), got 'f32'}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xf32>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c5_key(%q: tensor<2x4x16x64xbf16>, %k: tensor<3x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected batch of key to match query (2), got 3}}
  // expected-note @below {{query is}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<3x4x16x64xbf16>, tensor<2x4x16x64xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c5_value(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<1x4x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected batch of value to match query (2), got 1}}
  // expected-note @below {{query is}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<1x4x16x64xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

// Dynamic batch of query is compatible with both, yet they differ.
func.func @sdpa_c5_key_value(%q: tensor<?x4x16x64xbf16>, %k: tensor<3x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected batch of value to match key (3), got 2}}
  // expected-note @below {{key is}}
  %0 = attn.sdpa %q, %k, %v : (tensor<?x4x16x64xbf16>, tensor<3x4x16x64xbf16>, tensor<2x4x16x64xbf16>) -> tensor<?x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c6(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x2x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected head count of value to match key (4), got 2}}
  // expected-note @below {{key is}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x2x16x64xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c6_bshd(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x8x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected head count of value to match key (16), got 8}}
  // expected-note @below {{key is}}
  %0 = attn.sdpa %q, %k, %v layout(bshd) : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x8x64xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c7(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x15x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected length of value to match key (16), got 15}}
  // expected-note @below {{key is}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x15x64xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c7_bshd(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x2x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected length of value to match key (4), got 2}}
  // expected-note @below {{key is}}
  %0 = attn.sdpa %q, %k, %v layout(bshd) : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x2x16x64xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c8_multiple(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x3x16x64xbf16>, %v: tensor<2x3x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected head count of query to be a multiple of that of key (3), got 4}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<2x3x16x64xbf16>, tensor<2x3x16x64xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c8_value(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x?x16x64xbf16>, %v: tensor<2x8x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected head count of query to be a multiple of that of value (8), got 4}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<2x?x16x64xbf16>, tensor<2x8x16x64xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c8_no_keys(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x0x16x64xbf16>, %v: tensor<2x0x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected head count of key to be at least 1, got 0}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<2x0x16x64xbf16>, tensor<2x0x16x64xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c8_no_queries(%q: tensor<2x0x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected head count of query to be at least 1, got 0}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x0x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>) -> tensor<2x0x16x64xbf16>
  return
}

// -----

func.func @sdpa_c9(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x1073741824x64xbf16>, %v: tensor<2x4x1073741824x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected length of key to be below 2^30, got 1073741824}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<2x4x1073741824x64xbf16>, tensor<2x4x1073741824x64xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c10_dynamic(%q: tensor<2x4x16x?xbf16>, %k: tensor<2x4x16x?xbf16>, %v: tensor<2x4x16x?xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected head_dim of query to be static, got ?}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x?xbf16>, tensor<2x4x16x?xbf16>, tensor<2x4x16x?xbf16>) -> tensor<2x4x16x?xbf16>
  return
}

// -----

func.func @sdpa_c10_0(%q: tensor<2x4x16x0xbf16>, %k: tensor<2x4x16x0xbf16>, %v: tensor<2x4x16x0xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected head_dim of query to be a multiple of 8 from 8 to 256, got 0}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x0xbf16>, tensor<2x4x16x0xbf16>, tensor<2x4x16x0xbf16>) -> tensor<2x4x16x0xbf16>
  return
}

// -----

func.func @sdpa_c10_4(%q: tensor<2x4x16x4xbf16>, %k: tensor<2x4x16x4xbf16>, %v: tensor<2x4x16x4xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected head_dim of query to be a multiple of 8 from 8 to 256, got 4}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x4xbf16>, tensor<2x4x16x4xbf16>, tensor<2x4x16x4xbf16>) -> tensor<2x4x16x4xbf16>
  return
}

// -----

func.func @sdpa_c10_12(%q: tensor<2x4x16x12xbf16>, %k: tensor<2x4x16x12xbf16>, %v: tensor<2x4x16x12xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected head_dim of query to be a multiple of 8 from 8 to 256, got 12}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x12xbf16>, tensor<2x4x16x12xbf16>, tensor<2x4x16x12xbf16>) -> tensor<2x4x16x12xbf16>
  return
}

// -----

func.func @sdpa_c10_300(%q: tensor<2x4x16x300xbf16>, %k: tensor<2x4x16x300xbf16>, %v: tensor<2x4x16x300xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected head_dim of query to be a multiple of 8 from 8 to 256, got 300}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x300xbf16>, tensor<2x4x16x300xbf16>, tensor<2x4x16x300xbf16>) -> tensor<2x4x16x300xbf16>
  return
}

// -----

// Latent attention with absorbed weights.
func.func @sdpa_c10_576(%q: tensor<2x4x16x576xbf16>, %k: tensor<2x4x16x576xbf16>, %v: tensor<2x4x16x512xbf16>) {
  // expected-error @below {{'attn.sdpa' op head_dim 576 of query is not supported yet; the largest supported is 256}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x576xbf16>, tensor<2x4x16x576xbf16>, tensor<2x4x16x512xbf16>) -> tensor<2x4x16x512xbf16>
  return
}

// -----

func.func @sdpa_c10_value(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x512xbf16>) {
  // expected-error @below {{'attn.sdpa' op head_dim 512 of value is not supported yet; the largest supported is 256}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x512xbf16>) -> tensor<2x4x16x512xbf16>
  return
}

// -----

func.func @sdpa_c11(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x128xbf16>, %v: tensor<2x4x16x128xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected head_dim of key to match query (64), got 128}}
  // expected-note @below {{query is}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<2x4x16x128xbf16>, tensor<2x4x16x128xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c12_shape(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x32xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected type of output to be 'tensor<2x4x16x32xbf16>', got 'tensor<2x4x16x64xbf16>'}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x32xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

func.func @sdpa_c12_element(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected type of output to be 'tensor<2x4x16x64xbf16>', got 'tensor<2x4x16x64xf32>'}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>) -> tensor<2x4x16x64xf32>
  return
}

// -----

// Dynamic where query is, even if another operand knows.
func.func @sdpa_c12_dynamic(%q: tensor<?x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected type of output to be 'tensor<?x4x16x64xbf16>', got 'tensor<2x4x16x64xbf16>'}}
  %0 = attn.sdpa %q, %k, %v : (tensor<?x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>) -> tensor<2x4x16x64xbf16>
  return
}

// -----

!r = i32
func.func @sdpa_c12_type(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op result #0 must be ranked tensor of any type values, but got 'i32'}}
  %0 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>) -> !r
  return
}

// -----

func.func @sdpa_c13_shape(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected type of LSE to be 'tensor<2x4x16xf32>', got 'tensor<2x4x16x1xf32>'}}
  %0:2 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>) -> (tensor<2x4x16x64xbf16>, tensor<2x4x16x1xf32>)
  return
}

// -----

func.func @sdpa_c13_element(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected type of LSE to be 'tensor<2x4x16xf32>', got 'tensor<2x4x16xbf16>'}}
  %0:2 = attn.sdpa %q, %k, %v : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>) -> (tensor<2x4x16x64xbf16>, tensor<2x4x16xbf16>)
  return
}

// -----

func.func @sdpa_c13_bshd(%q: tensor<2x4x16x64xbf16>, %k: tensor<2x4x16x64xbf16>, %v: tensor<2x4x16x64xbf16>) {
  // expected-error @below {{'attn.sdpa' op expected type of LSE to be 'tensor<2x16x4xf32>', got 'tensor<2x4x16xf32>'}}
  %0:2 = attn.sdpa %q, %k, %v layout(bshd) : (tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>, tensor<2x4x16x64xbf16>) -> (tensor<2x4x16x64xbf16>, tensor<2x4x16xf32>)
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c14_overflow(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{expected `scale` to be finite as an f32}}
  %0 = attn.sdpa %q, %k, %v scale(1.0e39) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c22_most(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{expected `scale` from -2^64 to 2^64, got 2.40e+38}}
  %0 = attn.sdpa %q, %k, %v scale(2.4e38) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c22_least(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{expected `scale` from -2^64 to 2^64, got -1.84e+19}}
  %0 = attn.sdpa %q, %k, %v scale(-1.8447e19) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c14_infinity(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{expected `scale` to be finite as an f32}}
  %0 = attn.sdpa %q, %k, %v scale(0x7F800000) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c14_nan(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{expected `scale` to be finite as an f32}}
  %0 = attn.sdpa %q, %k, %v scale(0x7FC00000) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c14_word(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{expected floating point literal}}
  %0 = attn.sdpa %q, %k, %v scale(nan) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c14_inf_word(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{expected floating point literal}}
  %0 = attn.sdpa %q, %k, %v scale(-inf) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c15_left(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{expected a window count of at least 0, or `inf`, got -1}}
  %0 = attn.sdpa %q, %k, %v window(-1, 0) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c15_right(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{expected a window count of at least 0, or `inf`, got -7}}
  %0 = attn.sdpa %q, %k, %v window(inf, -7) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c16_causal(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected either `keep` or clauses that say which keys are kept, got both}}
  %0 = attn.sdpa %q, %k, %v causal(top_left) keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  } : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c16_window(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected either `keep` or clauses that say which keys are kept, got both}}
  %0 = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  } window(3, inf) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c17(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected `range` to stand beside `keep`}}
  %0 = attn.sdpa %q, %k, %v range {
  ^bb0(%b: index, %h: index, %i0: index, %i1: index):
    %sk = attn.key_length : index
    attn.yield %i0, %i0, %sk, %sk : index, index, index, index
  } : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c18_arguments(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected `keep` to take four index arguments}}
  %0 = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index):
    %p = arith.cmpi sle, %h, %i : index
    attn.yield %p : i1
  } : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c18_types(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected `keep` to take four index arguments}}
  %0 = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: i64, %j: i64):
    %p = arith.cmpi sle, %j, %i : i64
    attn.yield %p : i1
  } : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c18_yield(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected `keep` to end in `attn.yield` of 1 value of type 'i1'}}
  %0 = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    attn.yield %j : index
  } : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c18_nothing(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected `keep` to end in `attn.yield` of 1 value of type 'i1'}}
  %0 = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    attn.yield
  } : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c18_terminator(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected `keep` to end in `attn.yield` of 1 value of type 'i1'}}
  %0 = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    llvm.unreachable
  } : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c18_blocks(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected `keep` to be one block, got 2}}
  %0 = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    cf.br ^bb1
  ^bb1:
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  } : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c18_empty(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{expected the `keep` region to have a block}}
  %0 = attn.sdpa %q, %k, %v keep {} : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c19_arguments(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected `range` to take four index arguments}}
  %0 = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  } range {
    %sk = attn.key_length : index
    attn.yield %sk, %sk, %sk, %sk : index, index, index, index
  } : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c19_yield(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected `range` to end in `attn.yield` of 4 values of type 'index'}}
  %0 = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  } range {
  ^bb0(%b: index, %h: index, %i0: index, %i1: index):
    attn.yield %i0, %i1 : index, index
  } : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c20(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected operations without side effects in its regions, got `memref.alloc`}}
  %0 = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    // expected-note @below {{see this operation}}
    %m = memref.alloc() : memref<8xi1>
    %p = memref.load %m[%j] : memref<8xi1>
    attn.yield %p : i1
  } : (!t, !t, !t) -> !t
  return
}

// -----

func.func @sdpa_c21_query() {
  // expected-error @below {{'attn.query_length' op expected to stand in a region of `attn.sdpa`}}
  %0 = attn.query_length : index
  return
}

// -----

func.func @sdpa_c21_key() {
  // expected-error @below {{'attn.key_length' op expected to stand in a region of `attn.sdpa`}}
  %0 = attn.key_length : index
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c23(%q: !t, %k: !t, %v: !t, %x: tensor<4xf32>, %y: tensor<4xi64>) {
  // expected-error @below {{'attn.sdpa' op expected capture 1 to be a tensor of f16, bf16, f32, i1, i8 or i32 without an encoding, got 'tensor<4xi64>'}}
  %0 = attn.sdpa %q, %k, %v captures(%x, %y : tensor<4xf32>, tensor<4xi64>) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c23_encoding(%q: !t, %k: !t, %v: !t, %x: tensor<4xf32, 1 : i64>) {
  // expected-error @below {{'attn.sdpa' op expected capture 0 to be a tensor of f16, bf16, f32, i1, i8 or i32 without an encoding, got 'tensor<4xf32, 1 : i64>'}}
  %0 = attn.sdpa %q, %k, %v captures(%x : tensor<4xf32, 1 : i64>) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c24_arguments(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected `score` to take an f32 and four index arguments}}
  %0 = attn.sdpa %q, %k, %v score {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %s = arith.constant 1.0 : f32
    attn.yield %s : f32
  } : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c24_yield(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected `score` to end in `attn.yield` of 1 value of type 'f32'}}
  %0 = attn.sdpa %q, %k, %v score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    attn.yield %i : index
  } : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c25(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected operations of arith and math and `attn.capture` in its regions, got `tensor.empty`}}
  %0 = attn.sdpa %q, %k, %v score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    // expected-note @below {{see this operation}}
    %x = tensor.empty() : tensor<4xf32>
    attn.yield %s : f32
  } : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c26_value(%q: !t, %k: !t, %v: !t, %p: i1) {
  // expected-error @below {{'attn.sdpa' op expected values from outside of its regions to be read by `attn.capture`, got one as an operand of `attn.yield`}}
  %0 = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    // expected-note @below {{see this operation}}
    attn.yield %p : i1
  } : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c26_captures(%q: !t, %k: !t, %v: !t, %x: tensor<16xi1>) {
  // expected-error @below {{'attn.sdpa' op expected the tensor of `attn.capture` in `captures`}}
  %0 = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    // expected-note @below {{see this operation}}
    %p = attn.capture %x[%j] : tensor<16xi1>
    attn.yield %p : i1
  } : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c29_zero(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected `softcap` from 2^-64 to 2^64, got 0.00e+00}}
  %0 = attn.sdpa %q, %k, %v softcap(0.0) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c29_negative(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected `softcap` from 2^-64 to 2^64, got -1.00e+00}}
  %0 = attn.sdpa %q, %k, %v softcap(-1.0) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c30_chunked(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected `chunked` to be from 1 to 2^30, got 0}}
  %0 = attn.sdpa %q, %k, %v chunked(0) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c30_prefix(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{'attn.sdpa' op expected `prefix` to be from 0 to 2^30, got -1}}
  %0 = attn.sdpa %q, %k, %v prefix(-1) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c30_offset(%q: !t, %k: !t, %v: !t, %x: tensor<4xf32>) {
  // expected-error @below {{'attn.sdpa' op expected an offset from -2^30 to 2^30 beside `alibi` and `relative_bias`, got 1099511627776}}
  %0 = attn.sdpa %q, %k, %v alibi(%x : tensor<4xf32>) causal(offset = 1099511627776) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c31_one_document(%q: !t, %x: tensor<2x16xi32>) {
  // expected-error @below {{'attn.sdpa' op expected `documents` of queries and of keys}}
  %0 = "attn.sdpa"(%q, %q, %q, %x) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0>}> ({}, {}, {}) : (!t, !t, !t, tensor<2x16xi32>) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c32_alone(%q: !t) {
  // expected-error @below {{'attn.sdpa' op expected `max_distance` and `bidirectional` beside `relative_bias`}}
  %0 = "attn.sdpa"(%q, %q, %q) <{bidirectional, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>}> ({}, {}, {}) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c31_alibi(%q: !t, %k: !t, %v: !t, %x: tensor<3xf32>) {
  // expected-error @below {{'attn.sdpa' op expected `alibi` to be a tensor of floats, [Hq], got 'tensor<3xf32>'}}
  %0 = attn.sdpa %q, %k, %v alibi(%x : tensor<3xf32>) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c31_bias(%q: !t, %k: !t, %v: !t, %x: tensor<2x4x16x15xf32>) {
  // expected-error @below {{'attn.sdpa' op expected `bias` to be a tensor of floats, [B, Hq, Sq, Sk] or 1 each, got 'tensor<2x4x16x15xf32>'}}
  %0 = attn.sdpa %q, %k, %v bias(%x : tensor<2x4x16x15xf32>) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c31_bias_rank(%q: !t, %k: !t, %v: !t, %x: tensor<16x16xf32>) {
  // expected-error @below {{'attn.sdpa' op expected `bias` to be a tensor of floats, [B, Hq, Sq, Sk] or 1 each, got 'tensor<16x16xf32>'}}
  %0 = attn.sdpa %q, %k, %v bias(%x : tensor<16x16xf32>) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c31_mask(%q: !t, %k: !t, %v: !t, %x: tensor<2x4x16x16xf32>) {
  // expected-error @below {{'attn.sdpa' op expected `mask` to be a tensor of i1, [B, Hq, Sq, Sk] or 1 each, got 'tensor<2x4x16x16xf32>'}}
  %0 = attn.sdpa %q, %k, %v mask(%x : tensor<2x4x16x16xf32>) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c31_sinks(%q: !t, %k: !t, %v: !t, %x: tensor<4x1xf32>) {
  // expected-error @below {{'attn.sdpa' op expected `sinks` to be a tensor of floats, [Hq], got 'tensor<4x1xf32>'}}
  %0 = attn.sdpa %q, %k, %v sinks(%x : tensor<4x1xf32>) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c31_documents(%q: !t, %k: !t, %v: !t, %x: tensor<2x16xi32>, %y: tensor<2x17xi32>) {
  // expected-error @below {{'attn.sdpa' op expected `documents` to be a tensor of i32, [B, Sk], got 'tensor<2x17xi32>'}}
  %0 = attn.sdpa %q, %k, %v documents(%x, %y : tensor<2x16xi32>, tensor<2x17xi32>) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c31_prefix(%q: !t, %k: !t, %v: !t, %x: tensor<2xf32>) {
  // expected-error @below {{'attn.sdpa' op expected `prefix` to be a tensor of i32, [B], got 'tensor<2xf32>'}}
  %0 = attn.sdpa %q, %k, %v prefix(%x : tensor<2xf32>) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c32_buckets(%q: !t, %k: !t, %v: !t, %x: tensor<30x4xf32>) {
  // expected-error @below {{'attn.sdpa' op expected the buckets of `relative_bias` to be a static multiple of 4, got 'tensor<30x4xf32>'}}
  %0 = attn.sdpa %q, %k, %v relative_bias(%x : tensor<30x4xf32>, bidirectional) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c32_distance(%q: !t, %k: !t, %v: !t, %x: tensor<32x4xf32>) {
  // expected-error @below {{'attn.sdpa' op expected `max_distance` above 16, the distances with buckets of their own, got 16}}
  %0 = attn.sdpa %q, %k, %v relative_bias(%x : tensor<32x4xf32>, max_distance = 16) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c33(%q: !t, %k: !t, %v: !t, %x: tensor<4xf32>) {
  // expected-error @below {{'attn.sdpa' op expected `masked_row(zero)` beside `sinks`: no row is without a score}}
  %0 = attn.sdpa %q, %k, %v sinks(%x : tensor<4xf32>) masked_row(nan) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c27(%q: !t, %k: !t, %v: !t, %x: tensor<2x16xi1>) {
  %0 = attn.sdpa %q, %k, %v captures(%x : tensor<2x16xi1>) keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    // expected-error @below {{'attn.capture' op expected 2 indices, as many as the rank of 'tensor<2x16xi1>', got 1}}
    %p = attn.capture %x[%j] : tensor<2x16xi1>
    attn.yield %p : i1
  } : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c28(%q: !t, %k: !t, %v: !t, %x: tensor<16xi1>) {
  %0 = attn.sdpa %q, %k, %v captures(%x : tensor<16xi1>) keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %c16 = arith.constant 16 : index
    // expected-error @below {{'attn.capture' op expected index 0 to be inside of 'tensor<16xi1>', got 16}}
    %p = attn.capture %x[%c16] : tensor<16xi1>
    attn.yield %p : i1
  } : (!t, !t, !t) -> !t
  return
}

// -----

func.func @sdpa_c21_capture(%x: tensor<4xf32>, %i: index) {
  // expected-error @below {{'attn.capture' op expected to stand in a region of `attn.sdpa`}}
  %0 = attn.capture %x[%i] : tensor<4xf32>
  return
}

// -----

func.func @yield_elsewhere() {
  // expected-error @below {{'attn.yield' op expects parent op to be one of 'attn.sdpa, attn.sdpa_grad'}}
  attn.yield
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c34_rate_of_1(%q: !t, %seed: i64, %offset: i64) {
  // expected-error @below {{expected the rate of `dropout` to be at least 0 and below 1, got 1.000000}}
  %0 = attn.sdpa %q, %q, %q dropout(1.0, %seed, %offset : i64, i64) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c34_negative(%q: !t, %seed: i64, %offset: i64) {
  // expected-error @below {{expected the rate of `dropout` to be at least 0 and below 1, got -0.100000}}
  %0 = attn.sdpa %q, %q, %q dropout(-0.1, %seed, %offset : i64, i64) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c34_nan(%q: !t, %seed: i64, %offset: i64) {
  // expected-error @below {{expected the rate of `dropout` to be at least 0 and below 1, got nan}}
  %0 = attn.sdpa %q, %q, %q dropout(0x7FF8000000000000, %seed, %offset : i64, i64) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c35_one_number(%q: !t, %seed: i64) {
  // expected-error @below {{expected a seed and an offset in `dropout`}}
  %0 = attn.sdpa %q, %q, %q dropout(0.1, %seed : i64) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c35_narrow(%q: !t, %seed: i32, %offset: i64) {
  // expected-error @below {{expected seed and offset of `dropout` to be i64 or tensor<i64>, got 'i32'}}
  %0 = attn.sdpa %q, %q, %q dropout(0.1, %seed, %offset : i32, i64) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c35_several(%q: !t, %seed: i64, %offset: tensor<1xi64>) {
  // expected-error @below {{expected seed and offset of `dropout` to be i64 or tensor<i64>, got 'tensor<1xi64>'}}
  %0 = attn.sdpa %q, %q, %q dropout(0.1, %seed, %offset : i64, tensor<1xi64>) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c35_without_numbers(%q: !t) {
  // expected-error @below {{expected a rate, a seed and an offset in `dropout`}}
  %0 = "attn.sdpa"(%q, %q, %q) <{dropout = 1.000000e-01 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>}> ({}, {}, {}) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c35_without_rate(%q: !t, %seed: i64) {
  // expected-error @below {{expected a rate, a seed and an offset in `dropout`}}
  %0 = "attn.sdpa"(%q, %q, %q, %seed) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0>}> ({}, {}, {}) : (!t, !t, !t, i64) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @sdpa_c36_narrow(%q: !t) {
  // expected-error @below {{expected `precision` beside operands of f32, got 'bf16'}}
  %0 = attn.sdpa %q, %q, %q precision(tf32) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xf32>
func.func @precision_of_another_name(%q: !t) {
  // expected-error @below {{expected `tf32x3` or `tf32`, got `fp16`}}
  %0 = attn.sdpa %q, %q, %q precision(fp16) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xf32>
func.func @precision_of_a_number(%q: !t) {
  // expected-error @below {{expected valid keyword}}
  %0 = attn.sdpa %q, %q, %q precision(30.0) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @unsupported_segments(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{`segments` is not supported yet; the nearest form is `documents`}}
  %0 = attn.sdpa %q, %k, %v segments(30.0) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @unsupported_pages(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{`pages` is not supported yet; keys and values are dense tensors}}
  %0 = attn.sdpa %q, %k, %v pages(30.0) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @unsupported_rope(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{`rope` is not supported yet; query and key are used as they are}}
  %0 = attn.sdpa %q, %k, %v rope(30.0) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @unknown_clause(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{expected a clause, `scale`, `softcap`, `alibi`, `relative_bias`, `bias`, `score`, `sinks`, `causal`, `window`, `prefix`, `chunked`, `documents`, `mask`, `keep`, `range`, `dropout`, `captures`, `layout`, `masked_row` or `precision`, got `casual`}}
  %0 = attn.sdpa %q, %k, %v casual(top_left) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @twice(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{expected `causal` only once}}
  %0 = attn.sdpa %q, %k, %v causal(top_left) scale(1.0) causal(top_left) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @bidirectional_twice(%q: !t, %k: !t, %v: !t, %t: tensor<32x4xf32>) {
  // expected-error @below {{expected `bidirectional` only once}}
  %0 = attn.sdpa %q, %k, %v relative_bias(%t : tensor<32x4xf32>, bidirectional, bidirectional) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @max_distance_twice(%q: !t, %k: !t, %v: !t, %t: tensor<32x4xf32>) {
  // expected-error @below {{expected `max_distance` only once}}
  %0 = attn.sdpa %q, %k, %v relative_bias(%t : tensor<32x4xf32>, max_distance = 64, max_distance = 128) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @keep_twice(%q: !t, %k: !t, %v: !t) {
  %0 = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %p = arith.cmpi sle, %j, %i : index
    attn.yield %p : i1
  // expected-error @below {{expected `keep` only once}}
  } keep {} : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @unknown_alignment(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{expected `top_left`, `bottom_right` or `offset = n` in `causal`, got `left`}}
  %0 = attn.sdpa %q, %k, %v causal(left) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @offset_without_number(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{expected integer value}}
  %0 = attn.sdpa %q, %k, %v causal(offset = x) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @offset_too_large(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{integer value too large}}
  %0 = attn.sdpa %q, %k, %v causal(offset = 9223372036854775808) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @unknown_layout(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{expected `bhsd` or `bshd`, got `sbhd`}}
  %0 = attn.sdpa %q, %k, %v layout(sbhd) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @unknown_policy(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{expected `zero`, `nan` or `uniform`, got `skip`}}
  %0 = attn.sdpa %q, %k, %v masked_row(skip) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @window_of_one(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{expected ','}}
  %0 = attn.sdpa %q, %k, %v window(3) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @clause_in_dictionary(%q: !t, %k: !t, %v: !t) {
  // expected-error @below {{expected `scale` as a clause, not in the attribute dictionary}}
  %0 = attn.sdpa %q, %k, %v {scale = 1.0 : f32} : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @two_operands(%q: !t) {
  // expected-error @below {{expected 3 operands (query, key, value), got 2}}
  %0 = attn.sdpa %q, %q : (!t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @two_operand_types(%q: !t) {
  // expected-error @below {{expected 3 operand types, got 2}}
  %0 = attn.sdpa %q, %q, %q : (!t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @no_result(%q: !t) {
  // expected-error @below {{expected one result, or two with the LSE, got 0}}
  attn.sdpa %q, %q, %q : (!t, !t, !t) -> ()
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @three_results(%q: !t) {
  // expected-error @below {{expected one result, or two with the LSE, got 3}}
  %0:3 = attn.sdpa %q, %q, %q : (!t, !t, !t) -> (!t, !t, !t)
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @generic_no_regions(%q: !t) {
  // expected-error @below {{'attn.sdpa' op expected 3 regions}}
  %0 = "attn.sdpa"(%q, %q, %q) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @generic_one_region(%q: !t) {
  // expected-error @below {{'attn.sdpa' op expected 3 regions}}
  %0 = "attn.sdpa"(%q, %q, %q) ({}) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @generic_operands(%q: !t) {
  // expected-error @below {{'attn.sdpa' op expected 3 or more operands, but found 2}}
  %0 = "attn.sdpa"(%q, %q) ({}, {}, {}) : (!t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @generic_results(%q: !t) {
  // expected-error @below {{'attn.sdpa' op result group starting at #1 requires 0 or 1 element, but found 2}}
  %0:3 = "attn.sdpa"(%q, %q, %q) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>}> ({}, {}, {}) : (!t, !t, !t) -> (!t, !t, !t)
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @generic_scale(%q: !t) {
  // expected-error @below {{expected `scale` to be finite as an f32}}
  %0 = "attn.sdpa"(%q, %q, %q) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>, scale = 0x7F800000 : f32}> ({}, {}, {}) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @generic_scale_type(%q: !t) {
  // expected-error @below {{'attn.sdpa' op attribute 'scale' failed to satisfy constraint: 32-bit float attribute}}
  %0 = "attn.sdpa"(%q, %q, %q) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>, scale = 1.0 : f64}> ({}, {}, {}) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @generic_window(%q: !t) {
  // expected-error @below {{expected a window count of at least 0, or `inf`, got -2}}
  %0 = "attn.sdpa"(%q, %q, %q) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>, window = #attn.window<-2, 0>}> ({}, {}, {}) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @generic_causal(%q: !t) {
  // expected-error @below {{expected `top_left`, `bottom_right` or `offset = n` in `causal`, got `middle`}}
  %0 = "attn.sdpa"(%q, %q, %q) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>, causal = #attn.causal<middle>}> ({}, {}, {}) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @generic_layout(%q: !t) {
  // expected-error @below {{Invalid attribute `layout` in property conversion: 3 : i32}}
  %0 = "attn.sdpa"(%q, %q, %q) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>, layout = 3 : i32}> ({}, {}, {}) : (!t, !t, !t) -> !t
  return
}

// -----

!t = tensor<2x4x16x64xbf16>
func.func @generic_offset(%q: !t) {
  // expected-error @below {{expected '>'}}
  %0 = "attn.sdpa"(%q, %q, %q) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>, causal = #attn.causal<top_left = 3>}> ({}, {}, {}) : (!t, !t, !t) -> !t
  return
}
