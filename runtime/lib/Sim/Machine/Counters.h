//===- Counters.h - What a host thread counts while it runs CTAs -*- C++
//-*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Instructions are not counted one by one: operations between a jump and the
// next one run equally often, so a run of them adds one where it begins and
// takes one away behind its end. Sums from the first operation on are the
// counts. What is rare, or differs each time, is counted where it happens.
// Everything is a sum, so it does not matter which thread counted what.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_COUNTERS_H
#define ATTNRT_SIM_MACHINE_COUNTERS_H

#include "Decode/Program.h"
#include "attnrt/Counters.h"

#include <map>

namespace attnrt::sim {

/// How often an operation was executed by the warps of a warpgroup.
struct OpCounts {
  // Differences to the operation before.
  uint64_t runs = 0, lanes = 0;
  // Of these, how often the guard held for no lane, and for how many it did
  // not.
  uint64_t skipped = 0, idle = 0;
};

/// Counts of one operation on shared memory.
struct SharedCounts {
  uint64_t accesses = 0, wavefronts = 0, extra = 0;
};

struct MBarrierCounts : BarrierCounts {
  uint64_t bytes = 0;
};

/// Named barriers of a CTA.
inline constexpr unsigned kBarriers = 16;

class Counters {
public:
  Counters(const Kernel &kernel, unsigned warps);
  static uint64_t bytesFor(const Kernel &kernel, unsigned warps);
  void add(const Counters &other);

  /// Warpgroups of the CTA; the last one may have fewer than four warps.
  static unsigned warpgroupOf(unsigned warp) { return warp / 4; }
  unsigned warpgroups() const { return static_cast<unsigned>(executed.size()); }
  /// By operation, and one more behind the last.
  OpCounts *of(unsigned warpgroup) { return executed[warpgroup].data(); }
  const OpCounts *of(unsigned warpgroup) const {
    return executed[warpgroup].data();
  }

  std::vector<SharedCounts> shared; // by operation
  TrafficCounts traffic;
  BarrierCounts barriers[kBarriers], clusterBarrier;
  std::map<uint32_t, MBarrierCounts> mbarriers; // by shared address

private:
  std::vector<std::vector<OpCounts>> executed; // by warpgroup
};

/// Operations from `first` to before `end` were executed by the lanes.
inline void countRun(OpCounts *ops, size_t first, size_t end, uint32_t lanes) {
  unsigned count = __builtin_popcount(lanes);
  ops[first].runs += 1;
  ops[first].lanes += count;
  ops[end].runs -= 1;
  ops[end].lanes -= count;
}

/// The guard of an operation held for some lanes of a run only.
inline void countGuard(OpCounts &op, uint32_t lanes, uint32_t held) {
  op.skipped += !held;
  op.idle += __builtin_popcount(lanes & ~held);
}

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_COUNTERS_H
