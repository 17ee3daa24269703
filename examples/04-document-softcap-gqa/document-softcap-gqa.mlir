// Grouped-query attention on packed documents: several documents lie one behind
// the other in a row of the batch, and no token sees one of another document.
// Scores are capped, as in Gemma 2. 8 query heads on 2 key/value heads of 128.
!queries = tensor<?x8x?x128xbf16>
!keys = tensor<?x2x?x128xbf16>
!ids = tensor<?x?xi32>

func.func @document_softcap_gqa(%q: !queries, %k: !keys, %v: !keys,
                                %documents: !ids) -> !queries {
  %o = attn.sdpa %q, %k, %v causal(top_left) softcap(50.0)
      documents(%documents, %documents : !ids, !ids)
    : (!queries, !keys, !keys) -> !queries
  return %o : !queries
}
