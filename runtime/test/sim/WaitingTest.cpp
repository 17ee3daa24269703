//===- WaitingTest.cpp - Warps, blocks and lanes that wait for others -----===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include <gmock/gmock.h>

using namespace attnrt;
using namespace attnrt::sim;
using testing::HasSubstr;
using testing::Not;

/// Where a wait is not noticed, this many instructions tell soon enough.
static constexpr uint64_t kMany = 20'000'000;

static LaunchOf blocksOf(uint32_t grid, uint32_t threads = 32) {
  LaunchOf how;
  how.grid = grid;
  how.threads = threads;
  how.options.threads = 1;
  how.options.maxWarpInstructionsPerCta = kMany;
  return how;
}

/// The first word of `in` is not zero.
static const char *const kPoll = "WAIT: ld.volatile.global.u32 %r9, [%rd0];\n"
                                 "setp.eq.u32 %p1, %r9, 0;\n"
                                 "@%p1 bra WAIT;\n";

//===----------------------------------------------------------------------===//
// For ever
//===----------------------------------------------------------------------===//

TEST(Waiting, ForMemoryThatNobodyWrites) {
  Outcome o = runBody(kPoll, {0}, blocksOf(1));
  EXPECT_EQ(o.kinds(), "deadlock") << o.messages();
  EXPECT_EQ(o.report.hazards[0].ptxLine, 14) << o.messages();
  EXPECT_THAT(o.messages(),
              HasSubstr("warp 0 asks again and again for 4 bytes of global "
                        "memory at 0x"));
  EXPECT_THAT(o.messages(), HasSubstr("(0 bytes into the 4-byte allocation"));
  EXPECT_THAT(o.messages(), HasSubstr("which stay 0, at line 14 "
                                      "`WAIT: ld.volatile.global.u32"));
  EXPECT_LT(o.report.warpInstructions, 100000u);
  EXPECT_EQ(runBody(kPoll, {1}, blocksOf(1)).kinds(), "");
}

TEST(Waiting, ForSharedMemory) {
  std::string begin = "setp.ne.u32 %p2, %r0, 40;\n"
                      "@!%p2 st.volatile.shared.u32 [flag], 0;\nbar.sync 0;\n";
  std::string end = "setp.gt.u32 %p3, %r0, 31;\n@%p3 bra E;\n"
                    "WAIT: ld.volatile.shared.u32 %r9, [flag];\n"
                    "setp.eq.u32 %p1, %r9, 0;\n@%p1 bra WAIT;\nE:\n";
  std::string set = "@!%p2 st.volatile.shared.u32 [flag], 7;\n";
  const char *flag = ".shared .align 4 .b8 flag[4];\n";
  Outcome o = runBody(begin + end, {}, blocksOf(2, 64), flag);
  EXPECT_EQ(o.kinds(), "deadlock deadlock") << o.messages();
  EXPECT_THAT(o.messages(), HasSubstr("4 bytes of shared address 0x404 "
                                      "(`flag` + 0 of 4 bytes), which stay 0"));
  EXPECT_EQ(runBody(begin + set + end, {}, blocksOf(2, 64), flag).kinds(), "");
}

/// Without try_wait nobody is parked.
TEST(Waiting, ForAnMBarrier) {
  auto text = [](const char *parity) {
    return "mbarrier.init.shared.b64 [bar], 1;\n"
           "WAIT: mbarrier.test_wait.parity.shared.b64 %p1, [bar], " +
           std::string(parity) + ";\n@!%p1 bra WAIT;\n";
  };
  const char *bar = ".shared .align 8 .b64 bar;\n";
  LaunchOf how = blocksOf(1, 1);
  Outcome o = runBody(text("0"), {}, how, bar);
  EXPECT_EQ(o.kinds(), "deadlock") << o.messages();
  EXPECT_THAT(o.messages(), HasSubstr("asks again and again for the mbarrier"));
  EXPECT_THAT(o.messages(), HasSubstr("1 of 1 arrivals and 0 bytes pending"));
  EXPECT_EQ(runBody(text("1"), {}, how, bar).kinds(), "");
}

