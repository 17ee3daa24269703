// Causal grouped-query attention with the heads of Llama-3-8B: 32 query heads
// on 8 key/value heads, head dimension 128. Batch and lengths are dynamic.
func.func @causal_gqa(
    %query: tensor<?x32x?x128xbf16>,
    %key: tensor<?x8x?x128xbf16>,
    %value: tensor<?x8x?x128xbf16>)
    -> (tensor<?x32x?x128xbf16>, tensor<?x32x?xf32>) {
  %output, %lse = attn.sdpa %query, %key, %value causal(bottom_right)
      : (tensor<?x32x?x128xbf16>, tensor<?x8x?x128xbf16>, tensor<?x8x?x128xbf16>)
      -> (tensor<?x32x?x128xbf16>, tensor<?x32x?xf32>)
  return %output, %lse : tensor<?x32x?x128xbf16>, tensor<?x32x?xf32>
}
