//===- LogicTest.cpp - Logic, shifts, comparisons, moves ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include <cmath>

using namespace attnrt::sim;

TEST(Logic, Bitwise) {
  EXPECT_EQ(evaluate("and.b32 %r4, %r1, %r2;", 12, 10), 8u);
  EXPECT_EQ(evaluate("or.b32 %r4, %r1, %r2;", 12, 10), 14u);
  EXPECT_EQ(evaluate("xor.b32 %r4, %r1, %r2;", 12, 10), 6u);
  EXPECT_EQ(evaluate("not.b32 %r4, %r1;", 0), ~0u);
  EXPECT_EQ(evaluate("cnot.b32 %r4, %r1;", 0), 1u);
  // lop3 with the truth table of a ? b : c.
  EXPECT_EQ(evaluate("lop3.b32 %r4, %r1, %r2, %r3, 0xCA;", 0xff00ff00,
                     0x12345678, 0x9abcdef0),
            0x12bc56f0u);
}

TEST(Logic, Shifts) {
  EXPECT_EQ(evaluate("shl.b32 %r4, %r1, %r2;", 1, 31), 0x80000000u);
  EXPECT_EQ(evaluate("shl.b32 %r4, %r1, %r2;", 1, 32), 0u);
  EXPECT_EQ(evaluate("shr.s32 %r4, %r1, %r2;", 0x80000000, 40), ~0u);
  EXPECT_EQ(evaluate("shr.u32 %r4, %r1, %r2;", 0x80000000, 32), 0u);
  EXPECT_EQ(evaluate("shf.l.wrap.b32 %r4, %r1, %r2, %r3;", 0x80000000, 1, 33),
            3u);
  EXPECT_EQ(evaluate("shf.r.clamp.b32 %r4, %r1, %r2, %r3;", 5, 7, 99), 7u);
}

TEST(Logic, Fields) {
  EXPECT_EQ(evaluate("bfe.u32 %r4, %r1, 8, 8;", 0x00abcd00), 0xcdu);
  EXPECT_EQ(evaluate("bfe.s32 %r4, %r1, 8, 8;", 0x0000cd00), 0xffffffcdu);
  EXPECT_EQ(evaluate("bfe.s32 %r4, %r1, 28, 8;", 0x80000000), 0xfffffff8u);
  EXPECT_EQ(evaluate("bfe.u32 %r4, %r1, 40, 8;", ~0u), 0u);
  EXPECT_EQ(evaluate("bfi.b32 %r4, %r1, %r2, 8, 8;", 0xff, 0), 0xff00u);
  EXPECT_EQ(evaluate("brev.b32 %r4, %r1;", 1), 0x80000000u);
  EXPECT_EQ(evaluate("popc.b32 %r4, %r1;", 0xf0f0), 8u);
  EXPECT_EQ(evaluate("clz.b32 %r4, %r1;", 0), 32u);
  EXPECT_EQ(evaluate("clz.b32 %r4, %r1;", 1), 31u);
  EXPECT_EQ(evaluate("bfind.u32 %r4, %r1;", 0x1000), 12u);
  EXPECT_EQ(evaluate("bfind.s32 %r4, %r1;", ~0u), ~0u);
}

TEST(Logic, Prmt) {
  EXPECT_EQ(evaluate("prmt.b32 %r4, %r1, %r2, 0x7531;", 0x33221100, 0x77665544),
            0x77553311u);
  EXPECT_EQ(evaluate("prmt.b32 %r4, %r1, %r2, 0x000b;", 0x80000000, 0),
            0x000000ffu);
  EXPECT_EQ(
      evaluate("prmt.b32.f4e %r4, %r1, %r2, %r3;", 0x33221100, 0x77665544, 1),
      0x44332211u);
}

TEST(Logic, SetpAndSelp) {
  auto test = [](const std::string &setp, uint32_t a, uint32_t b) {
    return evaluate(setp + "\nselp.b32 %r4, 1, 0, %p1;", a, b);
  };
  EXPECT_EQ(test("setp.lt.s32 %p1, %r1, %r2;", -1, 1), 1u);
  EXPECT_EQ(test("setp.lt.u32 %p1, %r1, %r2;", -1, 1), 0u);
  EXPECT_EQ(test("setp.lo.u32 %p1, %r1, %r2;", -1, 1), 0u);
  EXPECT_EQ(test("setp.gt.f32 %p1, %f1, %f2;", bitsOf(NAN), bitsOf(1)), 0u);
  EXPECT_EQ(test("setp.gtu.f32 %p1, %f1, %f2;", bitsOf(NAN), bitsOf(1)), 1u);
  EXPECT_EQ(test("setp.ne.f32 %p1, %f1, %f2;", bitsOf(NAN), bitsOf(1)), 0u);
  EXPECT_EQ(test("setp.neu.f32 %p1, %f1, %f2;", bitsOf(NAN), bitsOf(1)), 1u);
  EXPECT_EQ(test("setp.nan.f32 %p1, %f1, %f2;", bitsOf(NAN), bitsOf(1)), 1u);
  EXPECT_EQ(test("setp.eq.ftz.f32 %p1, %f1, 0f00000000;", 1, 0), 1u);
  EXPECT_EQ(test("setp.eq.f32 %p1, %f1, 0f00000000;", 1, 0), 0u);
  EXPECT_EQ(test("setp.eq.u32 %p2|%p1, %r1, %r2;", 1, 2), 1u);
  EXPECT_EQ(test("setp.eq.u32 %p2, 1, 1;\n"
                 "setp.eq.and.u32 %p1, %r1, %r2, !%p2;",
                 1, 1),
            0u);
}

TEST(Logic, PredicateOps) {
  EXPECT_EQ(evaluate("setp.eq.u32 %p1, %r1, 1;\nsetp.eq.u32 %p2, %r1, 2;\n"
                     "or.pred %p3, %p1, %p2;\nnot.pred %p4, %p3;\n"
                     "xor.pred %p5, %p4, %p1;\nselp.b32 %r4, 7, 9, %p5;",
                     1),
            7u);
}

TEST(Logic, PackAndUnpack) {
  EXPECT_EQ(evaluate("mov.b32 {%rs1, %rs2}, %r1;\nmov.b32 %r4, {%rs2, %rs1};",
                     0x12345678),
            0x56781234u);
  EXPECT_EQ(
      evaluate("mov.b64 %rd5, {%r1, %r2};\nmov.b64 {_, %r4}, %rd5;", 3, 4), 4u);
}

TEST(Logic, SpecialRegisters) {
  LaunchOf how;
  how.threads = 96;
  how.grid = 2;
  Outcome o = runBody("mov.u32 %r1, %ctaid.x;\nsetp.ne.u32 %p1, %r1, 1;\n"
                      "@%p1 bra END;\nmov.u32 %r1, %laneid;\n"
                      "mov.u32 %r2, %warpid;\nmov.u32 %r3, %ntid.x;\n"
                      "mov.u32 %r4, %lanemask_lt;\n"
                      "st.global.v4.u32 [%rd3], {%r1, %r2, %r3, %r4};\nEND:",
                      {}, how);
  EXPECT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(70, 0), 6u);
  EXPECT_EQ(o.at(70, 1), 2u);
  EXPECT_EQ(o.at(70, 2), 96u);
  EXPECT_EQ(o.at(70, 3), 63u);
}