TEST(Waiting, ForNothing) {
  Outcome o = runBody("L: bra L;", {}, blocksOf(1));
  EXPECT_EQ(o.kinds(), "deadlock") << o.messages();
  EXPECT_THAT(o.messages(), HasSubstr("goes round in a circle at line 14"));
}

/// One thread asks and tells the others, between two barriers.
TEST(Waiting, OfAWholeBlock) {
  std::string text = "AGAIN: setp.ne.u32 %p2, %r0, 0;\n@%p2 bra MEET;\n"
                     "ld.volatile.global.u32 %r9, [%rd0];\n"
                     "st.shared.u32 [told], %r9;\n"
                     "MEET: bar.sync 0;\nld.shared.u32 %r10, [told];\n"
                     "bar.sync 0;\nsetp.eq.u32 %p1, %r10, 0;\n"
                     "@%p1 bra AGAIN;\n";
  std::string setter = "mov.u32 %r8, %ctaid.x;\nsetp.eq.u32 %p3, %r8, 1;\n"
                       "@%p3 st.volatile.global.u32 [%rd0], 1;\n";
  const char *told = ".shared .align 4 .b8 told[4];\n";
  for (uint32_t threads : {32, 128}) {
    LaunchOf how = blocksOf(2, threads);
    Outcome o = runBody(text, {0}, how, told);
    EXPECT_EQ(o.kinds(), "deadlock deadlock") << o.messages();
    EXPECT_THAT(o.messages(), HasSubstr("asks again and again for 4 bytes"));
    EXPECT_EQ(runBody(setter + text, {0}, how, told).kinds(), "");
  }
}

/// Lanes that wait at a barrier for one that asks for what is never written.
TEST(Waiting, OfOneLane) {
  std::string text = std::string("setp.ne.u32 %p2, %r0, 3;\n@%p2 bra MEET;\n") +
                     kPoll + "MEET: bar.warp.sync 0xffffffff;\n";
  Outcome o = runBody(text, {0}, blocksOf(1));
  EXPECT_EQ(o.kinds(), "deadlock") << o.messages();
  EXPECT_THAT(o.messages(), HasSubstr("warp 0 (lane 3) asks again and again"));
  EXPECT_THAT(o.messages(), HasSubstr("waits for other lanes at line"));
}

//===----------------------------------------------------------------------===//
// Until somebody writes
//===----------------------------------------------------------------------===//

/// Each block waits for the one behind it.
static const char *const kChain =
    "mov.u32 %r8, %ctaid.x;\nadd.u32 %r11, %r8, 1;\nmov.u32 %r7, %nctaid.x;\n"
    "setp.eq.u32 %p2, %r11, %r7;\n@%p2 bra GO;\n"
    "WAIT: ld.acquire.gpu.global.u32 %r9, [%rd0];\n"
    "setp.ne.u32 %p1, %r9, %r11;\n@%p1 bra WAIT;\n"
    "GO: bar.warp.sync 0xffffffff;\nsetp.ne.u32 %p3, %r0, 0;\n"
    "@!%p3 st.release.gpu.global.u32 [%rd0], %r8;\n";

TEST(Waiting, ForBlocksThatBeginLater) {
  for (unsigned threads : {1, 3})
    for (uint64_t seed : {0, 1, 77}) {
      LaunchOf how = blocksOf(20);
      how.options.seed = seed;
      how.options.threads = threads;
      Outcome o = runBody(kChain, {99}, how);
      EXPECT_EQ(o.kinds(), "") << o.messages();
    }
}

/// As many as there are, which stays below what the chip holds at a time: then
/// all are there, and it is a barrier of the grid.
static std::string gridBarrier(const std::string &target) {
  std::string text = kernelOf(
      "setp.ne.u32 %p2, %r0, 0;\n@%p2 bra MEET;\nmov.u32 %r7, %nctaid.x;\n"
      "atom.add.release.gpu.global.u32 %r8, [%rd0], 1;\n"
      "WAIT: ld.acquire.gpu.global.u32 %r9, [%rd0];\n"
      "setp.lt.u32 %p1, %r9, %r7;\n@%p1 bra WAIT;\nMEET: bar.sync 0;\n"
      "st.global.u32 [%rd3], 1;\n");
  text.replace(text.find("sm_80"), 5, target);
  return text;
}

