//===- MatrixTableTest.cpp - mma, ldmatrix, movmatrix ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operands are built from their positions as the PTX ISA gives them, results
// compared with sums in closed form. All values are small integers, exact in
// every format.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

using namespace attnrt::sim;

namespace {

/// Small integers that differ by position.
int a(int row, int k) { return (row * 3 + k * 5) % 7 - 3; }
int b(int k, int n) { return (k * 2 + n * 3) % 5 - 2; }
int c(int row, int n) { return row - n; }

int expected(int row, int n, int depth) {
  int sum = c(row, n);
  for (int k = 0; k < depth; ++k)
    sum += a(row, k) * b(k, n);
  return sum;
}

uint32_t bf16(int x) { return bitsOf(float(x)) >> 16; }
uint32_t f16(int x) {
  float f = float(x);
  uint32_t bits = bitsOf(f);
  if (x == 0)
    return 0;
  return (bits >> 16 & 0x8000) | (((bits >> 23 & 0xff) - 112) << 10) |
         (bits >> 13 & 0x3ff);
}

struct Shape {
  const char *name;
  int depth;
  int aRegs, bRegs;
  uint32_t (*code)(int); // null: tf32
};

/// Registers of all lanes, 16 words each: A, B, C.
std::vector<uint32_t> operands(const Shape &s) {
  std::vector<uint32_t> words(32 * 16, 0);
  for (int lane = 0; lane < 32; ++lane) {
    int g = lane / 4, t = lane % 4;
    uint32_t *w = &words[lane * 16];
    for (int r = 0; r < s.aRegs; ++r) {
      int row = g + 8 * (r & 1);
      w[r] = s.code ? s.code(a(row, 2 * t + 1 + 8 * (r >> 1))) << 16 |
                          s.code(a(row, 2 * t + 8 * (r >> 1)))
                    : bitsOf(a(row, t + 4 * (r >> 1)));
    }
    for (int r = 0; r < s.bRegs; ++r)
      w[4 + r] = s.code ? s.code(b(2 * t + 1 + 8 * r, g)) << 16 |
                              s.code(b(2 * t + 8 * r, g))
                        : bitsOf(b(t + 4 * r, g));
    for (int i = 0; i < 4; ++i)
      w[8 + i] = bitsOf(c(g + 8 * (i >> 1), 2 * t + (i & 1)));
    for (int i = 0; i < 2; ++i)
      w[12 + i] = f16(c(g + 8 * i, 2 * t + 1)) << 16 | f16(c(g + 8 * i, 2 * t));
  }
  return words;
}

const char *const kLoad =
    "shl.b32 %r20, %r0, 6;\ncvt.u64.u32 %rd5, %r20;\nadd.s64 %rd5, %rd0, "
    "%rd5;\nld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%rd5];\n"
    "ld.global.v2.u32 {%r5, %r6}, [%rd5+16];\n"
    "ld.global.v4.u32 {%r7, %r8, %r9, %r10}, [%rd5+32];\n"
    "ld.global.v2.u32 {%r11, %r12}, [%rd5+48];\n";

std::string registers(int first, int count) {
  std::string out = "{";
  for (int i = 0; i < count; ++i)
    out += (i ? ", %r" : "%r") + std::to_string(first + i);
  return out + "}";
}

void checkSingle(const Shape &s, const std::string &types) {
  std::string mma = std::string("mma.sync.aligned.") + s.name + ".row.col." +
                    types + " {%r13, %r14, %r15, %r16}, " +
                    registers(1, s.aRegs) + ", " + registers(5, s.bRegs) +
                    ", {%r7, %r8, %r9, %r10};\n";
  Outcome o = runBody(kLoad + mma +
                          "st.global.v4.u32 [%rd3], {%r13, %r14, %r15, %r16};",
                      operands(s));
  ASSERT_TRUE(o.status.isOk()) << o.status.message();
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.report.mmaInstructions, 1u);
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < 4; ++i)
      EXPECT_EQ(o.floatAt(lane, i), expected(lane / 4 + 8 * (i >> 1),
                                             lane % 4 * 2 + (i & 1), s.depth))
          << lane << " " << i;
}

void checkHalf(const Shape &s) {
  std::string mma = std::string("mma.sync.aligned.") + s.name +
                    ".row.col.f16.f16.f16.f16 {%r13, %r14}, " +
                    registers(1, s.aRegs) + ", " + registers(5, s.bRegs) +
                    ", {%r11, %r12};\n";
  Outcome o = runBody(kLoad + mma + "st.global.v2.u32 [%rd3], {%r13, %r14};",
                      operands(s));
  ASSERT_EQ(o.kinds(), "") << o.messages();
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < 2; ++i) {
      int row = lane / 4 + 8 * i, n = lane % 4 * 2;
      EXPECT_EQ(o.at(lane, i), f16(expected(row, n + 1, s.depth)) << 16 |
                                   f16(expected(row, n, s.depth)));
    }
}

} // namespace

