//===- ClusterTableTest.cpp - mbarriers and clusters by the ISA's tables --===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

using namespace attnrt;
using namespace attnrt::sim;

/// Two CTAs of one cluster, one warp each: %r0 the lane, %r1 the rank, %r2 the
/// other one; `out` has 32 words for each CTA, %rd2 is the lane's.
static std::vector<uint32_t> runCluster(const std::string &body) {
  auto k = Kernels::of(
      ".version 8.6\n.target sm_90a\n.address_size 64\n"
      ".visible .entry k(.param .u64 out)\n"
      ".explicitcluster\n.reqnctapercluster 2, 1, 1\n{\n"
      ".shared .align 16 .b8 buffer[512];\n.shared .align 8 .b8 bar[32];\n"
      ".reg .b32 %r<32>; .reg .b64 %rd<32>; .reg .pred %p<8>; .reg .f32 "
      "%f<4>;\n"
      "ld.param.u64 %rd0, [out];\nmov.u32 %r0, %tid.x;\n"
      "mov.u32 %r1, %cluster_ctarank;\nxor.b32 %r2, %r1, 1;\n"
      "mad.lo.u32 %r3, %r1, 32, %r0;\nmul.wide.u32 %rd1, %r3, 4;\n"
      "add.s64 %rd2, %rd0, %rd1;\nmov.u32 %r4, buffer;\n"
      "mad.lo.u32 %r5, %r0, 4, %r4;\nmov.u32 %r6, bar;\n" +
      body + "\nret;\n}\n");
  uint64_t out = k->put(std::vector<uint32_t>(64, 0));
  k->launch("k", {2}, {32}, out);
  return k->get<uint32_t>(out, 64);
}

static const char *const kMeet = "barrier.cluster.arrive.release.aligned;\n"
                                 "barrier.cluster.wait.acquire.aligned;\n";
static const char *const kFirst = "setp.ne.u32 %p0, %r0, 0;\n";

TEST(ClusterTable, SpecialRegisters) {
  auto value = [](const std::string &name) {
    return runCluster("mov.u32 %r9, " + name + ";\nst.global.u32 [%rd2], %r9;");
  };
  struct Row {
    const char *name;
    uint32_t first, second;
  };
  for (const Row &row : {Row{"%cluster_ctarank", 0, 1},
                         {"%cluster_nctarank", 2, 2},
                         {"%cluster_ctaid.x", 0, 1},
                         {"%cluster_ctaid.y", 0, 0},
                         {"%cluster_nctaid.x", 2, 2},
                         {"%cluster_nctaid.z", 1, 1},
                         {"%clusterid.x", 0, 0},
                         {"%nclusterid.x", 1, 1}}) {
    std::vector<uint32_t> out = value(row.name);
    EXPECT_EQ(out[5], row.first) << row.name;
    EXPECT_EQ(out[37], row.second) << row.name;
  }
}

TEST(ClusterTable, RemoteMemory) {
  // Each lane leaves a word in the other CTA and finds one of it in its own.
  for (bool wide : {false, true})
    for (const char *meet :
         {"barrier.cluster.arrive;\nbarrier.cluster.wait;\n",
          "barrier.cluster.arrive.aligned;\nbarrier.cluster.wait.aligned;\n",
          "barrier.cluster.arrive.release;\nbarrier.cluster.wait.acquire;\n"}) {
      std::string map =
          wide ? "cvt.u64.u32 %rd5, %r5;\ncvta.shared.u64 %rd5, %rd5;\n"
                 "mapa.u64 %rd6, %rd5, %r2;\ngetctarank.u64 %r10, %rd6;\n"
               : "mapa.shared::cluster.u32 %r8, %r5, %r2;\n"
                 "getctarank.shared::cluster.u32 %r10, %r8;\n";
      std::string to = wide ? "st.u32 [%rd6], %r9;\n"
                            : "st.shared::cluster.u32 [%r8], %r9;\n";
      std::vector<uint32_t> out =
          runCluster(map + "mad.lo.u32 %r9, %r1, 100, %r0;\n" + to + meet +
                     "ld.shared.u32 %r11, [%r5];\n"
                     "mad.lo.u32 %r11, %r10, 1000, %r11;\n"
                     "st.global.u32 [%rd2], %r11;\n" +
                     meet);
      for (unsigned lane = 0; lane < 32; ++lane) {
        EXPECT_EQ(out[lane], 1100 + lane);
        EXPECT_EQ(out[32 + lane], lane);
      }
    }
}

