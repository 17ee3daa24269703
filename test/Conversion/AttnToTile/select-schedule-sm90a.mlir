// RUN: attn-opt %s --attn-expand-masks --attn-select-schedule="target=sm_90a" | FileCheck %s
// RUN: not attn-opt %s --attn-expand-masks --attn-select-schedule="target=sm_90a schedule=producers=0" 2>&1 | FileCheck %s --check-prefix=ALIKE

// RUN: attn-opt %s --attn-expand-masks --attn-select-schedule="target=sm_90a schedule=q=64" | FileCheck %s --check-prefix=ROWS
// RUN: attn-opt %s --attn-expand-masks --attn-select-schedule="target=sm_90a schedule=warps=8,kv=64" | FileCheck %s --check-prefix=WARPS

// Rows say how many warps, and warps how many rows; one warpgroup takes no turns.
// ROWS: #tile.schedule<q = 64, kv = 128, warps = 4, stages = 2, producers = 4, persistent = 1, prefetch = 1, overlap = 1, wait = 25>
// WARPS: #tile.schedule<q = 128, kv = 64, warps = 8, stages = 2, producers = 4, persistent = 1, prefetch = 1, turns = 2, overlap = 1, wait = 25>

// Warps that all do the same are no schedule for warpgroups.
// ALIKE: error: expected schedule key `producers` to be 4 on sm_90a, whose warpgroups copy or compute, got 0

!d64 = tensor<1x2x?x64xbf16>
!d128 = tensor<1x2x?x128xbf16>
!d192 = tensor<1x2x?x192xbf16>
!d256 = tensor<1x2x?x256xbf16>

// Three warpgroups, where they have registers enough: a mask takes some. Rows of a
// narrow window have as much to do as the first, and CTAs take tiles from both ends.
// CHECK-LABEL: func.func @d64
func.func @d64(%q: !d64, %k: !d64, %v: !d64) -> (!d64, !d64) {
  // CHECK: #tile.schedule<q = 192, kv = 128, warps = 12, stages = 2, producers = 4, persistent = 1, prefetch = 1, turns = 2, overlap = 1, wait = 25>, tile.target = "sm_90a"
  %o = attn.sdpa %q, %k, %v : (!d64, !d64, !d64) -> !d64
  // CHECK: #tile.schedule<q = 192, kv = 112, warps = 12, stages = 2, producers = 4, persistent = 2, prefetch = 1, turns = 2, overlap = 1, wait = 60>
  %w = attn.sdpa %q, %k, %v window(100, 100) : (!d64, !d64, !d64) -> !d64
  return %o, %w : !d64, !d64
}

// Not for as few rows as two have.
!few = tensor<1x2x128x64xbf16>
!more = tensor<1x2x129x64xbf16>
// CHECK-LABEL: func.func @few
func.func @few(%q: !few, %m: !more, %k: !d64, %v: !d64) -> (!few, !more) {
  // CHECK: q = 128, kv = 128, warps = 8
  %o = attn.sdpa %q, %k, %v : (!few, !d64, !d64) -> !few
  // CHECK: q = 192, kv = 128, warps = 12
  %p = attn.sdpa %m, %k, %v : (!more, !d64, !d64) -> !more
  return %o, %p : !few, !more
}

// Without a mask, there is room for more keys, up to 112 beside the next query.
// CHECK-LABEL: func.func @d128
func.func @d128(%q: !d128, %k: !d128, %v: !d128) -> (!d128, !d128) {
  // CHECK: #tile.schedule<q = 128, kv = 176, warps = 8, stages = 2, producers = 4, persistent = 1, turns = 2, overlap = 1, wait = 50>
  %o = attn.sdpa %q, %k, %v : (!d128, !d128, !d128) -> !d128
  // CHECK: #tile.schedule<q = 128, kv = 128, warps = 8, stages = 2, producers = 4, persistent = 1, prefetch = 1, turns = 2, overlap = 1, wait = 50>
  %w = attn.sdpa %q, %k, %v window(100, 100) : (!d128, !d128, !d128) -> !d128
  return %o, %w : !d128, !d128
}

// Nor where types show that the last tile of keys is not full: a row for masks is
// taken, and three warpgroups compute all exponentials before they wait.
!whole64 = tensor<1x2x4096x64xbf16>
!tail64 = tensor<1x2x4100x64xbf16>
!whole128 = tensor<1x2x3520x128xbf16>
!tail128 = tensor<1x2x4096x128xbf16>
// CHECK-LABEL: func.func @tails
func.func @tails(%q: !d64, %a: !whole64, %b: !tail64, %r: !d128, %c: !whole128, %d: !tail128) -> (!d64, !d64, !d128, !d128) {
  // CHECK: kv = 128, {{.*}}overlap = 1, wait = 25>
  %x = attn.sdpa %q, %a, %a : (!d64, !whole64, !whole64) -> !d64
  // CHECK: kv = 112, {{.*}}overlap = 1>
  %y = attn.sdpa %q, %b, %b : (!d64, !tail64, !tail64) -> !d64
  // CHECK: kv = 176, {{.*}}overlap = 1, wait = 50>
  %z = attn.sdpa %r, %c, %c : (!d128, !whole128, !whole128) -> !d128
  // CHECK: kv = 128, {{.*}}prefetch = 1, {{.*}}overlap = 1, wait = 50>
  %w = attn.sdpa %r, %d, %d : (!d128, !tail128, !tail128) -> !d128
  return %x, %y, %z, %w : !d64, !d64, !d128, !d128
}

