// A decoder layer's attention from projections on: queries and keys come as the
// projections leave them, [B, S, H, d], are normalised with a learned weight,
// rotated and transposed, and attend within a window, with a sink for each head.
// 8 query heads on 2 key/value heads of 128.
!rows = tensor<?x?x8x128xbf16>
!krows = tensor<?x?x2x128xbf16>
!queries = tensor<?x8x?x128xbf16>
!keys = tensor<?x2x?x128xbf16>
!weight = tensor<128xbf16>

func.func @qknorm_rope_window_sinks(%q: !rows, %k: !krows, %v: !krows,
                                    %qw: !weight, %kw: !weight,
                                    %sinks: tensor<8xf32>) -> !rows {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %batch = tensor.dim %q, %c0 : !rows
  %sq = tensor.dim %q, %c1 : !rows
  %sk = tensor.dim %k, %c1 : !krows
  %qe = tensor.empty(%batch, %sq) : !queries
  %ke = tensor.empty(%batch, %sk) : !keys
  %oe = tensor.empty(%batch, %sq) : !rows

  %qn = attn.norm rms %q weight(%qw : !weight) layout(bshd) : !rows
  %qt = linalg.transpose ins(%qn : !rows) outs(%qe : !queries)
    permutation = [0, 2, 1, 3]
  %qr = attn.rope %qt base(500000.0) : !queries

  %kn = attn.norm rms %k weight(%kw : !weight) layout(bshd) : !krows
  %kt = linalg.transpose ins(%kn : !krows) outs(%ke : !keys)
    permutation = [0, 2, 1, 3]
  %kr = attn.rope %kt base(500000.0) : !keys

  %vt = linalg.transpose ins(%v : !krows) outs(%ke : !keys)
    permutation = [0, 2, 1, 3]
  %o = attn.sdpa %qr, %kr, %vt causal(bottom_right) window(128, 0)
      sinks(%sinks : tensor<8xf32>)
    : (!queries, !keys, !keys) -> !queries
  %ot = linalg.transpose ins(%o : !queries) outs(%oe : !rows)
    permutation = [0, 2, 1, 3]
  return %ot : !rows
}
