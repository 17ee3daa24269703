//===- DeviceHeap.cpp - What malloc of a kernel hands out -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/DeviceHeap.h"
#include "Machine/Heap.h"

#include <algorithm>

using namespace attnrt::sim;

/// Between pieces, so that whoever goes beyond one does not reach the next.
static constexpr uint64_t kGap = 16;

uint64_t DeviceHeap::allocate(uint64_t bytes) {
  std::lock_guard<std::mutex> guard(lock);
  if (!whole || bytes > kBytes)
    return 0;
  bytes = std::max<uint64_t>(bytes, 1);
  uint64_t at = whole->begin;
  for (const auto &[begin, end] : pieces) {
    if (begin >= at + bytes + kGap)
      break;
    at = (end + kGap + 15) & ~uint64_t(15);
  }
  if (at > whole->end || bytes > whole->end - at)
    return 0;
  pieces.emplace(at, at + bytes);
  return at;
}

bool DeviceHeap::free(uint64_t address) {
  std::lock_guard<std::mutex> guard(lock);
  auto found = pieces.find(address);
  if (found == pieces.end())
    return false;
  for (uint64_t at = found->first; at < found->second; ++at)
    whole->clearInit(at);
  pieces.erase(found);
  return true;
}

bool DeviceHeap::holds(uint64_t address, uint64_t bytes) const {
  std::lock_guard<std::mutex> guard(lock);
  auto next = pieces.upper_bound(address);
  if (next == pieces.begin())
    return false;
  uint64_t end = std::prev(next)->second;
  return address <= end && bytes <= end - address;
}
