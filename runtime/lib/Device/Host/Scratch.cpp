//===- Scratch.cpp - Memory of the workers of a launch --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device/Host/Scratch.h"

#include "attnrt/HostTensor.h"

#include <algorithm>
#include <string>

using namespace attnrt;

/// What AttnrtCta promises.
static constexpr size_t kLine = 64;

/// An idle block that is large enough; else a new one in place of an idle one
/// that is too small, so that no more blocks exist than were ever in use.
Expected<ScratchPool::Block> ScratchPool::take(size_t bytes) {
  for (size_t i = idle.size(); i-- > 0;)
    if (idle[i].bytes >= bytes) {
      Block block = idle[i];
      idle.erase(idle.begin() + static_cast<std::ptrdiff_t>(i));
      return block;
    }
  if (!idle.empty()) {
    (void)memory.free(idle.back().address);
    idle.pop_back();
  }
  Expected<void *> address = memory.allocate(bytes);
  if (!address)
    return address.status();
  return Block{*address, bytes};
}

Status ScratchPool::borrow(size_t bytes, unsigned count, void **blocks) {
  std::fill_n(blocks, count, nullptr);
  if (bytes == 0)
    return Status::ok();
  if (bytes > SIZE_MAX - kLine)
    return Status::device("out of host memory: asked for " +
                          describeBytes(bytes) + " of scratch");
  bytes = (bytes + kLine - 1) / kLine * kLine;
  std::lock_guard<std::mutex> lock(mutex);
  for (unsigned i = 0; i < count; ++i) {
    Expected<Block> block = take(bytes);
    if (!block) {
      for (; i > 0; --i) {
        idle.push_back(busy.back());
        busy.pop_back();
      }
      return Status(block.status().code(),
                    "scratch for " + std::to_string(count) +
                        (count == 1 ? " thread: " : " threads: ") +
                        block.status().message());
    }
    busy.push_back(*block);
    blocks[i] = block->address;
  }
  uint64_t borrowed = 0;
  for (const Block &block : busy)
    borrowed += block.bytes;
  peakBytes = std::max(peakBytes, borrowed);
  return Status::ok();
}

void ScratchPool::giveBack(unsigned count, void *const *blocks) {
  std::lock_guard<std::mutex> lock(mutex);
  for (unsigned i = 0; i < count; ++i) {
    auto found =
        std::find_if(busy.begin(), busy.end(), [&](const Block &block) {
          return block.address == blocks[i];
        });
    if (found == busy.end())
      continue; // the kernel has no scratch
    idle.push_back(*found);
    busy.erase(found);
  }
}

uint64_t ScratchPool::takePeakBytes() {
  std::lock_guard<std::mutex> lock(mutex);
  return std::exchange(peakBytes, 0);
}
