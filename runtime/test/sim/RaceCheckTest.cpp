//===- RaceCheckTest.cpp - The check race ---------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every rule with a kernel that breaks it and a sibling that does not.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

using namespace attnrt::sim;

/// Two warps. %r1 = buffer + 4 tid; %r2 the same place of the other warp; %p1
/// in warp 0, %p2 in warp 1.
static Outcome two(const std::string &body, uint64_t seed = 0,
                   unsigned threads = 64) {
  LaunchOf how;
  how.threads = threads;
  how.options.seed = seed;
  std::vector<uint32_t> input(threads * 4, 7);
  return runBody("mov.u32 %r1, buffer;\nshl.b32 %r3, %r0, 2;\n"
                 "xor.b32 %r4, %r3, 128;\nadd.u32 %r2, %r1, %r4;\n"
                 "add.u32 %r1, %r1, %r3;\nshr.u32 %r9, %r0, 5;\n"
                 "setp.eq.u32 %p1, %r9, 0;\nsetp.eq.u32 %p2, %r9, 1;\n" +
                     body,
                 input, how, ".shared .align 16 .b8 buffer[4096];\n");
}

/// The first kernel races, whichever warp starts; the second is clean.
static void expectRace(const std::string &bad, const std::string &good,
                       unsigned threads = 64) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Outcome o = two(bad, seed, threads);
    EXPECT_NE(o.kinds().find("race"), std::string::npos) << o.messages();
    o = two(good, seed, threads);
    EXPECT_EQ(o.kinds(), "") << o.messages();
  }
}

static const std::string kWrite = "st.shared.u32 [%r1], %r0;\n";
static const std::string kReadOther = "ld.shared.u32 %r5, [%r2];\n";
static const std::string kBarrier = "bar.sync 0;\n";

TEST(RaceCheck, ReadAfterWrite) {
  expectRace(kWrite + kReadOther, kWrite + kBarrier + kReadOther);
}

/// Equal values in any order are no fault unless somebody asks.
TEST(RaceCheck, SameValue) {
  const std::string store = "mov.u32 %r6, 5;\nst.shared.u32 [buffer], %r6;\n";
  Outcome o = two(store);
  EXPECT_EQ(o.kinds(), "") << o.messages();
  ASSERT_EQ(o.report.warnings.size(), 1u);
  EXPECT_EQ(o.report.warnings[0].kind, "same-value");
  EXPECT_NE(o.report.warnings[0].message.find("writes of the same value"),
            std::string::npos);
  LaunchOf strict;
  strict.threads = 64;
  strict.options.strict = true;
  EXPECT_EQ(
      runBody(store, {}, strict, ".shared .align 16 .b8 buffer[16];\n").kinds(),
      "same-value");
  // Of values that differ by warp it is a race.
  EXPECT_EQ(two("shr.u32 %r6, %r0, 5;\nst.shared.u32 [buffer], %r6;\n").kinds(),
            "race");
}

TEST(RaceCheck, Message) {
  // Lane 2 of warp 1 reads what lane 3 of warp 0 wrote.
  Outcome o = two("setp.eq.u32 %p3, %r0, 3;\n@%p3 st.shared.u32 [buffer+76], "
                  "%r0;\nsetp.eq.u32 %p4, %r0, 34;\n"
                  "@%p4 ld.shared.u32 %r5, [buffer+76];\n");
  ASSERT_EQ(o.kinds(), "race") << o.messages();
  const std::string &message = o.report.hazards[0].message;
  for (const char *part :
       {"read after write", "`buffer` + 76", "by lane 2 ", "warp 0, lane 3",
        "st.shared.u32 [buffer+76]", "ld.shared.u32 %r5", "expected a barrier"})
    EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
  EXPECT_EQ(o.report.hazards[0].warp, 1);
}

TEST(RaceCheck, OncePerPairOfLines) {
  EXPECT_EQ(two(kWrite + kReadOther, 0, 256).kinds(), "race race");
}

TEST(RaceCheck, WriteAfterRead) {
  std::string begin = kWrite + kBarrier + kReadOther;
  expectRace(begin + kWrite, begin + kBarrier + kWrite);
}

TEST(RaceCheck, WriteAfterWrite) {
  std::string other = "st.shared.u32 [%r2], %r0;\n";
  expectRace(kWrite + other, kWrite + kBarrier + other);
}

TEST(RaceCheck, BytesOfOneWordAreApart) {
  expectRace("st.shared.u8 [buffer+1], %r0;\n",
             "@%p1 st.shared.u8 [buffer], %r0;\n"
             "@%p2 st.shared.u8 [buffer+1], %r0;\n");
}

TEST(RaceCheck, ManyWarpsInOneGranule) {
  // One word of each warp, as reductions across warps do.
  std::string begin = "shl.b32 %r6, %r9, 2;\nmov.u32 %r7, buffer;\n"
                      "add.u32 %r7, %r7, %r6;\nst.shared.u32 [%r7], %r0;\n";
  std::string read = "ld.shared.v4.u32 {%r10, %r11, %r12, %r13}, [buffer];\n";
  std::string write = "st.shared.u32 [%r7], %r0;\n";
  expectRace(begin + read, begin + kBarrier + read, 128);
  expectRace(begin + kBarrier + read + write,
             begin + kBarrier + read + kBarrier + write, 128);
}

