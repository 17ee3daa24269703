//===- SpeedBench.cpp - Warp instructions per second ----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Not a test. Runs kernels/flash.cu on one host thread with all checks on:
//   build/test/sim/SpeedBench
//
//===----------------------------------------------------------------------===//

#include "Run/Simulator.h"

#include <benchmark/benchmark.h>

#include <fstream>
#include <sstream>

using namespace attnrt;
using namespace attnrt::sim;

static void flash(benchmark::State &state, const char *name) {
  std::ifstream file(std::string(ATTNRT_TEST_KERNELS) + "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  Expected<std::shared_ptr<const Program>> program = decode(text.str());
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

BENCHMARK_CAPTURE(flash, nvcc, "flash.nvcc.ptx");
BENCHMARK_CAPTURE(flash, clang, "flash.clang.ptx");
BENCHMARK_MAIN();
