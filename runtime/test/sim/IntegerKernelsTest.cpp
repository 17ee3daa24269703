//===- IntegerKernelsTest.cpp - kernels/integers.cu -----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

using namespace attnrt;
using namespace attnrt::sim;

static constexpr auto kBoth = {"integers.nvcc", "integers.clang"};

static uint32_t brev(uint64_t x, int width) {
  uint32_t out = 0;
  for (int i = 0; i < width; ++i)
    out |= uint32_t(x >> i & 1) << (width - 1 - i);
  return out;
}
static uint64_t brev64(uint64_t x) {
  return uint64_t(brev(uint32_t(x), 32)) << 32 | brev(x >> 32, 32);
}

static uint32_t bytePerm(uint32_t x, uint32_t y, uint32_t selector) {
  uint64_t both = uint64_t(y) << 32 | x;
  uint32_t out = 0;
  for (int n = 0; n < 4; ++n)
    out |= uint32_t(both >> 8 * (selector >> 4 * n & 7) & 0xff) << 8 * n;
  return out;
}

/// The intrinsics shift hi:lo with x as the lower word.
static uint32_t funnel(uint32_t x, uint32_t y, unsigned by, bool left) {
  uint64_t both = uint64_t(y) << 32 | x;
  if (by == 32)
    return left ? x : y;
  return uint32_t(left ? (both << by) >> 32 : both >> by);
}

TEST(IntegerKernels, Bits) {
  forEach(kBoth, [](Kernels &k) {
    const unsigned n = 128;
    auto a = drawn(n, 1, [](auto &draw) { return uint32_t(draw()); });
    auto b = drawn(n, 2, [](auto &draw) { return uint32_t(draw()); });
    a[0] = b[1] = 0;
    a[2] = b[3] = ~0u;
    a[4] = 1u << 31;
    // __byte_perm uses three bits of each selector.
    uint64_t out = k.room<uint32_t>(16 * n);
    k.launch("bits", {2}, {n / 2}, k.put(a), k.put(b), out);
    std::vector<uint32_t> words = k.get<uint32_t>(out, 16 * n);
    for (unsigned i = 0; i < n; ++i) {
      uint32_t x = a[i], y = b[i];
      int64_t sx = int32_t(x), sy = int32_t(y);
      uint32_t expected[] = {brev(x, 32),
                             uint32_t(__builtin_popcount(x)),
                             x ? uint32_t(__builtin_clz(x)) : 32,
                             uint32_t(__builtin_ffs(x)),
                             bytePerm(x, y, 0x4726),
                             bytePerm(x, y, y),
                             funnel(x, y, i & 31, true),
                             funnel(x, y, i & 31, false),
                             funnel(x, y, std::min(i, 32u), true),
                             funnel(x, y, std::min(i, 32u), false),
                             uint32_t((sx * sy) >> 32),
                             uint32_t((uint64_t(x) * y) >> 32),
                             uint32_t(std::abs(sx - sy) + i),
                             uint32_t((x > y ? x - y : y - x) + i),
                             uint32_t((sx + sy) >> 1),
                             uint32_t((uint64_t(x) + y + 1) >> 1)};
      for (int w = 0; w < 16; ++w)
        ASSERT_EQ(words[16 * i + w], expected[w]) << i << " word " << w;
    }
  });
}

TEST(IntegerKernels, SixtyFourBits) {
  forEach(kBoth, [](Kernels &k) {
    const unsigned n = 96;
    auto value = [](auto &draw) { return draw() >> draw() % 60; };
    auto a = drawn(n, 3, value), b = drawn(n, 4, value);
    a[0] = b[1] = 0;
    a[2] = uint64_t(1) << 63;
    b[2] = ~uint64_t(0);
    a[2] += 1; // the smallest value divided by -1 has no quotient
    uint64_t out = k.room<uint64_t>(12 * n);
    k.launch("wide", {3}, {n / 3}, k.put(a), k.put(b), out);
    std::vector<uint64_t> words = k.get<uint64_t>(out, 12 * n);
    for (unsigned i = 0; i < n; ++i) {
      uint64_t x = a[i], y = b[i];
      int64_t sx = x, sy = y;
      uint64_t expected[] = {x * y,
                             uint64_t((unsigned __int128)x * y >> 64),
                             uint64_t((__int128)sx * sy >> 64),
                             x / (y | 1),
                             x % (y | 1),
                             uint64_t(sx / (sy | 1)),
                             uint64_t(sx % (sy | 1)),
                             brev64(x) ^ __builtin_popcountll(y),
                             (x ? __builtin_clzll(x) : 64) +
                                 64 * uint64_t(__builtin_ffsll(y)),
                             uint64_t(sx >> (y & 63)),
                             x >> (y & 63) | x << (63 - (y & 63)),
                             sx < sy ? x : y};
      for (int w = 0; w < 12; ++w)
        ASSERT_EQ(words[12 * i + w], expected[w]) << i << " word " << w;
    }
  });
}

TEST(IntegerKernels, Divisions) {
  forEach(kBoth, [](Kernels &k) {
    const unsigned n = 64;
    auto a = drawn(n, 5, [](auto &draw) { return int(draw()); });
    auto b = drawn(n, 6, [](auto &draw) { return int(draw()) >> draw() % 30; });
    for (int &y : b)
      y += y == 0;
    uint64_t out = k.room<int>(6 * n);
    k.launch("divisions", {1}, {n}, k.put(a), k.put(b), out);
    std::vector<int> words = k.get<int>(out, 6 * n);
    for (unsigned i = 0; i < n; ++i) {
      int x = a[i], y = b[i];
      unsigned ux = x, uy = y;
      int expected[] = {x / y,        x % y, int(ux / uy),
                        int(ux % uy), x / 7, int16_t(x) / int16_t(y | 1)};
      for (int w = 0; w < 6; ++w)
        ASSERT_EQ(words[6 * i + w], expected[w]) << x << " " << y << " " << w;
    }
  });
}
