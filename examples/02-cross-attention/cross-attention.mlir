// Multi-head cross attention in f16: 16 heads of 64, tensors as [B, S, H, d],
// every query of one sequence on every key of another.
!queries = tensor<?x?x16x64xf16>
!keys = tensor<?x?x16x64xf16>

func.func @cross_attention(%q: !queries, %k: !keys, %v: !keys) -> !queries {
  %o = attn.sdpa %q, %k, %v layout(bshd)
    : (!queries, !keys, !keys) -> !queries
  return %o : !queries
}
