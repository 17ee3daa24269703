func.func @f(%q: tensor<1x2x?x64xbf16>, %k: tensor<1x1x?x64xbf16>, %v: tensor<1x1x?x64xbf16>) -> (tensor<1x2x?x64xbf16>, tensor<1x2x?xf32>) {
  %o, %lse = attn.sdpa %q, %k, %v causal(bottom_right) : (tensor<1x2x?x64xbf16>, tensor<1x1x?x64xbf16>, tensor<1x1x?x64xbf16>) -> (tensor<1x2x?x64xbf16>, tensor<1x2x?xf32>)
  return %o, %lse : tensor<1x2x?x64xbf16>, tensor<1x2x?xf32>
}
