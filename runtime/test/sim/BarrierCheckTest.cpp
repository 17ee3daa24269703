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

TEST(BarrierCheck, ExitedThreads) {
  Outcome o = runBody("setp.gt.u32 %p1, %r0, 31;\n@%p1 exit;\nbar.sync 0;", {},
                      threads(64));
  ASSERT_EQ(o.kinds(), "barrier");
  EXPECT_NE(o.messages().find("32 of 64 threads exited"), std::string::npos);
  EXPECT_EQ(runBody("bar.sync 0;\nsetp.gt.u32 %p1, %r0, 31;\n@%p1 exit;", {},
                    threads(64))
                .kinds(),
            "");
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
                    "shfl.sync.bfly.b32 %r1, %r0, 1, 31, -1;\nE:")
                .kinds()
                .find("divergence"),
            std::string::npos);
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
  EXPECT_EQ(runBody("L: bra L;", {}, how).kinds(), "budget");
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
