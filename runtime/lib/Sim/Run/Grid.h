//===- Grid.h - The clusters of one launch ----------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_RUN_GRID_H
#define ATTNRT_SIM_RUN_GRID_H

#include "Check/Checkers.h"
#include "Run/ClusterRun.h"
#include "Run/Simulator.h"

#include <deque>
#include <map>

namespace attnrt::sim {

/// A place for a cluster, with its checkers, and the cluster that is there.
struct Resident {
  Resident(const Launch &launch, const Options &options);

  HazardLog log;
  std::vector<std::unique_ptr<Checker>> checkers;
  Cluster cluster;
  ClusterRun run;
  uint64_t index = 0;
  /// Instructions that it may still execute before another cluster begins.
  uint64_t patience = 0;
  bool waits = false;
  uint64_t asked = 0; // how much had happened when it asked last

private:
  std::vector<Observer *> observers();
};

/// What there is to run of a launch, and what came of it. Reports come out in
/// the order of clusters. The executor's lock guards all but what says that it
/// needs none.
class Grid {
public:
  /// `workers` of `bytesEach` are paid for and given back at the end.
  Grid(Launch launch, const Options &options, unsigned workers,
       uint64_t bytesEach);
  ~Grid();

  bool hasNew() const { return next < total; }
  bool hasAside() const { return !aside.empty(); }
  bool isOver() const { return !hasNew() && !resident; }
  /// A cluster to go on with, of those set aside, or null.
  Resident *takeReady();
  /// One that waits, where something has happened since it asked.
  Resident *takeWaiting(uint64_t happened);
  /// One that was set aside since it ran for long.
  Resident *takeImpatient();
  /// The next cluster; null where there is no memory for one more.
  Resident *takeNew();
  /// Makes it the cluster of its index; needs no lock.
  void place(Resident &resident) const;
  void setAside(Resident *resident);
  void end(Resident *resident);
  /// Those that wait will wait for ever: if there are some, the grid is over.
  void endWaiting(const std::string &why);

  void report(ExecutionReport &report);
  const Status &status() const { return failure; }
  /// "kernel `k` (2 of 64 blocks have begun)".
  std::string describe() const;

  const Launch launch;
  const unsigned workers;
  /// Of the machine, that a cluster takes; how many multiprocessors there are
  /// and how many blocks each has.
  double share = 0;
  uint32_t multiprocessors = 1, blocksEach = 1;

private:
  using Found = std::map<uint64_t, std::vector<Hazard>>; // by cluster
  void keep(uint64_t index, std::vector<Hazard> found, Found &into);
  void stopAt(uint64_t index, Status why);
  void print(uint64_t index, std::string text);
  Dim3 firstOf(uint64_t index) const;
  Status outOfMemory(uint64_t index, uint64_t bytes) const;
  bool pay();

  const Options options;
  const uint64_t bytesEach;
  Dim3 clusters;
  uint64_t total, next = 0, resident = 0, paid;
  std::vector<std::unique_ptr<Resident>> places;
  std::vector<Resident *> free;
  std::deque<Resident *> aside;
  Found hazards, warnings;
  // What clusters printed that others, before them, may still precede.
  std::map<uint64_t, std::string> printed;
  uint64_t nextToPrint = 0;
  // The first cluster that could not go on, and why.
  uint64_t stopped = UINT64_MAX;
  Status failure;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_RUN_GRID_H
