//===- ClusterRun.h - Runs one cluster --------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_RUN_CLUSTERRUN_H
#define ATTNRT_SIM_RUN_CLUSTERRUN_H

#include "Check/HazardLog.h"
#include "Run/Effects.h"
#include "Run/Polling.h"
#include "Run/Turns.h"

#include <atomic>
#include <memory>

namespace attnrt::sim {

struct Schedule {
  uint64_t seed = 0; // 0 starts with warp 0, others rotate
  uint64_t maxWarpInstructions = uint64_t(1) << 32;
};

/// Warps take turns; each runs until it waits or its slice ends. Nothing here
/// depends on time, so a run repeats exactly.
class ClusterRun {
public:
  ClusterRun(Cluster &cluster, const Schedule &schedule, const HazardLog &log);
  /// The cluster is fresh.
  void begin();

  enum class Outcome {
    Ended,
    Waits,     // for memory that only others can write
    Preempted, // after `quantum` instructions, or in a hurry
  };
  Outcome run(uint64_t quantum, const std::atomic<bool> &hurry);
  /// The last run() may have changed what others wait for.
  bool worked() const { return hasWorked; }
  /// Nobody will write what it waits for.
  void endWaiting(const std::string &why);

private:
  struct Round {
    uint64_t count = 0;
    bool quiet = true; // everybody waits, some by polling
  };
  Round round();
  Round watchedRound();
  bool follow(const Round &done);
  bool exceedsLimits();
  void moveCopies();
  bool finishACopy();
  bool finishAnArrival();
  void helpWhoPolls(uint64_t count);
  bool finishGrid();
  bool goOn();
  bool wakeOnce();
  bool readsGlobal() const;
  bool isOver() const;
  Outcome waitOrEnd();
  Look lookAtAll();
  bool standsStill();

  Cluster &cluster;
  Schedule schedule;
  const HazardLog &log;
  std::vector<Warp *> warps;
  std::vector<uint64_t> impatience;
  std::vector<Patience> patience;
  Turns turns;
  uint64_t total = 0;
  bool hasWorked = false;
  /// Instructions since something happened that a warp may wait for, and how
  /// much had happened by then.
  uint64_t polling = 0, polledAt = 0;
  /// When waits were last woken in vain: what had happened by then.
  uint64_t wokenAt = UINT64_MAX;
  /// What woken warps look at.
  std::unique_ptr<Effects> sinceWoken;
  /// When all warps together are looked at, and whether they are to be now.
  Patience ofCluster;
  bool stands = false;
  WarpState scratch;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_RUN_CLUSTERRUN_H
