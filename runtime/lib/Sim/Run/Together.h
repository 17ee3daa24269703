//===- Together.h - Runs grids together -------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Host threads take clusters of the grids in turn. One that waits for memory
// which only others write is set aside, and others begin, as many as the
// machine has room for. It is asked again when something has happened. When all
// wait and nothing has happened since, nobody will ever go on.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_RUN_TOGETHER_H
#define ATTNRT_SIM_RUN_TOGETHER_H

#include "Run/Grid.h"

#include <condition_variable>
#include <mutex>

namespace attnrt::sim {

class Together {
public:
  explicit Together(uint64_t seed) : seed(seed), turn(seed) {}

  void add(Grid &grid) { grids.push_back(&grid); }
  bool isEmpty() const { return grids.empty(); }
  /// Runs until a grid is over, which it gives back, or all wait: null.
  Grid *run();
  /// Ends the grids that wait, with hazards.
  void endWaiting();

private:
  struct Choice {
    Grid *grid = nullptr;
    Resident *resident = nullptr;
    bool isNew = false;
  };
  void work();
  Choice choose();
  Choice chooseOf(Grid &grid);
  void settle(const Choice &choice, ClusterRun::Outcome outcome,
              uint64_t before);
  uint64_t quantum();
  bool hasRoom(const Grid &grid) const;
  std::string whyNobody(const Grid &grid) const;

  uint64_t seed, turn;
  uint64_t draws = 0;
  std::vector<Grid *> grids;
  std::mutex lock;
  std::condition_variable changed;
  std::atomic<bool> hurry{false};
  bool done = false;
  unsigned busy = 0;
  uint64_t happened = 0; // what some cluster may wait for
  double used = 0;       // of the machine
  bool askFirst = false;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_RUN_TOGETHER_H
