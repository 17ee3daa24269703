//===- AsyncCheckTest.cpp - The checks mbarrier, bulk, wgmma and proxy ----===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For every rule a kernel that keeps it and one that breaks it.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

using namespace attnrt;
using namespace attnrt::sim;

static const char *const kShared = ".shared .align 8 .b8 bar[32];\n"
                                   ".shared .align 1024 .b8 tile[8192];\n";

/// Warps share `bar` and `tile`; %rd5 is 16 KiB of input.
static Outcome runHopper(const std::string &body, uint32_t threads = 32,
                         Options options = {}) {
  std::string text = kernelOf(body, kShared);
  text.replace(text.find("sm_80"), 5, "sm_90a");
  text.replace(text.find(".version 7.0"), 12, ".version 8.0");
  LaunchOf how;
  how.threads = threads;
  how.options = options;
  return runText(text, std::vector<uint32_t>(4096, 0x3f803f80), how);
}

static const char *const kOne = "mbarrier.init.shared::cta.b64 [bar], 1;\n";
static const char *const kLoad =
    "mbarrier.arrive.expect_tx.shared::cta.b64 _, [bar], 256;\n"
    "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [tile], "
    "[%rd0], 256, [bar];\n";
static const char *const kWait =
    "W: mbarrier.try_wait.parity.shared::cta.b64 %p1, [bar], 0;\n"
    "@!%p1 bra W;\n";
static const char *const kRead =
    "ld.shared.u32 %r1, [tile+16];\nst.global.u32 [%rd3], %r1;\n";
static const char *const kFirst = "setp.ne.u32 %p2, %r0, 0;\n@%p2 bra R;\n";

/// One thread does `alone`, all the rest.
static std::string byFirst(const std::string &alone, const std::string &all) {
  return kFirst + alone + "R: bar.sync 0;\n" + all;
}

/// The message of the hazard, of this kind.
static void expectHazard(const Outcome &o, const char *kind, const char *what) {
  EXPECT_NE(o.kinds().find(kind), std::string::npos) << o.messages();
  EXPECT_NE(o.messages().find(what), std::string::npos) << o.messages();
}

TEST(MBarrierCheck, CleanLoad) {
  for (Completion completion : {Completion::Late, Completion::Early,
                                Completion::Torn, Completion::Random}) {
    Options options;
    options.completion = completion;
    Outcome o = runHopper(
        byFirst(std::string(kOne) + kLoad, "") + kWait + kRead, 64, options);
    EXPECT_EQ(o.kinds(), "") << o.messages();
    EXPECT_EQ(o.at(33), 0x3f803f80u);
  }
}

TEST(MBarrierCheck, BeforeInit) {
  expectHazard(
      runHopper(byFirst("mbarrier.arrive.shared::cta.b64 _, [bar];", "")),
      "mbarrier", "there is no mbarrier");
}

// Behind all variables, where the window of shared memory goes on.
TEST(MBarrierCheck, OutsideOfSharedMemory) {
  for (const char *use :
       {"mbarrier.arrive.shared::cta.b64 _, [bar+131072];",
        "mbarrier.inval.shared::cta.b64 [bar+131072];"})
    expectHazard(runHopper(byFirst(use, "")), "mbarrier",
                 "there is no mbarrier");
}

TEST(MBarrierCheck, InitTwice) {
  expectHazard(runHopper(byFirst(std::string(kOne) + kOne, "")), "mbarrier",
               "there is an mbarrier already");
  EXPECT_EQ(
      runHopper(byFirst(std::string(kOne) +
                            "mbarrier.inval.shared::cta.b64 [bar];\n" + kOne,
                        ""))
          .kinds(),
      "");
}

TEST(MBarrierCheck, Counts) {
  expectHazard(
      runHopper(byFirst("mbarrier.init.shared::cta.b64 [bar], 0;", "")),
      "mbarrier", "expected a count from 1");
  expectHazard(runHopper(byFirst(std::string(kOne) +
                                     "mbarrier.arrive.shared::cta.b64 _, "
                                     "[bar], 2;",
                                 "")),
               "mbarrier", "2 arrivals where 1 of 1 are pending");
}

