// RUN: not attn-opt %s --attn-select-schedule="target=sm_1" 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: not attn-opt %s --attn-select-schedule="schedule=rows=4" 2>&1 | FileCheck %s --check-prefix=KEY
// RUN: not attn-opt %s --attn-select-schedule="schedule=q=many" 2>&1 | FileCheck %s --check-prefix=VALUE
// RUN: not attn-opt %s --attn-select-schedule="schedule=q=100" 2>&1 | FileCheck %s --check-prefix=RULE
// RUN: not attn-opt %s --attn-select-schedule="schedule=split=129" 2>&1 | FileCheck %s --check-prefix=SPLIT
// RUN: not attn-opt %s --attn-select-schedule="schedule=heads=3" 2>&1 | FileCheck %s --check-prefix=HEADS
// RUN: not attn-opt %s --attn-select-schedule="schedule=heads=256" 2>&1 | FileCheck %s --check-prefix=HEADS
// RUN: not attn-opt %s --attn-select-schedule="schedule=q=512" 2>&1 | FileCheck %s --check-prefix=REGISTERS
// RUN: not attn-opt %s --attn-select-schedule="schedule=q=64,producers=4" 2>&1 | FileCheck %s --check-prefix=WARPGROUPS
// RUN: not attn-opt %s --attn-select-schedule="target=sm_90a schedule=q=128,warps=8,kv=256" 2>&1 | FileCheck %s --check-prefix=CONSUMERS
// RUN: not attn-opt %s --attn-select-schedule="target=sm_90a schedule=q=192,warps=12,kv=160" 2>&1 | FileCheck %s --check-prefix=THREE
// RUN: not attn-opt %s --attn-select-schedule="target=sm_90a schedule=turns=3" 2>&1 | FileCheck %s --check-prefix=TURNS

// TARGET: error: unknown target `sm_1`; known are sm_80, sm_90a, {{.*}}x86-64-v3, x86-64-v4, aarch64
// KEY: error: expected schedule keys `q`, `kv`, `warps`, `stages`, `heads`, {{.*}} or {{.*}}, got `rows`
// VALUE: error: expected an integer for schedule key `q`, got `many`
// RULE: error: expected schedule key `q` to be a multiple of 64 (16 rows for each of 4 warps), got 100
// SPLIT: error: expected schedule key `split` in 0..128, got 129
// HEADS: error: expected schedule key `heads` to be a power of two that divides the 128 rows of `q`, got {{3|256}}
// REGISTERS: error: schedule `q=512,kv=64,warps=4,stages=2` needs {{[0-9]+}} registers a thread, {{[0-9]+}} more than the 255 of sm_80
// Consumers have what producers give them, of which three warpgroups get less.
// WARPGROUPS: error: schedule `q=64,kv=64,warps=4,stages=2,producers=4` needs warpgroups, which sm_80 does not have
// CONSUMERS: error: schedule `q=128,kv=256,warps=8,stages=2,producers=4,persistent=1,prefetch=1,turns=2,overlap=1,wait=25` needs {{[0-9]+}} registers a thread, {{[0-9]+}} more than the 240 of sm_90a
// THREE: error: schedule `q=192,kv=160,warps=12,stages=2,producers=4,persistent=1,prefetch=1,turns=2,overlap=1,wait=25` needs {{[0-9]+}} registers a thread, {{[0-9]+}} more than the 160 of sm_90a
// TURNS: error: expected schedule key `turns` in 0..2, got 3
!d64 = tensor<1x2x?x64xbf16>
func.func @f(%q: !d64, %k: !d64, %v: !d64) -> !d64 {
  %o = attn.sdpa %q, %k, %v : (!d64, !d64, !d64) -> !d64
  return %o : !d64
}