TEST(ClusterTable, RemoteLoadsAndAtomics) {
  std::vector<uint32_t> out = runCluster(
      std::string(
          "mad.lo.u32 %r9, %r1, 100, %r0;\nst.shared.u32 [%r5], %r9;\n") +
      kMeet +
      "mapa.shared::cluster.u32 %r8, %r5, %r2;\n"
      "ld.shared::cluster.u32 %r10, [%r8];\n" +
      kMeet +
      "atom.shared::cluster.add.u32 %r11, [%r8], 5;\n"
      "red.shared::cluster.add.u32 [%r8], 2;\n" +
      kMeet +
      "ld.shared.u32 %r12, [%r5];\nmad.lo.u32 %r10, %r10, 1000, %r12;\n"
      "st.global.u32 [%rd2], %r10;");
  for (unsigned lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(out[lane], (100 + lane) * 1000 + lane + 7);
    EXPECT_EQ(out[32 + lane], lane * 1000 + 100 + lane + 7);
  }
  // Every operation and type of these has its own row of the table.
  for (const char *op : {"min.u32", "max.s32", "and.b32", "or.b32", "xor.b32",
                         "inc.u32", "dec.u32", "add.f32", "add.noftz.f16x2"}) {
    bool returns = true;
    for (const char *opcode : {"atom", "red"}) {
      std::string d = returns ? "%r11, " : "";
      runCluster(std::string("mov.u32 %r9, 0;\nst.shared.u32 [%r5], %r0;\n") +
                 kMeet + "mapa.shared::cluster.u32 %r8, %r5, %r2;\n" + opcode +
                 ".shared::cluster." + op + " " + d + "[%r8], %r9;\n" + kMeet);
      returns = false;
    }
  }
}

TEST(ClusterTable, RemoteExchange) {
  std::vector<uint32_t> out = runCluster(
      std::string("st.shared.u32 [%r5], %r0;\n") + kMeet +
      "mapa.shared::cluster.u32 %r8, %r5, %r2;\nadd.u32 %r9, %r1, 50;\n"
      "atom.shared::cluster.cas.b32 %r11, [%r8], %r0, %r9;\n" +
      kMeet + "ld.shared.u32 %r12, [%r5];\nst.global.u32 [%rd2], %r12;");
  EXPECT_EQ(out[7], 51u);
  EXPECT_EQ(out[39], 50u);
}

TEST(ClusterTable, RemoteArrivals) {
  // Each CTA's barrier waits for one arrival of its own and one of the other's.
  for (const char *arrive :
       {"mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%r8];",
        "mbarrier.arrive.expect_tx.release.cluster.shared::cluster.b64 _, "
        "[%r8], "
        "0;",
        "mbarrier.arrive_drop.release.cluster.shared::cluster.b64 _, [%r8];"}) {
    std::vector<uint32_t> out = runCluster(
        std::string(kFirst) +
        "@%p0 bra R0;\n"
        "mbarrier.init.shared.b64 [bar], 2;\nR0:\n" +
        kMeet +
        "mapa.shared::cluster.u32 %r8, %r6, %r2;\n@%p0 bra R1;\n"
        "mbarrier.arrive.shared::cta.b64 _, [bar];\n" +
        arrive +
        "\nR1:\nW: mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 "
        "%p1, [bar], 0;\n@!%p1 bra W;\nst.global.u32 [%rd2], 1;\n" +
        kMeet);
    EXPECT_EQ(out, std::vector<uint32_t>(64, 1)) << arrive;
  }
}

TEST(ClusterTable, CopyToTheOther) {
  std::vector<uint32_t> out = runCluster(
      std::string(
          "mad.lo.u32 %r9, %r1, 100, %r0;\nst.shared.u32 [%r5], %r9;\n") +
      "fence.proxy.async.shared::cluster;\n" + kFirst +
      "@%p0 bra R0;\nmbarrier.init.shared.b64 [bar], 1;\nR0:\n" + kMeet +
      "mapa.shared::cluster.u32 %r8, %r4, %r2;\n"
      "mapa.shared::cluster.u32 %r9, %r6, %r2;\n@%p0 bra R1;\n"
      "mbarrier.arrive.expect_tx.shared::cta.b64 _, [bar], 128;\n"
      "cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes "
      "[%r8+256], [buffer], 128, [%r9];\nR1:\n"
      "W: mbarrier.try_wait.parity.shared::cta.b64 %p1, [bar], 0;\n"
      "@!%p1 bra W;\nld.shared.u32 %r10, [%r5+256];\n"
      "st.global.u32 [%rd2], %r10;\n" +
      kMeet);
  for (unsigned lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(out[lane], 100 + lane);
    EXPECT_EQ(out[32 + lane], lane);
  }
}