TEST(MBarrierCheck, PlainAccess) {
  expectHazard(
      runHopper(byFirst(std::string(kOne) + "ld.shared.u32 %r1, [bar];", "")),
      "mbarrier", "read of an mbarrier");
  expectHazard(
      runHopper(byFirst(std::string(kOne) + "st.shared.u32 [bar], 0;", "")),
      "mbarrier", "write to an mbarrier");
}

TEST(MBarrierCheck, NobodyWaited) {
  std::string arrive = "mbarrier.arrive.shared::cta.b64 _, [bar];\n";
  expectHazard(runHopper(byFirst(kOne + arrive + arrive, "")), "mbarrier",
               "nobody has waited for phase 0");
  EXPECT_EQ(runHopper(byFirst(kOne + arrive + kWait + arrive, "")).kinds(), "");
}

TEST(MBarrierCheck, PhaseThatIsMissed) {
  // Warp 0 completes two phases while warp 1 still waits for the first.
  std::string again = kWait;
  again.replace(again.find("W:"), 2, "V:")
      .replace(again.find("bra W"), 5, "bra V")
      .replace(again.find("[bar], 0"), 8, "[bar], 1");
  std::string third = kWait;
  third.replace(third.find("W:"), 2, "U:")
      .replace(third.find("bra W"), 5, "bra U");
  std::string arrive = "mbarrier.arrive.shared::cta.b64 _, [bar];\n";
  auto body = [&](int count, const std::string &others) {
    return "setp.ne.u32 %p2, %r0, 0;\nsetp.eq.u32 %p3, %r0, 32;\n"
           "@%p2 bra R;\nmbarrier.init.shared::cta.b64 [bar], " +
           std::to_string(count) + ";\nR: bar.sync 0;\n" +
           "setp.lt.u32 %p2, %r0, 32;\nsetp.eq.u32 %p4, %r0, 0;\n"
           "@!%p2 bra S;\n@%p4 " +
           arrive + kWait + "@%p4 " + arrive + again + "bra.uni E;\nS:\n" +
           others + "E:\n";
  };
  // Warp 1 comes to the barrier last and goes on first.
  Outcome o = runHopper(body(1, third), 64);
  expectHazard(o, "mbarrier", "phase 0, which this waits for, and the next");
  std::string mine = "@%p3 " + arrive;
  o = runHopper(body(2, mine + third + mine), 64);
  EXPECT_EQ(o.kinds(), "") << o.messages();
}

TEST(MBarrierCheck, StateOfAPhaseLongOver) {
  std::string arrive = "mbarrier.arrive.shared::cta.b64 %rd5, [bar];\n";
  std::string wait = "mbarrier.test_wait.shared::cta.b64 %p1, [bar], %rd5;\n";
  std::string more = "mbarrier.arrive.shared::cta.b64 %rd6, [bar];\n"
                     "mbarrier.test_wait.shared::cta.b64 %p1, [bar], %rd6;\n";
  Outcome o = runHopper(byFirst(kOne + arrive + wait + more + wait, ""));
  expectHazard(o, "mbarrier", "phase 0, which this waits for");
  o = runHopper(byFirst(kOne + arrive + wait + wait, ""));
  EXPECT_EQ(o.kinds(), "") << o.messages();
}

TEST(MBarrierCheck, BytesThatNeverCome) {
  expectHazard(
      runHopper(byFirst(std::string(kOne) +
                            "mbarrier.expect_tx.relaxed.cta.shared::cta.b64 "
                            "[bar], 64;",
                        "")),
      "mbarrier", "64 bytes expected that never came");
}

TEST(MBarrierCheck, BytesThatNobodyExpects) {
  std::string load = kLoad;
  load.replace(load.find("256;"), 4, "240;");
  expectHazard(runHopper(byFirst(kOne + load, "") + kWait), "mbarrier",
               "16 bytes came that nobody expected");
}

TEST(MBarrierCheck, Deadlock) {
  std::string load = kLoad;
  load.replace(load.find("256;"), 4, "512;");
  Outcome o = runHopper(byFirst(kOne + load, "") + kWait, 64);
  expectHazard(o, "deadlock", "0 of 1 arrivals and 256 bytes pending");
}

