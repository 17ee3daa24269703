//===- IntegerTest.cpp - Integer arithmetic -------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

using namespace attnrt::sim;

TEST(Integer, AddSub) {
  EXPECT_EQ(evaluate("add.s32 %r4, %r1, %r2;", 0x7fffffff, 1), 0x80000000u);
  EXPECT_EQ(evaluate("add.sat.s32 %r4, %r1, %r2;", 0x7fffffff, 1), 0x7fffffffu);
  EXPECT_EQ(evaluate("sub.sat.s32 %r4, %r1, %r2;", 0x80000000, 1), 0x80000000u);
  EXPECT_EQ(evaluate("sub.u32 %r4, %r1, 7;", 3), 0xfffffffcu);
}

TEST(Integer, Multiply) {
  EXPECT_EQ(evaluate("mul.lo.u32 %r4, %r1, %r2;", 0x10001, 0x10001), 0x20001u);
  EXPECT_EQ(evaluate("mul.hi.u32 %r4, %r1, %r2;", ~0u, ~0u), 0xfffffffeu);
  EXPECT_EQ(evaluate("mul.hi.s32 %r4, %r1, %r2;", ~0u, ~0u), 0u);
  EXPECT_EQ(evaluate("mad.lo.s32 %r4, %r1, %r2, %r3;", -3, 5, 1),
            uint32_t(-14));
  EXPECT_EQ(evaluate("mul.wide.s32 %rd5, %r1, %r2;\n"
                     "shr.s64 %rd6, %rd5, 32;\ncvt.u32.u64 %r4, %rd6;",
                     -1, 5),
            0xffffffffu);
  EXPECT_EQ(evaluate("mul.wide.u32 %rd5, %r1, %r2;\n"
                     "mul.hi.u64 %rd6, %rd5, %rd5;\ncvt.u32.u64 %r4, %rd6;",
                     ~0u, ~0u),
            5u);
}

TEST(Integer, SixteenBits) {
  EXPECT_EQ(evaluate("cvt.u16.u32 %rs1, %r1;\nadd.s16 %rs2, %rs1, 1;\n"
                     "cvt.u32.u16 %r4, %rs2;",
                     0xffff),
            0u);
  EXPECT_EQ(
      evaluate("cvt.u16.u32 %rs1, %r1;\nmul.wide.s16 %r4, %rs1, %rs1;", 0xffff),
      1u);
}

TEST(Integer, DivideAndRemainder) {
  EXPECT_EQ(evaluate("div.s32 %r4, %r1, %r2;", -7, 2), uint32_t(-3));
  EXPECT_EQ(evaluate("rem.s32 %r4, %r1, %r2;", -7, 2), uint32_t(-1));
  EXPECT_EQ(evaluate("div.u32 %r4, %r1, %r2;", 7, 0), ~0u);
  EXPECT_EQ(evaluate("div.s32 %r4, %r1, %r2;", 0x80000000, -1), 0x80000000u);
  EXPECT_EQ(evaluate("rem.s32 %r4, %r1, %r2;", 0x80000000, -1), 0u);
}

TEST(Integer, MinMaxAbsNegSad) {
  EXPECT_EQ(evaluate("min.s32 %r4, %r1, %r2;", -1, 1), ~0u);
  EXPECT_EQ(evaluate("min.u32 %r4, %r1, %r2;", -1, 1), 1u);
  EXPECT_EQ(evaluate("max.s32 %r4, %r1, %r2;", -1, 1), 1u);
  EXPECT_EQ(evaluate("abs.s32 %r4, %r1;", -5), 5u);
  EXPECT_EQ(evaluate("neg.s32 %r4, %r1;", 5), uint32_t(-5));
  EXPECT_EQ(evaluate("sad.s32 %r4, %r1, %r2, %r3;", -2, 3, 10), 15u);
}
