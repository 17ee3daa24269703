//===- RegisterCheckTest.cpp - setmaxnreg and the check registers ---------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Registers at entry are those that ptxas 13.0 reports (`-v`) for the same
// bounds, in granules of eight.
//
//===----------------------------------------------------------------------===//

#include "Decode/Draft.h"
#include "Harness.h"

using namespace attnrt;
using namespace attnrt::sim;

static std::string textOf(const std::string &bounds, const std::string &body) {
  std::string text = kernelOf(body);
  text.replace(0, text.find(".visible"), kHopperHeader);
  return text.insert(text.find("\n{") + 1, bounds + "\n");
}

static const char *const kThree = ".maxntid 384\n.minnctapersm 1";

/// Three warpgroups, of which each has 168 registers.
static Outcome runThree(const std::string &body, uint64_t seed = 0) {
  LaunchOf how;
  how.threads = 384;
  how.options.seed = seed;
  return runText(textOf(kThree, body), {}, how);
}

/// The first warpgroup does `first`, the others `rest`.
static std::string split(const std::string &first, const std::string &rest) {
  return "setp.lt.u32 %p1, %r0, 128;\n@%p1 bra F;\n" + rest +
         "bra.uni E;\nF:\n" + first + "E:\nst.global.u32 [%rd3], 7;\n";
}

static std::string inc(int count) {
  return "setmaxnreg.inc.sync.aligned.u32 " + std::to_string(count) + ";\n";
}
static std::string dec(int count) {
  return "setmaxnreg.dec.sync.aligned.u32 " + std::to_string(count) + ";\n";
}

static void expectHazard(const Outcome &o, const char *kind, const char *what) {
  EXPECT_NE(o.kinds().find(kind), std::string::npos) << o.messages();
  EXPECT_NE(o.messages().find(what), std::string::npos) << o.messages();
}

static uint32_t entryOf(const std::string &bounds, const std::string &body) {
  std::string text = textOf(bounds, body);
  Expected<ptx::Module> module = ptx::parse(text);
  EXPECT_TRUE(bool(module)) << module.status().message();
  return module ? entryRegisters(module->entries[0]) : 0;
}

TEST(RegisterCheck, EntryRegisters) {
  std::string usual = dec(40) + inc(232);
  EXPECT_EQ(entryOf(".maxntid 384", usual), 0u);
  EXPECT_EQ(entryOf(".reqntid 384", usual), 0u);
  EXPECT_EQ(entryOf(".minnctapersm 1", usual), 0u);
  EXPECT_EQ(entryOf(kThree, usual), 168u);
  EXPECT_EQ(entryOf(".reqntid 384\n.minnctapersm 1", usual), 168u);
  EXPECT_EQ(entryOf(".maxntid 320\n.minnctapersm 1", usual), 168u);
  EXPECT_EQ(entryOf(".maxntid 64, 4, 2\n.minnctapersm 1", usual), 128u);
  EXPECT_EQ(entryOf(".maxntid 256\n.minnctapersm 1", dec(56) + inc(256)), 256u);
  EXPECT_EQ(entryOf(".maxntid 256\n.minnctapersm 3", usual), 80u);
  EXPECT_EQ(entryOf(".maxnreg 100", usual), 104u);
  EXPECT_EQ(entryOf(".maxnreg 16", usual), 24u);
  EXPECT_EQ(entryOf(".maxntid 384\n.minnctapersm 1\n.maxnreg 120", usual),
            120u);
  EXPECT_EQ(entryOf(kThree, dec(24) + inc(120)), 120u);
  EXPECT_EQ(entryOf(kThree, dec(40)), 168u);
}

TEST(RegisterCheck, FromOneWarpgroupToTheOthers) {
  for (uint64_t seed : {0, 5, 11, 1001, 1002}) {
    Outcome o = runThree(split(dec(40), inc(232)), seed);
    EXPECT_EQ(o.kinds(), "") << o.messages();
    EXPECT_TRUE(o.report.warnings.empty());
    for (unsigned t : {0, 127, 128, 383})
      EXPECT_EQ(o.at(t), 7u);
  }
}