TEST(MBarrierCheck, InitIsPublished) {
  // Without the barrier, another warp may come first.
  Outcome o =
      runHopper(std::string(kFirst) + kOne + kLoad + "R:\n" + kWait, 64);
  expectHazard(o, "race", "mbarrier.init");
}

TEST(BulkCheck, ReadTooEarly) {
  Outcome o = runHopper(byFirst(std::string(kOne) + kLoad, kRead) + kWait);
  expectHazard(o, "bulk", "is still in flight");
  // When the bytes have come all the same, nothing orders the read after them.
  Options early;
  early.completion = Completion::Early;
  o = runHopper(byFirst(std::string(kOne) + kLoad, kRead) + kWait, 32, early);
  expectHazard(o, "race", "asynchronous write");
}

TEST(BulkCheck, RelaxedWaitOrdersNothing) {
  std::string wait = kWait;
  wait.replace(wait.find("parity."), 7, "parity.relaxed.cta.");
  expectHazard(
      runHopper(byFirst(std::string(kOne) + kLoad, "") + wait + kRead, 64),
      "race", "asynchronous write");
}

TEST(BulkCheck, TwoCopiesToOnePlace) {
  std::string load = kLoad;
  std::string twice = load + load.substr(load.find("cp.async"));
  twice.replace(twice.find("256;"), 4, "512;");
  expectHazard(runHopper(byFirst(kOne + twice, "") + kWait), "bulk",
               "another one that is in flight");
}

TEST(BulkCheck, SizesAndAddresses) {
  auto with = [](const char *from, const char *to) {
    std::string load = kLoad;
    load.replace(load.rfind(from), std::strlen(from), to);
    return runHopper(byFirst(kOne + load, ""));
  };
  expectHazard(with("256, [bar]", "250, [bar]"), "bulk", "multiple of 16");
  expectHazard(with("[tile]", "[tile+8]"), "bulk", "multiples of 16");
  expectHazard(with("[tile]", "[tile+8000]"), "bulk", "leaves the shared");
  expectHazard(with("[%rd0], 256", "[%rd0+16288], 256"), "oob",
               "out-of-bounds");
}

static const char *const kFill =
    "mul.lo.u32 %r5, %r0, 16;\nmov.u32 %r6, tile;\nadd.u32 %r6, %r6, %r5;\n"
    "st.shared.v4.u32 [%r6], {%r0, %r0, %r0, %r0};\n";
static const char *const kStore =
    "cp.async.bulk.global.shared::cta.bulk_group [%rd1], [tile], 512;\n"
    "cp.async.bulk.commit_group;\n";

TEST(BulkCheck, Store) {
  std::string fence = "fence.proxy.async.shared::cta;\n";
  std::string wait = "cp.async.bulk.wait_group 0;\n";
  Outcome o = runHopper(kFill + fence + "bar.sync 0;\n" + kFirst + kStore +
                        wait + "R:");
  EXPECT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(31), 31u);
  // The fence may stand behind the barrier, too.
  o = runHopper(std::string(kFill) + "bar.sync 0;\n" + kFirst + fence + kStore +
                wait + "R:");
  EXPECT_EQ(o.kinds(), "") << o.messages();
  expectHazard(runHopper(std::string(kFill) + "bar.sync 0;\n" + kFirst +
                         kStore + wait + "R:"),
               "proxy", "expected fence.proxy.async between");
  expectHazard(
      runHopper(kFill + fence + "bar.sync 0;\n" + kFirst + kStore + "R:"),
      "bulk", "while this copy reads its shared memory");
  expectHazard(runHopper(kFill + fence + "bar.sync 0;\n" + kFirst + kStore +
                         "st.shared.u32 [tile], 0;\n" + wait + "R:"),
               "race", "asynchronous read");
}

