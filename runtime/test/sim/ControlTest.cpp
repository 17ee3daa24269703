//===- ControlTest.cpp - Branches, divergence, exits ----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

using namespace attnrt::sim;

TEST(Control, DivergentLoopReconverges) {
  // Lane i counts to i; behind the loop all lanes vote together.
  Outcome o = runBody("mov.u32 %r1, 0;\n"
                      "L: setp.ge.u32 %p1, %r1, %r0;\n@%p1 bra DONE;\n"
                      "add.u32 %r1, %r1, 1;\nbra L;\n"
                      "DONE: activemask.b32 %r2;\n"
                      "st.global.v2.u32 [%rd3], {%r1, %r2};");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  for (unsigned t = 0; t < 32; ++t) {
    EXPECT_EQ(o.at(t, 0), t);
    EXPECT_EQ(o.at(t, 1), ~0u);
  }
}

TEST(Control, NestedIfs) {
  Outcome o =
      runBody("mov.u32 %r1, 0;\nand.b32 %r2, %r0, 1;\nand.b32 %r3, %r0, 2;\n"
              "setp.eq.u32 %p1, %r2, 0;\nsetp.eq.u32 %p2, %r3, 0;\n"
              "@%p1 bra ELSE;\n@%p2 bra IN;\nadd.u32 %r1, %r1, 1;\n"
              "IN: add.u32 %r1, %r1, 10;\nactivemask.b32 %r4;\nbra.uni END;\n"
              "ELSE: add.u32 %r1, %r1, 100;\nmov.u32 %r4, 0;\n"
              "END: activemask.b32 %r5;\n"
              "st.global.v4.u32 [%rd3], {%r1, %r4, %r5, 0};");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(0, 0), 100u);
  EXPECT_EQ(o.at(1, 0), 10u);
  EXPECT_EQ(o.at(3, 0), 11u);
  EXPECT_EQ(o.at(3, 1), 0xaaaaaaaau);
  EXPECT_EQ(o.at(3, 2), ~0u);
}

TEST(Control, EarlyExitInsideBranch) {
  Outcome o = runBody("setp.lt.u32 %p1, %r0, 8;\n@%p1 bra OUT;\n"
                      "setp.gt.u32 %p2, %r0, 20;\n@%p2 exit;\n"
                      "OUT: activemask.b32 %r1;\nst.global.u32 [%rd3], %r1;");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(0), 0x1fffffu);
  EXPECT_EQ(o.at(25), 0xcdcdcdcdu);
}

TEST(Control, BranchTable) {
  Outcome o = runBody("and.b32 %r1, %r0, 3;\nmin.u32 %r1, %r1, 2;\n"
                      "T: .branchtargets A, B, C;\nbrx.idx %r1, T;\n"
                      "A: mov.u32 %r2, 10;\nbra E;\nB: mov.u32 %r2, 20;\n"
                      "bra E;\nC: mov.u32 %r2, 30;\nE: activemask.b32 %r3;\n"
                      "st.global.v2.u32 [%rd3], {%r2, %r3};");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(4, 0), 10u);
  EXPECT_EQ(o.at(5, 0), 20u);
  EXPECT_EQ(o.at(7, 0), 30u);
  EXPECT_EQ(o.at(7, 1), ~0u);
}

// The holder's siblings spin meanwhile.
TEST(Control, OneLaneMaySpinOnAnother) {
  Outcome o = runBody(
      "setp.eq.u32 %p2, %r0, 0;\n@%p2 st.shared.u32 [lock], 0;\n"
      "@%p2 st.shared.u32 [count], 0;\nbar.sync 0;\n"
      "L: atom.shared.cas.b32 %r1, [lock], 0, 1;\n"
      "setp.ne.u32 %p1, %r1, 0;\n@%p1 bra L;\n"
      "ld.shared.u32 %r2, [count];\nadd.u32 %r2, %r2, 1;\n"
      "st.shared.u32 [count], %r2;\nst.global.u32 [%rd3], %r2;\n"
      "atom.shared.exch.b32 %r3, [lock], 0;",
      {}, {}, ".shared .align 4 .u32 lock;\n.shared .align 4 .u32 count;\n");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  uint32_t sum = 0;
  for (unsigned t = 0; t < 32; ++t)
    sum += o.at(t);
  EXPECT_EQ(sum, 32u * 33 / 2);
}

// By a table each thread goes where its number says; .uni where all go one way.
TEST(Control, TablesOfTargets) {
  for (bool isUniform : {false, true}) {
    std::string index =
        isUniform ? "mov.u32 %r1, 2;\n" : "and.b32 %r1, %r0, 3;\n";
    std::string uni = isUniform ? ".uni" : "";
    Outcome o = runBody(index +
                        "mov.u32 %r2, 0;\n"
                        "T: .branchtargets A, B, C, B;\nbrx.idx" +
                        uni +
                        " %r1, T;\nA: mov.u32 %r2, 10;\nbra.uni END;\n"
                        "B: mov.u32 %r2, 20;\nbra END;\n"
                        "C: mov.u32 %r2, 30;\nEND: st.global.u32 [%rd3], %r2;\n"
                        "ret" +
                        uni + ";");
    ASSERT_EQ(o.kinds(), "") << o.messages();
    const uint32_t where[] = {10, 20, 30, 20};
    for (unsigned t = 0; t < 32; ++t)
      EXPECT_EQ(o.at(t), where[isUniform ? 2 : t % 4]);
  }
}

// Whoever has left writes nothing more, and nobody waits for it.
TEST(Control, WaysToLeave) {
  for (const char *leave : {"exit;", "ret;"}) {
    Outcome o = runBody(std::string("st.global.u32 [%rd3], 1;\n"
                                    "setp.gt.u32 %p1, %r0, 20;\n@%p1 ") +
                        leave + "\nst.global.u32 [%rd3], 2;");
    ASSERT_EQ(o.kinds(), "") << o.messages();
    for (unsigned t = 0; t < 32; ++t)
      EXPECT_EQ(o.at(t), t > 20 ? 1u : 2u);
  }
  EXPECT_EQ(runBody("setp.eq.u32 %p1, %r0, 3;\n@%p1 trap;").kinds(), "trap");
}

TEST(Control, ScopesAndRepeatedLabels) {
  Outcome o = runBody("mov.u32 %r1, 1;\n"
                      "{ .reg .b32 %t<2>; .reg .pred p; mov.u32 %t1, 5; "
                      "WAIT: add.u32 %r1, %r1, %t1; setp.lt.u32 p, %r1, 12; "
                      "@p bra WAIT; }\n"
                      "{ .reg .b32 %t<2>; mov.u32 %t1, 7; bra WAIT; "
                      "add.u32 %r1, %r1, 100; WAIT: add.u32 %r1, %r1, %t1; }\n"
                      "st.global.u32 [%rd3], %r1;");
  ASSERT_TRUE(o.status.isOk()) << o.status.message();
  EXPECT_EQ(o.at(0), 23u);
}
