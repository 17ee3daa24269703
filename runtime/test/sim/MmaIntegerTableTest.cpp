//===- MmaIntegerTableTest.cpp - mma of integers, bits, f64 ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

using namespace attnrt;
using namespace attnrt::sim;

namespace {
/// A form, with how many bits elements have and how many registers a thread.
struct Product {
  int m, n, k, bits;
  int inA, inB, sums;
  std::string shape() const {
    return "m" + std::to_string(m) + "n" + std::to_string(n) + "k" +
           std::to_string(k);
  }
  int each() const { return bits == 64 ? 1 : 32 / bits; }
};
const Product kProducts[] = {
    {8, 8, 16, 8, 1, 1, 2},  {16, 8, 16, 8, 2, 1, 4},  {16, 8, 32, 8, 4, 2, 4},
    {8, 8, 32, 4, 1, 1, 2},  {16, 8, 32, 4, 2, 1, 4},  {16, 8, 64, 4, 4, 2, 4},
    {8, 8, 128, 1, 1, 1, 2}, {16, 8, 128, 1, 2, 1, 4}, {16, 8, 256, 1, 4, 2, 4},
    {8, 8, 4, 64, 1, 1, 2},  {16, 8, 4, 64, 2, 1, 4},  {16, 8, 8, 64, 4, 2, 4},
    {16, 8, 16, 64, 8, 4, 4}};

/// Where element `e` of register `r` is, as the ISA's figures say.
int rowOfA(const Product &p, int lane, int r) {
  return lane / 4 + (p.m == 16 && r % 2 ? 8 : 0);
}
int depthOfA(const Product &p, int lane, int r, int e) {
  int pair = p.m == 16 ? r / 2 : r;
  return lane % 4 * p.each() + e + pair * 4 * p.each();
}
int depthOfB(const Product &p, int lane, int r, int e) {
  return lane % 4 * p.each() + e + r * 4 * p.each();
}
int rowOfC(int lane, int r) { return lane / 4 + (r >= 2 ? 8 : 0); }
int columnOfC(int lane, int r) { return lane % 4 * 2 + r % 2; }

std::string listOf(const char *name, int count) {
  std::string out = "{";
  for (int i = 0; i < count; ++i)
    out +=
        (i ? std::string(", %") : std::string("%")) + name + std::to_string(i);
  return out + "}";
}

/// Loads a thread's registers, multiplies and stores.
std::string kernelOf(const Product &p, const std::string &instruction) {
  std::string wide = p.bits == 64 ? "b64" : "b32";
  int bytes = p.bits == 64 ? 8 : 4, in = p.inA + p.inB + p.sums;
  std::string text =
      std::string(kHopperHeader) +
      ".entry k(.param .u64 in, .param .u64 out) {\n.reg ." + wide +
      " %d<8>, %a<8>, %b<8>, %c<8>;\n.reg .b64 %in, %out, "
      "%at;\n.reg .b32 %t;\nld.param.u64 %in, [in];\n"
      "ld.param.u64 %out, [out];\nmov.u32 %t, %tid.x;\n"
      "mul.wide.u32 %at, %t, " +
      std::to_string(in * bytes) +
      ";\nadd.u64 %in, %in, %at;\nmul.wide.u32 %at, %t, " +
      std::to_string(p.sums * bytes) + ";\nadd.u64 %out, %out, %at;\n";
  int at = 0;
  for (auto [name, count] :
       {std::pair{"a", p.inA}, {"b", p.inB}, {"c", p.sums}})
    for (int i = 0; i < count; ++i, at += bytes)
      text += "ld.global." + wide + " %" + name + std::to_string(i) +
              ", [%in+" + std::to_string(at) + "];\n";
  text += instruction + " " + listOf("d", p.sums) + ", " + listOf("a", p.inA) +
          ", " + listOf("b", p.inB) + ", " + listOf("c", p.sums) + ";\n";
  for (int i = 0; i < p.sums; ++i)
    text += "st.global." + wide + " [%out+" + std::to_string(i * bytes) +
            "], %d" + std::to_string(i) + ";\n";
  return text + "ret;\n}\n";
}

int64_t valueOf(uint64_t word, int bits, int e, bool isSigned) {
  uint64_t field = word >> (bits * e) & ((uint64_t(1) << bits) - 1);
  return isSigned ? int64_t(field << (64 - bits)) >> (64 - bits)
                  : int64_t(field);
}

void checkIntegers(const Product &p, const std::string &typeA,
                   const std::string &typeB, bool saturates,
                   const std::string &how) {
  int in = p.inA + p.inB + p.sums;
  std::vector<uint32_t> words = drawn(32 * in, p.k + p.m, [](auto &engine) {
    return static_cast<uint32_t>(engine());
  });
  for (int lane = 0; lane < 32; ++lane)
    if (saturates)
      words[lane * in + p.inA + p.inB] = lane % 2 ? 0x7ffffff0 : 0x80000010;
  std::string suffix = how.empty() ? "" : "." + how + ".popc";
  std::string instruction = "mma.sync.aligned." + p.shape() + ".row.col" +
                            (saturates ? ".satfinite" : "") + ".s32." + typeA +
                            "." + typeB + ".s32" + suffix;
  std::unique_ptr<Kernels> kernels = Kernels::of(kernelOf(p, instruction));
  uint64_t from = kernels->put(words), to = kernels->room<int32_t>(32 * p.sums);
  kernels->launch("k", {1}, {32}, from, to);
  std::vector<int32_t> out = kernels->get<int32_t>(to, 32 * p.sums);
  std::vector<std::vector<int64_t>> a(p.m, std::vector<int64_t>(p.k)),
      b(p.k, std::vector<int64_t>(p.n));
  for (int lane = 0; lane < 32; ++lane)
    for (int e = 0; e < p.each(); ++e) {
      for (int r = 0; r < p.inA; ++r)
        a[rowOfA(p, lane, r)][depthOfA(p, lane, r, e)] =
            valueOf(words[lane * in + r], p.bits, e, typeA[0] == 's');
      for (int r = 0; r < p.inB; ++r)
        b[depthOfB(p, lane, r, e)][lane / 4] =
            valueOf(words[lane * in + p.inA + r], p.bits, e, typeB[0] == 's');
    }
  for (int lane = 0; lane < 32; ++lane)
    for (int r = 0; r < p.sums; ++r) {
      int64_t sum = static_cast<int32_t>(words[lane * in + p.inA + p.inB + r]);
      for (int k = 0; k < p.k; ++k) {
        int64_t x = a[rowOfC(lane, r)][k], y = b[k][columnOfC(lane, r)];
        sum += how == "xor" ? x ^ y : how == "and" ? x & y : x * y;
      }
      if (saturates)
        sum = std::min<int64_t>(std::max<int64_t>(sum, INT32_MIN), INT32_MAX);
      EXPECT_EQ(out[lane * p.sums + r], static_cast<int32_t>(sum))
          << instruction << " lane " << lane << " register " << r;
    }
}

} // namespace

