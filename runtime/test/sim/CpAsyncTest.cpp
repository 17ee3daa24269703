//===- CpAsyncTest.cpp - cp.async and the check cp-async ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

using namespace attnrt::sim;

static const char *const kBuffer = ".shared .align 16 .b8 buffer[2048];\n";

/// %r1 = buffer + 16 tid; a copy of 16 bytes from in; `tail` follows.
static Outcome copy(const std::string &tail, unsigned threads = 32,
                    const std::string &sizes = "16") {
  std::vector<uint32_t> input(threads * 4);
  for (unsigned i = 0; i < input.size(); ++i)
    input[i] = 1000 + i;
  LaunchOf how;
  how.threads = threads;
  return runBody("mov.u32 %r1, buffer;\nshl.b32 %r2, %r0, 4;\n"
                 "add.u32 %r1, %r1, %r2;\n"
                 "cp.async.cg.shared.global.L2::128B [%r1], [%rd2], " +
                     sizes + ";\n" + tail,
                 input, how, kBuffer);
}

static const std::string kStore =
    "ld.shared.v4.u32 {%r4, %r5, %r6, %r7}, [%r3];\n"
    "st.global.v4.u32 [%rd3], {%r4, %r5, %r6, %r7};";

TEST(CpAsync, OwnCopyAfterItsWait) {
  Outcome o = copy("cp.async.commit_group;\ncp.async.wait_group 0;\n"
                   "mov.u32 %r3, %r1;\n" +
                   kStore);
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(7, 2), 1030u);
}

TEST(CpAsync, ReadBeforeTheWait) {
  Outcome o = copy("cp.async.commit_group;\nmov.u32 %r3, %r1;\n" + kStore);
  ASSERT_EQ(o.kinds(), "cp-async");
  EXPECT_NE(o.messages().find("wait_group"), std::string::npos);
  EXPECT_EQ(o.at(7, 2), ~0u); // the bytes have not moved
}

TEST(CpAsync, WaitWithoutCommit) {
  EXPECT_EQ(
      copy("cp.async.wait_group 0;\nmov.u32 %r3, %r1;\n" + kStore).kinds(),
      "cp-async");
  EXPECT_EQ(copy("cp.async.wait_all;\nmov.u32 %r3, %r1;\n" + kStore).kinds(),
            "");
}

TEST(CpAsync, GroupsCompleteInOrder) {
  std::string two = "cp.async.commit_group;\n"
                    "cp.async.ca.shared.global [%r1+512], [%rd2], 8;\n"
                    "cp.async.commit_group;\ncp.async.wait_group 1;\n";
  EXPECT_EQ(copy(two + "mov.u32 %r3, %r1;\n" + kStore).kinds(), "");
  EXPECT_EQ(copy(two + "ld.shared.u32 %r4, [%r1+512];\n").kinds(), "cp-async");
}

TEST(CpAsync, OtherWarpsNeedABarrier) {
  std::string other = "cp.async.commit_group;\ncp.async.wait_group 0;\n"
                      "BARRIER"
                      "xor.b32 %r2, %r2, 512;\nmov.u32 %r3, buffer;\n"
                      "add.u32 %r3, %r3, %r2;\n";
  auto with = [&](const std::string &barrier) {
    std::string text = other + kStore;
    return copy(text.replace(text.find("BARRIER"), 7, barrier), 64);
  };
  Outcome good = with("bar.sync 0;\n");
  ASSERT_EQ(good.kinds(), "") << good.messages();
  EXPECT_EQ(good.at(0, 0), 1128u);
  EXPECT_NE(with("").kinds().find("cp-async"), std::string::npos);
}

TEST(CpAsync, BarrierBeforeTheWaitDoesNotHelp) {
  EXPECT_NE(copy("cp.async.commit_group;\nbar.sync 0;\n"
                 "cp.async.wait_group 0;\nxor.b32 %r2, %r2, 512;\n"
                 "mov.u32 %r3, buffer;\nadd.u32 %r3, %r3, %r2;\n" +
                     kStore,
                 64)
                .kinds()
                .find("cp-async"),
            std::string::npos);
}

