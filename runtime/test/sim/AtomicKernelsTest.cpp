//===- AtomicKernelsTest.cpp - kernels/atomics.cu -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "Kernels.h"

#include <algorithm>

using namespace attnrt;
using namespace attnrt::sim;

static constexpr auto kBoth = {"atomics.nvcc", "atomics.clang"};

TEST(AtomicKernels, Histogram) {
  forEach(kBoth, [](Kernels &k) {
    // Squares modulo 16 are 0, 1, 4 and 9, a quarter each.
    const int n = 1600;
    std::vector<uint8_t> in(n);
    for (int i = 0; i < n; ++i)
      in[i] = i * i;
    uint64_t bins = k.put(std::vector<unsigned>(16));
    k.launch("histogram", {3}, {64}, k.put(in), n, bins);
    std::vector<unsigned> counts = k.get<unsigned>(bins, 16);
    for (int value = 0; value < 16; ++value)
      EXPECT_EQ(counts[value],
                value == 0 || value == 1 || value == 4 || value == 9 ? 400u
                                                                     : 0u);
  });
}

TEST(AtomicKernels, EveryInteger) {
  forEach(kBoth, [](Kernels &k) {
    const unsigned n = 192;
    std::vector<unsigned> words(16 + n);
    words[2] = words[6] = ~0u;
    std::vector<uint64_t> wide(6);
    wide[1] = ~uint64_t(0);
    wide[3] = uint64_t(1) << 63;
    uint64_t w = k.put(words), v = k.put(wide);
    k.launch("everyInteger", {3}, {64}, w, v);
    unsigned least = ~0u, most = 0, odd = 0, all = ~0u, any = 0;
    int leastSigned = 0, mostSigned = 0;
    uint64_t leastWide = ~uint64_t(0), mostWide = 0, oddWide = 0;
    int64_t mostWideSigned = INT64_MIN;
    for (unsigned i = 0; i < n; ++i) {
      unsigned hash = i * 2654435761u;
      uint64_t hashWide = 0x9e3779b97f4a7c15u * uint64_t(i + 1);
      least = std::min(least, hash);
      most = std::max(most, hash);
      leastSigned = std::min(leastSigned, int(hash));
      mostSigned = std::max(mostSigned, int(hash));
      all &= ~(1u << i % 31);
      any |= 1u << i % 29;
      odd ^= i;
      leastWide = std::min(leastWide, hashWide);
      mostWide = std::max(mostWide, hashWide);
      mostWideSigned = std::max(mostWideSigned, int64_t(hashWide));
      oddWide ^= hashWide;
    }
    const unsigned sum = n * (n - 1) / 2;
    std::vector<unsigned> expected = {sum,
                                      0 - 2 * n,
                                      least,
                                      most,
                                      unsigned(leastSigned),
                                      unsigned(mostSigned),
                                      all,
                                      any,
                                      odd,
                                      n % 101, // inc: 0 after 100
                                      (101 - n % 101) %
                                          101}; // dec: 100 after 0
    words = k.get<unsigned>(w, 16 + n);
    for (size_t i = 0; i < expected.size(); ++i)
      EXPECT_EQ(words[i], expected[i]) << i;
    // Exchanges hand every value on once; the last one stays.
    std::vector<unsigned> seen(words.begin() + 16, words.end());
    seen.push_back(words[11]);
    std::sort(seen.begin(), seen.end());
    for (unsigned i = 0; i <= n; ++i)
      EXPECT_EQ(seen[i], i);
    wide = k.get<uint64_t>(v, 6);
    EXPECT_EQ(wide[0], uint64_t(sum) << 32 | sum);
    EXPECT_EQ(wide[1], leastWide);
    EXPECT_EQ(wide[2], mostWide);
    EXPECT_EQ(int64_t(wide[3]), mostWideSigned);
    EXPECT_EQ(wide[4], oddWide);
    // Who comes in order counts on; thread 0 finds 0 in any order.
    EXPECT_GE(wide[5], 1u);
    EXPECT_LE(wide[5], n);
  });
}

TEST(AtomicKernels, Floats) {
  forEach(kBoth, [](Kernels &k) {
    const int n = 64;
    uint64_t f = k.put(std::vector<float>{1}),
             d = k.put(std::vector<double>{-1}),
             h = k.put(std::vector<uint16_t>(2)),
             b = k.put(std::vector<uint16_t>(2));
    k.launch("floats", {2}, {n / 2}, f, d, h, b);
    EXPECT_EQ(k.get<float>(f, 1)[0], 1 + 0.5 * n * (n - 1) / 2);
    EXPECT_EQ(k.get<double>(d, 1)[0], -1 + 0.25 * n * (n - 1) / 2);
    EXPECT_EQ(kHalf.value(k.get<uint16_t>(h, 2)[0]), n);
    EXPECT_EQ(kHalf.value(k.get<uint16_t>(h, 2)[1]), n / 2 * (4 - 3));
    EXPECT_EQ(kBrain.value(k.get<uint16_t>(b, 2)[0]), 0.5 * n);
    EXPECT_EQ(kBrain.value(k.get<uint16_t>(b, 2)[1]), n / 2 * (2 - 1));
  });
}

TEST(AtomicKernels, MaximumByCompareAndSwap) {
  forEach(kBoth, [](Kernels &k) {
    auto in = drawn(256, 9, [](auto &draw) {
      return std::uniform_real_distribution<float>(0, 1000)(draw);
    });
    uint64_t most = k.put(std::vector<float>{0});
    k.launch("maximum", {4}, {64}, k.put(in), most);
    EXPECT_EQ(k.get<float>(most, 1)[0],
              *std::max_element(in.begin(), in.end()));
  });
}

TEST(AtomicKernels, LanesTakeTurnsAtALock) {
  forEach(kBoth, [](Kernels &k) {
    uint64_t mutex = k.put(std::vector<int>{0}),
             guarded = k.put(std::vector<int>{5});
    // clang leaves the loop with the lock in hand: the lanes that spin must run
    // out of patience each time.
    k.launch("lock", {1}, {8}, mutex, guarded);
    EXPECT_EQ(k.get<int>(guarded, 1)[0], 5 + 8 * 7 / 2);
    EXPECT_EQ(k.get<int>(mutex, 1)[0], 0);
  });
}
