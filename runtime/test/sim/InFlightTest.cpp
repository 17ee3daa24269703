//===- InFlightTest.cpp - What a missing wait computes --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All checks are off: until somebody waits, the result of an asynchronous
// operation is NaN, so a missing wait is a wrong number, too. A hardware that
// is quick hides it, as the policy `early` does.
//
//===----------------------------------------------------------------------===//

#include "Check/Checkers.h"
#include "Harness.h"

#include <cmath>

using namespace attnrt;
using namespace attnrt::sim;

static const char *const kShared = ".shared .align 8 .b8 bar[8];\n"
                                   ".shared .align 1024 .b8 tile[4096];\n";

/// Word 0 of thread 100's output; all input is 1.0.
static float run(const std::string &body, Completion completion) {
  std::string text = kernelOf(body + "st.global.f32 [%rd3], %f1;\n", kShared);
  text.replace(0, text.find(".shared"), kHopperHeader);
  LaunchOf how;
  how.threads = 128;
  how.options.completion = completion;
  how.options.disabledChecks.assign(std::begin(kCheckNames),
                                    std::end(kCheckNames));
  Outcome o = runText(text, std::vector<uint32_t>(2048, 0x3f800000), how);
  EXPECT_TRUE(o.status.isOk()) << o.status.message();
  EXPECT_EQ(o.kinds(), "") << o.messages();
  return o.floatAt(100);
}

/// NaN while in flight; the value with the wait, and where nobody is slow.
static void expectMissed(const std::string &before, const std::string &wait,
                         const std::string &after, float value) {
  for (Completion completion : {Completion::Late, Completion::Early,
                                Completion::Torn, Completion::Random})
    EXPECT_EQ(run(before + wait + after, completion), value);
  EXPECT_EQ(run(before + after, Completion::Early), value);
  EXPECT_TRUE(std::isnan(run(before + after, Completion::Late)));
}

TEST(InFlight, CpAsync) {
  expectMissed("mov.u32 %r5, tile;\nmad.lo.u32 %r5, %r0, 16, %r5;\n"
               "cp.async.cg.shared.global [%r5], [%rd2], 16;\n"
               "cp.async.commit_group;\n",
               "cp.async.wait_group 0;\n", "ld.shared.f32 %f1, [%r5];\n", 1);
}

TEST(InFlight, BulkCopy) {
  expectMissed(
      "setp.ne.u32 %p2, %r0, 0;\n@%p2 bra R;\n"
      "mbarrier.init.shared::cta.b64 [bar], 1;\n"
      "mbarrier.arrive.expect_tx.shared::cta.b64 _, [bar], 2048;\n"
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes "
      "[tile], [%rd0], 2048, [bar];\nR: bar.sync 0;\n",
      "W: mbarrier.try_wait.parity.shared::cta.b64 %p1, [bar], 0;\n"
      "@!%p1 bra W;\n",
      "mov.u32 %r5, tile;\nmad.lo.u32 %r5, %r0, 16, %r5;\n"
      "ld.shared.f32 %f1, [%r5];\n",
      1);
}

/// `tile` is full of ones of bf16; %rd6 describes an operand in it, without a
/// swizzle.
static const char *const kOnes =
    "mov.u32 %r6, tile;\nmad.lo.u32 %r7, %r0, 16, %r6;\n"
    "mov.u32 %r8, 1065369472;\n"
    "st.shared.v4.u32 [%r7], {%r8, %r8, %r8, %r8};\n"
    "st.shared.v4.u32 [%r7+2048], {%r8, %r8, %r8, %r8};\n"
    "shr.u32 %r6, %r6, 4;\ncvt.u64.u32 %rd6, %r6;\n"
    "or.b64 %rd6, %rd6, 68720001024;\n"
    "fence.proxy.async.shared::cta;\nbar.sync 0;\n"
    "mov.f32 %f1, 0f40000000;\nmov.f32 %f2, %f1;\nmov.f32 %f3, %f1;\n"
    "mov.f32 %f4, %f1;\nsetp.eq.u32 %p3, 0, 0;\n"
    "wgmma.fence.sync.aligned;\n";
static const char *const kProduct =
    "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 "
    "{%f1, %f2, %f3, %f4}, %rd6, %rd6, %p3, 1, 1, 0, 0;\n";
/// Behind the barrier all four warps have issued it, so it may be done.
static const char *const kCommit =
    "wgmma.commit_group.sync.aligned;\nbar.sync 0;\n";

static std::string waitFor(int left) {
  return "wgmma.wait_group.sync.aligned " + std::to_string(left) + ";\n";
}

TEST(InFlight, Accumulators) {
  expectMissed(std::string(kOnes) + kProduct + kCommit, waitFor(0), "", 18);
  // One more on the same accumulators is in flight when the first is done.
  expectMissed(std::string(kOnes) + kProduct + kCommit + kProduct + kCommit +
                   waitFor(1),
               waitFor(0), "", 34);
}

TEST(InFlight, OnlyTheOtherAccumulators) {
  std::string other = kProduct;
  other.replace(other.find("%f1, %f2, %f3, %f4"), 18, "%f5, %f6, %f7, %f8");
  std::string body = "mov.f32 %f5, 0f00000000;\nmov.f32 %f6, %f5;\n"
                     "mov.f32 %f7, %f5;\nmov.f32 %f8, %f5;\n" +
                     std::string(kOnes) + kProduct + kCommit + other + kCommit +
                     waitFor(1);
  EXPECT_EQ(run(body, Completion::Late), 18);
  EXPECT_TRUE(std::isnan(run(body + "mov.f32 %f1, %f5;\n", Completion::Late)));
}

/// A is read when the operation is done.
TEST(InFlight, OperandInRegisters) {
  std::string product = kProduct;
  product.replace(product.find("%rd6"), 4, "{%r8, %r8, %r8, %r8}");
  product.replace(product.find(", 0, 0;"), 7, ", 0;");
  std::string before = kOnes + product + kCommit;
  std::string clobber = "mov.u32 %r8, 0;\n";
  EXPECT_EQ(run(before + waitFor(0) + clobber, Completion::Late), 18);
  EXPECT_EQ(run(before + clobber + waitFor(0), Completion::Early), 18);
  std::string soon = kOnes + product + clobber + kCommit + waitFor(0);
  EXPECT_EQ(run(soon, Completion::Late), 2);
}