TEST(RaceCheck, ReadsOfManyLinesAreRemembered) {
  std::string begin =
      "@%p1 st.shared.v4.u32 [buffer], {%r0, %r0, %r0, %r0};\n" + kBarrier +
      "@%p2 ld.shared.u32 %r5, [buffer];\n"
      "@%p2 ld.shared.u32 %r5, [buffer+4];\n"
      "@%p1 ld.shared.u32 %r5, [buffer+8];\n"
      "@%p2 ld.shared.u32 %r5, [buffer+12];\n";
  expectRace(begin + "@%p1 st.shared.u32 [buffer+12], %r0;\n",
             begin + "@%p1 st.shared.u32 [buffer+8], %r0;\n");
}

TEST(RaceCheck, GenericAddresses) {
  std::string write = "cvta.shared.u64 %rd10, %rd11;\n"
                      "st.u32 [%rd10], %r0;\n";
  std::string begin = "cvt.u64.u32 %rd11, %r1;\n";
  expectRace(begin + write + kReadOther, begin + write + kBarrier + kReadOther);
}

TEST(RaceCheck, MatrixLoads) {
  std::string matrix = "mov.u32 %r6, buffer;\nand.b32 %r7, %r0, 7;\n"
                       "shl.b32 %r7, %r7, 4;\nadd.u32 %r6, %r6, %r7;\n"
                       "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r8}, "
                       "[%r6];\n";
  expectRace(kWrite + matrix, kWrite + kBarrier + matrix);
}

TEST(RaceCheck, NamedBarriers) {
  // A producer that arrives and a consumer that waits; the slot goes back by
  // another barrier.
  std::string produce = "@%p1 st.shared.u32 [buffer], %r0;\n",
              consume = "@%p2 ld.shared.u32 %r5, [buffer];\n",
              full = "@%p1 bar.arrive 1, 64;\n@%p2 bar.sync 1, 64;\n",
              empty = "@%p2 bar.arrive 2, 64;\n@%p1 bar.sync 2, 64;\n";
  std::string once = produce + full + consume;
  expectRace(once + produce, once + empty + produce);
  // The arrival does not acquire: what the other warp did before is unknown.
  std::string mine = "@%p1 st.shared.u32 [buffer], %r0;\n",
              theirs = "@%p2 st.shared.u32 [buffer], %r0;\n";
  expectRace(theirs + full + mine, mine + full + theirs);
}

TEST(RaceCheck, BarrierOfOthersDoesNotOrder) {
  // Warps 0 and 1 meet; warp 2 reads.
  std::string write = "@%p1 st.shared.u32 [buffer], %r0;\n",
              pair = "setp.lt.u32 %p3, %r0, 64;\n@%p3 bar.sync 1, 64;\n",
              read = "setp.ge.u32 %p4, %r0, 64;\n"
                     "@%p4 ld.shared.u32 %r5, [buffer];\n";
  for (uint64_t seed = 0; seed < 3; ++seed) {
    std::string kinds = two(write + pair + read, seed, 96).kinds();
    // Where warp 2 comes first it reads what nobody wrote, then the write
    // races.
    EXPECT_NE(kinds.find("race"), std::string::npos) << kinds;
    EXPECT_EQ(two(write + pair + kBarrier + read, seed, 96).kinds(), "");
  }
}

TEST(RaceCheck, TransitiveOrder) {
  // 0 writes, 0 and 1 meet, 1 and 2 meet, 2 reads.
  std::string write = "@%p1 st.shared.u32 [buffer], %r0;\n",
              first = "setp.lt.u32 %p3, %r0, 64;\n@%p3 bar.sync 1, 64;\n",
              second = "setp.ge.u32 %p4, %r0, 32;\n@%p4 bar.sync 2, 64;\n",
              read = "setp.ge.u32 %p5, %r0, 64;\n"
                     "@%p5 ld.shared.u32 %r5, [buffer];\n";
  for (uint64_t seed = 0; seed < 3; ++seed) {
    EXPECT_EQ(two(write + first + second + read, seed, 96).kinds(), "");
    EXPECT_NE(two(write + second + first + read, seed, 96).kinds(), "");
  }
}

TEST(RaceCheck, Atomics) {
  std::string zero = "@%p1 st.shared.u32 [buffer], 0;\n" + kBarrier,
              add = "red.shared.add.u32 [buffer], 1;\n",
              read = "ld.shared.u32 %r5, [buffer];\n";
  expectRace(zero + add + read, zero + add + kBarrier + read);
}