TEST(RegisterCheck, WaitsForOthers) {
  // Whoever takes goes first; what it misses comes behind a barrier.
  Outcome o = runThree(
      split("bar.sync 1, 256;\n" + dec(40), "setp.lt.u32 %p2, %r0, 256;\n"
                                            "@%p2 bar.sync 1, 256;\n" +
                                                inc(232)));
  EXPECT_EQ(o.kinds(), "") << o.messages();
}

TEST(RegisterCheck, NeverEnough) {
  expectHazard(runThree(split(dec(48), inc(232))), "deadlock",
               "waits for registers (168 for each thread");
  EXPECT_EQ(runThree(split(dec(48), inc(224))).kinds(), "");
  expectHazard(runThree(split("", inc(176))), "deadlock", "has 0 for");
  LaunchOf how;
  how.threads = 512;
  expectHazard(
      runText(textOf(".maxntid 512\n.minnctapersm 1", split(inc(256), dec(96))),
              {}, how),
      "deadlock", "waits for registers");
  // Seven others cannot have less than 24.
  how.threads = 1024;
  expectHazard(runText(textOf(".maxntid 1024\n.minnctapersm 1\n.maxnreg 32",
                              split(inc(96), dec(24))),
                       {}, how),
               "registers", "allow 88 at most, got 96");
  EXPECT_EQ(runText(textOf(".maxntid 1024\n.minnctapersm 1\n.maxnreg 32",
                           split(inc(88), dec(24))),
                    {}, how)
                .kinds(),
            "");
}

TEST(RegisterCheck, Numbers) {
  for (int count : {257, 264, 100, 16})
    expectHazard(runThree(inc(count)), "registers",
                 "expected a multiple of 8 from 24 to 256");
  expectHazard(runThree(split(dec(176), inc(232))), "registers",
               "no more than the 168 registers");
  expectHazard(
      runThree(split(dec(40), inc(232) + "bar.sync 1, 256;\n" + inc(160))),
      "registers", "no less than the 232 registers");
  EXPECT_EQ(runThree(split(dec(40), inc(232) + "bar.sync 1, 256;\n" + dec(160)))
                .kinds(),
            "");
}

TEST(RegisterCheck, WarpsOfAWarpgroup) {
  // One warp leaves it out, or comes to another one.
  std::string three = "setp.lt.u32 %p2, %r0, 96;\n@!%p2 bra X;\n";
  expectHazard(runThree(split(three + dec(40) + "X:\n", "")), "registers",
               "ends without this");
  expectHazard(
      runThree(split(three + dec(40) + "bra.uni E;\nX:\n" + dec(48), "")),
      "registers", "executed that of line");
  // Again before the others have come once.
  expectHazard(runThree(split(dec(40) + dec(32), "")), "registers",
               "expected a barrier between");
  EXPECT_EQ(
      runThree(split(dec(40) + "bar.sync 1, 128;\n" + dec(32), "")).kinds(),
      "");
  LaunchOf how;
  how.threads = 64;
  expectHazard(runText(textOf(".maxnreg 128", dec(40)), {}, how), "registers",
               "expected a warpgroup of four warps");
  expectHazard(
      runThree("setp.eq.u32 %p2, %r0, 5;\n@%p2 bra X;\n" + dec(40) + "X:\n"),
      "divergence", "aligned");
}

TEST(RegisterCheck, NobodyKnows) {
  LaunchOf how;
  how.threads = 128;
  std::string text = textOf(".maxntid 128", inc(240));
  Outcome o = runText(text, {}, how);
  EXPECT_EQ(o.kinds(), "") << o.messages();
  ASSERT_FALSE(o.report.warnings.empty());
  EXPECT_NE(o.report.warnings[0].message.find("ptxas ignores this"),
            std::string::npos);
  how.options.strict = true;
  expectHazard(runText(text, {}, how), "registers", "expected .maxntid with");
}
