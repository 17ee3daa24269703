//===- ConvertTest.cpp - cvt ----------------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include <cmath>

using namespace attnrt::sim;

TEST(Convert, IntegersExtendAndCut) {
  EXPECT_EQ(evaluate("cvt.s64.s32 %rd5, %r1;\nshr.u64 %rd5, %rd5, 32;\n"
                     "cvt.u32.u64 %r4, %rd5;",
                     0x80000000),
            0xffffffffu);
  EXPECT_EQ(evaluate("cvt.u64.u32 %rd5, %r1;\nshr.u64 %rd5, %rd5, 32;\n"
                     "cvt.u32.u64 %r4, %rd5;",
                     0x80000000),
            0u);
  EXPECT_EQ(evaluate("cvt.s32.s8 %r4, %r1;", 0x1ff), 0xffffffffu);
  EXPECT_EQ(evaluate("cvt.u32.u8 %r4, %r1;", 0x1ff), 0xffu);
  EXPECT_EQ(evaluate("cvt.sat.u8.s32 %r4, %r1;", 300), 255u);
  EXPECT_EQ(evaluate("cvt.sat.s8.s32 %r4, %r1;", -300), uint32_t(-128));
}

TEST(Convert, FloatToInteger) {
  auto to = [](const char *how, float x) {
    return int32_t(
        evaluate(std::string("cvt.") + how + ".f32 %r4, %f1;", bitsOf(x)));
  };
  EXPECT_EQ(to("rzi.s32", -2.7f), -2);
  EXPECT_EQ(to("rni.s32", 2.5f), 2);
  EXPECT_EQ(to("rni.s32", 3.5f), 4);
  EXPECT_EQ(to("rmi.s32", -2.1f), -3);
  EXPECT_EQ(to("rpi.s32", 2.1f), 3);
  EXPECT_EQ(to("rzi.s32", 1e20f), INT32_MAX);
  EXPECT_EQ(to("rzi.s32", -1e20f), INT32_MIN);
  EXPECT_EQ(to("rzi.s32", NAN), 0);
  EXPECT_EQ(uint32_t(to("rzi.u32", -5.0f)), 0u);
  EXPECT_EQ(uint32_t(to("rzi.u32", 4e9f)), 4000000000u);
}

TEST(Convert, IntegerToFloat) {
  EXPECT_EQ(evaluateFloat("cvt.rn.f32.s32 %f4, %r1;", 0), 0.0f);
  EXPECT_EQ(evaluate("cvt.rn.f32.u32 %f4, %r1;\nmov.b32 %r4, %f4;", ~0u),
            bitsOf(4294967296.0f));
  EXPECT_EQ(evaluate("cvt.rz.f32.u32 %f4, %r1;\nmov.b32 %r4, %f4;", ~0u),
            bitsOf(4294967040.0f));
  EXPECT_EQ(evaluate("cvt.rn.f32.s32 %f4, %r1;\nmov.b32 %r4, %f4;", -3),
            bitsOf(-3.0f));
}

TEST(Convert, PairsPutTheFirstSourceUp) {
  EXPECT_EQ(evaluate("cvt.rn.bf16x2.f32 %r4, %f1, %f2;", bitsOf(1), bitsOf(2)),
            0x3f804000u);
  EXPECT_EQ(evaluate("cvt.rn.f16x2.f32 %r4, %f1, %f2;", bitsOf(1), bitsOf(2)),
            0x3c004000u);
  EXPECT_EQ(
      evaluate("cvt.rn.relu.f16x2.f32 %r4, %f1, %f2;", bitsOf(-1), bitsOf(2)),
      0x00004000u);
}

TEST(Convert, NarrowRounding) {
  auto half = [](const char *how, float x) {
    return evaluate(std::string("cvt.") + how +
                        ".f32 %rs1, %f1;\ncvt.u32.u16 %r4, %rs1;",
                    bitsOf(x));
  };
  EXPECT_EQ(half("rn.bf16", 1.00390625f), 0x3f80u); // tie to even
  EXPECT_EQ(half("rn.bf16", 1.01171875f), 0x3f82u);
  EXPECT_EQ(half("rz.bf16", 1.9999f), 0x3fffu);
  EXPECT_EQ(half("rn.bf16", NAN), 0x7fffu);
  EXPECT_EQ(half("rn.bf16", 3.4e38f), 0x7f80u);
  EXPECT_EQ(half("rn.f16", 65504), 0x7bffu);
  EXPECT_EQ(half("rn.f16", 65519.9f), 0x7bffu);
  EXPECT_EQ(half("rn.f16", 65520), 0x7c00u);
  EXPECT_EQ(half("rz.f16", 1e9f), 0x7bffu);
  EXPECT_EQ(half("rn.f16", 0x1p-24f), 0x0001u);
  EXPECT_EQ(half("rn.f16", 0x1p-25f), 0x0000u);
  EXPECT_EQ(half("rn.f16", 0x1.8p-25f), 0x0001u);
  EXPECT_EQ(half("rn.f16", 1.00048828125f), 0x3c00u);
  EXPECT_EQ(half("rn.f16", -2), 0xc000u);
}

TEST(Convert, EveryHalfSurvivesTheRoundTrip) {
  std::string body = "shl.b32 %r1, %r0, 6;\nmov.u32 %r2, 0;\nmov.u32 %r7, 0;\n"
                     "L: add.u32 %r3, %r1, %r2;\ncvt.u16.u32 %rs1, %r3;\n"
                     "cvt.f32.f16 %f1, %rs1;\ncvt.rn.f16.f32 %rs2, %f1;\n"
                     "cvt.u32.u16 %r4, %rs1;\ncvt.u32.u16 %r5, %rs2;\n"
                     "setp.ne.u32 %p1, %r4, %r5;\n@%p1 add.u32 %r7, %r7, 1;\n"
                     "add.u32 %r2, %r2, 1;\nsetp.lt.u32 %p2, %r2, 64;\n"
                     "@%p2 bra L;\nst.global.u32 [%rd3], %r7;";
  LaunchOf how;
  how.threads = 1024;
  Outcome o = runBody(body, {}, how);
  ASSERT_EQ(o.kinds(), "") << o.messages();
  uint32_t changed = 0;
  for (unsigned t = 0; t < 1024; ++t)
    changed += o.at(t);
  // All NaNs but the canonical one change.
  EXPECT_EQ(changed, 2u * 1023 - 1);
}

TEST(Convert, Tf32AndIntegralFloats) {
  EXPECT_EQ(evaluate("cvt.rna.tf32.f32 %r4, %f1;", 0x3f801000), 0x3f802000u);
  EXPECT_EQ(evaluateFloat("cvt.rni.f32.f32 %f4, %f1;", 2.5f), 2.0f);
  EXPECT_EQ(evaluateFloat("cvt.rpi.f32.f32 %f4, %f1;", 2.1f), 3.0f);
  EXPECT_EQ(evaluateFloat("cvt.sat.f32.f32 %f4, %f1;", 2.1f), 1.0f);
}
