//===- Parallel.h - Loops over host threads ---------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SUPPORT_PARALLEL_H
#define ATTNRT_SUPPORT_PARALLEL_H

#include <cstdint>
#include <functional>

namespace attnrt {

/// One per core.
unsigned hostThreads();

/// Calls body(0) … body(count - 1), each once, on all cores. Iterations are
/// handed out one by one: make each large enough to be worth it.
void parallelFor(int64_t count, const std::function<void(int64_t)> &body);

} // namespace attnrt

#endif // ATTNRT_SUPPORT_PARALLEL_H