/// Each lane reads what its neighbour copied; `between` stands after the wait.
static Outcome readNeighbour(const std::string &between,
                             const std::string &before = "") {
  return copy("cp.async.commit_group;\n" + before + "cp.async.wait_group 0;\n" +
              between +
              "xor.b32 %r2, %r2, 16;\nmov.u32 %r3, buffer;\n"
              "add.u32 %r3, %r3, %r2;\n" +
              kStore);
}

TEST(CpAsync, OtherLanesNeedABarrier) {
  Outcome bad = readNeighbour("");
  ASSERT_EQ(bad.kinds(), "cp-async");
  EXPECT_NE(bad.messages().find("visible to lane 1 only"), std::string::npos)
      << bad.messages();
  EXPECT_NE(bad.messages().find("bar.warp.sync"), std::string::npos);
  for (const char *barrier : {"bar.warp.sync -1;\n", "bar.sync 0;\n"}) {
    Outcome good = readNeighbour(barrier);
    ASSERT_EQ(good.kinds(), "") << good.messages();
    EXPECT_EQ(good.at(6, 2), 1030u);
  }
}

TEST(CpAsync, WhatDoesNotOrderLanes) {
  // A barrier before the wait, and an exchange of registers.
  EXPECT_EQ(readNeighbour("", "bar.warp.sync -1;\n").kinds(), "cp-async");
  EXPECT_EQ(readNeighbour("", "bar.sync 0;\n").kinds(), "cp-async");
  EXPECT_EQ(readNeighbour("shfl.sync.bfly.b32 %r9, %r0, 1, 31, -1;\n").kinds(),
            "cp-async");
  EXPECT_EQ(readNeighbour("membar.cta;\n").kinds(), "cp-async");
}

/// The groups {0, 1} {2, 3} … meet, then, two lanes further, {1, 2} {3, 4} ….
static std::string meetInPairs(bool shifted) {
  std::string out =
      shifted ? "add.u32 %r10, %r0, 1;\n" : "mov.u32 %r10, %r0;\n";
  // The pair's mask; lanes 0 and 31 meet in the shifted round.
  return out + "and.b32 %r10, %r10, 30;\nshl.b32 %r11, 3, %r10;\n" +
         (shifted ? "shf.r.wrap.b32 %r11, %r11, %r11, 1;\n" : "") +
         "bar.warp.sync %r11;\n";
}

TEST(CpAsync, SomeLanesMeet) {
  Outcome pairs = readNeighbour(meetInPairs(false));
  EXPECT_EQ(pairs.kinds(), "") << pairs.messages();
  EXPECT_EQ(readNeighbour(meetInPairs(true)).kinds(), "cp-async");
  // What a lane has seen it passes on: 0 to 1, then 1 to 2.
  auto readTwoBefore = [](const std::string &between) {
    return copy("cp.async.commit_group;\ncp.async.wait_group 0;\n" + between +
                "setp.eq.u32 %p1, %r0, 2;\nmov.u32 %r3, buffer;\n"
                "@%p1 ld.shared.u32 %r4, [%r3];\n");
  };
  EXPECT_EQ(readTwoBefore(meetInPairs(false) + meetInPairs(true)).kinds(), "");
  EXPECT_EQ(readTwoBefore(meetInPairs(true) + meetInPairs(false)).kinds(),
            "cp-async");
}

TEST(CpAsync, LanesForgetWhatWasCopiedOver) {
  // The second copy is another lane's: having seen the first does not help.
  std::string twice = "cp.async.wait_all;\nbar.warp.sync -1;\n"
                      "xor.b32 %r2, %r2, 16;\nmov.u32 %r3, buffer;\n"
                      "add.u32 %r3, %r3, %r2;\n"
                      "cp.async.cg.shared.global [%r3], [%rd2], 16;\n"
                      "cp.async.wait_all;\n";
  std::string read = "ld.shared.u32 %r4, [%r1];\n";
  EXPECT_EQ(copy(twice + read).kinds(), "cp-async");
  EXPECT_EQ(copy(twice + "bar.warp.sync -1;\n" + read).kinds(), "");
}

