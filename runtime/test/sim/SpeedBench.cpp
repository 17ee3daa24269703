//===- SpeedBench.cpp - Warp instructions per second ----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Not a test. Runs kernels/flash.cu, and a product of kernels/hopper.cu, on one
// host thread with all checks on:
//   build/bin/SpeedBench
//
//===----------------------------------------------------------------------===//

#include "HopperCases.h"

#include <benchmark/benchmark.h>

using namespace attnrt;
using namespace attnrt::sim;

static void flash(benchmark::State &state, const char *name) {
  Expected<std::shared_ptr<const Program>> program =
      decode(Kernels::textOf(name));
  if (!program)
    return state.SkipWithError(program.status().message().c_str());
  GlobalMemory memory;
  int sq = 64, sk = 2048, causal = 0;
  float scale = 0.18f;
  uint64_t q = *memory.allocate(sq * 128), k = *memory.allocate(sk * 128),
           v = *memory.allocate(sk * 128), o = *memory.allocate(sq * 256),
           lse = *memory.allocate(sq * 4);
  for (auto [address, bytes] :
       {std::pair{q, sq * 128}, {k, sk * 128}, {v, sk * 128}})
    (void)memory.fill(address, 0x3c, bytes);
  void *params[] = {&q, &k, &v, &o, &lse, &sq, &sk, &scale, &causal};
  LaunchShape shape;
  shape.block.x = 128;
  shape.dynamicSharedBytes = 5 * 64 * 64 * 2;
  Options options;
  options.threads = 1;
  ExecutionReport report;
  for (auto _ : state)
    if (!run(**program, "flash", shape, params, memory, options, report).isOk())
      return state.SkipWithError("launch failed");
  if (!report.hazards.empty())
    return state.SkipWithError(report.hazards[0].message.c_str());
  state.counters["warp_instructions_per_second"] =
      benchmark::Counter(report.warpInstructions, benchmark::Counter::kIsRate);
  state.counters["mma_per_second"] =
      benchmark::Counter(report.mmaInstructions, benchmark::Counter::kIsRate);
}

/// Tiles of 128 by 64 by 64, 8 wgmmas each, two of which are a tile of 128 by
/// 128 by 64; with loads, waits and fences.
static void products(benchmark::State &state) {
  hopper::Case which = hopper::pipeline(256, 64, 64 * 64);
  uint64_t products = 0;
  for (auto _ : state) {
    Kernels kernels("hopper.nvcc");
    kernels.threads = 1;
    if (!which.isRight(kernels))
      return state.SkipWithError("wrong result");
    products += kernels.report.wgmmaInstructions;
    state.SetIterationTime(kernels.report.seconds);
  }
  // One is 64 by 64 by 16.
  state.counters["s_per_128x128x128"] = benchmark::Counter(
      products / 32, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// The wgmmas of a tile of 128 by 128 by 128, by two warpgroups.
static std::string tileText() {
  std::string list = "{";
  for (int i = 0; i < 64; ++i)
    list += (i ? ", %f" : "%f") + std::to_string(i);
  list += "}";
  std::string text =
      ".version 8.0\n.target sm_90a\n.address_size 64\n"
      ".visible .entry k(.param .u32 turns)\n{\n"
      ".shared .align 1024 .b8 tile[65536];\n"
      ".reg .f32 %f<64>; .reg .b32 %r<8>; .reg .b64 %rd<32>; .reg .pred "
      "%p<4>;\n"
      "ld.param.u32 %r0, [turns];\nmov.u32 %r1, %tid.x;\nmov.u32 %r2, tile;\n"
      "mad.lo.u32 %r3, %r1, 16, %r2;\nmov.u32 %r4, 0;\n";
  for (int at = 0; at < 65536; at += 4096)
    text += "st.shared.v4.u32 [%r3+" + std::to_string(at) +
            "], {%r4, %r4, %r4, %r4};\n";
  // A is the first half, 64 rows a group; B the second. Atoms of 128 bytes: two
  // of 64 columns for a depth of 128.
  text += "fence.proxy.async.shared::cta;\nbar.sync 0;\n"
          "shr.u32 %r5, %r1, 7;\nmad.lo.u32 %r6, %r5, 8192, %r2;\n"
          "shr.u32 %r6, %r6, 4;\ncvt.u64.u32 %rd0, %r6;\n"
          "or.b64 %rd0, %rd0, 4611686293305360384;\n"
          "shr.u32 %r6, %r2, 4;\nadd.u32 %r6, %r6, 2048;\n"
          "cvt.u64.u32 %rd1, %r6;\nor.b64 %rd1, %rd1, 4611686293305360384;\n";
  for (int k = 0; k < 8; ++k)
    for (int operand = 0; operand < 2; ++operand)
      text += "add.s64 %rd" + std::to_string(2 + 2 * k + operand) + ", %rd" +
              std::to_string(operand) + ", " +
              std::to_string(k / 4 * 1024 + k % 4 * 2) + ";\n";
  text += "setp.ne.u32 %p0, 0, 0;\nsetp.eq.u32 %p1, 0, 0;\n"
          "TURN:\nwgmma.fence.sync.aligned;\n";
  for (int k = 0; k < 8; ++k)
    text += "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 " + list +
            ", %rd" + std::to_string(2 + 2 * k) + ", %rd" +
            std::to_string(3 + 2 * k) + (k ? ", %p1" : ", %p0") +
            ", 1, 1, 0, 0;\n";
  return text + "wgmma.commit_group.sync.aligned;\n"
                "wgmma.wait_group.sync.aligned 0;\nsub.u32 %r0, %r0, 1;\n"
                "setp.ne.u32 %p2, %r0, 0;\n@%p2 bra TURN;\nret;\n}\n";
}

static void tiles(benchmark::State &state) {
  constexpr uint32_t kTurns = 50;
  std::unique_ptr<Kernels> kernels = Kernels::of(tileText());
  kernels->threads = 1;
  uint64_t count = 0;
  for (auto _ : state) {
    kernels->launch("k", {1}, {256}, kTurns);
    if (!kernels->report.hazards.empty())
      return state.SkipWithError("a hazard");
    count += kTurns;
  }
  state.counters["s_per_128x128x128"] = benchmark::Counter(
      count, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK(tiles);
BENCHMARK(products)->UseManualTime();
BENCHMARK_CAPTURE(flash, nvcc, "flash.nvcc");
BENCHMARK_CAPTURE(flash, clang, "flash.clang");
BENCHMARK_MAIN();
