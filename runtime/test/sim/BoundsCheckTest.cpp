//===- BoundsCheckTest.cpp - The checks oob and align ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

using namespace attnrt;
using namespace attnrt::sim;

static const char *const kBuffer = ".shared .align 16 .b8 buffer[128];\n"
                                   ".shared .align 16 .b8 other[128];\n";

static std::string storeShared(const std::string &offset) {
  return "mov.u32 %r1, buffer;\nshl.b32 %r2, %r0, 2;\nadd.u32 %r1, %r1, %r2;\n"
         "st.shared.u32 [%r1" +
         offset + "], %r0;";
}

TEST(Bounds, Global) {
  LaunchOf how;
  how.outBytes = 512;
  EXPECT_EQ(runBody("st.global.u32 [%rd3], %r0;", {}, how).kinds(), "");
  how.outBytes = 508;
  EXPECT_EQ(runBody("st.global.u32 [%rd3], %r0;", {}, how).kinds(), "");
  Outcome o = runBody("st.global.u32 [%rd3+12], %r0;", {}, how);
  ASSERT_EQ(o.kinds(), "oob");
  const Hazard &hazard = o.report.hazards[0];
  EXPECT_EQ(hazard.warp, 0);
  EXPECT_NE(hazard.message.find("lane 31"), std::string::npos);
  EXPECT_NE(hazard.message.find("508-byte allocation"), std::string::npos);
  EXPECT_NE(hazard.message.find("st.global.u32 [%rd3+12]"), std::string::npos);
}

TEST(Bounds, NullAndFarPointers) {
  EXPECT_EQ(runBody("ld.global.u32 %r1, [0];").kinds(), "oob");
  EXPECT_EQ(runBody("mov.u64 %rd5, -8;\nld.u64 %rd6, [%rd5];").kinds(), "oob");
  EXPECT_EQ(runBody("ld.shared.u32 %r1, [0];").kinds(), "oob");
  EXPECT_EQ(runBody("mov.u64 %rd5, 0xfffffffffffffff0;\n"
                    "st.global.v4.u32 [%rd5], {%r0, %r0, %r0, %r0};")
                .kinds(),
            "oob");
}

TEST(Bounds, Shared) {
  EXPECT_EQ(runBody(storeShared(""), {}, {}, kBuffer).kinds(), "");
  // The gap between two variables belongs to neither.
  Outcome o =
      runBody(storeShared("+4") + "mov.u32 %r5, other;", {}, {}, kBuffer);
  ASSERT_EQ(o.kinds(), "oob") << o.messages();
  EXPECT_NE(o.report.hazards[0].message.find("`buffer` + 128 of 128"),
            std::string::npos)
      << o.messages();
}

TEST(Bounds, DynamicShared) {
  LaunchOf how;
  how.dynamicShared = 128;
  const char *dyn = ".extern .shared .align 16 .b8 buffer[];\n";
  EXPECT_EQ(runBody(storeShared(""), {}, how, dyn).kinds(), "");
  EXPECT_EQ(runBody(storeShared("+4"), {}, how, dyn).kinds(), "oob");
}

TEST(Bounds, LocalAndParam) {
  EXPECT_EQ(
      runBody(".local .align 4 .b8 l[16];\nst.local.u32 [l+12], 0;").kinds(),
      "");
  EXPECT_EQ(
      runBody(".local .align 4 .b8 l[16];\nst.local.u32 [l+16], 0;").kinds(),
      "oob");
  EXPECT_EQ(runBody("ld.param.u64 %rd5, [out+8];").kinds(), "oob");
}

TEST(Bounds, Alignment) {
  EXPECT_EQ(runBody("ld.global.u16 %r1, [%rd0+2];", {0, 0}).kinds(), "");
  Outcome o = runBody("ld.global.u32 %r1, [%rd0+2];", {0, 0});
  ASSERT_EQ(o.kinds(), "align");
  EXPECT_NE(o.report.hazards[0].message.find("multiple of 4"),
            std::string::npos);
  EXPECT_EQ(runBody("mov.u32 %r1, buffer;\n"
                    "st.shared.v4.u32 [%r1+8], {%r0, %r0, %r0, %r0};",
                    {}, {}, kBuffer)
                .kinds(),
            "align");
}

TEST(Bounds, RefusedLanesDoNotStopTheOthers) {
  LaunchOf how;
  how.outBytes = 256;
  Outcome o = runBody("st.global.u32 [%rd3], %r0;", {}, how);
  ASSERT_EQ(o.kinds(), "oob");
  EXPECT_EQ(o.at(15), 15u);
}

TEST(Bounds, RefusedLanesReadZeros) {
  EXPECT_EQ(runBody("mov.u32 %r1, 7;\nld.global.u32 %r1, [0];\n"
                    "st.global.u32 [%rd3], %r1;")
                .word(0),
            0u);
  EXPECT_EQ(runBody("mov.u32 %r1, 7;\natom.global.add.u32 %r1, [0], %r0;\n"
                    "st.global.u32 [%rd3], %r1;")
                .word(0),
            0u);
  EXPECT_EQ(runBody("mov.u64 %rd5, 7;\nmov.u64 %rd6, -1;\n"
                    "mbarrier.arrive.b64 %rd5, [%rd6];\n"
                    "st.global.u64 [%rd3], %rd5;")
                .word(0),
            0u);
}

TEST(Bounds, CheckCanBeOff) {
  LaunchOf how;
  how.options.disabledChecks = {"oob"};
  EXPECT_EQ(runBody("ld.global.u32 %r1, [0];", {}, how).kinds(), "");
}