TEST(CpAsync, MatrixRowsOfOtherLanes) {
  // Lane n reads the row that lane 8 + n copied.
  std::string load = "xor.b32 %r2, %r2, 128;\nmov.u32 %r3, buffer;\n"
                     "add.u32 %r3, %r3, %r2;\n"
                     "ldmatrix.sync.aligned.m8n8.x4.shared.b16 "
                     "{%r4, %r5, %r6, %r7}, [%r3];\n";
  EXPECT_EQ(copy("cp.async.wait_all;\n" + load).kinds(), "cp-async");
  EXPECT_EQ(copy("cp.async.wait_all;\nbar.warp.sync -1;\n" + load).kinds(), "");
}

TEST(CpAsync, OverwriteInFlight) {
  EXPECT_EQ(copy("st.shared.u32 [%r1], 0;").kinds(), "cp-async");
  EXPECT_EQ(copy("cp.async.ca.shared.global [%r1+8], [%rd2], 8;").kinds(),
            "cp-async");
}

TEST(CpAsync, ZeroFill) {
  std::string tail = "cp.async.wait_all;\nmov.u32 %r3, %r1;\n" + kStore;
  Outcome o = copy(tail, 32, "16, 8");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(2, 1), 1009u);
  EXPECT_EQ(o.at(2, 2), 0u);
  o = copy("setp.lt.u32 %p1, %r0, 4;\n"
           "cp.async.cg.shared.global [%r1+1024], [%rd2], 16, %p1;\n"
           "cp.async.wait_all;\nadd.u32 %r3, %r1, 1024;\n" +
           kStore);
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(3, 0), 0u);
  EXPECT_EQ(o.at(4, 0), 1016u);
}

TEST(CpAsync, NothingIsReadWhereNothingIsGiven) {
  Outcome o = copy("mov.u64 %rd5, 64;\nmov.u32 %r5, 0;\n"
                   "cp.async.cg.shared.global [%r1+512], [%rd5], 16, %r5;\n"
                   "cp.async.wait_all;");
  EXPECT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(copy("mov.u64 %rd5, 64;\n"
                 "cp.async.cg.shared.global [%r1+512], [%rd5], 16;")
                .kinds(),
            "oob");
}

TEST(CpAsync, UnfinishedAtExitIsFine) { EXPECT_EQ(copy("").kinds(), ""); }

TEST(CpAsync, DivergentGroups) {
  // Upper lanes commit one more group: their wait covers more.
  Outcome o = copy("setp.gt.u32 %p1, %r0, 15;\ncp.async.commit_group;\n"
                   "@%p1 cp.async.commit_group;\ncp.async.wait_group 1;\n"
                   "mov.u32 %r3, %r1;\n@%p1 ld.shared.u32 %r4, [%r3];\n"
                   "@!%p1 ld.shared.u32 %r4, [%r3];");
  ASSERT_EQ(o.kinds(), "cp-async");
  EXPECT_NE(o.messages().find("lanes 0-15"), std::string::npos);
}

//===----------------------------------------------------------------------===//
// Arrivals behind copies
//===----------------------------------------------------------------------===//

