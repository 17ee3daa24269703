//===- ReductionKernelsTest.cpp - kernels/reductions.cu -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

#include <algorithm>
#include <numeric>

using namespace attnrt;
using namespace attnrt::sim;

static constexpr auto kBoth = {"reductions.nvcc", "reductions.clang"};

TEST(ReductionKernels, TreeSum) {
  forEach(kBoth, [](Kernels &k) {
    const int n = 3000;
    std::vector<int> in(n);
    std::iota(in.begin(), in.end(), 1);
    uint64_t out = k.room<int>(5);
    k.launch("treeSum", {5}, {256}, k.put(in), n, out);
    std::vector<int> parts = k.get<int>(out, 5);
    EXPECT_EQ(std::accumulate(parts.begin(), parts.end(), 0), n * (n + 1) / 2);
    // Block 4 has 1024 … 1279 and 2304 … 2559, counted from 0.
    EXPECT_EQ(parts[4], 256 * (1025 + 1280) / 2 + 256 * (2305 + 2560) / 2);
  });
}

TEST(ReductionKernels, RowMax) {
  forEach(kBoth, [](Kernels &k) {
    // The maximum of row r stands at column 37 r + 5, the rest is below 0.
    const int rows = 6, columns = 205;
    std::vector<float> in(rows * columns);
    for (int i = 0; i < rows * columns; ++i)
      in[i] = i % columns == 37 * (i / columns) + 5 ? 100.0f + i : -1.0f - i;
    uint64_t out = k.room<float>(rows);
    k.launch("rowMax", {rows}, {96}, k.put(in), columns, out);
    for (int r = 0; r < rows; ++r)
      EXPECT_EQ(k.get<float>(out, rows)[r], 100.0f + r * columns + 37 * r + 5);
  });
}

TEST(ReductionKernels, Scan) {
  forEach(kBoth, [](Kernels &k) {
    // Odd numbers add up to squares.
    const unsigned n = 416;
    std::vector<unsigned> in(n);
    for (unsigned i = 0; i < n; ++i)
      in[i] = 2 * i + 1;
    uint64_t out = k.room<unsigned>(n);
    k.launch("scan", {1}, {n}, k.put(in), out);
    for (unsigned i = 0; i < n; ++i)
      ASSERT_EQ(k.get<unsigned>(out, n)[i], (i + 1) * (i + 1));
  });
}

TEST(ReductionKernels, LastBlockAddsUp) {
  forEach(kBoth, [](Kernels &k) {
    // Powers of a half: the sum of all n is 2 - 2^(1 - n), exact in f64.
    const int n = 50;
    std::vector<double> in(n);
    for (int i = 0; i < n; ++i)
      in[i] = std::ldexp(1.0, -i);
    uint64_t out = k.room<double>(1), arrived = k.put(std::vector<unsigned>{0});
    k.launch("lastBlockSum", {7}, {32}, k.put(in), n, k.room<double>(7),
             arrived, out);
    EXPECT_EQ(k.get<double>(out, 1)[0], 2 - std::ldexp(1.0, 1 - n));
    EXPECT_EQ(k.get<unsigned>(arrived, 1)[0], 0u); // it wraps at the end
  });
}

TEST(ReductionKernels, TilesWithMasksOfTheirOwn) {
  forEach(kBoth, [](Kernels &k) {
    std::vector<int> in(64);
    std::iota(in.begin(), in.end(), 0);
    for (int width : {2, 4, 8, 16, 32}) {
      uint64_t out = k.room<int>(64);
      k.launch("tileSums", {1}, {64}, k.put(in), width, out);
      for (int i = 0; i < 64; ++i)
        ASSERT_EQ(k.get<int>(out, 64)[i],
                  width * (i / width * width) + width * (width - 1) / 2);
    }
  });
}
