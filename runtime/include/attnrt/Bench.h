//===- Bench.h - Timing -----------------------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Times work by the device's own clock: warm-up, then at least 30 repeats. On a
// GPU each is one run after the L2 cache was flushed. The flush is queued right
// before the run, so the device is busy while the host enqueues it and launch
// latency stays out. On the processor itself nothing is flushed, since callers
// have just written what they pass, and a repeat is as many runs as take long
// enough for its clock; its time is their mean.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_BENCH_H
#define ATTNRT_BENCH_H

#include "attnrt/Device.h"

#include <optional>

namespace attnrt {

struct Timing {
  double medianMs = 0, p10Ms = 0, p90Ms = 0;
  int repeats = 0;
  /// That ran it; absent on GPUs.
  std::optional<unsigned> threads;
  double tflops = 0;
  /// Of compulsory traffic: arguments once, results once.
  double gbytesPerSecond = 0;
};

struct BenchOptions {
  int warmUps = 5;
  int leastRepeats = 30;
  int mostRepeats = 200;
  /// Repeats beyond the least stop after this much measured time.
  double enoughMs = 500;
  size_t flushBytes = size_t(256) << 20; // several times any L2; 0 for none
  /// A repeat has as many runs as take this long.
  double leastRepeatMs = 0;

  /// For devices of this kind.
  static BenchOptions of(const DeviceInfo &device);
};

Expected<Timing> bench(Device &device, const std::function<Status()> &work,
                       double flops, double bytes,
                       const BenchOptions &options = {});

/// Statistics of runs in milliseconds; at least one.
Timing summarize(std::vector<double> milliseconds, double flops, double bytes);

} // namespace attnrt

#endif // ATTNRT_BENCH_H