TEST(BulkCheck, WriteAfterRead) {
  // Two copies to one place, and a plain read of the first one between.
  std::string again = kLoad, wait = kWait;
  for (std::string *text : {&again, &wait})
    for (size_t at; (at = text->find("[bar]")) != text->npos;)
      text->replace(at, 5, "[bar+8]");
  wait.replace(wait.find("W:"), 2, "V:")
      .replace(wait.find("bra W"), 5, "bra V");
  std::string body =
      byFirst(std::string(kOne) +
                  "mbarrier.init.shared::cta.b64 [bar+8], 1;\n" + kLoad,
              "") +
      kWait + kRead + "bar.sync 0;\n@%p2 bra S;\n" + again + "S:\n" + wait;
  Outcome o = runHopper(body, 64);
  EXPECT_EQ(o.kinds(), "") << o.messages();
  ASSERT_EQ(o.report.warnings.size(), 1u);
  EXPECT_TRUE(o.report.warnings[0].isWarning);
  Options strict;
  strict.strict = true;
  expectHazard(runHopper(body, 64, strict), "proxy", "write after read");
}

TEST(BulkCheck, SourceNeverWritten) {
  expectHazard(runHopper(std::string(kFirst) + kStore +
                         "cp.async.bulk.wait_group 0;\nR:"),
               "uninit", "source of a bulk copy");
}

TEST(BulkCheck, Sizes) {
  std::string load = kLoad;
  load.replace(load.rfind("256, [bar]"), 3, "16777216");
  expectHazard(runHopper(byFirst(kOne + load, "")), "bulk",
               "more than there is shared memory");
  std::string copy =
      "cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes "
      "[tile], [%r5], 64, [bar];\n";
  expectHazard(
      runHopper(byFirst(std::string(kOne) + "mov.u32 %r5, 0;\n" + copy, "")),
      "bulk", "leaves shared memory");
  expectHazard(runHopper(byFirst(
                   std::string(kOne) + "mov.u32 %r5, 16777216;\n" + copy, "")),
               "bulk", "expected an address in shared memory");
}

TEST(BulkCheck, TensorMapOfNobody) {
  expectHazard(
      runHopper(byFirst(
          std::string(kOne) +
              "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::"
              "complete_tx::bytes [tile], [%rd0, {%r0, %r0}], [bar];",
          "")),
      "bulk", "expected a tensor map that the host has encoded");
}

//===----------------------------------------------------------------------===//
// wgmma
//===----------------------------------------------------------------------===//

/// 64 by 8 by 16 with A and B in `tile`, without a swizzle.
static std::string
product(const std::string &between = "",
        const std::string &fence = "wgmma.fence.sync.aligned;",
        const std::string &descriptor = "%rd6") {
  return "mov.f32 %f1, 0f00000000;\nmov.f32 %f2, %f1;\nmov.f32 %f3, %f1;\n"
         "mov.f32 %f4, %f1;\n" +
         fence +
         "\nsetp.eq.u32 %p3, 0, 0;\n"
         "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 "
         "{%f1, %f2, %f3, %f4}, " +
         descriptor + ", " + descriptor + ", %p3, 1, 1, 0, 0;\n" + between +
         "wgmma.commit_group.sync.aligned;\nwgmma.wait_group.sync.aligned 0;\n";
}

/// Ones everywhere in the first 4 KiB of `tile`; %rd6 is a descriptor of it
/// with strides of 128 and 256 bytes.
static const char *const kOnes =
    "mul.lo.u32 %r5, %r0, 16;\nmov.u32 %r6, tile;\nadd.u32 %r7, %r6, %r5;\n"
    "mov.u32 %r8, 1065369472;\n"
    "st.shared.v4.u32 [%r7], {%r8, %r8, %r8, %r8};\n"
    "st.shared.v4.u32 [%r7+2048], {%r8, %r8, %r8, %r8};\n"
    "shr.u32 %r6, %r6, 4;\ncvt.u64.u32 %rd6, %r6;\n"
    "or.b64 %rd6, %rd6, 68720001024;\n";
static const char *const kPublish =
    "fence.proxy.async.shared::cta;\nbar.sync 0;\n";
static const char *const kKeep = "st.global.f32 [%rd3], %f1;\n";

static Outcome runProduct(const std::string &body) {
  return runHopper(std::string(kOnes) + kPublish + body + kKeep, 128);
}

