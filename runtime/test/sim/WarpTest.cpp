//===- WarpTest.cpp - Barriers, shuffles, votes ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

using namespace attnrt::sim;

static Outcome shuffle(const std::string &instruction) {
  return runBody("add.u32 %r1, %r0, 100;\n" + instruction +
                 "\nselp.u32 %r3, 1, 0, %p1;\n"
                 "st.global.v2.u32 [%rd3], {%r2, %r3};");
}

TEST(Warp, ShuffleModes) {
  Outcome o = shuffle("shfl.sync.bfly.b32 %r2|%p1, %r1, 5, 31, -1;");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(3), 100u + (3 ^ 5));
  o = shuffle("shfl.sync.up.b32 %r2|%p1, %r1, 2, 0, -1;");
  EXPECT_EQ(o.at(1, 0), 101u);
  EXPECT_EQ(o.at(1, 1), 0u);
  EXPECT_EQ(o.at(9, 0), 107u);
  EXPECT_EQ(o.at(9, 1), 1u);
  o = shuffle("shfl.sync.down.b32 %r2|%p1, %r1, 3, 31, -1;");
  EXPECT_EQ(o.at(28, 0), 131u);
  EXPECT_EQ(o.at(29, 0), 129u);
  EXPECT_EQ(o.at(29, 1), 0u);
  // Segments of eight lanes: c = 0x181f.
  o = shuffle("shfl.sync.idx.b32 %r2|%p1, %r1, 3, 0x181f, -1;");
  EXPECT_EQ(o.at(20, 0), 119u);
}

TEST(Warp, VotesAndReductions) {
  Outcome o = runBody("setp.lt.u32 %p1, %r0, 4;\n"
                      "vote.sync.ballot.b32 %r1, %p1, -1;\n"
                      "vote.sync.any.pred %p2, %p1, -1;\n"
                      "vote.sync.all.pred %p3, !%p1, -1;\n"
                      "selp.u32 %r2, 1, 0, %p2;\n@%p3 add.u32 %r2, %r2, 2;\n"
                      "redux.sync.add.u32 %r3, %r0, -1;\n"
                      "and.b32 %r4, %r0, 1;\n"
                      "match.any.sync.b32 %r5, %r4, -1;\n"
                      "st.global.v4.u32 [%rd3], {%r1, %r2, %r3, %r5};");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(0, 0), 15u);
  EXPECT_EQ(o.at(0, 1), 1u);
  EXPECT_EQ(o.at(0, 2), 496u);
  EXPECT_EQ(o.at(1, 3), 0xaaaaaaaau);
}

TEST(Warp, GroupsWithMasksOfTheirOwn) {
  // Octets: the mask of lane n is 255 << (n & 24).
  std::string octet = "and.b32 %r9, %r0, 24;\nshl.b32 %r9, 255, %r9;\n";
  Outcome o = runBody(octet + "redux.sync.add.u32 %r1, %r0, %r9;\n"
                              "shfl.sync.idx.b32 %r2, %r0, 3, 0x181f, %r9;\n"
                              "setp.eq.u32 %p1, %r0, 9;\n"
                              "vote.sync.any.pred %p2, %p1, %r9;\n"
                              "selp.u32 %r3, 1, 0, %p2;\n"
                              "match.any.sync.b32 %r4, %r3, %r9;\n"
                              "st.global.v4.u32 [%rd3], {%r1, %r2, %r3, %r4};");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  for (unsigned lane = 0; lane < 32; ++lane) {
    unsigned first = lane & 24;
    EXPECT_EQ(o.at(lane, 0), 8 * first + 28);
    EXPECT_EQ(o.at(lane, 1), first + 3);
    EXPECT_EQ(o.at(lane, 2), first == 8);
    EXPECT_EQ(o.at(lane, 3), 255u << first);
  }
}

TEST(Warp, GroupsMustBeWhole) {
  // Lane 5 names the octet above its own; lane 8 names itself only.
  for (const char *wrong :
       {"setp.eq.u32 %p1, %r0, 5;\n@%p1 shl.b32 %r9, %r9, 8;\n",
        "setp.eq.u32 %p1, %r0, 8;\n@%p1 mov.b32 %r9, 256;\n"}) {
    Outcome o = runBody("and.b32 %r9, %r0, 24;\nshl.b32 %r9, 255, %r9;\n" +
                        std::string(wrong) + "bar.warp.sync %r9;\n");
    EXPECT_EQ(o.kinds(), "divergence") << o.messages();
  }
}

TEST(Warp, SyncWaitsForDivergedMembers) {
  // Half of the lanes come later; bar.warp.sync brings them together.
  Outcome o = runBody("mov.u32 %r1, 0;\nsetp.lt.u32 %p1, %r0, 16;\n"
                      "@%p1 bra L;\nmov.u32 %r1, 1;\n"
                      "L: bar.warp.sync -1;\nactivemask.b32 %r2;\n"
                      "st.global.u32 [%rd3], %r2;");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(0), ~0u);
}

TEST(Warp, NamedBarriersHandOver) {
  // Warp 0 produces, warp 1 consumes: arrive and sync on one barrier.
  LaunchOf how;
  how.threads = 64;
  Outcome o = runBody("mov.u32 %r1, %warpid;\nmov.u32 %r2, buffer;\n"
                      "mov.u32 %r3, %laneid;\nshl.b32 %r4, %r3, 2;\n"
                      "add.u32 %r2, %r2, %r4;\nsetp.eq.u32 %p1, %r1, 0;\n"
                      "@!%p1 bra CONSUME;\nst.shared.u32 [%r2], %r3;\n"
                      "bar.arrive 3, 64;\nbra END;\n"
                      "CONSUME: bar.sync 3, 64;\nld.shared.u32 %r5, [%r2];\n"
                      "st.global.u32 [%rd3], %r5;\nEND:",
                      {}, how, ".shared .align 4 .b8 buffer[128];\n");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(40), 8u);
}

TEST(Warp, BarrierReductions) {
  LaunchOf how;
  how.threads = 64;
  Outcome o = runBody("setp.lt.u32 %p1, %r0, 40;\n"
                      "bar.red.popc.u32 %r1, 0, %p1;\n"
                      "bar.red.and.pred %p2, 0, %p1;\n"
                      "bar.red.or.pred %p3, 0, 64, !%p1;\n"
                      "selp.u32 %r2, 1, 0, %p2;\nselp.u32 %r3, 1, 0, %p3;\n"
                      "st.global.v4.u32 [%rd3], {%r1, %r2, %r3, 0};",
                      {}, how);
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(50, 0), 40u);
  EXPECT_EQ(o.at(50, 1), 0u);
  EXPECT_EQ(o.at(50, 2), 1u);
}