TEST(MatrixTable, Bf16K16) {
  checkSingle({"m16n8k16", 16, 4, 2, bf16}, "f32.bf16.bf16.f32");
}
TEST(MatrixTable, Bf16K8) {
  checkSingle({"m16n8k8", 8, 2, 1, bf16}, "f32.bf16.bf16.f32");
}
TEST(MatrixTable, F16K16) {
  checkSingle({"m16n8k16", 16, 4, 2, f16}, "f32.f16.f16.f32");
}
TEST(MatrixTable, F16K8) {
  checkSingle({"m16n8k8", 8, 2, 1, f16}, "f32.f16.f16.f32");
}
TEST(MatrixTable, Tf32K8) {
  checkSingle({"m16n8k8", 8, 4, 2, nullptr}, "f32.tf32.tf32.f32");
}
TEST(MatrixTable, Tf32K4) {
  checkSingle({"m16n8k4", 4, 2, 1, nullptr}, "f32.tf32.tf32.f32");
}
TEST(MatrixTable, F16AccumulatorK16) { checkHalf({"m16n8k16", 16, 4, 2, f16}); }
TEST(MatrixTable, F16AccumulatorK8) { checkHalf({"m16n8k8", 8, 2, 1, f16}); }

namespace {
/// Element (row, column) of matrix j holds 256 j + 8 row + column.
Outcome loadMatrices(const std::string &instruction) {
  std::vector<uint32_t> words(128);
  for (unsigned w = 0; w < 128; ++w) {
    unsigned low = 256 * (w / 32) + w % 32 * 2;
    words[w] = (low + 1) << 16 | low;
  }
  return runBody("mul.wide.u32 %rd5, %r0, 16;\nadd.s64 %rd5, %rd0, %rd5;\n"
                 "ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%rd5];\n"
                 "shl.b32 %r5, %r0, 4;\nmov.u32 %r6, tile;\n"
                 "add.u32 %r5, %r5, %r6;\n"
                 "st.shared.v4.u32 [%r5], {%r1, %r2, %r3, %r4};\n"
                 "bar.sync 0;\n" +
                     instruction +
                     "\nst.global.v4.u32 [%rd3], {%r7, %r8, %r9, %r10};",
                 words, {}, ".shared .align 16 .b8 tile[512];\n");
}
} // namespace

TEST(MatrixTable, Ldmatrix) {
  Outcome o = loadMatrices("ldmatrix.sync.aligned.m8n8.x4.shared.b16 "
                           "{%r7, %r8, %r9, %r10}, [%r5];");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned j = 0; j < 4; ++j) {
      unsigned low = 256 * j + 8 * (lane / 4) + lane % 4 * 2;
      EXPECT_EQ(o.at(lane, j), (low + 1) << 16 | low);
    }
}

TEST(MatrixTable, LdmatrixTransposed) {
  Outcome o = loadMatrices("ldmatrix.sync.aligned.x4.trans.m8n8.shared.b16 "
                           "{%r7, %r8, %r9, %r10}, [%r5];");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned j = 0; j < 4; ++j) {
      unsigned low = 256 * j + 8 * (lane % 4 * 2) + lane / 4;
      EXPECT_EQ(o.at(lane, j), (low + 8) << 16 | low);
    }
}

TEST(MatrixTable, LdmatrixX2ReadsSixteenAddresses) {
  // The addresses of lanes 16-31 are nonsense and must not matter.
  Outcome o = loadMatrices("setp.gt.u32 %p1, %r0, 15;\n"
                           "selp.b32 %r5, 3, %r5, %p1;\n"
                           "ldmatrix.sync.aligned.m8n8.x2.shared.b16 "
                           "{%r7, %r8}, [%r5];\nmov.u32 %r9, 0;\n"
                           "mov.u32 %r10, 0;");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(5, 1), (256u + 11) << 16 | (256 + 10));
}

TEST(MatrixTable, EveryNumberOfMatrices) {
  for (unsigned count : {1, 2, 4})
    for (bool isTransposed : {false, true})
      for (const char *space : {".shared", ".shared::cta", ""}) {
        std::string list = "{%r7", zero, address;
        for (unsigned r = 1; r < 4; ++r) {
          std::string name = "%r" + std::to_string(7 + r);
          list += r < count ? ", " + name : "";
          zero += r < count ? "" : "mov.u32 " + name + ", 0;\n";
        }
        if (!*space)
          address = "cvt.u64.u32 %rd6, %r5;\ncvta.shared.u64 %rd6, %rd6;\n";
        Outcome o = loadMatrices(
            zero + address + "ldmatrix.sync.aligned.m8n8.x" +
            std::to_string(count) + (isTransposed ? ".trans" : "") + space +
            ".b16 " + list + (*space ? "}, [%r5];" : "}, [%rd6];"));
        ASSERT_EQ(o.kinds(), "") << o.messages();
        for (unsigned lane = 0; lane < 32; ++lane)
          for (unsigned j = 0; j < count; ++j) {
            unsigned pair = lane % 4 * 2, other = lane / 4;
            unsigned low =
                256 * j + (isTransposed ? 8 * pair + other : 8 * other + pair);
            EXPECT_EQ(o.at(lane, j),
                      (low + (isTransposed ? 8 : 1)) << 16 | low);
          }
      }
}

