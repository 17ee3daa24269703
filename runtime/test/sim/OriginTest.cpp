//===- OriginTest.cpp - What messages say of line information -------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include <gmock/gmock.h>

using namespace attnrt;
using namespace attnrt::sim;
using testing::EndsWith;
using testing::HasSubstr;

/// The first hazard's message of a store out of bounds behind `before`.
static std::string storeBehind(const std::string &before,
                               const std::string &after = "") {
  LaunchOf how;
  how.outBytes = 16;
  Outcome o = runText(kernelOf(before + "\nst.global.u32 [%rd3+4096], %r0;") +
                          "\n" + after,
                      {}, how);
  return o.report.hazards.empty() ? o.messages() : o.report.hazards[0].message;
}

TEST(Origin, None) {
  EXPECT_THAT(storeBehind(""), EndsWith("[%rd3+4096], %r0;`"));
}

TEST(Origin, CommentOfTheLastLoc) {
  EXPECT_THAT(storeBehind(".loc 1 7 8 // tile.load at tile.mlir:7:8\n"
                          ".loc 1 9 3 // tile.store at tile.mlir:9:3\n"
                          "// another comment\nmov.u32 %r1, %r0;"),
              EndsWith("%r0;` (tile.store at tile.mlir:9:3)"));
}

TEST(Origin, FileAndLine) {
  std::string loc = ".loc 2 45 11";
  EXPECT_THAT(storeBehind(loc, ".file 1 \"a.cu\"\n.file 2 \"/src/flash.cu\"\n"),
              EndsWith("` (flash.cu:45:11)"));
  EXPECT_THAT(storeBehind(loc + ", function_name $L__info_string0, "
                                "inlined_at 1 9 3",
                          ".file 2 \"flash.cu\", 1700000000, 4711\n"),
              EndsWith("` (flash.cu:45:11)"));
  EXPECT_THAT(storeBehind(loc, ".file 1 \"a.cu\"\n"),
              EndsWith("` (file 2:45:11)"));
}

TEST(Origin, LineZeroIsTheCompilersOwn) {
  EXPECT_THAT(storeBehind(".loc 1 7 8 // tile.load\n.loc 1 0 0"),
              EndsWith("%r0;`"));
}

TEST(Origin, NotThatOfTheKernelBefore) {
  std::string first = kernelOf(".loc 1 7 8 // tile.load");
  std::string name = " k(";
  first.replace(first.find(name), name.size(), " first(");
  std::string second = kernelOf("st.global.u32 [%rd3+4096], %r0;");
  LaunchOf how;
  how.outBytes = 16;
  Outcome o = runText(first + second.substr(second.find(".visible")), {}, how);
  ASSERT_EQ(o.kinds(), "oob") << o.messages();
  EXPECT_THAT(o.report.hazards[0].message, EndsWith("%r0;`"));
}

TEST(Origin, OfBothSidesOfARace) {
  LaunchOf how;
  how.threads = 64;
  Outcome o = runBody(".shared .align 4 .b8 s[4];\n.loc 1 1 1 // tile.alloc\n"
                      "mov.u32 %r1, s;\n.loc 1 2 1 // tile.write\n"
                      "st.shared.u32 [%r1], %r0;\n.loc 1 3 1 // tile.read\n"
                      "ld.shared.u32 %r2, [%r1];",
                      {}, how);
  EXPECT_THAT(o.messages(), HasSubstr("(tile.write)"));
  EXPECT_THAT(o.messages(), HasSubstr("(tile.read)"));
}

TEST(Origin, OfWhatCannotBeDecoded) {
  Outcome o = runBody(".loc 1 4 2 // tile.dot at tile.mlir:4:2\nnonsense.f32;");
  EXPECT_THAT(o.status.message(), EndsWith("` (tile.dot at tile.mlir:4:2)"));
}