/// Two warps; each thread copies 16 bytes, arrives behind them, waits for the
/// barrier and reads what the other warp's thread copied. `count` arrivals.
static Outcome exchange(const std::string &arrive, int count,
                        const std::string &wait, Completion completion,
                        const std::string &before = "") {
  std::vector<uint32_t> input(64 * 4);
  for (unsigned i = 0; i < input.size(); ++i)
    input[i] = 1000 + i;
  LaunchOf how;
  how.threads = 64;
  how.options.completion = completion;
  how.options.maxWarpInstructionsPerCta = 1 << 20;
  return runBody(
      "setp.ne.u32 %p2, %r0, 0;\n@!%p2 mbarrier.init.shared.b64 [bar], " +
          std::to_string(count) +
          ";\nbar.sync 0;\nmov.u32 %r1, buffer;\nshl.b32 %r2, %r0, 4;\n"
          "add.u32 %r1, %r1, %r2;\n" +
          before + "cp.async.cg.shared.global [%r1], [%rd2], 16;\n" + arrive +
          wait +
          "xor.b32 %r2, %r2, 512;\nmov.u32 %r3, buffer;\n"
          "add.u32 %r3, %r3, %r2;\n" +
          kStore,
      input, how, std::string(kBuffer) + ".shared .align 8 .b8 bar[8];\n");
}

static const char *const kNoInc =
    "cp.async.mbarrier.arrive.noinc.shared.b64 [bar];\n";
static const char *const kWaitBar =
    "W: mbarrier.test_wait.parity.shared.b64 %p1, [bar], 0;\n"
    "@!%p1 bra W;\n";
static const Completion kAll[] = {Completion::Late, Completion::Early,
                                  Completion::Torn, Completion::Random};

TEST(CpAsync, ArrivalBehindCopies) {
  for (Completion completion : kAll) {
    Outcome o = exchange(kNoInc, 64, kWaitBar, completion);
    EXPECT_EQ(o.kinds(), "") << o.messages();
    EXPECT_EQ(o.at(0, 0), 1128u);
    EXPECT_EQ(o.at(40, 3), 1035u);
    // With an arrival of its own that it adds to those expected.
    o = exchange("cp.async.mbarrier.arrive.b64 [%rd5];\n"
                 "mbarrier.arrive.shared.b64 %rd6, [bar];\n",
                 64, kWaitBar, completion,
                 "mov.u64 %rd5, bar;\ncvta.shared.u64 %rd5, %rd5;\n");
    EXPECT_EQ(o.kinds(), "") << o.messages();
    EXPECT_EQ(o.at(0, 0), 1128u);
  }
}

TEST(CpAsync, ArrivalThatNobodyWaitsFor) {
  Outcome o = exchange(kNoInc, 64, "", Completion::Late);
  EXPECT_NE(o.kinds().find("cp-async"), std::string::npos) << o.messages();
  EXPECT_NE(o.messages().find("before anybody waits for this arrival"),
            std::string::npos)
      << o.messages();
  // All the same there in time, and not ordered.
  o = exchange(kNoInc, 64, "", Completion::Early);
  EXPECT_NE(o.kinds().find("race"), std::string::npos) << o.messages();
}

TEST(CpAsync, ArrivalBeforeTheCopy) {
  Outcome o = exchange(kWaitBar, 64, "", Completion::Late, kNoInc);
  EXPECT_NE(o.kinds().find("cp-async"), std::string::npos) << o.messages();
}

TEST(CpAsync, ArrivalsAreCounted) {
  // Who waits polls, and nobody will ever end the phase.
  Outcome o = exchange(kNoInc, 65, kWaitBar, Completion::Late);
  EXPECT_EQ(o.kinds(), "deadlock") << o.messages();
  o = exchange(kNoInc, 32, kWaitBar, Completion::Late);
  EXPECT_NE(o.kinds().find("mbarrier"), std::string::npos) << o.messages();
  o = exchange("cp.async.mbarrier.arrive.shared.b64 [bar];\n", 64, kWaitBar,
               Completion::Late);
  EXPECT_EQ(o.kinds(), "deadlock") << o.messages();
}