TEST(WgmmaCheck, Clean) {
  Outcome o = runProduct(product());
  EXPECT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.floatAt(100), 16.0f);
}

TEST(WgmmaCheck, Fence) {
  expectHazard(runProduct(product("", "")), "wgmma",
               "since the last wgmma.fence");
}

TEST(WgmmaCheck, RegistersInFlight) {
  expectHazard(runProduct(product("add.f32 %f5, %f1, %f1;\n")), "wgmma",
               "read of a register of a wgmma in flight");
  expectHazard(runProduct(product("mov.f32 %f2, 0f00000000;\n")), "wgmma",
               "write to a register of a wgmma in flight");
}

TEST(WgmmaCheck, NotWaitedFor) {
  std::string open = product();
  open.resize(open.find("wgmma.wait_group"));
  expectHazard(runHopper(std::string(kOnes) + kPublish + open, 128), "wgmma",
               "before this wgmma is waited for");
}

TEST(WgmmaCheck, OperandsWithoutFence) {
  expectHazard(
      runHopper(std::string(kOnes) + "bar.sync 0;\n" + product() + kKeep, 128),
      "proxy", "expected fence.proxy.async between");
}

TEST(WgmmaCheck, OperandOverwritten) {
  expectHazard(runProduct(product("st.shared.u32 [tile], 0;\n")), "race",
               "asynchronous read");
}

TEST(WgmmaCheck, Descriptors) {
  expectHazard(runHopper(std::string(kOnes) + kPublish +
                             "add.s64 %rd6, %rd6, 512;\n" + product() + kKeep,
                         128),
               "wgmma", "reads outside shared variables");
  expectHazard(runHopper(std::string(kOnes) + kPublish +
                             "add.s64 %rd6, %rd6, 200;\n" + product() + kKeep,
                         128),
               "wgmma", "never written");
  expectHazard(runHopper(std::string(kOnes) + kPublish +
                             "cvt.u64.u32 %rd7, %r0;\n"
                             "add.s64 %rd6, %rd6, %rd7;\n" +
                             product() + kKeep,
                         128),
               "wgmma", "lanes disagree on a descriptor");
}

TEST(WgmmaCheck, SwizzlesBeginWithTheirPattern) {
  // Bits 62 and 63 of a descriptor name the swizzle.
  struct {
    int span, field, rows;
  } const swizzles[] = {{128, 1, 1024}, {64, 2, 512}, {32, 3, 256}};
  for (auto &swizzle : swizzles)
    for (int start : {0, 32, 128, 256, 512, 1024}) {
      Outcome o =
          runProduct("add.s64 %rd6, %rd6, " + std::to_string(start / 16) +
                     ";\nmov.b64 %rd7, " + std::to_string(swizzle.field) +
                     ";\nshl.b64 %rd7, %rd7, 62;\n"
                     "or.b64 %rd6, %rd6, %rd7;\n" +
                     product());
      std::string what =
          "expected a multiple of " + std::to_string(swizzle.rows);
      bool isWrong = start > 32 && start % swizzle.rows;
      EXPECT_EQ(o.messages().find(what) != std::string::npos, isWrong)
          << swizzle.span << " " << start << "\n"
          << o.messages();
    }
}

TEST(WgmmaCheck, WarpsThatDiffer) {
  // Warp 3 never comes.
  Outcome o = runProduct("setp.ge.u32 %p4, %r0, 96;\n@%p4 bra E;\n" +
                         product() + "E: mov.f32 %f1, 0f00000000;\n");
  expectHazard(o, "deadlock", "waits for its warpgroup");
}

TEST(WgmmaCheck, AlignedWarpgroup) {
  Outcome o = runHopper("setp.eq.u32 %p4, %r0, 5;\n@%p4 bra E;\n"
                        "wgmma.fence.sync.aligned;\nE:",
                        128);
  expectHazard(o, "divergence", "aligned");
}

TEST(WgmmaCheck, NeedsItsTarget) {
  Outcome o = runBody("wgmma.fence.sync.aligned;");
  EXPECT_NE(o.status.message().find("expected target sm_90"), std::string::npos)
      << o.status.message();
}
