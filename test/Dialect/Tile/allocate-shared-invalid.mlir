// RUN: attn-opt %s --pass-pipeline='builtin.module(tile.kernel(tile-allocate-shared))' -split-input-file -verify-diagnostics

// expected-error@+1 {{schedule `q=64,kv=64,warps=4,stages=2` needs 196608 bytes of shared memory, 29696 more than the 166912 of sm_80}}
tile.kernel @too_large() attributes {
    cta = #tile.cta<warps = 4>, schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2>, target = "sm_80"} {
  %a = tile.alloc : !tile.shared<6x128x128xbf16, swizzle = 128>
  tile.return
}

// -----

// expected-error-re@+1 {{expected a known target (sm_80, sm_90a, {{.*}}x86-64-v3, x86-64-v4, aarch64), got `sm_1`}}
tile.kernel @target() attributes {
    cta = #tile.cta<warps = 4>, schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2>, target = "sm_1"} {
  tile.return
}

// -----

// Barriers count, too.
// expected-error@+1 {{schedule `q=64,kv=64,warps=4,stages=2,producers=4` needs 232464 bytes of shared memory, 16 more than the 232448 of sm_90a}}
tile.kernel @barriers() attributes {
    cta = #tile.cta<warps = 4, producers = 4>, schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2, producers = 4>, target = "sm_90a"} {
  %a, %full, %empty = tile.channel consumers = 4 : !tile.shared<1x1816x64xbf16, swizzle = 128>
  tile.return
}

// -----

// A kernel that was written by hand has no schedule to blame.
// expected-error@+1 {{kernel `by_hand` needs 196608 bytes of shared memory, 29696 more than the 166912 of sm_80}}
tile.kernel @by_hand() attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
  %a = tile.alloc : !tile.shared<24x64x64xbf16, swizzle = 128>
  tile.return
}