TEST(ClusterTable, OneOfTheWarp) {
  // All members learn who it is, and it is one of them.
  std::vector<uint32_t> out =
      runCluster("setp.lt.u32 %p2, %r0, 16;\n@%p2 bra END;\n"
                 "elect.sync %r9|%p1, 0xffff0000;\n"
                 "selp.u32 %r10, 1, 0, %p1;\nmad.lo.u32 %r9, %r9, 10, %r10;\n"
                 "st.global.u32 [%rd2], %r9;\nEND:");
  unsigned leader = out[16] / 10;
  ASSERT_GE(leader, 16u);
  for (unsigned lane = 16; lane < 32; ++lane)
    EXPECT_EQ(out[lane], 10 * leader + (lane == leader));
}

/// One CTA of a cluster does something with a barrier for three arrivals.
static std::vector<uint32_t> runBarrier(const std::string &body) {
  return runCluster(std::string(kFirst) +
                    "@%p0 bra END;\nmbarrier.init.shared.b64 [bar], 3;\n" +
                    body + "\nEND:");
}

TEST(ClusterTable, States) {
  // The phase is over for who holds a state of before.
  std::vector<uint32_t> out = runBarrier(
      "mbarrier.arrive.shared.b64 %rd5, [bar];\n"
      "mbarrier.pending_count.b64 %r10, %rd5;\n"
      "mbarrier.test_wait.shared.b64 %p1, [bar], %rd5;\n"
      "mbarrier.arrive.noComplete.release.cta.shared::cta.b64 %rd6, [bar], 1;\n"
      "mbarrier.pending_count.b64 %r11, %rd6;\n"
      "mbarrier.arrive_drop.release.cta.shared::cta.b64 %rd7, [bar];\n"
      "mbarrier.test_wait.acquire.cta.shared::cta.b64 %p2, [bar], %rd5;\n"
      "mbarrier.try_wait.shared.b64 %p3, [bar], %rd6, 100;\n"
      "mbarrier.arrive.shared::cta.b64 %rd8, [bar], 2;\n"
      "mbarrier.try_wait.parity.shared.b64 %p4, [bar], 1, 100;\n"
      "selp.u32 %r12, 1, 0, %p1;\nselp.u32 %r13, 2, 0, %p2;\n"
      "selp.u32 %r14, 4, 0, %p3;\nselp.u32 %r15, 8, 0, %p4;\n"
      "or.b32 %r12, %r12, %r13;\nor.b32 %r12, %r12, %r14;\n"
      "or.b32 %r12, %r12, %r15;\n"
      "st.global.v2.u32 [%rd2], {%r10, %r11};\nst.global.u32 [%rd2+8], %r12;\n"
      "mbarrier.inval.shared.b64 [bar];");
  EXPECT_EQ(out[0], 3u); // pending before the arrival
  EXPECT_EQ(out[1], 2u);
  // After the drop two arrivals make a phase, which one of two did.
  EXPECT_EQ(out[2], 2u | 4 | 8);
}

TEST(ClusterTable, DropWithoutCompletion) {
  // Of three arrivals, one is dropped for good; the next phase has two.
  std::vector<uint32_t> out = runBarrier(
      "mbarrier.arrive_drop.noComplete.shared.b64 %rd5, [bar], 1;\n"
      "mbarrier.arrive.shared.b64 %rd6, [bar], 2;\n"
      "mbarrier.test_wait.relaxed.cluster.shared.b64 %p1, [bar], %rd5;\n"
      "mbarrier.arrive.shared.b64 %rd7, [bar];\n"
      "mbarrier.pending_count.b64 %r10, %rd7;\nselp.u32 %r11, 10, 0, %p1;\n"
      "add.u32 %r10, %r10, %r11;\nst.global.u32 [%rd2], %r10;\n"
      "mbarrier.inval.shared::cta.b64 [bar];");
  EXPECT_EQ(out[0], 12u);
}

