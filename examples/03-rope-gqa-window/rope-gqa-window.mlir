// Rotary positions, grouped-query attention and a causal sliding window, as in
// a decoder layer: 32 query heads on 8 key/value heads of 128.
!queries = tensor<?x32x?x128xbf16>
!keys = tensor<?x8x?x128xbf16>

func.func @rope_gqa_window(%q: !queries, %k: !keys, %v: !keys) -> !queries {
  %qr = attn.rope %q base(500000.0)
    scaling(#attn.rope_llama3<factor = 8.0, original_length = 8192>) : !queries
  %kr = attn.rope %k base(500000.0)
    scaling(#attn.rope_llama3<factor = 8.0, original_length = 8192>) : !keys
  %o = attn.sdpa %qr, %kr, %v causal(bottom_right) window(64, 0)
    : (!queries, !keys, !keys) -> !queries
  return %o : !queries
}

// The same with tensors as [B, S, H, d], and positions of each token.
!rows = tensor<?x?x32x128xbf16>
!krows = tensor<?x?x8x128xbf16>

func.func @with_positions(%q: !rows, %k: !krows, %v: !krows,
                          %p: tensor<?x?xi32>) -> !rows {
  %qr = attn.rope %q positions(%p : tensor<?x?xi32>) layout(bshd) : !rows
  %kr = attn.rope %k positions(%p : tensor<?x?xi32>) layout(bshd) : !krows
  %o = attn.sdpa %qr, %kr, %v causal(bottom_right) window(64, 0) layout(bshd)
    : (!rows, !krows, !krows) -> !rows
  return %o : !rows
}
