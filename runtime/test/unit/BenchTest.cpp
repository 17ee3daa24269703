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

TEST(Bench, ProcessorsRunSeveralTimesPerRepeat) {
  FakeDevice device;
  device.description.kind = "host";
  device.times = {0.05}; // of a repeat, however many runs it has
  int runs = 0;
  BenchOptions options = BenchOptions::of(device.description);
  options.enoughMs = 0;
  options.leastRepeatMs = 0.04; // one run is enough
  auto work = [&] {
    ++runs;
    return Status::ok();
  };
  Expected<Timing> timing = bench(device, work, 1, 1, options);
  ASSERT_TRUE(timing);
  EXPECT_EQ(device.fills, 0) << "nothing is flushed";
  EXPECT_EQ(runs, 5 + 1 + 30);
  EXPECT_DOUBLE_EQ(timing->medianMs, 0.05);

  // Too short: more of them, until a repeat takes long enough.
  device.times = {0.01, 0.05};
  device.timed = runs = 0;
  timing = bench(device, work, 1, 1, options);
  ASSERT_TRUE(timing);
  int perRepeat = (runs - 5 - 1) / 31;
  EXPECT_EQ(perRepeat, 5); // 1.2 times as many as 0.04 / 0.01
  EXPECT_EQ(runs, 5 + 1 + 31 * perRepeat);
  EXPECT_EQ(timing->repeats, 30);
}

TEST(Bench, FailuresComeThrough) {
  FakeDevice device;
  Expected<Timing> timing =
      bench(device, [] { return Status::device("lost"); }, 1, 1);
  ASSERT_FALSE(timing);
  EXPECT_EQ(timing.status().message(), "lost");
  EXPECT_EQ(device.allocations, 0);
}
