// Causal attention of 8 query heads on 2 key heads, as training has it: beside the
// output, the LSE is returned, from which the gradients are computed.
!q = tensor<?x8x?x64xbf16>
!kv = tensor<?x2x?x64xbf16>

func.func @attention(%q: !q, %k: !kv, %v: !kv) -> (!q, tensor<?x8x?xf32>) {
  %o, %lse = attn.sdpa %q, %k, %v causal(bottom_right)
    : (!q, !kv, !kv) -> (!q, tensor<?x8x?xf32>)
  return %o, %lse : !q, tensor<?x8x?xf32>
}
