// RUN: not attn-opt %s --attn-select-schedule="schedule=q=0" 2>&1 | FileCheck %s --check-prefix=ROWS
// RUN: not attn-opt %s --attn-select-schedule="schedule=heads=0" 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not attn-opt %s --attn-select-schedule="schedule=heads=512" 2>&1 | FileCheck %s --check-prefix=MANY

// What sizes decide is not worked out from keys that make no sense.
// ROWS: error: expected schedule key `q` in 1..1024, got 0
// NONE: error: expected schedule key `heads` in 1..1024, got 0
// MANY: error: expected schedule key `heads` to be a power of two that divides the 128 rows of `q`, got 512
!one = tensor<1x8x1x64xbf16>
!two = tensor<1x2x?x64xbf16>
func.func @decode(%q: !one, %k: !two, %v: !two) -> !one {
  %o = attn.sdpa %q, %k, %v : (!one, !two, !two) -> !one
  return %o : !one
}
