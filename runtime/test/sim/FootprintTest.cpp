//===- FootprintTest.cpp - How much memory shadow state takes -------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Holds the factors of docs/Simulator.md: what a launch is charged for is not
// more than they say, and what it allocates, as this file's operator new sees
// it, is not more than it is charged for.
//
//===----------------------------------------------------------------------===//

#include "Decode/Program.h"
#include "HopperCases.h"

#include <atomic>
#include <cstdlib>
#include <malloc.h>
#include <new>

using namespace attnrt;
using namespace attnrt::sim;
using namespace attnrt::sim::hopper;

static std::atomic<uint64_t> live, peak;

void *operator new(size_t bytes) {
  void *memory = std::malloc(bytes ? bytes : 1);
  if (!memory)
    std::abort();
  uint64_t now = live += malloc_usable_size(memory);
  uint64_t most = peak;
  while (now > most && !peak.compare_exchange_weak(most, now))
    ;
  return memory;
}
void operator delete(void *memory) noexcept {
  live -= memory ? malloc_usable_size(memory) : 0;
  std::free(memory);
}
void operator delete(void *memory, size_t) noexcept { operator delete(memory); }

namespace {
struct Footprint {
  uint64_t warps = 0, shared = 0, registers = 0; // of a block
  uint64_t operations = 0;
  uint64_t charged = 0, allocated = 0;
};
} // namespace

/// What a launch asks for that is refused for its memory.
static uint64_t chargeOf(const Program &program, const std::string &name,
                         const LaunchShape &shape, void *const *params) {
  GlobalMemory memory(1);
  ExecutionReport report;
  Status status = run(program, name, shape, params, memory, Options(), report);
  const std::string words = "asked for ";
  size_t at = status.message().find(words);
  EXPECT_NE(at, std::string::npos) << status.message();
  return at == std::string::npos
             ? 0
             : std::strtoull(&status.message()[at + words.size()], nullptr, 10);
}

/// Of one block at a time.
template <typename... Args>
static Footprint footprintOf(const std::string &file, const std::string &name,
                             const LaunchShape &shape, GlobalMemory &memory,
                             Args... args) {
  Footprint out;
  Expected<std::shared_ptr<const Program>> program =
      decode(Kernels::textOf(file));
  EXPECT_TRUE(bool(program)) << program.status().message();
  if (!program)
    return out;
  const sim::Kernel &kernel = *(*program)->find(name);
  out.warps = shape.block.x / 32;
  out.shared = kernel.staticSharedBytes + shape.dynamicSharedBytes;
  out.registers = out.warps * kernel.rows * 128;
  out.operations = kernel.ops.size();
  EXPECT_EQ(kernel.localBytes, 0u);
  void *params[] = {&args...};
  out.charged = chargeOf(**program, name, shape, params);
  Options options;
  options.threads = 1;
  options.completion = Completion::Early; // no copies in flight
  ExecutionReport report;
  uint64_t before = live;
  peak = before;
  Status status = run(**program, name, shape, params, memory, options, report);
  out.allocated = peak - before;
  EXPECT_TRUE(status.isOk()) << status.message();
  EXPECT_TRUE(report.hazards.empty()) << report.hazards[0].message;
  return out;
}

static Footprint flash() {
  GlobalMemory memory;
  int sq = 64, sk = 256, causal = 0;
  float scale = 0.18f;
  auto filled = [&](size_t bytes) {
    uint64_t address = *memory.allocate(bytes);
    (void)memory.fill(address, 0x3c, bytes);
    return address;
  };
  uint64_t q = filled(sq * 128), k = filled(sk * 128), v = filled(sk * 128);
  uint64_t o = filled(sq * 256), lse = filled(sq * 4);
  LaunchShape shape;
  shape.block.x = 128;
  shape.dynamicSharedBytes = 5 * 64 * 64 * 2;
  return footprintOf("flash.nvcc", "flash", shape, memory, q, k, v, o, lse, sq,
                     sk, scale, causal);
}

static Footprint products() {
  constexpr int kRows = 256, kColumns = 64, kDepth = 448;
  GlobalMemory memory;
  auto matrix = [&](int rows, int columns) {
    uint64_t address = *memory.allocate(rows * columns * 2);
    (void)memory.fill(address, 0, rows * columns * 2);
    return mapOf(address, kBf16, rows, columns, 64, 64, 128);
  };
  LaunchShape shape;
  shape.grid.x = 2;
  shape.block.x = 384;
  shape.dynamicSharedBytes = 9 * 64 * 128;
  return footprintOf("hopper.nvcc", "pipeline", shape, memory,
                     matrix(kRows, kDepth), matrix(kColumns, kDepth),
                     matrix(kRows, kColumns), kDepth);
}

TEST(Footprint, Arrays) {
  for (uint64_t bytes : {uint64_t(0), uint64_t(1000), uint64_t(10) << 20}) {
    uint64_t before = live;
    GlobalMemory memory(uint64_t(1) << 30);
    uint64_t left = memory.left();
    ASSERT_TRUE(bool(memory.allocate(bytes)));
    EXPECT_LE(left - memory.left(), bytes + bytes / 8 + 1024);
    // The host's malloc gives whole pages.
    EXPECT_LE(live - before, left - memory.left() + 2 * 4096);
  }
}

TEST(Footprint, KernelsThatRun) {
  const std::pair<Footprint, uint64_t> kKernels[] = {{flash(), 1},
                                                     {products(), 3}};
  for (const auto &[is, warpgroups] : kKernels) {
    SCOPED_TRACE(is.charged);
    // In hundredths; 1 KiB is before the variables, 1 KiB their alignment.
    // One warp's registers are kept once more.
    uint64_t shared = 720 * (is.shared + 2 * 1024 + 64),
             registers = 210 * is.registers + 104 * is.registers / is.warps;
    uint64_t counters = 100 * is.operations * (32 + 32 * warpgroups);
    uint64_t warps = 100 * 1024 * is.warps;
    EXPECT_LE(100 * is.charged,
              shared + registers + counters + warps + 100 * 4096);
    EXPECT_LE(is.charged, 4 * (is.shared + is.registers));
    // Besides: clocks, logs and what else does not grow with the kernel.
    EXPECT_LE(is.allocated, is.charged + 65536);
    EXPECT_GE(is.allocated, is.charged * 4 / 5);
    std::printf("own %lu, charged %lu, allocated %lu bytes\n",
                is.shared + is.registers, is.charged, is.allocated);
  }
}
