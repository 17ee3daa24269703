//===- MBarrier.h - Barriers in shared memory -------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An mbarrier counts arrivals and bytes. A phase completes when none of either
// is pending; then the next one begins with the same number of arrivals.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_MBARRIER_H
#define ATTNRT_SIM_MACHINE_MBARRIER_H

#include "Decode/Program.h"

#include <cstdint>
#include <map>
#include <string>

namespace attnrt::sim {

struct Cta;

struct MBarrier {
  static constexpr uint32_t kBytes = 8;
  static constexpr uint32_t kMaxCount = (1u << 20) - 1;
  uint64_t phase = 0; // completed ones
  uint32_t expected = 0, pending = 0;
  int64_t bytes = 0;        // expected and not yet there
  bool observed = true;     // somebody saw the last completed phase
  const Op *made = nullptr; // by which instruction
};

/// The mbarriers of one CTA, by shared address.
using MBarriers = std::map<uint32_t, MBarrier>;

/// One use of an mbarrier, which lies in the memory of `cta`.
struct MBarrierUse {
  Cta &cta;
  uint32_t address;
  Warp *warp; // null for an asynchronous copy
  const Op *op;
  uint32_t lanes;
};

void reportMisuse(const MBarrierUse &use, std::string detail);
/// The barrier, or null and an event.
MBarrier *findMBarrier(const MBarrierUse &use);
void initMBarrier(const MBarrierUse &use, uint32_t count);
void invalidateMBarrier(const MBarrierUse &use);

struct MBarrierArrival {
  uint32_t count = 1;
  uint32_t bytes = 0;    // expected besides
  bool drops = false;    // the next phases expect fewer
  bool completes = true; // may complete the phase
  bool releases = true;  // orders what came before
};
/// Returns the state before the arrival.
uint64_t arriveAtMBarrier(const MBarrierUse &use, const MBarrierArrival &how);
void expectBytes(const MBarrierUse &use, uint32_t bytes);
void completeBytes(const MBarrierUse &use, uint64_t bytes);

/// The state that an arrival returns and a wait takes.
inline uint64_t stateOf(const MBarrier &barrier) {
  return barrier.phase << 32 | barrier.pending;
}

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_MBARRIER_H
