//===- InitCheckTest.cpp - The check uninit -------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

using namespace attnrt;
using namespace attnrt::sim;

static const char *const kBuffer = ".shared .align 16 .b8 buffer[512];\n";

TEST(Init, SharedBytesNeverWritten) {
  std::string load = "ld.shared.u32 %r1, [buffer];\n";
  Outcome o = runBody(load + "add.u32 %r2, %r1, 1;\nst.global.u32 [%rd3], %r2;",
                      {}, {}, kBuffer);
  ASSERT_EQ(o.kinds(), "uninit");
  EXPECT_NE(o.messages().find("stored value"), std::string::npos);
  EXPECT_NE(o.messages().find("ld.shared.u32 %r1, [buffer]"),
            std::string::npos);
  // A value that reaches nothing is no hazard.
  EXPECT_EQ(runBody(load, {}, {}, kBuffer).kinds(), "");
  EXPECT_EQ(runBody("st.shared.u32 [buffer], 7;\n" + load +
                        "st.global.u32 [%rd3], %r1;",
                    {}, {}, kBuffer)
                .kinds(),
            "");
}

TEST(Init, OneByteIsEnough) {
  EXPECT_EQ(runBody("st.shared.u16 [buffer], 7;\nst.shared.u8 [buffer+3], 7;\n"
                    "ld.shared.u32 %r1, [buffer];\nst.global.u32 [%rd3], %r1;",
                    {}, {}, kBuffer)
                .kinds(),
            "uninit");
}

TEST(Init, Sinks) {
  std::string load = "ld.shared.u32 %r1, [buffer];\n";
  auto kinds = [&](const std::string &use) {
    return runBody(load + use, {}, {}, kBuffer).messages();
  };
  EXPECT_NE(
      kinds("setp.eq.u32 %p1, %r1, 0;\n@%p1 bra L;\nL:").find("condition"),
      std::string::npos);
  EXPECT_NE(kinds("cvt.u64.u32 %rd5, %r1;\nadd.s64 %rd5, %rd5, %rd0;\n"
                  "ld.global.u32 %r2, [%rd5];")
                .find("address"),
            std::string::npos);
  EXPECT_NE(kinds("mov.b32 %f1, 0f00000000;\nmov.u32 %r2, 0;\n"
                  "mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 "
                  "{%f2, %f3, %f4, %f5}, {%r1, %r2}, {%r2}, "
                  "{%f1, %f1, %f1, %f1};")
                .find("mma operand"),
            std::string::npos);
  EXPECT_NE(kinds("atom.global.add.u32 %r2, [%rd1], %r1;").find("stored"),
            std::string::npos);
}

TEST(Init, RegistersNeverWritten) {
  Outcome o = runBody("st.global.u32 [%rd3], %r9;");
  ASSERT_EQ(o.kinds(), "uninit");
  EXPECT_NE(o.messages().find("register that was never written"),
            std::string::npos);
  // Written on one side of a branch only.
  std::string half = "setp.lt.u32 %p1, %r0, 8;\n@%p1 mov.u32 %r9, 1;\n";
  o = runBody(half + "st.global.u32 [%rd3], %r9;");
  ASSERT_EQ(o.kinds(), "uninit");
  EXPECT_NE(o.messages().find("lanes 8-31"), std::string::npos);
  EXPECT_EQ(runBody(half + "@%p1 st.global.u32 [%rd3], %r9;").kinds(), "");
}

TEST(Init, SelectionTakesOnlyWhatItTakes) {
  EXPECT_EQ(runBody("setp.lt.u32 %p1, %r0, 99;\n"
                    "selp.u32 %r2, 5, %r9, %p1;\nst.global.u32 [%rd3], %r2;")
                .kinds(),
            "");
}

TEST(Init, GlobalBytesNeverWritten) {
  // Only the first 8 bytes of this kernel's own scratch are written.
  Outcome o;
  Expected<std::shared_ptr<const Program>> program =
      decode(kernelOf("ld.global.u32 %r1, [%rd0+4];\n"
                      "ld.global.u32 %r2, [%rd0+8];\n"
                      "st.global.u32 [%rd3], %r1;\n"
                      "st.global.u32 [%rd3+4], %r2;"));
  ASSERT_TRUE(bool(program));
  GlobalMemory memory;
  uint64_t in = *memory.allocate(64), out = *memory.allocate(1024);
  ASSERT_TRUE(memory.fill(in, 0, 8).isOk());
  void *params[] = {&in, &out};
  attnrt::LaunchShape shape;
  shape.block.x = 32;
  ASSERT_TRUE(run(**program, "k", shape, params, memory, {}, o.report).isOk());
  ASSERT_EQ(o.kinds(), "uninit");
  EXPECT_NE(o.messages().find("[%rd3+4]"), std::string::npos);
}

TEST(Init, ShuffleFromAnInactiveLane) {
  EXPECT_NE(runBody("setp.lt.u32 %p1, %r0, 16;\n@!%p1 bra L;\n"
                    "shfl.sync.idx.b32 %r1, %r0, 20, 31, 0xffff;\n"
                    "st.global.u32 [%rd3], %r1;\nL:")
                .kinds()
                .find("uninit"),
            std::string::npos);
}
