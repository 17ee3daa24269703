//===- FloatTest.cpp - Floating-point arithmetic --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include <cmath>

using namespace attnrt::sim;

static constexpr float kInf = INFINITY;
static const float kTiny = 1e-40f; // subnormal

TEST(Float, AddMulFma) {
  EXPECT_EQ(evaluateFloat("add.f32 %f4, %f1, %f2;", 1.5f, 2), 3.5f);
  EXPECT_EQ(evaluateFloat("sub.rn.f32 %f4, %f1, %f2;", 1.5f, 2), -0.5f);
  EXPECT_EQ(evaluateFloat("fma.rn.f32 %f4, %f1, %f2, %f3;", 1.0000001f,
                          1.0000001f, -1),
            std::fma(1.0000001f, 1.0000001f, -1.0f));
  EXPECT_EQ(evaluateFloat("mul.sat.f32 %f4, %f1, %f2;", 3, 3), 1.0f);
}

TEST(Float, SubnormalsOnlyWithoutFtz) {
  EXPECT_EQ(evaluateFloat("add.f32 %f4, %f1, %f2;", kTiny, 0), kTiny);
  EXPECT_EQ(evaluateFloat("add.ftz.f32 %f4, %f1, %f2;", kTiny, 0), 0.0f);
  EXPECT_TRUE(std::signbit(
      evaluateFloat("mul.ftz.f32 %f4, %f1, %f2;", -1e-30f, 1e-10f)));
}

TEST(Float, DirectedRounding) {
  float a = 1, b = 1e-9f;
  EXPECT_EQ(evaluateFloat("add.rp.f32 %f4, %f1, %f2;", a, b),
            std::nextafter(1.0f, 2.0f));
  EXPECT_EQ(evaluateFloat("add.rz.f32 %f4, %f1, %f2;", a, b), 1.0f);
  EXPECT_EQ(evaluateFloat("add.rm.f32 %f4, %f1, %f2;", a, -b),
            std::nextafter(1.0f, 0.0f));
}

TEST(Float, MinMaxNaN) {
  EXPECT_EQ(evaluateFloat("max.f32 %f4, %f1, %f2;", NAN, 3), 3.0f);
  EXPECT_EQ(evaluateFloat("min.f32 %f4, %f1, %f2;", 3, NAN), 3.0f);
  EXPECT_EQ(evaluate("max.NaN.f32 %f4, %f1, %f2;\nmov.b32 %r4, %f4;",
                     bitsOf(NAN), bitsOf(3)),
            0x7fffffffu);
  EXPECT_FALSE(
      std::signbit(evaluateFloat("max.f32 %f4, %f1, %f2;", -0.0f, 0.0f)));
  EXPECT_TRUE(
      std::signbit(evaluateFloat("min.f32 %f4, %f1, %f2;", 0.0f, -0.0f)));
}

TEST(Float, NaNResultsAreCanonical) {
  EXPECT_EQ(evaluate("sub.f32 %f4, %f1, %f1;\nmov.b32 %r4, %f4;", bitsOf(kInf)),
            0x7fffffffu);
}

TEST(Float, Ex2) {
  EXPECT_EQ(evaluate("ex2.approx.ftz.f32 %f4, %f1;\nmov.b32 %r4, %f4;",
                     bitsOf(-kInf)),
            0u);
  EXPECT_EQ(evaluateFloat("ex2.approx.f32 %f4, %f1;", kInf), kInf);
  EXPECT_EQ(evaluateFloat("ex2.approx.f32 %f4, %f1;", 0), 1.0f);
  EXPECT_EQ(evaluateFloat("ex2.approx.f32 %f4, %f1;", -140), 0x1p-140f);
  EXPECT_EQ(evaluateFloat("ex2.approx.ftz.f32 %f4, %f1;", -140), 0.0f);
  EXPECT_TRUE(std::isnan(evaluateFloat("ex2.approx.f32 %f4, %f1;", NAN)));
  for (float x : {-126.3f, -20.7f, -1.5f, -0.3f, 0.49f, 0.51f, 7.9f, 127.9f}) {
    double exact = std::exp2(double(x));
    EXPECT_NEAR(evaluateFloat("ex2.approx.f32 %f4, %f1;", x) / exact, 1, 1.2e-7)
        << x;
  }
}

