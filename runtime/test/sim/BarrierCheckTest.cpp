//===- BarrierCheckTest.cpp - barrier, divergence, progress ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

using namespace attnrt::sim;

static LaunchOf threads(unsigned count) {
  LaunchOf how;
  how.threads = count;
  return how;
}

TEST(BarrierCheck, DivergentAligned) {
  std::string half = "setp.lt.u32 %p1, %r0, 16;\n";
  EXPECT_EQ(runBody(half + "bar.sync 0;").kinds(), "");
  Outcome o = runBody(half + "@%p1 bra L;\nbar.sync 0;\nbra E;\n"
                             "L: bar.sync 0;\nE:");
  EXPECT_NE(o.kinds().find("divergence"), std::string::npos) << o.messages();
  EXPECT_NE(o.messages().find("lanes 16-31"), std::string::npos);
}

TEST(BarrierCheck, UnalignedMayDiverge) {
  EXPECT_EQ(runBody("setp.lt.u32 %p1, %r0, 16;\n@%p1 bra L;\n"
                    "barrier.sync 0;\nbra E;\nL: barrier.sync 0;\nE:")
                .kinds(),
            "");
}

/// A barrier waits for the threads that live, wherever the others exited.
TEST(BarrierCheck, ExitedThreads) {
  const char *const exits[] = {
      "@%p1 exit;\n",                 // under a guard
      "@%p1 bra DONE;\n",             // at the common end
      "@!%p1 bra GO;\nexit;\nGO:\n",  // at an end of their own
      "@%p1 bra LATE;\nbra.uni GO;\n" // only after some work
      "LATE: add.u32 %r5, %r5, 1;\nsetp.lt.u32 %p3, %r5, 100000;\n"
      "@%p3 bra LATE;\nexit;\nGO:\n"};
  // Whole warps, half of each warp, and half of the last one.
  const char *const who[] = {"setp.gt.u32 %p1, %r0, 31;\n",
                             "and.b32 %r1, %r0, 1;\nsetp.eq.u32 %p1, %r1, 1;\n",
                             "setp.gt.u32 %p1, %r0, 80;\n"};
  const char *const barriers[] = {"bar.sync 0;\n", "barrier.sync 0;\n",
                                  "bar.red.or.pred %p2, 0, %p1;\n",
                                  "bar.arrive 1, 96;\nbar.sync 0;\n"};
  for (const char *which : who)
    for (const char *exit : exits)
      for (const char *barrier : barriers) {
        std::string body = std::string("mov.u32 %r5, 0;\n") + which + exit +
                           barrier + "st.global.u32 [%rd3], %r0;\nDONE:";
        Outcome o = runBody(body, {}, threads(96));
        EXPECT_EQ(o.kinds(), "") << body << o.messages();
        EXPECT_EQ(o.at(0), 0u) << body;
      }
}

/// A count is a count: it takes warps that are not there.
TEST(BarrierCheck, ExitedThreadsOfACount) {
  EXPECT_EQ(runBody("setp.gt.u32 %p1, %r0, 31;\n@%p1 exit;\nbar.sync 1, 64;",
                    {}, threads(64))
                .kinds(),
            "deadlock");
}

/// One side of a branch takes longer than the other ones wait for it.
TEST(BarrierCheck, LongSideOfABranch) {
  std::string loop = "mov.u32 %r1, 100000;\nsetp.ne.u32 %p1, %r0, 7;\n"
                     "@%p1 bra MEET;\n"
                     "L: add.s32 %r1, %r1, -1;\nsetp.ne.s32 %p2, %r1, 0;\n"
                     "@%p2 bra L;\nMEET:\n";
  const char *const together[] = {
      "bar.sync 0;\n", "bar.warp.sync -1;\n",
      "shfl.sync.bfly.b32 %r2, %r0, 1, 31, -1;\n",
      // Two groups, one of which is complete.
      ("and.b32 %r4, %r0, 16;\nshl.b32 %r4, 0xffff, %r4;\n"
       "shfl.sync.bfly.b32 %r2, %r0, 1, 31, %r4;\n"),
      "movmatrix.sync.aligned.m8n8.trans.b16 %r2, %r0;\n"};
  for (const char *operation : together) {
    Outcome o = runBody(loop + operation + "st.global.u32 [%rd3], %r0;", {},
                        threads(64));
    EXPECT_EQ(o.kinds(), "") << operation << o.messages();
    EXPECT_EQ(o.at(7), 7u);
  }
  // Twice around, so that those who went ahead would come to the next one.
  Outcome o = runBody("mov.u32 %r3, 2;\nAGAIN:\n" + loop +
                      "bar.sync 0;\nadd.s32 %r3, %r3, -1;\n"
                      "setp.ne.s32 %p3, %r3, 0;\n@%p3 bra AGAIN;\n"
                      "st.global.u32 [%rd3], %r0;");
  EXPECT_EQ(o.kinds(), "") << o.messages();
}

/// What needs the whole warp cannot do without those that have exited.
TEST(BarrierCheck, WholeWarps) {
  std::string some = "setp.gt.u32 %p1, %r0, 7;\n@%p1 exit;\n";
  std::string operation = "movmatrix.sync.aligned.m8n8.trans.b16 %r2, %r0;\n";
  Outcome o = runBody(some + operation);
  EXPECT_EQ(o.kinds(), "divergence");
  EXPECT_NE(o.messages().find("lanes 8-31 have exited"), std::string::npos)
      << o.messages();
  EXPECT_EQ(runBody(operation + some).kinds(), "");
}

