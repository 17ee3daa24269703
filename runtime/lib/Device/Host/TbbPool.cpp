//===- TbbPool.cpp - Threads of oneTBB ------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device/Host/Pool.h"

#include <optional>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

using namespace attnrt;

/// The handle comes first: it is what lets the destructor wait.
struct Pool::Threads {
  explicit Threads(unsigned count) : arena(static_cast<int>(count)) {
    // More threads than processors exist only where that is asked for.
    if (static_cast<int>(count) > tbb::info::default_concurrency())
      limit.emplace(tbb::global_control::max_allowed_parallelism, count);
  }

  tbb::task_scheduler_handle handle{tbb::attach{}};
  std::optional<tbb::global_control> limit;
  tbb::task_arena arena;
};

bool Pool::isParallel() { return true; }

Pool::Pool(unsigned count) : threads(std::make_unique<Threads>(count)) {}

Pool::~Pool() {
  tbb::task_scheduler_handle handle = std::move(threads->handle);
  threads.reset();
  (void)tbb::finalize(handle, std::nothrow);
}

void Pool::run(unsigned count, void (*work)(void *, unsigned), void *context) {
  threads->arena.execute([&] {
    tbb::parallel_for(
        0u, count, [&](unsigned i) { work(context, i); },
        tbb::simple_partitioner());
  });
}
