// RUN: attn-opt %s --verify-diagnostics --attn-differentiate=saved

!t = tensor<2x4x16x64xbf16>

func.func @no_lse(%q: !t, %k: !t, %v: !t) -> !t {
  // expected-error @below {{is differentiated from what the function returns only where it returns both output and LSE}}
  %o = attn.sdpa %q, %k, %v : (!t, !t, !t) -> !t
  return %o : !t
}
