//===- RandomProgramsTest.cpp - Checks change no result -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs are drawn that compute with registers and bytes that were never
// written, and use what comes out as addresses, sizes, indices, counts, masks
// and conditions. Whatever checks are on, each leaves the same bits in memory,
// and those that it leaves where the same registers and bytes were written.
//
//===----------------------------------------------------------------------===//

#include "RandomWriter.h"

#include <cstdlib>

using namespace attnrt;
using namespace attnrt::sim;

namespace {

constexpr unsigned kThreads = 64, kOutBytes = 8192;

/// The checks that such programs break; all subsets of them are tried.
const char *const kOften[] = {"oob",     "align",      "uninit", "race",
                              "barrier", "divergence", "bulk",   "mbarrier"};
constexpr unsigned kSubsets = 1 << 8;
/// The others go on and off besides.
const char *const kSeldom[] = {"cp-async", "proxy", "deadlock",  "budget",
                               "trap",     "wgmma", "registers", "griddep"};

Outcome runWith(const std::string &text, unsigned subset, uint64_t seed) {
  LaunchOf how;
  how.threads = kThreads;
  how.grid = 2;
  how.outBytes = kOutBytes;
  how.options.threads = 1;
  how.options.maxWarpInstructionsPerCta = 1 << 13;
  how.options.maxHazards = 1 << 20; // a CTA with so many stops
  how.options.completion = Completion(seed % 4);
  how.options.seed = seed;
  for (unsigned c = 0; c < 8; ++c) {
    if (!(subset >> c & 1))
      how.options.disabledChecks.push_back(kOften[c]);
    if (!((subset * 37 + 11) >> c & 1))
      how.options.disabledChecks.push_back(kSeldom[c]);
  }
  std::vector<uint32_t> input(2048);
  std::mt19937 random(static_cast<unsigned>(seed));
  for (uint32_t &word : input)
    word = random() % 3 ? random() % 256 : random();
  return runText(text, input, how);
}

std::string firstDifference(const Outcome &a, const Outcome &b) {
  for (size_t w = 0; w < a.out.size() / 4; ++w)
    if (a.word(w) != b.word(w))
      return "word " + std::to_string(w) + ": " + std::to_string(a.word(w)) +
             " and " + std::to_string(b.word(w)) + "\n";
  return "";
}

/// scripts/test --long asks for more.
bool isLong() { return std::getenv("ATTN_TEST_LONG"); }

class RandomPrograms : public ::testing::TestWithParam<int> {};

TEST_P(RandomPrograms, LeaveTheSameInMemory) {
  for (uint64_t n = 0, programs = isLong() ? 12 : 2; n < programs; ++n) {
    uint64_t seed = 1000 * static_cast<uint64_t>(GetParam()) + n;
    std::string text = RandomWriter(seed, n % 2).program();
    Outcome all = runWith(text, kSubsets - 1, seed);
    ASSERT_TRUE(all.status.isOk()) << text << all.status.message();
    for (unsigned subset = 0; subset + 1 < kSubsets; ++subset) {
      Outcome some = runWith(text, subset, seed);
      ASSERT_EQ(some.out == all.out, true)
          << "checks " << subset << " of seed " << seed << "\n"
          << text << all.messages();
    }
  }
}

TEST_P(RandomPrograms, ComputeWithWhatIsThere) {
  for (uint64_t n = 0; n < 150; ++n) {
    uint64_t seed = 1000 * static_cast<uint64_t>(GetParam()) + 2 * n;
    // Who is late, and the first warp, do not depend on how much was executed.
    Outcome one =
        runWith(RandomWriter(seed, false).program(), kSubsets - 1, seed & 1);
    Outcome all = runWith(RandomWriter(seed, false).program(true), kSubsets - 1,
                          seed & 1);
    ASSERT_TRUE(all.status.isOk()) << all.status.message();
    ASSERT_EQ(one.out == all.out, true)
        << "seed " << seed << "\n"
        << RandomWriter(seed, false).program() << one.messages()
        << firstDifference(one, all);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomPrograms, ::testing::Range(0, 4));

/// More programs with fewer subsets.
TEST(RandomPrograms, AllChecksOrNone) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    std::string text = RandomWriter(seed, true).program();
    Outcome all = runWith(text, kSubsets - 1, seed);
    for (unsigned subset : {0u, kSubsets - 1 - 4u, 4u}) // 4: uninit
      ASSERT_EQ(runWith(text, subset, seed).out == all.out, true)
          << "checks " << subset << " of seed " << seed << "\n"
          << text << all.messages();
  }
}

/// Or the tests above would say little.
TEST(RandomPrograms, BreakManyRules) {
  std::string kinds;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    std::string text = RandomWriter(seed, seed % 2).program();
    kinds += runWith(text, kSubsets - 1, seed).messages();
  }
  for (const char *check : kOften)
    EXPECT_NE(kinds.find(std::string(check) + " line"), std::string::npos)
        << check;
  for (const char *use :
       {"used as address", "used as condition", "used as stored value",
        "used as member mask", "used as source size", "used as branch index",
        "used as size", "used as byte count", "used as barrier number",
        "used as phase"})
    EXPECT_NE(kinds.find(use), std::string::npos) << use;
}

} // namespace