TEST(RaceCheck, Flags) {
  // Warp 1 spins on a flag that warp 0 sets after its write.
  std::string begin = "@%p1 st.shared.u32 [buffer+256], 0;\n" + kBarrier +
                      "@%p2 bra WAIT;\nst.shared.u32 [buffer], %r0;\n"
                      "membar.cta;\n",
              middle = "bra END;\nWAIT:\nld.volatile.shared.u32 %r5, "
                       "[buffer+256];\nsetp.eq.u32 %p3, %r5, 0;\n"
                       "@%p3 bra WAIT;\n",
              read = "ld.shared.u32 %r6, [buffer];\nEND:\n";
  expectRace(begin + "st.shared.u32 [buffer+256], 1;\n" + middle + read,
             begin + "st.volatile.shared.u32 [buffer+256], 1;\n" + middle +
                 read);
}

// cp.async: %r6 = buffer + 16 tid, where the copy of warp 0 goes.
static const std::string kCopy =
    "mov.u32 %r6, buffer;\nshl.b32 %r7, %r0, 4;\nadd.u32 %r6, %r6, %r7;\n"
    "@%p1 cp.async.cg.shared.global [%r6], [%rd2], 16;\n"
    "cp.async.commit_group;\n";
static const std::string kWait = "cp.async.wait_group 0;\n";

TEST(RaceCheck, CopyAfterRead) {
  // The slot is filled again while the other warp may still read it.
  std::string begin =
      kCopy + kWait + kBarrier + "@%p2 ld.shared.u32 %r5, [buffer+16];\n";
  Outcome o = two(begin + kCopy, 0);
  EXPECT_NE(o.messages().find("issue of this copy"), std::string::npos)
      << o.messages();
  EXPECT_EQ(two(begin + kBarrier + kCopy, 0).kinds(), "");
  // With the other warp last, the read meets the copy in flight.
  EXPECT_EQ(two(begin + kCopy, 1).kinds(), "cp-async");
  EXPECT_EQ(two(begin + kBarrier + kCopy, 1).kinds(), "");
}

TEST(RaceCheck, WriteAfterCopy) {
  std::string write = "@%p2 st.shared.u32 [buffer+16], %r0;\n";
  for (uint64_t seed = 0; seed < 2; ++seed) {
    EXPECT_NE(two(kCopy + kWait + write, seed).kinds(), "");
    EXPECT_EQ(two(kCopy + kWait + kBarrier + write, seed).kinds(), "");
  }
}

TEST(RaceCheck, CopyIsPublishedToParticipantsOnly) {
  // The third warp is at none of the barriers that warp 0 comes to.
  std::string pair = "setp.lt.u32 %p3, %r0, 64;\n@%p3 bar.sync 1, 64;\n",
              read = "setp.ge.u32 %p4, %r0, 64;\n"
                     "@%p4 ld.shared.u32 %r5, [buffer+16];\n";
  EXPECT_EQ(two(kCopy + kWait + pair + read, 0, 96).kinds(), "race");
  EXPECT_EQ(two(kCopy + kWait + pair + kBarrier + read, 0, 96).kinds(), "");
}

TEST(RaceCheck, CanBeTurnedOff) {
  LaunchOf how;
  how.threads = 64;
  how.options.disabledChecks = {"race"};
  EXPECT_EQ(runBody("st.shared.u32 [buffer], %r0;", {}, how,
                    ".shared .align 4 .b8 buffer[4];\n")
                .kinds(),
            "");
}

/// Lanes of one store: a warning, a hazard for the strict.
static Outcome storeTogether(const std::string &body) {
  LaunchOf how;
  how.options.strict = true;
  return runBody("mov.u32 %r1, buffer;\nshr.u32 %r2, %r0, 1;\n"
                 "shl.b32 %r2, %r2, 2;\nadd.u32 %r1, %r1, %r2;\n" +
                     body,
                 {}, how, ".shared .align 16 .b8 buffer[4096];\n");
}

TEST(RaceCheck, LanesOfOneStore) {
  Outcome o = storeTogether("st.shared.u32 [%r1], %r0;\n");
  EXPECT_EQ(o.kinds(), "race");
  EXPECT_NE(o.messages().find("lanes 0-31 of one store write different values "
                              "to one place, shared address"),
            std::string::npos)
      << o.messages();
  // The same values, or places of their own.
  EXPECT_EQ(storeTogether("st.shared.u32 [%r1], %r2;\n").kinds(), "");
  EXPECT_EQ(storeTogether("xor.b32 %r3, %r0, 5;\nshl.b32 %r3, %r3, 4;\n"
                          "mov.u32 %r1, buffer;\nadd.u32 %r1, %r1, %r3;\n"
                          "st.shared.v2.u32 [%r1], {%r0, %r3};\n")
                .kinds(),
            "");
  // Only two of them, in global memory.
  o = storeTogether("min.u32 %r3, %r0, 30;\nmul.wide.u32 %rd5, %r3, 8;\n"
                    "add.s64 %rd5, %rd5, %rd1;\n"
                    "st.global.v2.u32 [%rd5], {%r3, %r0};\n");
  EXPECT_EQ(o.kinds(), "race");
  EXPECT_NE(o.messages().find("lanes 30-31 of one store"), std::string::npos)
      << o.messages();
  // Volatile ones mean it.
  EXPECT_EQ(storeTogether("st.volatile.shared.u32 [%r1], %r0;\n").kinds(), "");
}
