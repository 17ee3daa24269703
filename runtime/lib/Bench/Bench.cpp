//===- Bench.cpp - Timing -------------------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Bench.h"

#include <algorithm>
#include <cassert>
#include <cmath>

using namespace attnrt;

/// Linear between the two nearest of the sorted values.
static double quantile(const std::vector<double> &sorted, double q) {
  double at = q * static_cast<double>(sorted.size() - 1);
  size_t below = static_cast<size_t>(at);
  size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] +
         (at - std::floor(at)) * (sorted[above] - sorted[below]);
}

Timing attnrt::summarize(std::vector<double> milliseconds, double flops,
                         double bytes) {
  assert(!milliseconds.empty() && "nothing to summarize");
  std::sort(milliseconds.begin(), milliseconds.end());
  Timing timing;
  timing.medianMs = quantile(milliseconds, 0.5);
  timing.p10Ms = quantile(milliseconds, 0.1);
  timing.p90Ms = quantile(milliseconds, 0.9);
  timing.repeats = static_cast<int>(milliseconds.size());
  timing.tflops = flops / timing.medianMs * 1e-9;
  timing.gbytesPerSecond = bytes / timing.medianMs * 1e-6;
  return timing;
}

namespace {
/// Device memory for the length of a scope.
class Scratch {
public:
  Scratch(Device &device, DeviceAddress address)
      : device(device), address(address) {}
  Scratch(const Scratch &) = delete;
  Scratch &operator=(const Scratch &) = delete;
  ~Scratch() { (void)device.free(address); }

private:
  Device &device;
  DeviceAddress address;
};
} // namespace

BenchOptions BenchOptions::of(const DeviceInfo &device) {
  BenchOptions options;
  if (device.kind == "host") {
    options.flushBytes = 0;
    options.leastRepeatMs = 0.2;
  }
  return options;
}

namespace {
/// Repeats of one piece of work.
class Repeats {
public:
  Repeats(Device &device, const std::function<Status()> &work,
          const BenchOptions &options)
      : device(device), work(work), options(options) {}

  Status warmUp();
  Status run(DeviceAddress flush);
  std::vector<double> milliseconds;

private:
  Expected<double> once(DeviceAddress flush);

  Device &device;
  const std::function<Status()> &work;
  const BenchOptions &options;
  int runs = 1; // of a repeat
};
} // namespace

/// Also finds how many runs a repeat needs.
Status Repeats::warmUp() {
  for (int i = 0; i < options.warmUps; ++i) {
    Status status = work();
    if (!status.isOk())
      return status;
  }
  if (options.leastRepeatMs == 0)
    return Status::ok();
  constexpr int kMostRuns = 1000000;
  while (runs < kMostRuns) {
    Expected<double> time = once(0);
    if (!time)
      return time.status();
    double took = *time * runs;
    if (took >= options.leastRepeatMs)
      break;
    // At most ten times as many, since the first were the slowest.
    double factor = took > 0 ? 1.2 * options.leastRepeatMs / took : 10;
    runs = static_cast<int>(std::ceil(runs * std::clamp(factor, 1.2, 10.0)));
  }
  return Status::ok();
}

/// Milliseconds of one run, of the mean where a repeat has several.
Expected<double> Repeats::once(DeviceAddress flush) {
  if (options.flushBytes) {
    Status status = device.fill(flush, 0, options.flushBytes);
    if (!status.isOk())
      return status;
  }
  Expected<double> time = device.timeMilliseconds([&] {
    Status status;
    for (int i = 0; i < runs && status.isOk(); ++i)
      status = work();
    return status;
  });
  return time ? Expected<double>(*time / runs) : time;
}

Status Repeats::run(DeviceAddress flush) {
  double total = 0;
  while (static_cast<int>(milliseconds.size()) < options.mostRepeats) {
    bool enough = static_cast<int>(milliseconds.size()) >= options.leastRepeats;
    if (enough && total >= options.enoughMs)
      break;
    Expected<double> time = once(flush);
    if (!time)
      return time.status();
    milliseconds.push_back(*time);
    total += *time * runs;
  }
  return Status::ok();
}

Expected<Timing> attnrt::bench(Device &device,
                               const std::function<Status()> &work,
                               double flops, double bytes,
                               const BenchOptions &options) {
  Expected<DeviceAddress> flush = device.allocate(options.flushBytes);
  if (!flush)
    return flush.status();
  Scratch scratch(device, *flush);
  Repeats repeats(device, work, options);
  Status status = repeats.warmUp();
  if (status.isOk())
    status = repeats.run(*flush);
  if (!status.isOk())
    return status;
  return summarize(std::move(repeats.milliseconds), flops, bytes);
}