TEST(MmaIntegerTable, Integers) {
  for (const Product &p : kProducts) {
    if (p.bits != 8 && p.bits != 4)
      continue;
    std::string k = std::to_string(p.bits);
    for (const std::string &a : {"s" + k, "u" + k})
      for (const std::string &b : {"s" + k, "u" + k})
        for (bool saturates : {false, true})
          checkIntegers(p, a, b, saturates, "");
  }
}

TEST(MmaIntegerTable, Bits) {
  for (const Product &p : kProducts)
    if (p.bits == 1)
      for (const char *how : {"xor", "and"})
        checkIntegers(p, "b1", "b1", false, how);
}

TEST(MmaIntegerTable, Doubles) {
  for (const Product &p : kProducts) {
    if (p.bits != 64)
      continue;
    int in = p.inA + p.inB + p.sums;
    std::vector<double> words = drawn(32 * in, p.k, [](auto &engine) {
      return double(int(engine() % 2001)) - 1000;
    });
    std::unique_ptr<Kernels> kernels = Kernels::of(kernelOf(
        p, "mma.sync.aligned." + p.shape() + ".row.col.f64.f64.f64.f64"));
    uint64_t from = kernels->put(words),
             to = kernels->room<double>(32 * p.sums);
    kernels->launch("k", {1}, {32}, from, to);
    std::vector<double> out = kernels->get<double>(to, 32 * p.sums);
    double a[16][16], b[16][8];
    for (int lane = 0; lane < 32; ++lane) {
      for (int r = 0; r < p.inA; ++r)
        a[rowOfA(p, lane, r)][depthOfA(p, lane, r, 0)] = words[lane * in + r];
      for (int r = 0; r < p.inB; ++r)
        b[depthOfB(p, lane, r, 0)][lane / 4] = words[lane * in + p.inA + r];
    }
    for (int lane = 0; lane < 32; ++lane)
      for (int r = 0; r < p.sums; ++r) {
        double sum = words[lane * in + p.inA + p.inB + r];
        for (int k = 0; k < p.k; ++k)
          sum += a[rowOfC(lane, r)][k] * b[k][columnOfC(lane, r)];
        EXPECT_EQ(out[lane * p.sums + r], sum) << p.shape();
      }
  }
}
