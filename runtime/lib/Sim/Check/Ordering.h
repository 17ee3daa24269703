//===- Ordering.h - What orders the accesses of a cluster -------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Order comes from the program of a warp, from barriers, whose arrivals release
// and whose waits acquire, and from strong accesses (atomic, volatile or
// relaxed and above), of which every write releases and every read acquires
// what was written to its place. Asynchronous operations are agents of their
// own, known to whoever waits for them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_CHECK_ORDERING_H
#define ATTNRT_SIM_CHECK_ORDERING_H

#include "Check/Clocks.h"
#include "Machine/Observer.h"

#include <deque>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

namespace attnrt::sim {

class Ordering {
public:
  /// A cluster begins; `cta` is its first CTA.
  void begin(const Cta &cta);
  unsigned agentOf(const Event &event) const {
    return clocks.agentOf(*event.warp);
  }
  /// The agent's clock.
  uint32_t now(const Event &event) const { return clocks.now(agentOf(event)); }

  void arriveAtBarrier(const Event &event, const Cta &cta);
  void completeBarrier(uint32_t id, const Cta &cta);
  void arriveAtMBarrier(const Event &event, const Cta &home);
  void waitForMBarrier(const Event &event, const Cta &home);
  void arriveAtCluster(const Event &event);
  void waitForCluster(const Event &event);
  void fence(const Event &event);
  void fenceInits(const Event &event);
  /// The warp knows of this mbarrier.init through a fence of its own kind.
  bool knowsInit(unsigned agent, unsigned by, uint32_t clock) const {
    return knownInits[agent].get(by) >= clock;
  }

  /// A strong access acquires before it and releases after it.
  void acquireFlags(const Event &event, const Cta &home);
  void releaseFlags(const Event &event, const Cta &home);

  /// A cp.async.mbarrier.arrive passes on what came before it, and the copies
  /// that it waits for, whenever it is done.
  void issueArrival(const Event &event);
  void finishArrival(const Event &event);
  /// From when on a copy that has landed counts as a write of its warp: from
  /// the first arrival on that waits for it, or else from now on.
  uint32_t landingClock(const Warp &warp, unsigned lane, uint64_t number) const;
  /// Some arrival of the warp may wait for a copy that has not landed.
  bool hasArrivals(const Warp &warp) const {
    return !issued[clocks.agentOf(warp)].empty();
  }
  /// Forgets arrivals that wait for no copy in flight.
  void forgetArrivals(const Warp &warp);

  AsyncStamp issueBulk(const Event &event);
  void completeBulk(const Event &event);
  void waitForBulk(const Event &event);
  AsyncStamp issueWgmma(const Event &event, const Cta &cta);
  void waitForWgmma(const Event &event);

  /// Bytes of the tables that grow while a CTA runs.
  uint64_t bytes() const;

  Clocks clocks;

private:
  struct BarrierClock {
    Past past;
    uint32_t waiters = 0; // warps
  };
  /// Clocks of two successive phases; the even one comes first.
  struct PhaseClocks {
    Past past[2];
    uint64_t phase[2] = {UINT64_MAX, UINT64_MAX};
    Past &of(uint64_t which);
  };
  /// An arrival behind copies, as its warp issued it.
  struct Issued {
    uint32_t lanes;
    uint64_t before; // the first copy that it does not wait for
    uint32_t clock;
  };

  static uint64_t placeOf(const Event &event, const Cta &home, unsigned lane);

  std::vector<BarrierClock> barriers;       // by rank and number
  std::unordered_map<uint64_t, Past> flags; // by place, of strong writes
  std::map<std::pair<unsigned, uint32_t>, PhaseClocks> phases; // of mbarriers
  PhaseClocks clusterPhases;
  /// What a relaxed arrival at the cluster's barrier passes on, by warp: what
  /// came before a fence and, in `generic`, inits that came before theirs.
  std::vector<Past> fenced, fencedInits;
  PhaseClocks clusterInits;
  std::vector<VectorClock> knownInits;
  std::unordered_map<uint64_t, AsyncStamp> copies; // in flight, by number
  std::unordered_map<uint64_t, Past> arrivals;     // in flight, by number
  std::vector<std::deque<Issued>> issued;          // by warp, oldest first
  /// Stores that are done and that their thread has not waited for, by warp.
  std::vector<std::vector<AsyncStamp>> stores;
  std::vector<AsyncStamp> wgmmaStamps; // the last one of each warpgroup
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_CHECK_ORDERING_H
