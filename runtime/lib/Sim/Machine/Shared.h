//===- Shared.h - The shared memory of one CTA ------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every byte has a shadow byte. A clean access needs one wide compare: all
// shadow bytes are kReady. Anything else takes the slow path and is explained.
// What a cp.async brought is visible to lanes one by one; which they are is
// kept for each word, the smallest thing that it copies.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_SHARED_H
#define ATTNRT_SIM_MACHINE_SHARED_H

#include "Decode/Program.h"

#include <cstdint>
#include <vector>

namespace attnrt::sim {

namespace shadow {
enum : uint8_t {
  kFresh = 0,      // never written
  kReady = 1,      // written
  kBarrier = 2,    // of an mbarrier
  kRedZone = 0x20, // belongs to no variable
  kLanded = 0x40,  // | warp: a cp.async of that warp, no barrier since its wait
  kPending = 0x80, // | warp: a cp.async of that warp is in flight
  kBulk = 0xa0,    // a bulk copy is in flight
};
constexpr unsigned warpOf(uint8_t state) { return state & 0x1f; }
} // namespace shadow

struct SharedMemory {
  std::vector<uint8_t> data, state;
  /// By word that has landed: the lanes of the copying warp that may read it.
  std::vector<uint32_t> seenBy;
  /// By 16 bytes that a tensor load brought: in which swizzle, plus one.
  std::vector<uint8_t> swizzles;
  bool hasSwizzles = false;
  uint32_t end = 0; // first address that is certainly outside

  /// The size of `data`.
  static uint64_t sizeFor(const Kernel &kernel, uint32_t dynamicBytes);
  static uint64_t bytesFor(const Kernel &kernel, uint32_t dynamicBytes);
  /// Fresh memory for the next CTA.
  void reset(const Kernel &kernel, uint32_t dynamicBytes);
  bool isSeenBy(unsigned lane, uint32_t address) const {
    return seenBy[address / kCopiedWord] >> lane & 1;
  }
  void noteSwizzle(uint32_t address, uint8_t swizzle) {
    swizzles[address / kSwizzled] = swizzle;
    hasSwizzles = true;
  }
  /// Bytes that something else wrote.
  void forgetSwizzle(uint32_t address) { swizzles[address / kSwizzled] = 0; }
  static constexpr uint32_t kCopiedWord = 4, kSwizzled = 16;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_SHARED_H
