//===- Scratch.h - Memory of the workers of a launch ------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_DEVICE_HOST_SCRATCH_H
#define ATTNRT_DEVICE_HOST_SCRATCH_H

#include "Device/Host/HostMemory.h"

namespace attnrt {

/// Blocks that launches borrow, one for each worker. They are made once, and
/// made anew only where a kernel needs larger ones.
class ScratchPool {
public:
  explicit ScratchPool(HostMemory &memory) : memory(memory) {}

  /// `count` blocks of at least `bytes`, 64-byte aligned; null for none.
  /// Nothing is borrowed where there is no memory for all of them.
  Status borrow(size_t bytes, unsigned count, void **blocks);
  void giveBack(unsigned count, void *const *blocks);

  /// The most bytes that were borrowed at a time since the last call.
  uint64_t takePeakBytes();

private:
  struct Block {
    void *address;
    size_t bytes;
  };

  Expected<Block> take(size_t bytes);

  HostMemory &memory;
  std::mutex mutex;
  std::vector<Block> idle, busy;
  uint64_t peakBytes = 0;
};

} // namespace attnrt

#endif // ATTNRT_DEVICE_HOST_SCRATCH_H