TEST(Waiting, ForAsManyBlocksAsThereIsRoomFor) {
  LaunchOf how = blocksOf(16, 64);
  how.dynamicShared = 100 * 1024; // a block for each of 16 multiprocessors
  Outcome o = runText(gridBarrier("sm_87"), {0}, how);
  EXPECT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(63), 1u);

  how.grid = 17;
  o = runText(gridBarrier("sm_87"), {0}, how);
  EXPECT_THAT(o.kinds(), HasSubstr("deadlock")) << o.messages();
  EXPECT_THAT(o.messages(),
              HasSubstr("of kernel `k` (16 of 17 blocks have begun), as many "
                        "as 16 multiprocessors with room for 1 each have"));
  how.dynamicShared = 0;
  EXPECT_EQ(runText(gridBarrier("sm_87"), {0}, how).kinds(), "");
}

/// A wait that gives up is none that lasts for ever.
TEST(Waiting, WithATimeLimit) {
  Outcome o = runBody("mov.u32 %r8, 0;\n"
                      "WAIT: ld.volatile.global.u32 %r9, [%rd0];\n"
                      "add.u32 %r8, %r8, 1;\nsetp.eq.u32 %p1, %r9, 0;\n"
                      "setp.lt.and.u32 %p1, %r8, 300000, %p1;\n"
                      "@%p1 bra WAIT;\nst.global.u32 [%rd3], %r8;\n",
                      {0}, blocksOf(1));
  EXPECT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(5), 300000u);
}

/// One block counts in memory alone until the other has seen enough.
TEST(Waiting, ForALoopThatWrites) {
  std::string text =
      "mov.u32 %r8, %ctaid.x;\nsetp.eq.u32 %p2, %r8, 0;\n@%p2 bra SEE;\n"
      "COUNT: red.global.add.u32 [%rd0], 1;\n"
      "ld.volatile.global.u32 %r9, [%rd0+4];\nsetp.eq.u32 %p1, %r9, 0;\n"
      "@%p1 bra COUNT;\nbra.uni E;\n"
      "SEE: ld.volatile.global.u32 %r9, [%rd0];\n"
      "setp.lt.u32 %p1, %r9, 3000000;\n@%p1 bra SEE;\n"
      "st.volatile.global.u32 [%rd0+4], 1;\nE:\n";
  Outcome o = runBody(text, {0, 0}, blocksOf(2));
  EXPECT_EQ(o.kinds(), "") << o.messages();
  EXPECT_LT(o.report.warpInstructions, 2'000'000u);
}

/// Two warps that answer each other for long.
TEST(Waiting, PingPong) {
  std::string text =
      "shr.u32 %r5, %r0, 5;\nmov.u32 %r8, %r5;\n"
      "AGAIN: ld.volatile.shared.u32 %r9, [turn];\nsetp.ne.u32 %p1, %r9, %r8;\n"
      "@%p1 bra AGAIN;\nbar.warp.sync 0xffffffff;\nadd.u32 %r9, %r9, 1;\n"
      "st.volatile.shared.u32 [turn], %r9;\nadd.u32 %r8, %r8, 2;\n"
      "setp.lt.u32 %p1, %r8, 4000;\n@%p1 bra AGAIN;\n";
  std::string begin = "st.volatile.shared.u32 [turn], 0;\nbar.sync 0;\n";
  Outcome o = runBody(begin + text, {}, blocksOf(1, 64),
                      ".shared .align 4 .b8 turn[4];\n");
  EXPECT_EQ(o.kinds(), "") << o.messages();
  EXPECT_LT(o.report.warpInstructions, 4'000'000u);
}

//===----------------------------------------------------------------------===//
// Locks
//===----------------------------------------------------------------------===//

/// Adds one to the second word of `in` under a lock, the first word.
static const char *const kTestAndSet =
    "AGAIN: atom.cas.b32 %r8, [%rd0], 0, 1;\nsetp.ne.u32 %p1, %r8, 0;\n"
    "@%p1 bra AGAIN;\nld.volatile.global.u32 %r9, [%rd0+4];\n"
    "add.u32 %r9, %r9, 1;\nst.volatile.global.u32 [%rd0+4], %r9;\n"
    "membar.gl;\natom.exch.b32 %r8, [%rd0], 0;\n";

