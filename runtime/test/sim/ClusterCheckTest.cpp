//===- ClusterCheckTest.cpp - Order between the CTAs of a cluster ---------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A relaxed arrival at the cluster's barrier passes on what a fence before it
// covers: everything, or the inits of mbarriers.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

using namespace attnrt;
using namespace attnrt::sim;

/// Two CTAs of a warp. Each has `bar` and `word`; %r2 is the other's rank.
static ExecutionReport runPair(const std::string &body) {
  std::string text =
      std::string(kHopperHeader) +
      ".visible .entry k(.param .u64 out)\n.explicitcluster\n"
      ".reqnctapercluster 2, 1, 1\n{\n"
      ".shared .align 8 .b8 bar[8];\n.shared .align 16 .b8 word[16];\n"
      ".reg .b32 %r<16>; .reg .b64 %rd<8>; .reg .pred %p<8>;\n"
      "ld.param.u64 %rd0, [out];\nmov.u32 %r0, %tid.x;\n"
      "mov.u32 %r1, %cluster_ctarank;\nxor.b32 %r2, %r1, 1;\n"
      "setp.ne.u32 %p0, %r0, 0;\nmov.u32 %r4, bar;\nmov.u32 %r5, word;\n"
      "mapa.shared::cluster.u32 %r6, %r4, %r2;\n"
      "mapa.shared::cluster.u32 %r7, %r5, %r2;\n" +
      body + "\nret;\n}\n";
  noteForms(text);
  Expected<std::shared_ptr<const Program>> program = decode(text);
  EXPECT_TRUE(bool(program)) << program.status().message();
  ExecutionReport all;
  for (uint64_t seed : {0, 1, 1001, 1002}) {
    Kernels kernels(*program);
    kernels.seed = seed;
    uint64_t out = kernels.put(std::vector<uint32_t>(64, 0));
    kernels.launch("k", {2}, {32}, out);
    for (Hazard &hazard : kernels.report.hazards)
      all.hazards.push_back(std::move(hazard));
  }
  return all;
}

static std::string messages(const ExecutionReport &report) {
  std::string all;
  for (const Hazard &hazard : report.hazards)
    all += hazard.kind + ": " + hazard.message + "\n";
  return all;
}

static const char *const kInit =
    "@!%p0 mbarrier.init.shared::cta.b64 [bar], 1;\n";
static const char *const kWrite = "@!%p0 st.shared.u32 [word], 7;\n";
static const char *const kRelaxed = "barrier.cluster.arrive.relaxed.aligned;\n"
                                    "barrier.cluster.wait.acquire.aligned;\n";
static const char *const kReleased = "barrier.cluster.arrive.release.aligned;\n"
                                     "barrier.cluster.wait.acquire.aligned;\n";
static const char *const kInitFence = "fence.mbarrier_init.release.cluster;\n";
static const char *const kArriveThere =
    "@!%p0 mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%r6];\n";
static const char *const kReadThere = "ld.shared::cluster.u32 %r8, [%r7];\n"
                                      "st.global.u32 [%rd0], %r8;\n";

static std::string init(const std::string &between) {
  return kInit + between + kArriveThere + kReleased;
}

TEST(ClusterCheck, InitsAreFenced) {
  EXPECT_EQ(messages(runPair(init(kReleased))), "");
  EXPECT_EQ(messages(runPair(init(std::string(kInitFence) + kRelaxed))), "");
  EXPECT_EQ(messages(runPair(
                init(std::string("fence.acq_rel.cluster;\n") + kRelaxed))),
            "");
  std::string without = messages(runPair(init(kRelaxed)));
  EXPECT_NE(without.find("race"), std::string::npos);
  EXPECT_NE(without.find("mbarrier.init"), std::string::npos) << without;
  // A fence that comes too late.
  std::string late = messages(
      runPair(init(std::string("barrier.cluster.arrive.relaxed.aligned;\n") +
                   kInitFence + "barrier.cluster.wait.acquire.aligned;\n")));
  EXPECT_NE(late.find("mbarrier.init"), std::string::npos) << late;
}

TEST(ClusterCheck, WritesNeedAFenceOfTheirOwn) {
  auto body = [](const std::string &between) {
    return kWrite + between + kReadThere + kReleased;
  };
  EXPECT_EQ(messages(runPair(body(kReleased))), "");
  for (const char *fence :
       {"fence.acq_rel.cluster;\n", "fence.sc.gpu;\n", "membar.sys;\n",
        "fence.release.cluster;\n", "fence.acq_rel.gpu;\n"})
    EXPECT_EQ(messages(runPair(body(std::string(fence) + kRelaxed))), "")
        << fence;
  for (const char *fence :
       {"", kInitFence, "fence.acq_rel.cta;\n", "fence.acquire.cluster;\n"}) {
    std::string found = messages(runPair(body(std::string(fence) + kRelaxed)));
    EXPECT_NE(found.find("read after write without order"), std::string::npos)
        << fence << found;
  }
}
