//===- BarrierTableTest.cpp - bar and barrier in all forms ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A barrier that does not hold its threads back, or lets too few pass, shows in
// what they read of each other; with all checks on, in a hazard too.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

using namespace attnrt::sim;

namespace {

constexpr uint32_t kThreads = 128;

/// In all orders of the warps to begin with, and in some that are drawn.
template <typename Expected>
void checkThreads(const std::string &body, Expected expected) {
  for (uint64_t seed : {0, 1, 2, 3, 1001, 1002}) {
    LaunchOf how;
    how.threads = kThreads;
    how.options.seed = seed;
    Outcome o = runBody(body, {}, how, ".shared .align 4 .b8 buffer[512];\n");
    ASSERT_TRUE(o.status.isOk()) << body << o.status.message();
    ASSERT_EQ(o.kinds(), "") << body << o.messages();
    for (uint32_t t = 0; t < kThreads; ++t)
      ASSERT_EQ(o.at(t), expected(t))
          << body << "\nthread " << t << ", schedule " << seed;
  }
}

/// Each thread leaves 3 t + 1 behind and reads that of the last in line.
std::string exchange(const std::string &barrier) {
  return "mad.lo.u32 %r1, %r0, 3, 1;\nshl.b32 %r2, %r0, 2;\n"
         "mov.u32 %r3, buffer;\nadd.u32 %r3, %r3, %r2;\n"
         "st.shared.u32 [%r3], %r1;\n" +
         barrier +
         "\nsub.u32 %r4, 127, %r0;\nshl.b32 %r4, %r4, 2;\nmov.u32 %r3, "
         "buffer;\n"
         "add.u32 %r3, %r3, %r4;\nld.shared.u32 %r5, [%r3];\n"
         "st.global.u32 [%rd3], %r5;";
}

} // namespace

TEST(BarrierTable, SyncHoldsEverybodyBack) {
  for (const char *name :
       {"bar.sync", "bar.cta.sync", "barrier.sync", "barrier.cta.sync",
        "barrier.sync.aligned", "barrier.cta.sync.aligned"})
    for (const char *operands :
         {" 0;", " 15;", " 3, 128;", " %r9;", " %r9, %r8;"})
      checkThreads("mov.u32 %r9, 5;\nmov.u32 %r8, 128;\n" +
                       exchange(std::string(name) + operands),
                   [](uint32_t t) { return 3 * (127 - t) + 1; });
}

TEST(BarrierTable, ArriveDoesNotWait) {
  // The upper half produces and goes on; the lower half waits for it.
  for (const char *name : {"bar", "bar.cta", "barrier", "barrier.cta"})
    for (const char *aligned : {"", ".aligned"}) {
      bool isOld = name[3] != 'r';
      if (isOld && *aligned)
        continue;
      std::string arrive = std::string(name) + ".arrive" + aligned,
                  sync = std::string(name) + ".sync" + aligned;
      checkThreads("setp.lt.u32 %p1, %r0, 64;\nshl.b32 %r2, %r0, 2;\n"
                   "mov.u32 %r3, buffer;\nadd.u32 %r3, %r3, %r2;\n"
                   "mov.u32 %r5, 9;\n@%p1 bra WAIT;\n"
                   "st.shared.u32 [%r3], %r0;\n" +
                       arrive + " 1, 128;\nbra DONE;\nWAIT:\n" + sync +
                       " 1, 128;\nld.shared.u32 %r5, [%r3+256];\nDONE:\n"
                       "st.global.u32 [%rd3], %r5;",
                   [](uint32_t t) { return t < 64 ? t + 64 : 9; });
    }
}

TEST(BarrierTable, Reductions) {
  // The predicate holds for those below the bound.
  for (const char *name : {"bar.red", "bar.cta.red", "barrier.red",
                           "barrier.cta.red", "barrier.red.aligned"})
    for (const char *count : {"", "128, "})
      for (uint32_t bound : {0u, 1u, 77u, 127u, 128u})
        for (bool isNegated : {false, true}) {
          std::string setup =
              "setp.lt.u32 %p1, %r0, " + std::to_string(bound) + ";\n";
          std::string operands =
              std::string("2, ") + count + (isNegated ? "!%p1;" : "%p1;");
          uint32_t holds = isNegated ? kThreads - bound : bound;
          checkThreads(setup + name + ".popc.u32 %r1, " + operands +
                           "\nst.global.u32 [%rd3], %r1;",
                       [=](uint32_t) { return holds; });
          checkThreads(setup + name + ".and.pred %p2, " + operands +
                           "\nselp.u32 %r1, 1, 0, %p2;\n"
                           "st.global.u32 [%rd3], %r1;",
                       [=](uint32_t) { return uint32_t(holds == kThreads); });
          checkThreads(setup + name + ".or.pred %p2, " + operands +
                           "\nselp.u32 %r1, 1, 0, %p2;\n"
                           "st.global.u32 [%rd3], %r1;",
                       [=](uint32_t) { return uint32_t(holds > 0); });
        }
}

TEST(BarrierTable, PartsOfABlockMeetAtBarriersOfTheirOwn) {
  // Each pair of warps at barrier 1 or 2; two phases of each.
  checkThreads("shr.u32 %r9, %r0, 6;\nadd.u32 %r9, %r9, 1;\n"
               "shl.b32 %r2, %r0, 2;\nmov.u32 %r3, buffer;\n"
               "add.u32 %r4, %r3, %r2;\nst.shared.u32 [%r4], %r0;\n"
               "bar.sync %r9, 64;\nxor.b32 %r5, %r2, 252;\n"
               "add.u32 %r5, %r3, %r5;\nld.shared.u32 %r6, [%r5];\n"
               "bar.sync %r9, 64;\nadd.u32 %r6, %r6, 1000;\n"
               "st.shared.u32 [%r4], %r6;\nbar.sync %r9, 64;\n"
               "ld.shared.u32 %r7, [%r5];\nst.global.u32 [%rd3], %r7;",
               [](uint32_t t) { return t + 1000; });
}