TEST(Float, OtherApproximations) {
  EXPECT_EQ(evaluateFloat("lg2.approx.f32 %f4, %f1;", 8), 3.0f);
  EXPECT_EQ(evaluateFloat("lg2.approx.f32 %f4, %f1;", 0), -kInf);
  EXPECT_EQ(evaluateFloat("rcp.approx.f32 %f4, %f1;", 4), 0.25f);
  EXPECT_EQ(evaluateFloat("rcp.approx.ftz.f32 %f4, %f1;", 0), kInf);
  EXPECT_EQ(evaluateFloat("rsqrt.approx.f32 %f4, %f1;", 4), 0.5f);
  EXPECT_EQ(evaluateFloat("sqrt.approx.f32 %f4, %f1;", 9), 3.0f);
  EXPECT_EQ(evaluateFloat("sin.approx.f32 %f4, %f1;", 0), 0.0f);
  EXPECT_EQ(evaluateFloat("cos.approx.f32 %f4, %f1;", 0), 1.0f);
  EXPECT_NEAR(evaluateFloat("tanh.approx.f32 %f4, %f1;", 0.5f), std::tanh(0.5f),
              1e-6);
  EXPECT_EQ(evaluateFloat("div.full.f32 %f4, %f1, %f2;", 3, 4), 0.75f);
  EXPECT_EQ(evaluateFloat("div.approx.f32 %f4, %f1, %f2;", 3, 1e38f), 0.0f);
  EXPECT_EQ(evaluateFloat("div.rn.f32 %f4, %f1, %f2;", 1, 3), 1.0f / 3.0f);
  EXPECT_EQ(evaluateFloat("sqrt.rn.f32 %f4, %f1;", 2), std::sqrt(2.0f));
}

TEST(Float, Doubles) {
  EXPECT_EQ(evaluateFloat("cvt.f64.f32 %fd1, %f1;\ncvt.f64.f32 %fd2, %f2;\n"
                          "div.rn.f64 %fd3, %fd1, %fd2;\n"
                          "fma.rn.f64 %fd3, %fd3, %fd2, 0d3FF0000000000000;\n"
                          "cvt.rn.f32.f64 %f4, %fd3;",
                          6, 3),
            7.0f);
}

TEST(Float, Halves) {
  // 1.5 + 2 and -1 * 2 in one f16x2.
  EXPECT_EQ(evaluate("add.f16x2 %r4, %r1, %r2;", 0xbc003e00, 0x40004000),
            0x3c004300u);
  EXPECT_EQ(evaluate("fma.rn.f16x2 %r4, %r1, %r2, %r3;", 0x3c003c00, 0x40004200,
                     0x3c003c00),
            0x42004400u);
  EXPECT_EQ(evaluate("fma.rn.bf16x2 %r4, %r1, %r2, %r3;", 0x3f803f80,
                     0x40004040, 0x3f803f80),
            0x40404080u);
  EXPECT_EQ(evaluate("max.f16x2 %r4, %r1, %r2;", 0x7e003c00, 0x40003800),
            0x40003c00u);
  EXPECT_EQ(evaluate("max.NaN.bf16x2 %r4, %r1, %r2;", 0x7fc03f80, 0x40003f00),
            0x7fff3f80u);
  EXPECT_EQ(evaluate("neg.bf16x2 %r4, %r1;", 0x3f80bf80), 0xbf803f80u);
  EXPECT_EQ(evaluate("fma.rn.relu.f16x2 %r4, %r1, %r2, %r3;", 0xbc003c00,
                     0x3c003c00, 0),
            0x00003c00u);
}