!d112 = tensor<1x2x?x112xbf16>
// CHECK-LABEL: func.func @d112
func.func @d112(%q: !d112, %k: !d112, %v: !d112) -> !d112 {
  // CHECK: kv = 176, {{.*}}prefetch = 1,
  %o = attn.sdpa %q, %k, %v : (!d112, !d112, !d112) -> !d112
  return %o : !d112
}

// Three tiles of keys are no loop in which products could overlap.
!two = tensor<1x2x256x64xbf16>
!three = tensor<1x2x257x64xbf16>
!last = tensor<1x2x384x64xbf16>
!four = tensor<1x2x385x64xbf16>
// CHECK-LABEL: func.func @tiles
func.func @tiles(%q: !d64, %2: !two, %3: !three, %4: !last, %5: !four) -> (!d64, !d64, !d64, !d64) {
  // CHECK: turns = 2, overlap = 1>
  %a = attn.sdpa %q, %2, %2 : (!d64, !two, !two) -> !d64
  // CHECK: turns = 1>
  %b = attn.sdpa %q, %3, %3 : (!d64, !three, !three) -> !d64
  // CHECK: turns = 1>
  %c = attn.sdpa %q, %4, %4 : (!d64, !last, !last) -> !d64
  // CHECK: turns = 2, overlap = 1>
  %d = attn.sdpa %q, %5, %5 : (!d64, !four, !four) -> !d64
  return %a, %b, %c, %d : !d64, !d64, !d64, !d64
}

// Later rows have more keys: they are taken first.
// CHECK-LABEL: func.func @causal
func.func @causal(%q: !d64, %k: !d64, %v: !d64) -> !d64 {
  // CHECK: persistent = 2
  %o = attn.sdpa %q, %k, %v causal(top_left) : (!d64, !d64, !d64) -> !d64
  return %o : !d64
}

// Tiles of keys are smaller beside wide values.
// CHECK-LABEL: func.func @d192
func.func @d192(%q: !d192, %k: !d192, %v: !d192) -> (!d192, !d192) {
  // CHECK: #tile.schedule<q = 128, kv = 112, warps = 8, stages = 2, producers = 4, persistent = 1, overlap = 1, wait = 50>
  %o = attn.sdpa %q, %k, %v : (!d192, !d192, !d192) -> !d192
  // CHECK: kv = 112
  %c = attn.sdpa %q, %k, %v causal(top_left) : (!d192, !d192, !d192) -> !d192
  return %o, %c : !d192, !d192
}

// CHECK-LABEL: func.func @d256
func.func @d256(%q: !d256, %k: !d256, %v: !d256) -> (!d256, !d256) {
  // CHECK: kv = 80
  %o = attn.sdpa %q, %k, %v : (!d256, !d256, !d256) -> !d256
  // CHECK: kv = 80
  %c = attn.sdpa %q, %k, %v causal(top_left) : (!d256, !d256, !d256) -> !d256
  return %o, %c : !d256, !d256
}

// Decoding: the group shares one warpgroup's rows, which has nobody to take turns with.
!one = tensor<1x32x1x64xbf16>
!cache = tensor<1x4x?x64xbf16>
// CHECK-LABEL: func.func @decode
func.func @decode(%q: !one, %k: !cache, %v: !cache) -> !one {
  // CHECK: #tile.schedule<q = 64, kv = 128, warps = 4, stages = 2, heads = 8, split = 0, producers = 4, persistent = 1, prefetch = 1, overlap = 1, wait = 50>
  %o = attn.sdpa %q, %k, %v : (!one, !cache, !cache) -> !one
  return %o : !one
}

// Dropout has whole blocks of 32 keys, masked or not.
// CHECK-LABEL: func.func @dropout
func.func @dropout(%q: !d64, %r: !d128, %s: !d192, %t: !d256, %n: i64) -> (!d64, !d128, !d192, !d256) {
  // CHECK: q = 192, kv = 96
  %a = attn.sdpa %q, %q, %q causal(top_left) dropout(0.1, %n, %n : i64) : (!d64, !d64, !d64) -> !d64
  // CHECK: q = 128, kv = 128
  %b = attn.sdpa %r, %r, %r dropout(0.1, %n, %n : i64) : (!d128, !d128, !d128) -> !d128
  // CHECK: q = 128, kv = 64
  %c = attn.sdpa %s, %s, %s dropout(0.1, %n, %n : i64) : (!d192, !d192, !d192) -> !d192
  // CHECK: q = 128, kv = 64
  %d = attn.sdpa %t, %t, %t dropout(0.1, %n, %n : i64) : (!d256, !d256, !d256) -> !d256
  // One that drops nothing is none.
  // CHECK: kv = 80
  %e = attn.sdpa %t, %t, %t dropout(0.0, %n, %n : i64) : (!d256, !d256, !d256) -> !d256
  return %a, %b, %c, %d : !d64, !d128, !d192, !d256
}
