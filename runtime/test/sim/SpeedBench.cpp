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
  state.counters["ms_per_128x128x128"] =
      benchmark::Counter(products / 32 / 1e3, benchmark::Counter::kIsRate |
                                                  benchmark::Counter::kInvert);
}

BENCHMARK(products)->UseManualTime();
BENCHMARK_CAPTURE(flash, nvcc, "flash.nvcc");
BENCHMARK_CAPTURE(flash, clang, "flash.clang");
BENCHMARK_MAIN();
