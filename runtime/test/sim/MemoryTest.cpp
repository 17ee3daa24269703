//===- MemoryTest.cpp - Loads, stores, atomics, address spaces ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

using namespace attnrt::sim;

TEST(Memory, WidthsAndExtension) {
  std::string body = "ld.global.s8 %r1, [%rd0+3];\n"
                     "ld.global.nc.u16 %r2, [%rd0+2];\n"
                     "ld.global.u32 %rd5, [%rd0];\n"
                     "ld.global.L1::no_allocate.L2::128B.s32 %rd6, [%rd0];\n"
                     "shr.u64 %rd6, %rd6, 32;\n"
                     "cvt.u32.u64 %r3, %rd5;\ncvt.u32.u64 %r4, %rd6;\n"
                     "st.global.v4.b32 [%rd3], {%r1, %r2, %r3, %r4};";
  Outcome o = runBody(body, {0x80fe0102});
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(0, 0), 0xffffff80u);
  EXPECT_EQ(o.at(0, 1), 0x80feu);
  EXPECT_EQ(o.at(0, 2), 0x80fe0102u);
  EXPECT_EQ(o.at(0, 3), 0xffffffffu);
}

TEST(Memory, VectorsAndNarrowStores) {
  std::string body =
      "ld.global.v2.u64 {%rd5, %rd6}, [%rd0];\n"
      "st.global.u64 [%rd3], %rd6;\nst.global.u8 [%rd3], 7;\n"
      "st.global.u16 [%rd3+2], 9;\nst.global.b32 [%rd3+8], %rd5;";
  Outcome o = runBody(body, {1, 2, 3, 4});
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(5, 0), 0x00090007u);
  EXPECT_EQ(o.at(5, 1), 4u);
  EXPECT_EQ(o.at(5, 2), 1u);
}

TEST(Memory, SharedAndGeneric) {
  std::string body =
      "mov.u32 %r1, buffer;\nshl.b32 %r2, %r0, 2;\nadd.u32 %r1, %r1, %r2;\n"
      "st.shared.u32 [%r1], %r0;\nbar.sync 0;\n"
      "mov.u64 %rd5, buffer;\ncvta.shared.u64 %rd5, %rd5;\n"
      "xor.b32 %r2, %r2, 124;\ncvt.u64.u32 %rd6, %r2;\n"
      "add.s64 %rd5, %rd5, %rd6;\nld.u32 %r3, [%rd5];\n"
      "cvta.to.shared.u64 %rd7, %rd5;\nld.shared.u32 %r4, [%rd7];\n"
      "isspacep.shared %p1, %rd5;\nselp.u32 %r5, 1, 0, %p1;\n"
      "cvta.to.global.u64 %rd3, %rd3;\n"
      "st.v4.u32 [%rd3], {%r3, %r4, %r5, 0};";
  Outcome o = runBody(body, {}, {}, ".shared .align 4 .b8 buffer[128];\n");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(3, 0), 28u);
  EXPECT_EQ(o.at(3, 1), 28u);
  EXPECT_EQ(o.at(3, 2), 1u);
}

/// Alone it begins where the block's memory does, as on every chip.
TEST(Memory, DynamicSharedBehindVariablesHasItsAlignmentAndNoMore) {
  LaunchOf how;
  how.dynamicShared = 256;
  const std::string body = "mov.u32 %r1, dyn;\nst.global.u32 [%rd3], %r1;";
  const std::string dynamic = ".extern .shared .align 64 .b8 dyn[];\n";
  Outcome alone = runBody(body, {}, how, dynamic);
  ASSERT_EQ(alone.kinds(), "") << alone.messages();
  EXPECT_EQ(alone.at(0) % 1024, 0u);
  Outcome behind = runBody("st.shared.u32 [fixed], %r0;\n" + body, {}, how,
                           ".shared .align 4 .b8 fixed[4];\n" + dynamic);
  EXPECT_EQ(behind.at(0) % 128, 64u);
}

TEST(Memory, Local) {
  std::string body = ".local .align 8 .b8 depot[16];\n"
                     "mov.u64 %rd5, depot;\ncvta.local.u64 %rd6, %rd5;\n"
                     "st.local.u32 [%rd5+4], %r0;\nst.u32 [%rd6+8], %r0;\n"
                     "ld.u32 %r1, [%rd6+4];\nld.local.u32 %r2, [depot+8];\n"
                     "add.u32 %r3, %r1, %r2;\nst.global.u32 [%rd3], %r3;";
  Outcome o = runBody(body);
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(9), 18u);
}

TEST(Memory, ModuleVariables) {
  std::string body = "mov.u64 %rd5, table;\nand.b32 %r1, %r0, 3;\n"
                     "mul.wide.u32 %rd6, %r1, 4;\nadd.s64 %rd5, %rd5, %rd6;\n"
                     "ld.global.u32 %r2, [%rd5];\nld.const.f32 %f1, [scale];\n"
                     "cvt.rzi.u32.f32 %r3, %f1;\nadd.u32 %r2, %r2, %r3;\n"
                     "atom.global.add.u32 %r4, [counter], 1;\n"
                     "st.global.v2.u32 [%rd3], {%r2, %r4};";
  Outcome o = runBody(body, {}, {},
                      ".global .align 4 .u32 table[4] = {10, 20, 30, 40};\n"
                      ".const .align 4 .f32 scale = 0f40A00000;\n"
                      ".global .align 4 .u32 counter;\n");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(2, 0), 35u);
  EXPECT_EQ(o.at(2, 1), 2u); // lane order
}

TEST(Memory, Atomics) {
  Outcome o = runBody("setp.eq.u32 %p1, %r0, 0;\n@!%p1 bra GO;\n"
                      "st.global.v4.u32 [%rd1], {0, 0, 5, 0};\n"
                      "st.global.v4.u32 [%rd1+16], {0, 0, 0, 0};\n"
                      "GO: bar.warp.sync 0xffffffff;\n"
                      "red.global.add.f32 [%rd1+4], 0f3F000000;\n"
                      "atom.global.max.s32 %r1, [%rd1], %r0;\n"
                      "atom.global.cas.b32 %r2, [%rd1+8], 5, 6;\n"
                      "atom.global.exch.b32 %r3, [%rd1+12], %r0;\n"
                      "red.relaxed.gpu.global.add.u64 [%rd1+16], 3;\n"
                      "atom.global.inc.u32 %r4, [%rd1+24], 10;");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.word(0), 31u);
  EXPECT_EQ(o.single(1), 16.0f);
  EXPECT_EQ(o.word(2), 6u);
  EXPECT_EQ(o.word(3), 31u);
  EXPECT_EQ(o.word(4), 96u);
  EXPECT_EQ(o.word(6), 32u % 11);
}

TEST(Memory, BankConflicts) {
  auto conflicts = [](int shift) {
    Outcome o = runBody("shl.b32 %r1, %r0, " + std::to_string(shift) +
                            ";\nmov.u32 %r2, buffer;\nadd.u32 %r1, %r1, %r2;\n"
                            "st.shared.u32 [%r1], %r0;",
                        {}, {}, ".shared .align 4 .b8 buffer[8192];\n");
    EXPECT_EQ(o.kinds(), "") << o.messages();
    return o.report.bankConflicts;
  };
  EXPECT_EQ(conflicts(2), 0u);
  EXPECT_EQ(conflicts(3), 1u);
  EXPECT_EQ(conflicts(7), 31u);
}
