// RUN: attn-opt %s --attn-expand-masks --attn-select-schedule | FileCheck %s --check-prefix=GRID
// RUN: attn-opt %s --attn-expand-masks --attn-select-schedule="target=sm_90a" | FileCheck %s --check-prefix=LOOP
// RUN: attn-opt %s --attn-expand-masks --attn-select-schedule="target=x86-64-v3" | FileCheck %s --check-prefix=HOST

// Tiles with the most keys come first where later rows have more; persistent CTAs
// and the device of processors order tiles themselves.
// HOST-NOT: longest

!open = tensor<1x2x?x64xbf16>
!short = tensor<1x2x100x64xbf16>

// GRID-LABEL: func.func @causal
// LOOP-LABEL: func.func @causal
func.func @causal(%q: !open, %k: !open, %v: !open) -> !open {
  // GRID: #tile.schedule<{{.*}}, longest = 1>
  // LOOP-NOT: longest
  // LOOP: persistent = 2
  %o = attn.sdpa %q, %k, %v causal(bottom_right) : (!open, !open, !open) -> !open
  return %o : !open
}

// GRID-LABEL: func.func @window
func.func @window(%q: !open, %k: !open, %v: !open) -> !open {
  // GRID-NOT: longest
  %o = attn.sdpa %q, %k, %v window(64, 64) : (!open, !open, !open) -> !open
  return %o : !open
}

// One tile needs no order.
// GRID-LABEL: func.func @one_tile
func.func @one_tile(%q: !short, %k: !short, %v: !short) -> !short {
  // GRID-NOT: longest
  // GRID: return
  %o = attn.sdpa %q, %k, %v causal(bottom_right) : (!short, !short, !short) -> !short
  return %o : !short
}