/// Tickets are drawn from the first word, the third one says whose turn it is.
static const char *const kTicket =
    "atom.add.u32 %r7, [%rd0], 1;\n"
    "AGAIN: ld.volatile.global.u32 %r8, [%rd0+8];\n"
    "setp.ne.u32 %p1, %r8, %r7;\n@%p1 bra AGAIN;\n"
    "ld.volatile.global.u32 %r9, [%rd0+4];\nadd.u32 %r9, %r9, 1;\n"
    "st.volatile.global.u32 [%rd0+4], %r9;\nmembar.gl;\n"
    "add.u32 %r8, %r8, 1;\nst.volatile.global.u32 [%rd0+8], %r8;\n";

/// The sleep doubles up to a limit.
static const char *const kBackOff =
    "mov.u32 %r6, 8;\n"
    "AGAIN: atom.cas.b32 %r8, [%rd0], 0, 1;\nsetp.eq.u32 %p1, %r8, 0;\n"
    "@%p1 bra GOT;\nnanosleep.u32 %r6;\nshl.b32 %r6, %r6, 1;\n"
    "min.u32 %r6, %r6, 256;\nbra AGAIN;\n"
    "GOT: ld.volatile.global.u32 %r9, [%rd0+4];\nadd.u32 %r9, %r9, 1;\n"
    "st.volatile.global.u32 [%rd0+4], %r9;\nmembar.gl;\n"
    "atom.exch.b32 %r8, [%rd0], 0;\n";

TEST(Waiting, LocksThatLanesContend) {
  std::string show = "bar.sync 0;\nld.volatile.global.u32 %r9, [%rd0+4];\n"
                     "red.global.max.s32 [%rd1], %r9;\n";
  for (const char *lock : {kTestAndSet, kTicket, kBackOff})
    for (unsigned threads : {1, 2}) {
      LaunchOf how = blocksOf(4, 256);
      how.options.threads = threads;
      Outcome o = runBody(lock + show, {0, 0, 0}, how);
      EXPECT_EQ(o.kinds(), "") << o.messages();
      EXPECT_EQ(o.word(0), 1024u);
      EXPECT_LT(o.report.warpInstructions, 8'000'000u) << lock;
    }
}

/// Lanes that leave a loop early wait for the others, as long as these compute.
/// What differs from one inner call to the next is what the outer one keeps.
TEST(Waiting, NotForFunctionsThatCallThemselves) {
  std::string work;
  for (int i = 0; i < 12; ++i)
    work += "add.u32 %a2, %a0, " + std::to_string(i) + ";\n";
  const std::string calls =
      ".func again(.param .b32 x)\n{\n"
      ".reg .b32 %a<3>; .reg .pred %q; .param .b32 p;\n"
      "ld.param.u32 %a0, [x];\nmov.u32 %a1, 0;\nmov.u32 %a2, 0;\n"
      "setp.eq.u32 %q, %a0, 0;\n@%q bra END;\n"
      "LOOP: st.param.b32 [p], 0;\ncall again, (p);\nadd.u32 %a1, %a1, 1;\n"
      "setp.lt.u32 %q, %a1, 5000;\n@%q bra LOOP;\nret;\nEND:\n" +
      work + "ret;\n}\n";
  Outcome o = runBody("{\n.param .b32 p;\nst.param.b32 [p], 1;\n"
                      "call again, (p);\n}\nst.global.u32 [%rd3], 7;",
                      {}, blocksOf(1), calls);
  EXPECT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.word(0), 7u);
}

TEST(Waiting, NormalLoopsMeetAgain) {
  Outcome o = runBody("mul.lo.u32 %r7, %r0, 500;\nmov.u32 %r8, 0;\n"
                      "L: add.u32 %r8, %r8, 1;\nsetp.le.u32 %p1, %r8, %r7;\n"
                      "@%p1 bra L;\nactivemask.b32 %r9;\n"
                      "st.global.u32 [%rd3], %r9;\n",
                      {}, blocksOf(1));
  EXPECT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(0), ~0u);
  EXPECT_THAT(o.messages(), Not(HasSubstr("deadlock")));
}