/// Two halves of a buffer, each of which has an mbarrier of its own: the
/// first warp fills both. `between` stands between the
/// arrival at the second mbarrier and the wait for the first one.
static std::string twoArrivals(const std::string &between,
                               const std::string &second) {
  return "setp.ne.u32 %p1, %r0, 0;\n@%p1 bra INIT;\n"
         "mbarrier.init.shared.b64 [bars], " +
         std::string(second == "bars" ? "64" : "32") +
         ";\n"
         "mbarrier.init.shared.b64 [bars+8], 32;\nINIT: bar.sync 0;\n"
         "setp.gt.u32 %p2, %r0, 31;\nmov.u32 %r1, buffer;\n"
         "shl.b32 %r2, %r0, 4;\nadd.u32 %r2, %r1, %r2;\n"
         "@!%p2 cp.async.cg.shared.global [%r2], [%rd2], 16;\n"
         "@!%p2 cp.async.mbarrier.arrive.noinc.shared.b64 [bars];\n"
         "@!%p2 cp.async.cg.shared.global [%r2+512], [%rd2+512], 16;\n"
         "@!%p2 cp.async.mbarrier.arrive.noinc.shared.b64 [" +
         second + "];\n" + between +
         "A: mbarrier.test_wait.parity.shared.b64 %p3, [bars], 0;\n"
         "@!%p3 bra A;\n"
         "xor.b32 %r3, %r0, 63;\nshl.b32 %r3, %r3, 3;\n"
         "add.u32 %r3, %r1, %r3;\nld.shared.u32 %r4, [%r3];\n"
         "B: mbarrier.test_wait.parity.shared.b64 %p4, [" +
         second +
         "], 0;\n@!%p4 bra B;\n"
         "ld.shared.u32 %r5, [%r3+512];\n"
         "st.global.v2.u32 [%rd3], {%r4, %r5};\n";
}

TEST(CpAsync, TwoArrivalsInFlight) {
  std::vector<uint32_t> words(256);
  for (unsigned i = 0; i < words.size(); ++i)
    words[i] = 1000 + i;
  const char *const betweens[] = {
      "", "cp.async.wait_all;\n", "bar.sync 0;\ncp.async.wait_all;\n",
      "cp.async.mbarrier.arrive.shared.b64 [bars+16];\nbar.sync 0;\n"};
  for (const char *between : betweens)
    for (const char *second : {"bars+8", "bars"})
      for (Completion completion : {Completion::Late, Completion::Early,
                                    Completion::Torn, Completion::Random})
        for (uint64_t seed = 0; seed < 4; ++seed) {
          LaunchOf how;
          how.threads = 64;
          how.options.completion = completion;
          how.options.seed = seed;
          how.options.maxWarpInstructionsPerCta = 1 << 20;
          std::string text = twoArrivals(between, second);
          bool third = text.find("bars+16") != std::string::npos;
          if (third) // an arrival besides, of which nobody learns
            text.insert(text.find("INIT:"),
                        "mbarrier.init.shared.b64 [bars+16], 64;\n");
          Outcome o = runBody(text, words, how,
                              ".shared .align 16 .b8 buffer[1024];\n"
                              ".shared .align 8 .b8 bars[24];\n");
          // Nobody waits for the third one, and that is told.
          std::string expected =
              third && completion != Completion::Early ? "mbarrier" : "";
          if (!third || o.kinds() != "")
            EXPECT_EQ(o.kinds(), expected) << between << o.messages();
          for (unsigned t = 0; t < 64; ++t) {
            EXPECT_EQ(o.at(t, 0), 1000 + 2 * (63 - t));
            EXPECT_EQ(o.at(t, 1), 1128 + 2 * (63 - t));
          }
        }
}

/// An arrival passes on the copies before it, and no others.
TEST(CpAsync, ArrivalBeforeTheOtherCopy) {
  std::string text = twoArrivals("", "bars+8");
  text.replace(text.find("[%r3];"), 6, "[%r3+512];");
  for (Completion completion : {Completion::Late, Completion::Torn}) {
    LaunchOf how;
    how.threads = 64;
    how.options.completion = completion;
    std::vector<uint32_t> words(256, 7);
    Outcome o = runBody(text, words, how,
                        ".shared .align 16 .b8 buffer[1024];\n"
                        ".shared .align 8 .b8 bars[24];\n");
    EXPECT_NE(o.kinds(), "") << o.messages();
  }
}