/// Lanes that wait elsewhere for those at the instruction never come to it.
TEST(BarrierCheck, DivergentBesideAPollingWarp) {
  LaunchOf how = threads(64);
  how.options.maxWarpInstructionsPerCta = 1000000;
  Outcome o = runBody(
      "st.volatile.shared.u32 [flag], 0;\nbar.sync 0;\nsetp.gt.u32 %p1, %r0, "
      "31;\n"
      "@%p1 bra POLL;\nsetp.gt.u32 %p2, %r0, 15;\n@%p2 bra AFTER;\n"
      "bar.sync 1, 32;\nAFTER: st.volatile.shared.u32 [flag], 1;\nbra.uni E;\n"
      "POLL: ld.volatile.shared.u32 %r1, [flag];\nsetp.eq.u32 %p3, %r1, 0;\n"
      "@%p3 bra POLL;\nE: st.global.u32 [%rd3], %r0;",
      {}, how, ".shared .align 4 .b8 flag[4];\n");
  EXPECT_EQ(o.kinds(), "divergence") << o.messages();
}

TEST(BarrierCheck, CountsDiffer) {
  std::string text = "mov.u32 %r1, %warpid;\nsetp.eq.u32 %p1, %r1, 0;\n"
                     "@%p1 bra A;\nbar.sync 1, 64;\nbra E;\n"
                     "A: bar.sync 1, 96;\nE:";
  EXPECT_NE(runBody(text, {}, threads(64)).kinds().find("barrier"),
            std::string::npos);
  text.replace(text.find("96"), 2, "64");
  EXPECT_EQ(runBody(text, {}, threads(64)).kinds(), "");
  EXPECT_NE(runBody("bar.sync 1, 40;").kinds().find("barrier"),
            std::string::npos);
  EXPECT_NE(runBody("mov.u32 %r1, 16;\nbar.sync %r1;").kinds().find("barrier"),
            std::string::npos);
}

TEST(BarrierCheck, ArrivesTwice) {
  EXPECT_NE(runBody("bar.arrive 1, 96;\nbar.arrive 1, 96;", {}, threads(64))
                .kinds()
                .find("barrier"),
            std::string::npos);
}

TEST(BarrierCheck, MembersMissing) {
  EXPECT_EQ(runBody("setp.lt.u32 %p1, %r0, 16;\n@!%p1 bra E;\n"
                    "shfl.sync.bfly.b32 %r1, %r0, 1, 31, 0xffff;\nE:")
                .kinds(),
            "");
  EXPECT_NE(runBody("setp.lt.u32 %p1, %r0, 16;\n@!%p1 bra E;\n"
                    "shfl.sync.bfly.b32 %r1, %r0, 1, 31, -1;\n"
                    "E: st.global.u32 [%rd3], %r0;")
                .kinds()
                .find("divergence"),
            std::string::npos);
  // Those that have exited need not come.
  EXPECT_EQ(runBody("setp.lt.u32 %p1, %r0, 16;\n@!%p1 bra E;\n"
                    "shfl.sync.bfly.b32 %r1, %r0, 1, 31, -1;\nE:")
                .kinds(),
            "");
  EXPECT_NE(runBody("setp.lt.u32 %p1, %r0, 16;\n"
                    "@%p1 shfl.sync.bfly.b32 %r1, %r0, 1, 31, -1;")
                .kinds()
                .find("divergence"),
            std::string::npos);
}

TEST(BarrierCheck, Deadlock) {
  Outcome o = runBody("mov.u32 %r1, %warpid;\nsetp.eq.u32 %p1, %r1, 0;\n"
                      "@%p1 bra A;\nbar.sync 2, 64;\nbra E;\n"
                      "A: bar.sync 1, 64;\nE:",
                      {}, threads(64));
  ASSERT_EQ(o.kinds(), "deadlock");
  EXPECT_NE(o.messages().find("warp 0 waits for barrier 1 (32 of 64 threads)"),
            std::string::npos)
      << o.messages();
  EXPECT_NE(o.messages().find("warp 1 waits for barrier 2"), std::string::npos);
}

TEST(BarrierCheck, Budget) {
  LaunchOf how;
  how.options.maxWarpInstructionsPerCta = 100000;
  EXPECT_EQ(runBody("mov.u32 %r1, 0;\nL: add.u32 %r1, %r1, 1;\nbra L;", {}, how)
                .kinds(),
            "budget");
  EXPECT_EQ(runBody("mov.u32 %r1, 0;\nL: add.u32 %r1, %r1, 1;\n"
                    "setp.lt.u32 %p1, %r1, 1000;\n@%p1 bra L;",
                    {}, how)
                .kinds(),
            "");
}

TEST(BarrierCheck, Trap) {
  EXPECT_EQ(runBody("setp.eq.u32 %p1, %r0, 40;\n@%p1 trap;").kinds(), "");
  EXPECT_EQ(runBody("setp.eq.u32 %p1, %r0, 4;\n@%p1 trap;").kinds(), "trap");
}

TEST(BarrierCheck, HazardsAreBounded) {
  std::string many;
  for (int i = 0; i < 100; ++i)
    many += "st.global.u32 [0], %r0;\nld.global.u32 %r1, [%rd0+1];\n";
  LaunchOf how;
  how.options.maxHazards = 10;
  EXPECT_EQ(runBody(many, {1, 2}, how).report.hazards.size(), 10u);
}
