//===- MemoryBudgetTest.cpp - No text takes more memory than allowed ------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

using namespace attnrt;
using namespace attnrt::sim;

namespace {

constexpr uint64_t kMiB = uint64_t(1) << 20;

struct Limited {
  Status status;
  uint64_t left = 0; // afterwards
  unsigned threads = 0;
};

/// The kernel `k` without parameters, on a device of `limit` bytes.
Limited runWithin(uint64_t limit, const std::string &ptx, uint32_t threads = 32,
                  const Options &options = {}, uint32_t grid = 1) {
  Limited out;
  GlobalMemory memory(limit);
  Expected<std::shared_ptr<const Program>> program =
      decode(std::string(kHeader) + ptx);
  EXPECT_TRUE(bool(program)) << program.status().message();
  if (!program)
    return out;
  LaunchShape shape;
  shape.block.x = threads;
  shape.grid.x = grid;
  ExecutionReport report;
  out.status = run(**program, "k", shape, nullptr, memory, options, report);
  out.threads = report.threads;
  memory.forget(**program);
  out.left = memory.left();
  return out;
}

void expectRefused(const Limited &run, uint64_t limit) {
  EXPECT_EQ(run.status.code(), Code::Device) << run.status.message();
  EXPECT_NE(run.status.message().find("asked for "), std::string::npos)
      << run.status.message();
  EXPECT_NE(run.status.message().find(" bytes, there are "), std::string::npos)
      << run.status.message();
  EXPECT_EQ(run.left, limit);
}

std::string refusal(const std::string &ptx) {
  Expected<std::shared_ptr<const Program>> program =
      decode(std::string(kHeader) + ptx);
  EXPECT_FALSE(bool(program)) << ptx.substr(0, 200);
  return program ? "" : program.status().message();
}

} // namespace

TEST(MemoryBudget, Arrays) {
  GlobalMemory memory(kMiB);
  Expected<uint64_t> first = memory.allocate(500000);
  ASSERT_TRUE(bool(first));
  uint64_t left = memory.left();
  // With its initialised bits and red zones.
  EXPECT_LT(left, kMiB - 500000 - 500000 / 8);
  Expected<uint64_t> second = memory.allocate(500000);
  ASSERT_FALSE(bool(second));
  EXPECT_EQ(second.status().code(), Code::Device);
  EXPECT_NE(second.status().message().find("there are " + std::to_string(left) +
                                           " of 1048576"),
            std::string::npos)
      << second.status().message();
  EXPECT_TRUE(memory.free(*first).isOk());
  EXPECT_EQ(memory.left(), kMiB);
  EXPECT_TRUE(bool(memory.allocate(500000)));
}

TEST(MemoryBudget, ModuleVariables) {
  std::string ptx = ".global .b8 small[1000];\n.global .b8 huge[1000000000];\n"
                    ".entry k { ret; }";
  expectRefused(runWithin(64 * kMiB, ptx), 64 * kMiB);
}

TEST(MemoryBudget, LocalMemoryOfManyThreads) {
  std::string ptx = ".entry k { .local .b8 stack[1000000];\n"
                    "st.local.u32 [stack], 1; ret; }";
  expectRefused(runWithin(256 * kMiB, ptx, 1024), 256 * kMiB);
  EXPECT_TRUE(runWithin(256 * kMiB, ptx, 32).status.isOk());
}

TEST(MemoryBudget, FewerWorkersWhereAllDoNotFit) {
  std::string ptx = ".entry k { .local .b8 stack[1000000];\n"
                    "st.local.u32 [stack], 1; ret; }";
  Options options;
  options.threads = 8;
  Limited run = runWithin(160 * kMiB, ptx, 32, options, 16);
  EXPECT_TRUE(run.status.isOk()) << run.status.message();
  EXPECT_EQ(run.threads, 2u);
  EXPECT_EQ(run.left, 160 * kMiB);
}

TEST(MemoryBudget, CopiesThatNobodyWaitsFor) {
  std::string ptx =
      ".global .align 16 .b8 from[16];\n"
      ".entry k { .shared .align 16 .b8 to[16]; .reg .b32 %r<4>;\n"
      ".reg .b64 %rd<4>; .reg .pred %p<2>;\nmov.u32 %r1, to;\n"
      "mov.u64 %rd1, from;\nmov.u32 %r2, 0;\n"
      "L: cp.async.cg.shared.global [%r1], [%rd1], 16;\n"
      "add.u32 %r2, %r2, 1;\nsetp.lt.u32 %p1, %r2, 1000000;\n"
      "@%p1 bra L;\nret; }";
  Options options;
  options.disabledChecks = {"cp-async", "race"};
  Limited run = runWithin(64 * kMiB, ptx, 32, options);
  expectRefused(run, 64 * kMiB);
  EXPECT_NE(run.status.message().find("CTA (0, 0, 0)"), std::string::npos);
}

