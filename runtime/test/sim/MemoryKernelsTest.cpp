//===- MemoryKernelsTest.cpp - kernels/memory.cu --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

#include <set>

using namespace attnrt;
using namespace attnrt::sim;

static constexpr auto kBoth = {"memory.nvcc", "memory.clang"};

TEST(MemoryKernels, LocalArrayAndStructByValue) {
  struct Parameters {
    int scale;
    short offset;
    double factor;
    uint64_t in;
  };
  static const int kPrimes[] = {2, 3, 5, 7, 11, 13, 17, 19};
  forEach(kBoth, [](Kernels &k) {
    auto in = drawn(64, 1, [](auto &draw) { return int(draw() % 1000); });
    Parameters p{3, -7, 2.75, k.put(in)};
    uint64_t out = k.room<int>(96);
    k.launch("local", {3}, {32}, p, out);
    for (int i = 0; i < 96; ++i) {
      uint32_t sum = 0;
      for (int n = 0; n < 16; ++n) {
        int slot = n * i & 15; // holds what came as number slot ^ (i & 15)
        sum = sum * 31 + (in[(i + (slot ^ (i & 15))) % 64] * 3 - 7);
      }
      ASSERT_EQ(k.get<uint32_t>(out, 96)[i],
                sum + int(2.75 * i) + kPrimes[i % 8]);
    }
  });
}

TEST(MemoryKernels, GenericAddresses) {
  forEach(kBoth, [](Kernels &k) {
    uint64_t global = k.room<int>(32), out = k.room<int>(32);
    k.launch("generic", {1}, {32}, global, out);
    for (int i = 0; i < 32; ++i)
      EXPECT_EQ(k.get<int>(out, 32)[i], i % 3 == 0   ? (i + 1) % 32 * 5 + 1
                                        : i % 3 == 1 ? i * 7 + 1
                                        : i % 2      ? i * 3 + 1
                                                     : 8);
  });
}

static int jump(int x, int i) {
  switch (x & 7) {
  case 0:
    return x * 3 + 1;
  case 1:
    return x ^ 0x55;
  case 2:
    return __builtin_popcount(x);
  case 3:
    return x / 5 - 1000;
  case 4:
    return x - 1000;
  case 5: {
    uint32_t product = x;
    for (int n = 0; n < (i & 3); ++n)
      product = product * product + n;
    return product;
  }
  case 6:
    return -x;
  default:
    return i;
  }
}

TEST(MemoryKernels, JumpTable) {
  forEach(kBoth, [](Kernels &k) {
    auto in = drawn(256, 2, [](auto &draw) { return int(draw() % 5000); });
    uint64_t out = k.room<int>(256);
    k.launch("jumps", {2}, {128}, k.put(in), out);
    for (int i = 0; i < 256; ++i)
      ASSERT_EQ(k.get<int>(out, 256)[i], jump(in[i], i)) << in[i];
  });
}

TEST(MemoryKernels, Vectors) {
  forEach(kBoth, [](Kernels &k) {
    auto floats = drawn(128, 3, [](auto &draw) { return float(draw() % 100); });
    auto shorts = drawn(128, 4, [](auto &draw) { return int16_t(draw()); });
    auto bytes = drawn(128, 5, [](auto &draw) { return uint8_t(draw()); });
    uint64_t x = k.room<float>(128), y = k.room<int16_t>(64),
             z = k.room<int8_t>(32);
    k.launch("vectors", {1}, {32}, k.put(floats), k.put(shorts), k.put(bytes),
             x, y, z);
    for (int i = 0; i < 32; ++i) {
      for (int n = 0; n < 4; ++n)
        EXPECT_EQ(k.get<float>(x, 128)[4 * i + n], floats[4 * i + 3 - n]);
      const int16_t *s = &shorts[4 * i];
      EXPECT_EQ(k.get<int16_t>(y, 64)[2 * i], int16_t(s[0] + s[3]));
      EXPECT_EQ(k.get<int16_t>(y, 64)[2 * i + 1], int16_t(s[1] - s[2]));
      const uint8_t *b = &bytes[4 * i];
      EXPECT_EQ(k.get<uint8_t>(z, 32)[i], b[0] ^ b[1] ^ b[2] ^ b[3]);
    }
  });
}

TEST(MemoryKernels, VariablesOfModuleAndBlock) {
  forEach(kBoth, [](Kernels &k) {
    uint64_t out = k.room<int>(256);
    k.launch("variables", {4}, {64}, out);
    std::set<int> tickets;
    std::vector<int> words = k.get<int>(out, 256);
    for (int i = 0; i < 256; ++i) {
      EXPECT_EQ(words[i] - i % 64, words[i / 64 * 64]);
      tickets.insert(words[i / 64 * 64]);
    }
    EXPECT_EQ(tickets, (std::set<int>{4000, 4200, 4400, 4600}));
  });
}
