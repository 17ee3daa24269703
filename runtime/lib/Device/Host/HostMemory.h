//===- HostMemory.h - Arrays of the device host -----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_DEVICE_HOST_HOSTMEMORY_H
#define ATTNRT_DEVICE_HOST_HOSTMEMORY_H

#include "attnrt/Status.h"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace attnrt {

/// Where allocations meet pages that nothing may touch, so that an access
/// beyond them ends the process: nowhere, or a page on both sides with the
/// memory right after the first or right before the second one.
enum class Guard { None, Begin, End };

/// ATTNRT_HOST_GUARD: `begin`, `end` or nothing.
Expected<Guard> guardFromEnvironment();

/// What is allocated, so that it goes with the device and a second free is
/// seen. Without guards, memory of streams is kept for the next one that asks
/// for as much: a call then needs nothing of the system.
class HostMemory {
public:
  /// At least; with a guard at the end, what the size allows.
  static constexpr size_t kAlignment = 256;

  explicit HostMemory(Guard guard) : guard(guard) {}
  HostMemory(const HostMemory &) = delete;
  HostMemory &operator=(const HostMemory &) = delete;
  ~HostMemory();

  Expected<void *> allocate(size_t bytes);
  Status free(void *address);
  Expected<void *> allocateAgain(size_t bytes);
  /// Keeps it for allocateAgain(), up to a limit.
  Status release(void *address);

private:
  struct Block {
    void *address;
    size_t bytes;  // as asked for
    void *mapping; // from where the system gave it
    size_t mapped; // 0 where it is malloc's
  };

  Expected<Block> create(size_t bytes) const;
  static void destroy(const Block &block);

  const Guard guard;
  std::mutex mutex;
  std::unordered_map<void *, Block> blocks; // in use
  std::vector<Block> kept;                  // the latest last
  size_t keptBytes = 0;
};

} // namespace attnrt

#endif // ATTNRT_DEVICE_HOST_HOSTMEMORY_H
