//===- ForeignKernelsTest.cpp - Kernels as others write them --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sixty-four ways to sum, scan, sort and so on, all of them correct: they come
// out right in every schedule, and no check says anything.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

#include <algorithm>
#include <numeric>

using namespace attnrt;
using namespace attnrt::sim;

static constexpr int kThreads = 256;

using Block = std::vector<int>;

static int digit(int value) { return value % 10; }

/// What a kernel makes of the numbers of one block, by the first word of its
/// name.
static Block resultOf(const std::string &what, const Block &in) {
  Block out(in.size());
  if (what == "sum")
    std::fill(out.begin(), out.end(), std::accumulate(in.begin(), in.end(), 0));
  else if (what == "max")
    std::fill(out.begin(), out.end(), *std::max_element(in.begin(), in.end()));
  else if (what == "scan")
    std::partial_sum(in.begin(), in.end(), out.begin());
  else if (what == "reverse")
    std::reverse_copy(in.begin(), in.end(), out.begin());
  else if (what == "partition")
    std::stable_partition((out = in).begin(), out.end(),
                          [](int x) { return x % 2 != 0; });
  else if (what == "sort")
    std::sort((out = in).begin(), out.end());
  for (int t = 0; t < kThreads; ++t) {
    if (what == "stencil")
      out[t] = (t ? in[t - 1] : 0) + in[t] + (t + 1 < kThreads ? in[t + 1] : 0);
    if (what == "transpose")
      out[t] = in[t % 16 * 16 + t / 16];
    if (what == "digits")
      out[t] = static_cast<int>(std::count_if(in.begin(), in.end(), [&](int x) {
        return digit(x) == digit(in[t]);
      }));
  }
  return out;
}

/// The kernels of the file, in its order.
static std::vector<std::string> namesIn(const std::string &text) {
  const std::string mark = ".visible .entry ";
  std::vector<std::string> out;
  for (size_t at = text.find(mark); at != text.npos; at = text.find(mark, at)) {
    at += mark.size();
    out.push_back(text.substr(at, text.find('(', at) - at));
  }
  return out;
}

TEST(ForeignKernels, AreRightInEverySchedule) {
  std::vector<int> in = drawn(2 * kThreads, 1, [](auto &engine) {
    return static_cast<int>(engine() % 1000);
  });
  std::vector<int> expected[2] = {Block(in.begin(), in.begin() + kThreads),
                                  Block(in.begin() + kThreads, in.end())};
  Kernels kernels("foreign.nvcc");
  uint64_t from = kernels.put(in);
  kernels.dynamicShared = 2 * kThreads * sizeof(int);
  std::vector<std::string> names = namesIn(Kernels::textOf("foreign.nvcc"));
  ASSERT_GE(names.size(), 60u);
  for (const std::string &name : names)
    for (const Schedule &schedule : allSchedules()) {
      SCOPED_TRACE(name + ", " + schedule.name());
      schedule.applyTo(kernels);
      uint64_t out = kernels.room<int>(2 * kThreads);
      kernels.launch(name, {2}, {kThreads}, out, from);
      std::vector<int> got = kernels.get<int>(out, 2 * kThreads);
      for (int block = 0; block < 2; ++block)
        EXPECT_EQ(Block(got.begin() + block * kThreads,
                        got.begin() + (block + 1) * kThreads),
                  resultOf(name.substr(0, name.find('_')), expected[block]));
    }
}
