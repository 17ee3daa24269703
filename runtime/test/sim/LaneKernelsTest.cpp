//===- LaneKernelsTest.cpp - kernels/lanes.cu -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

#include <algorithm>
#include <set>

using namespace attnrt;
using namespace attnrt::sim;

static constexpr auto kBoth = {"lanes.nvcc", "lanes.clang"};

/// What CUDA says of __shfl_…_sync with a width: lanes of a section of it only,
/// and the own value where the source lies outside.
static int sourceOf(const char *mode, int lane, int by, int width) {
  int first = lane / width * width;
  if (mode[0] == 'u')
    return lane - by >= first ? lane - by : lane;
  if (mode[0] == 'd')
    return lane + by < first + width ? lane + by : lane;
  if (mode[0] == 'x') // from sections above, not from those below
    return (lane ^ by) < first + width ? lane ^ by : lane;
  return first + by % width;
}

TEST(LaneKernels, Shuffles) {
  forEach(kBoth, [](Kernels &k) {
    std::vector<int> in(64);
    for (int i = 0; i < 64; ++i)
      in[i] = 1000 + 3 * i;
    for (int by : {0, 1, 2, 5, 16, 31}) {
      uint64_t out = k.room<int>(512);
      k.launch("shuffles", {1}, {64}, k.put(in), by, out);
      std::vector<int> words = k.get<int>(out, 512);
      for (int i = 0; i < 64; ++i) {
        int lane = i % 32, warp = i - lane;
        int from[] = {
            sourceOf("up", lane, by, 32),  sourceOf("down", lane, by, 32),
            sourceOf("xor", lane, by, 32), sourceOf("idx", lane, by, 32),
            sourceOf("up", lane, by, 8),   sourceOf("down", lane, by, 16),
            sourceOf("xor", lane, by, 4),  sourceOf("idx", lane, lane + by, 8)};
        for (int w = 0; w < 8; ++w)
          ASSERT_EQ(words[8 * i + w], 1000 + 3 * (warp + from[w]))
              << i << " " << w << " " << by;
      }
    }
  });
}

TEST(LaneKernels, WideShuffle) {
  forEach(kBoth, [](Kernels &k) {
    std::vector<int64_t> in(32);
    for (int i = 0; i < 32; ++i)
      in[i] = (int64_t(i) << 40) - i;
    uint64_t out = k.room<int64_t>(32);
    k.launch("wideShuffle", {1}, {32}, k.put(in), out);
    for (int i = 0; i < 32; ++i)
      EXPECT_EQ(k.get<int64_t>(out, 32)[i], in[i ^ 21]);
  });
}

TEST(LaneKernels, Votes) {
  for (int kind = 0; kind < 3; ++kind)
    forEach(kBoth, [kind](Kernels &k) {
      // Equal, four kinds, and one that is negative.
      std::vector<int> in(32);
      for (int i = 0; i < 32; ++i)
        in[i] = kind == 0 ? 66 : kind == 1 ? i % 4 + 4 : i == 9 ? -7 : 64 * i;
      uint64_t out = k.room<unsigned>(256);
      k.launch("votes", {1}, {32}, k.put(in), out);
      std::vector<unsigned> words = k.get<unsigned>(out, 256);
      unsigned odd = 0;
      std::set<int> high;
      for (int i = 0; i < 32; ++i) {
        odd |= unsigned(in[i] & 1) << i;
        high.insert(in[i] & 64);
      }
      for (int i = 0; i < 32; ++i) {
        unsigned same = 0;
        for (int j = 0; j < 32; ++j)
          same |= unsigned(in[j] == in[i]) << j;
        unsigned expected[] = {odd,
                               std::count(in.begin(), in.end(), 7) > 0,
                               *std::min_element(in.begin(), in.end()) >= 0,
                               same,
                               high.size() == 1 ? ~0u : 0,
                               high.size() == 1,
                               32};
        for (int w = 0; w < 7; ++w)
          ASSERT_EQ(words[8 * i + w], expected[w]) << kind << " " << i << w;
      }
    });
}

TEST(LaneKernels, Reductions) {
  forEach(kBoth, [](Kernels &k) {
    auto in = drawn(32, 5, [](auto &draw) { return int(draw()); });
    uint64_t out = k.room<unsigned>(256);
    k.launch("reduxes", {1}, {32}, k.put(in), out);
    unsigned sum = 0, all = ~0u, any = 0, odd = 0;
    std::vector<unsigned> positive(in.begin(), in.end());
    for (unsigned x : positive) {
      sum += x;
      all &= x;
      any |= x;
      odd ^= x;
    }
    unsigned expected[] = {sum,
                           unsigned(*std::min_element(in.begin(), in.end())),
                           unsigned(*std::max_element(in.begin(), in.end())),
                           *std::min_element(positive.begin(), positive.end()),
                           *std::max_element(positive.begin(), positive.end()),
                           all,
                           any,
                           odd};
    std::vector<unsigned> words = k.get<unsigned>(out, 256);
    for (int i = 0; i < 256; ++i)
      ASSERT_EQ(words[i], expected[i % 8]) << i;
  });
}

TEST(LaneKernels, HalvesOfAWarp) {
  forEach(kBoth, [](Kernels &k) {
    std::vector<int> in(32);
    for (int i = 0; i < 32; ++i)
      in[i] = i;
    uint64_t out = k.room<unsigned>(32);
    k.launch("diverged", {1}, {32}, k.put(in), out);
    for (int i = 0; i < 32; ++i)
      EXPECT_EQ(k.get<unsigned>(out, 32)[i],
                i < 16 ? ~0xcccc0000u : 0x0000aaaau);
  });
}
