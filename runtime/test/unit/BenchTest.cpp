//===- BenchTest.cpp - Timing ---------------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Bench.h"
#include "FakeDevice.h"

#include <gtest/gtest.h>

using namespace attnrt;
using namespace attnrt::test;

TEST(Bench, Summarizes) {
  std::vector<double> times;
  for (int i = 100; i >= 0; --i)
    times.push_back(i);
  Timing timing = summarize(times, 50e9, 100e6);
  EXPECT_DOUBLE_EQ(timing.medianMs, 50);
  EXPECT_DOUBLE_EQ(timing.p10Ms, 10);
  EXPECT_DOUBLE_EQ(timing.p90Ms, 90);
  EXPECT_EQ(timing.repeats, 101);
  EXPECT_DOUBLE_EQ(timing.tflops, 1); // 50 GFLOP in 50 ms
  EXPECT_DOUBLE_EQ(timing.gbytesPerSecond, 2);
}

TEST(Bench, OneRun) {
  Timing timing = summarize({2}, 0, 0);
  EXPECT_DOUBLE_EQ(timing.p10Ms, 2);
  EXPECT_DOUBLE_EQ(timing.p90Ms, 2);
}

TEST(Bench, WarmsUpFlushesAndRepeats) {
  FakeDevice device;
  device.times = {1, 2, 3};
  int runs = 0;
  BenchOptions options;
  options.enoughMs = 1;
  Expected<Timing> timing = bench(
      device,
      [&] {
        ++runs;
        return Status::ok();
      },
      1, 1, options);
  ASSERT_TRUE(timing);
  EXPECT_EQ(timing->repeats, 30);
  EXPECT_EQ(runs, 35);
  EXPECT_EQ(device.fills, 30);
  EXPECT_EQ(device.allocations, 0) << "scratch memory must go";
  EXPECT_DOUBLE_EQ(timing->medianMs, 2);
}

TEST(Bench, FailuresComeThrough) {
  FakeDevice device;
  Expected<Timing> timing =
      bench(device, [] { return Status::device("lost"); }, 1, 1);
  ASSERT_FALSE(timing);
  EXPECT_EQ(timing.status().message(), "lost");
  EXPECT_EQ(device.allocations, 0);
}
