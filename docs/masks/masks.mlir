// Masks of the pictures in docs/Masks.md that no example has.
!t = tensor<?x8x?x64xbf16>

// Queries of a prefix see all of it.
func.func @prefix(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v causal(top_left) prefix(80) : (!t, !t, !t) -> !t
  return %o : !t
}

// Chunks do not see each other.
func.func @chunks(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v causal(top_left) chunked(96) : (!t, !t, !t) -> !t
  return %o : !t
}

// The last 64 keys, and the first four: attention sinks.
func.func @first_keys(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v keep {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %c4 = arith.constant 4 : index
    %c63 = arith.constant 63 : index
    %left = arith.subi %i, %c63 : index
    %is_near = arith.cmpi sge, %j, %left : index
    %is_first = arith.cmpi slt, %j, %c4 : index
    %is_seen = arith.ori %is_near, %is_first : i1
    %is_before = arith.cmpi sle, %j, %i : index
    %kept = arith.andi %is_seen, %is_before : i1
    attn.yield %kept : i1
  } : (!t, !t, !t) -> !t
  return %o : !t
}
