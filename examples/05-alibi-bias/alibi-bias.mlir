// Attention with linear biases: each head takes its slope times the distance off
// a score.
!rows = tensor<?x12x?x64xf16>

func.func @alibi(%q: !rows, %k: !rows, %v: !rows,
                 %slopes: tensor<12xf32>) -> !rows {
  %o = attn.sdpa %q, %k, %v causal(bottom_right)
      alibi(%slopes : tensor<12xf32>)
    : (!rows, !rows, !rows) -> !rows
  return %o : !rows
}

// A bias for each pair of positions, one for all of the batch, as between the
// windows of an image.
func.func @bias(%q: !rows, %k: !rows, %v: !rows,
                %bias: tensor<1x12x?x?xf16>) -> !rows {
  %o = attn.sdpa %q, %k, %v bias(%bias : tensor<1x12x?x?xf16>)
    : (!rows, !rows, !rows) -> !rows
  return %o : !rows
}
