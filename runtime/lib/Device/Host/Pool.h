//===- Pool.h - Threads that run the tasks of a launch ----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_DEVICE_HOST_POOL_H
#define ATTNRT_DEVICE_HOST_POOL_H

#include <memory>

namespace attnrt {

/// Threads of oneTBB, which are shared with whatever else uses it in the
/// process and sleep where there is nothing to do. Without oneTBB, the caller's
/// thread.
class Pool {
public:
  /// Whether this runtime was built with oneTBB.
  static bool isParallel();

  explicit Pool(unsigned threads);
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;
  /// Waits until the threads have ended, unless others use them, too.
  ~Pool();

  /// Calls work(context, i) for each i < count, each once, on up to as many
  /// threads as there are, the caller's among them. None may wait for another:
  /// a thread may get several.
  void run(unsigned count, void (*work)(void *context, unsigned i),
           void *context);

private:
  struct Threads;
  std::unique_ptr<Threads> threads;
};

} // namespace attnrt

#endif // ATTNRT_DEVICE_HOST_POOL_H
