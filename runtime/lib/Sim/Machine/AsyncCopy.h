//===- AsyncCopy.h - Copies in flight ---------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A cp.async is an object from its issue until the issuing thread's wait. Its
// bytes move when it completes, which is as late as the program allows: until
// then the destination is poison.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_ASYNCCOPY_H
#define ATTNRT_SIM_MACHINE_ASYNCCOPY_H

#include "Machine/Shared.h"

#include <cstdint>
#include <vector>

namespace attnrt::sim {

enum class AsyncKind : uint8_t { CpAsync };

struct AsyncCopy {
  AsyncKind kind = AsyncKind::CpAsync;
  uint8_t bytes = 0;
  bool isThere = false; // the bytes have come, and nobody may rely on it yet
  uint32_t lanes = 0;
  uint32_t group = kUncommitted;
  const Op *op = nullptr;
  uint64_t number = 0; // of the warp's copies
  uint32_t to[32];
  uint64_t from[32];
  uint8_t given[32]; // bytes read; the rest is zero

  static constexpr uint32_t kUncommitted = 0xffffffff;
};

/// Bytes that a copy brought, by the lanes that issued it.
struct AsyncLanding {
  uint32_t lanes;
  uint64_t number; // of the warp's copies
  uint8_t bytes;
  uint32_t to[32];
};

/// The copies of one warp.
class AsyncQueue {
public:
  using Landing = AsyncLanding;
  explicit AsyncQueue(unsigned warp = 0) : warp(warp) {}
  /// Marks the destination, whose bytes come now where it is `early`. The
  /// caller has checked the ranges.
  void issue(const AsyncCopy &copy, SharedMemory &shared, bool early);
  void commit(uint32_t lanes);
  /// Completes what `lanes` wait for: all but the newest `left` groups.
  void wait(uint32_t lanes, uint32_t left, SharedMemory &shared);
  /// Completes everything of `lanes`, committed or not.
  void waitAll(uint32_t lanes, SharedMemory &shared);
  /// The number of the next copy.
  uint64_t next() const { return issued; }
  /// Completes what `lanes` issued before the copy of that number, for whoever
  /// is told of it; returns what came.
  std::vector<Landing> deliver(uint32_t lanes, uint64_t before,
                               SharedMemory &shared);

  /// Landings are numbered; a barrier publishes all below a number.
  uint64_t landed() const { return published + unpublished.size(); }
  /// One that is not published yet.
  const Landing &landing(uint64_t number) const {
    return unpublished[number - published];
  }
  void publish(uint64_t below, SharedMemory &shared);
  /// `lanes` met at a bar.warp.sync: what one of them may read, all may.
  /// `whole` says that these are all lanes of the warp.
  void share(uint32_t lanes, bool whole, SharedMemory &shared);

  const std::vector<AsyncCopy> &inFlight() const { return pending; }
  void clear();
  uint64_t bytes() const {
    return pending.size() * sizeof(AsyncCopy) +
           unpublished.size() * sizeof(Landing);
  }

private:
  void split(size_t index, uint32_t lanes);
  void complete(AsyncCopy &copy, SharedMemory &shared);
  template <typename Due>
  void completeIf(uint32_t lanes, SharedMemory &shared, Due due);

  unsigned warp;
  std::vector<AsyncCopy> pending;
  std::vector<Landing> unpublished;
  uint64_t published = 0;
  uint64_t sharedBelow = 0; // all lanes of the warp see what landed before
  uint32_t committed[32] = {};
  uint64_t issued = 0;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_ASYNCCOPY_H
