//===- Threads.cpp - How many threads the host runs on --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device/Host/Threads.h"

#include "Device/Host/Pool.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>

#include <sched.h>

using namespace attnrt;

/// More than one for each processor are for tests, and for measuring what that
/// costs; far more are a mistake.
static constexpr unsigned kMostPerProcessor = 16;

/// 0 until it is known.
static std::atomic<unsigned> chosen{0};

static unsigned processorsOfMask() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof mask, &mask) != 0)
    return 1;
  return std::max(1, CPU_COUNT(&mask));
}

/// Microseconds of processor time, and in which period; "max", or -1, is no
/// limit.
static unsigned processorsOfQuota(std::istream &quota, std::istream &period) {
  double time = 0, length = 0;
  if (!(quota >> time) || !(period >> length) || time <= 0 || length <= 0)
    return ~0u;
  return std::max(1u, static_cast<unsigned>(std::ceil(time / length)));
}

static unsigned processorsOfGroup() {
  std::ifstream both("/sys/fs/cgroup/cpu.max");
  if (both)
    return processorsOfQuota(both, both);
  std::ifstream quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  return processorsOfQuota(quota, period);
}

unsigned attnrt::usableProcessors() {
  static const unsigned count =
      std::min(processorsOfMask(), processorsOfGroup());
  return count;
}

unsigned attnrt::mostThreads() {
  return Pool::isParallel() ? kMostPerProcessor * usableProcessors() : 1;
}

static Status refuse(const std::string &got) {
  if (!Pool::isParallel())
    return Status::badInput("expected 1 thread, since this runtime was built "
                            "without oneTBB, got '" +
                            got + "'");
  return Status::badInput("expected a number of threads from 1 to " +
                          std::to_string(mostThreads()) + " (" +
                          std::to_string(kMostPerProcessor) +
                          " for each processor), got '" + got + "'");
}

static Expected<unsigned> parse(std::string_view text) {
  uint64_t count = 0;
  bool isNumber = !text.empty();
  for (char c : text) {
    isNumber = isNumber && c >= '0' && c <= '9';
    count = std::min<uint64_t>(10 * count + static_cast<unsigned>(c - '0'),
                               1u << 30);
  }
  if (!isNumber || count < 1 || count > mostThreads())
    return refuse(std::string(text));
  return static_cast<unsigned>(count);
}

static Expected<unsigned> fromEnvironment() {
  const char *text = std::getenv("ATTNRT_THREADS");
  if (!text)
    return std::min(usableProcessors(), mostThreads());
  Expected<unsigned> count = parse(text);
  if (!count)
    return Status(count.status().code(),
                  "ATTNRT_THREADS: " + count.status().message());
  return count;
}

Expected<unsigned> attnrt::launchThreads() {
  if (unsigned known = chosen.load(std::memory_order_relaxed))
    return known;
  Expected<unsigned> found = fromEnvironment();
  if (!found)
    return found;
  // What a program says in the meantime stays.
  unsigned none = 0;
  chosen.compare_exchange_strong(none, *found);
  return chosen.load();
}

Status attnrt::setLaunchThreads(std::string_view text) {
  Expected<unsigned> count = parse(text);
  if (count)
    chosen = *count;
  return count.status();
}

Status attnrt::setLaunchThreads(int64_t count) {
  return setLaunchThreads(std::to_string(count));
}

static std::atomic<AttnrtRunner> runnerOfProgram{nullptr};

AttnrtRunner attnrt::launchRunner() {
  return runnerOfProgram.load(std::memory_order_acquire);
}

void attnrt::setLaunchRunner(AttnrtRunner runner) {
  runnerOfProgram.store(runner, std::memory_order_release);
}
