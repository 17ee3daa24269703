//===- Heap.h - Allocations with initialised bits ---------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_HEAP_H
#define ATTNRT_SIM_MACHINE_HEAP_H

#include "Machine/DeviceHeap.h"
#include "Machine/MemoryBudget.h"
#include "attnrt/Status.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

namespace attnrt::sim {

/// One live range of device memory. `init` has one bit per byte and is empty
/// for memory that somebody else owns, which counts as initialised. Workers
/// set bits concurrently, with atomic operations.
struct Allocation {
  uint64_t begin = 0, end = 0;
  std::vector<uint8_t> init;
  std::unique_ptr<uint8_t[]> storage;
  uint64_t charged = 0; // to the budget
  /// The launch that wrote to it last, by Heap::nextTurn.
  std::atomic<uint64_t> writtenBy{0};

  bool covers(uint64_t address, uint64_t bytes) const {
    return address >= begin && bytes <= end - begin &&
           address - begin <= end - begin - bytes;
  }
  bool tracked() const { return !init.empty(); }
  bool isInit(uint64_t address, size_t bytes) const;
  void setInit(uint64_t address, size_t bytes);
  void clearInit(uint64_t address);
  void noteWriter(uint64_t turn) {
    if (writtenBy.load(std::memory_order_relaxed) != turn)
      writtenBy.store(turn, std::memory_order_relaxed);
  }
};

/// Launches hold `lock` shared; everything that changes the map holds it alone.
class Heap {
public:
  explicit Heap(uint64_t limit) : budget(limit) {}
  Expected<uint64_t> allocate(size_t bytes);
  Status adopt(uint64_t address, size_t bytes);
  Status drop(uint64_t address, bool owned);
  /// The allocation that holds the whole range, or an error with its place.
  Expected<Allocation *> checked(uint64_t address, size_t bytes) const;

  Allocation *find(uint64_t address) const;
  /// Whether `address` is in an allocation or in one's red zones.
  bool owns(uint64_t address) const;
  /// "16 bytes after the 4096-byte allocation at 0x…".
  std::string describe(uint64_t address) const;

  /// Launches and what the host does to memory are numbered in their order.
  uint64_t nextTurn() { return ++turns; }
  /// Where allocations begin that this launch wrote to, and nobody after it.
  std::set<uint64_t> writtenBy(uint64_t turn) const;

  /// Addresses of a program's variables, kept for the life of the heap.
  std::map<uint64_t, std::vector<uint64_t>> modules;
  mutable std::shared_mutex lock;
  MemoryBudget budget;
  DeviceHeap deviceHeap;

private:
  std::map<uint64_t, std::unique_ptr<Allocation>> live;
  std::atomic<uint64_t> turns{0};
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_HEAP_H
