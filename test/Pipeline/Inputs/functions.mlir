// What the tests of whole pipelines compile.

func.func @causal(%q: tensor<?x4x?x64xbf16>, %k: tensor<?x2x?x64xbf16>, %v: tensor<?x2x?x80xbf16>) -> (tensor<?x4x?x80xbf16>, tensor<?x4x?xf32>) {
  %o, %lse = attn.sdpa %q, %k, %v causal(bottom_right) window(40, inf) : (tensor<?x4x?x64xbf16>, tensor<?x2x?x64xbf16>, tensor<?x2x?x80xbf16>) -> (tensor<?x4x?x80xbf16>, tensor<?x4x?xf32>)
  return %o, %lse : tensor<?x4x?x80xbf16>, tensor<?x4x?xf32>
}

func.func @plain(%q: tensor<1x2x32x40xf16>, %k: tensor<1x2x32x40xf16>, %v: tensor<1x2x32x40xf16>) -> tensor<1x2x32x40xf16> {
  %o = attn.sdpa %q, %k, %v : (tensor<1x2x32x40xf16>, tensor<1x2x32x40xf16>, tensor<1x2x32x40xf16>) -> tensor<1x2x32x40xf16>
  return %o : tensor<1x2x32x40xf16>
}