TEST(MatrixTable, StoresOfEveryNumberOfMatrices) {
  // Lane n of matrix j holds 1000 j + 2 n and the next number.
  for (unsigned count : {1, 2, 4})
    for (bool isTransposed : {false, true})
      for (const char *space : {".shared", ".shared::cta"}) {
        std::string list = "{%r7", make;
        for (unsigned r = 0; r < 4; ++r) {
          std::string name = "%r" + std::to_string(7 + r);
          list += r && r < count ? ", " + name : "";
          make += "mad.lo.u32 %r1, %r0, 2, " + std::to_string(1000 * r) +
                  ";\nadd.u32 %r2, %r1, 1;\nshl.b32 %r2, %r2, 16;\nor.b32 " +
                  name + ", %r1, %r2;\n";
        }
        std::string ptx = kernelOf(
            make +
                "shl.b32 %r5, %r0, 4;\nmov.u32 %r6, tile;\n"
                "add.u32 %r5, %r5, %r6;\n"
                "st.shared.v4.u32 [%r5], {0, 0, 0, 0};\nbar.sync 0;\n"
                "stmatrix.sync.aligned.m8n8.x" +
                std::to_string(count) + (isTransposed ? ".trans" : "") + space +
                ".b16 [%r5], " + list +
                "};\nbar.sync 0;\n"
                "ld.shared.v4.u32 {%r1, %r2, %r3, %r4}, [%r5];\n"
                "st.global.v4.u32 [%rd3], {%r1, %r2, %r3, %r4};",
            ".shared .align 16 .b8 tile[512];\n");
        ptx.replace(ptx.find("sm_80"), 5, "sm_90");
        Outcome o = runText(ptx);
        ASSERT_EQ(o.kinds(), "") << o.messages();
        // Row r of matrix j is where lane 8 j + r says.
        for (unsigned j = 0; j < 4; ++j)
          for (unsigned row = 0; row < 8; ++row)
            for (unsigned column = 0; column < 8; ++column) {
              unsigned across = isTransposed ? column : row,
                       along = isTransposed ? row : column;
              unsigned element = 1000 * j + 8 * across + along;
              uint32_t word = o.at(8 * j + row, column / 2);
              EXPECT_EQ(word >> 16 * (column % 2) & 0xffff,
                        j < count ? element : 0);
            }
      }
}

TEST(MatrixTable, Movmatrix) {
  Outcome o = loadMatrices("ldmatrix.sync.aligned.m8n8.x1.shared.b16 "
                           "{%r7}, [%r5];\n"
                           "movmatrix.sync.aligned.m8n8.trans.b16 %r8, %r7;\n"
                           "mov.u32 %r9, 0;\nmov.u32 %r10, 0;");
  ASSERT_EQ(o.kinds(), "") << o.messages();
  EXPECT_EQ(o.at(5, 1), (1u + 8 * 3) << 16 | (1 + 8 * 2));
}

TEST(MatrixTable, StmatrixNeedsSm90) {
  std::string body = "mov.u32 %r1, tile;\n"
                     "stmatrix.sync.aligned.m8n8.x1.shared.b16 [%r1], {%r0};\n";
  std::string ptx = kernelOf(body, ".shared .align 16 .b8 tile[512];\n");
  Outcome o = runText(ptx);
  EXPECT_EQ(o.status.code(), attnrt::Code::BadInput);
  EXPECT_NE(o.status.message().find("expected target sm_90 or newer"),
            std::string::npos)
      << o.status.message();
  ptx.replace(ptx.find("sm_80"), 5, "sm_90");
  EXPECT_TRUE(runText(ptx).status.isOk());
}

TEST(MatrixTable, StmatrixStoresWhatIsDefinedOnly) {
  std::string ptx = kernelOf("mov.u32 %r1, tile;\nand.b32 %r2, %r0, 7;\n"
                             "shl.b32 %r2, %r2, 4;\nadd.u32 %r1, %r1, %r2;\n"
                             "stmatrix.sync.aligned.m8n8.x2.shared.b16 "
                             "[%r1], {%r0, %r9};\n",
                             ".shared .align 16 .b8 tile[512];\n");
  ptx.replace(ptx.find("sm_80"), 5, "sm_90");
  EXPECT_EQ(runText(ptx).kinds(), "uninit");
}
