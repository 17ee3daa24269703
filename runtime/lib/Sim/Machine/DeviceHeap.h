//===- DeviceHeap.h - What malloc of a kernel hands out ---------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_DEVICEHEAP_H
#define ATTNRT_SIM_MACHINE_DEVICEHEAP_H

#include <cstdint>
#include <map>
#include <mutex>

namespace attnrt::sim {

struct Allocation;

/// One allocation of the device, in which pieces live until they are freed,
/// from one launch to the next.
class DeviceHeap {
public:
  static constexpr uint64_t kBytes = uint64_t(8) << 20;

  const Allocation *arena() const { return whole; }
  void open(Allocation &allocation) { whole = &allocation; }
  /// The address of a new piece, or 0 where there is no room.
  uint64_t allocate(uint64_t bytes);
  /// False where no piece begins there.
  bool free(uint64_t address);
  bool holds(uint64_t address, uint64_t bytes) const;

private:
  Allocation *whole = nullptr;
  mutable std::mutex lock;
  std::map<uint64_t, uint64_t> pieces; // begin, end
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_DEVICEHEAP_H