TEST(MemoryBudget, FirstBlockIsNamedWhateverTheThreads) {
  // Block 2 is the first that never waits.
  std::string ptx =
      ".global .align 16 .b8 from[16];\n"
      ".entry k { .shared .align 16 .b8 to[16]; .reg .b32 %r<4>;\n"
      ".reg .b64 %rd<4>; .reg .pred %p<2>;\nmov.u32 %r3, %ctaid.x;\n"
      "setp.lt.u32 %p1, %r3, 2;\n@%p1 ret;\nmov.u32 %r1, to;\n"
      "mov.u64 %rd1, from;\n"
      "L: cp.async.cg.shared.global [%r1], [%rd1], 16;\nbra L; }";
  for (unsigned threads : {1, 2, 4}) {
    Options options;
    options.disabledChecks = {"cp-async", "race"};
    options.threads = threads;
    Limited run = runWithin(64 * kMiB, ptx, 32, options, 16);
    expectRefused(run, 64 * kMiB);
    EXPECT_NE(run.status.message().find("CTA (2, 0, 0)"), std::string::npos)
        << run.status.message();
  }
}

TEST(MemoryBudget, TextThatAsksForTheMoon) {
  EXPECT_NE(refusal(".entry k { .shared .b8 s[100000000]; "
                    "st.shared.u8 [s], 1; ret; }")
                .find("too much shared memory"),
            std::string::npos);
  EXPECT_NE(refusal(".entry k { .local .b8 s[100000000]; "
                    "st.local.u8 [s], 1; ret; }")
                .find("too much local memory"),
            std::string::npos);
  EXPECT_NE(refusal(".global .b8 s[99999999999999999999];")
                .find("expected an integer"),
            std::string::npos);
  EXPECT_NE(refusal(".global .b64 s[1000000][1000000];").find("large"),
            std::string::npos);
  EXPECT_NE(refusal(".entry k(.param .b8 a[32768], .param .b8 b[32768]) {}")
                .find("bytes of parameters"),
            std::string::npos);
  // Declared registers cost nothing before they are used.
  EXPECT_TRUE(bool(decode(std::string(kHeader) +
                          ".entry k { .reg .b32 %r<4000000000>;\n"
                          "mov.u32 %r3999999999, 1; ret; }")));
  // All live at once: more rows than there can be.
  std::string many = ".entry k { .reg .b32 %r<70000>;\nL:\n";
  for (int n = 0; n < 70000; ++n)
    many += "add.u32 %r" + std::to_string(n) + ", %r" + std::to_string(n) +
            ", 1;\n";
  EXPECT_NE(refusal(many + "bra L; }").find("too many registers"),
            std::string::npos);
  // Far from each other in blocks without end.
  std::string blocks = ".entry k { .reg .b32 %r<50000>; .reg .pred %p;\n";
  for (int n = 0; n < 50000; ++n)
    blocks += "mov.u32 %r" + std::to_string(n) + ", 1;\n@%p bra L" +
              std::to_string(n) + ";\nL" + std::to_string(n) + ":\n";
  EXPECT_NE(refusal(blocks + "ret; }").find("too many registers"),
            std::string::npos);
}

TEST(MemoryBudget, OptionsFromTheEnvironment) {
  setenv("ATTNRT_SIM_MAX_MEMORY", "12345", 1);
  setenv("ATTNRT_SIM_MAX_INSTRUCTIONS", "678", 1);
  Expected<Options> options = Options::fromEnvironment();
  ASSERT_TRUE(bool(options));
  EXPECT_EQ(options->maxMemoryBytes, 12345u);
  EXPECT_EQ(options->maxWarpInstructionsPerCta, 678u);
  for (const char *bad : {"0", "-1", "many", "1e9", "99999999999999999999"}) {
    setenv("ATTNRT_SIM_MAX_MEMORY", bad, 1);
    Expected<Options> refused = Options::fromEnvironment();
    ASSERT_FALSE(bool(refused)) << bad;
    EXPECT_EQ(refused.status().code(), Code::BadInput);
    EXPECT_NE(refused.status().message().find("ATTNRT_SIM_MAX_MEMORY"),
              std::string::npos);
  }
  unsetenv("ATTNRT_SIM_MAX_MEMORY");
  unsetenv("ATTNRT_SIM_MAX_INSTRUCTIONS");
}