TEST(ClusterTable, Bytes) {
  std::vector<uint32_t> out = runBarrier(
      "mbarrier.arrive.shared.b64 _, [bar], 2;\n"
      "mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [bar], 64;\n"
      "mbarrier.arrive_drop.expect_tx.shared.b64 _, [bar], 32;\n"
      "mbarrier.test_wait.parity.relaxed.cluster.shared.b64 %p1, [bar], 0;\n"
      "mbarrier.complete_tx.relaxed.cluster.shared::cluster.b64 [bar], 96;\n"
      "mbarrier.try_wait.parity.acquire.cta.shared.b64 %p2, [bar], 0, 10;\n"
      "selp.u32 %r12, 1, 0, %p1;\nselp.u32 %r13, 2, 0, %p2;\n"
      "or.b32 %r12, %r12, %r13;\nst.global.u32 [%rd2], %r12;");
  EXPECT_EQ(out[0], 2u);
}

TEST(ClusterTable, WaitsOfEveryOrder) {
  // Of a phase that is over, by a state of before and by its parity.
  for (const char *order : {"acquire.cta.", "acquire.cluster.", "relaxed.cta.",
                            "relaxed.cluster.", ""})
    for (const char *space : {"shared", "shared::cta"}) {
      std::string end = std::string(order) + space + ".b64 ";
      std::vector<uint32_t> out = runBarrier(
          "mbarrier.arrive.shared.b64 %rd5, [bar];\n"
          "mbarrier.arrive.shared.b64 _, [bar], 2;\nmbarrier.try_wait." +
          end + "%p1, [bar], %rd5, 10;\nmbarrier.try_wait.parity." + end +
          "%p2, [bar], 0, 10;\nmbarrier.test_wait." + end +
          "%p3, [bar], %rd5;\nmbarrier.test_wait.parity." + end +
          "%p4, [bar], 0;\nand.pred %p1, %p1, %p2;\n"
          "and.pred %p3, %p3, %p4;\nand.pred %p1, %p1, %p3;\n"
          "selp.u32 %r9, 1, 0, %p1;\nst.global.u32 [%rd2], %r9;");
      EXPECT_EQ(out[0], 1u) << end;
    }
}

TEST(ClusterTable, Orders) {
  // Whatever they order, the counts are the same.
  for (const char *order : {"release.cta.", "release.cluster.", "relaxed.cta.",
                            "relaxed.cluster.", ""})
    for (const char *space : {"shared", "shared::cta"}) {
      std::string end = std::string(order) + space + ".b64 ";
      std::vector<uint32_t> out =
          runBarrier("mbarrier.arrive." + end + "_, [bar];\n" +
                     "mbarrier.arrive.expect_tx." + end + "_, [bar], 16;\n" +
                     "mbarrier.complete_tx." +
                     (std::strstr(order, "cluster") ? "relaxed.cluster."
                                                    : "relaxed.cta.") +
                     space + ".b64 [bar], 16;\n" + "mbarrier.arrive_drop." +
                     end + "_, [bar];\nmbarrier.test_wait.parity." +
                     (std::strstr(order, "relaxed") ? "relaxed.cta."
                                                    : "acquire.cluster.") +
                     space +
                     ".b64 %p1, [bar], 0;\nselp.u32 %r9, 1, 0, %p1;\n"
                     "st.global.u32 [%rd2], %r9;");
      EXPECT_EQ(out[0], 1u) << end;
    }
}

static std::string tensorMapFences() {
  std::string out;
  for (std::string scope : {"cta", "cluster", "gpu", "sys"})
    out += "fence.proxy.tensormap::generic.release." + scope +
           ";\nfence.proxy.tensormap::generic.acquire." + scope +
           " [%rd2], 128;\n";
  return out;
}

TEST(ClusterTable, NothingToSee) {
  std::vector<uint32_t> out = runCluster(
      "griddepcontrol.wait;\ngriddepcontrol.launch_dependents;\n"
      "fence.proxy.async;\nfence.proxy.async.global;\n"
      "fence.proxy.async.shared::cta;\nfence.mbarrier_init.release.cluster;\n"
      "fence.sc.cluster;\nfence.acq_rel.cluster;\nfence.acquire.cluster;\n"
      "fence.release.cluster;\nfence.cluster;\n" +
      tensorMapFences() +
      "barrier.cluster.arrive.relaxed.aligned;\n"
      "barrier.cluster.wait.acquire.aligned;\nst.global.u32 [%rd2], 3;");
  EXPECT_EQ(out, std::vector<uint32_t>(64, 3));
}
