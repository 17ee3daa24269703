//===- PipelineKernelsTest.cpp - kernels/pipeline.cu ----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

using namespace attnrt;
using namespace attnrt::sim;

static constexpr auto kBoth = {"pipeline.nvcc", "pipeline.clang"};

TEST(PipelineKernels, Ring) {
  // Rows of 256 columns; with 238 the last copy has two floats, then none. Row
  // r holds r + c / 256 at column c: a column adds up to a closed form.
  for (int columns : {256, 236, 240, 4})
    for (int rows : {1, 2, 3, 9})
      forEach(kBoth, [=](Kernels &k) {
        std::vector<float> in(rows * columns);
        for (int i = 0; i < rows * columns; ++i)
          in[i] = i / columns + i % columns / 256.0f;
        uint64_t out = k.room<float>(256);
        k.launch("ring", {1}, {64}, k.put(in), rows, columns, out);
        std::vector<float> sums = k.get<float>(out, 256);
        for (int c = 0; c < 256; ++c)
          ASSERT_EQ(sums[c], c < columns
                                 ? rows * (rows - 1) / 2 + rows * (c / 256.0f)
                                 : 0)
              << c;
      });
}

TEST(PipelineKernels, PartOfACopy) {
  // One row only: what follows the row's end would be out of bounds.
  for (int columns : {1, 2, 3, 238, 239})
    forEach(kBoth, [=](Kernels &k) {
      std::vector<float> in(columns);
      for (int c = 0; c < columns; ++c)
        in[c] = c + 1;
      uint64_t out = k.room<float>(256);
      k.launch("ring", {1}, {64}, k.put(in), 1, columns, out);
      std::vector<float> sums = k.get<float>(out, 256);
      for (int c = 0; c < 256; ++c)
        ASSERT_EQ(sums[c], c < columns ? c + 1 : 0) << c;
    });
}

TEST(PipelineKernels, Sizes) {
  forEach(kBoth, [](Kernels &k) {
    std::vector<int> in(256);
    for (int i = 0; i < 256; ++i)
      in[i] = 5 * i + 1;
    uint64_t out = k.room<int>(256);
    k.launch("sizes", {1}, {32}, k.put(in), out);
    std::vector<int> words = k.get<int>(out, 256);
    for (int i = 0; i < 256; ++i)
      ASSERT_EQ(words[i], i % 8 == 7 ? 0 : in[i ^ 8]) << i;
  });
}
