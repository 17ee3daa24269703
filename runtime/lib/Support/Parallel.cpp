//===- Parallel.cpp - Loops over host threads -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Support/Parallel.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

using namespace attnrt;

unsigned attnrt::hostThreads() {
  return std::max(1u, std::thread::hardware_concurrency());
}

void attnrt::parallelFor(int64_t count,
                         const std::function<void(int64_t)> &body) {
  std::atomic<int64_t> next{0};
  auto work = [&] {
    for (int64_t i; (i = next.fetch_add(1)) < count;)
      body(i);
  };

  std::vector<std::thread> helpers;
  int64_t wanted = std::min<int64_t>(hostThreads(), count) - 1;
  try {
    for (int64_t i = 0; i < wanted; ++i)
      helpers.emplace_back(work);
  } catch (const std::system_error &) {
    // A system without threads to spare runs on those there are.
  }
  work();
  for (std::thread &helper : helpers)
    helper.join();
}
