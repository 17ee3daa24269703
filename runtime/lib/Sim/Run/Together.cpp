//===- Together.cpp - Runs grids together ---------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Run/Together.h"

#include <algorithm>
#include <thread>

using namespace attnrt;
using namespace attnrt::sim;

/// Warp instructions of a cluster before others have their turn, and where
/// there is no other grid and no cluster that waits.
static constexpr uint64_t kShared = uint64_t(1) << 16;
static constexpr uint64_t kAlone = uint64_t(1) << 26;

/// With a seed, turns are shorter by a number that is drawn.
uint64_t Together::quantum() {
  if (grids.size() < 2 && !grids[0]->hasAside())
    return kAlone;
  if (!seed)
    return kShared;
  uint64_t z = (seed + ++draws) * 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  return kShared / (1 + (z ^ z >> 31) % 64);
}

bool Together::hasRoom(const Grid &grid) const {
  constexpr double kRounding = 1e-6;
  return used == 0 || used + grid.share <= 1 + kRounding;
}

/// Those that waited and others in turn.
Together::Choice Together::chooseOf(Grid &grid) {
  askFirst = !askFirst;
  Resident *found = askFirst ? grid.takeWaiting(happened) : nullptr;
  if (!found)
    found = grid.takeReady();
  if (found)
    return {&grid, found, false};
  found = hasRoom(grid) ? grid.takeNew() : nullptr;
  if (found) {
    used += grid.share;
    return {&grid, found, true};
  }
  found = grid.takeWaiting(happened);
  return {&grid, found ? found : grid.takeImpatient(), false};
}

Together::Choice Together::choose() {
  for (size_t i = 0; i < grids.size(); ++i) {
    size_t which = (turn + i) % grids.size();
    Choice choice = chooseOf(*grids[which]);
    if (!choice.resident)
      continue;
    turn = which + 1;
    return choice;
  }
  return {};
}

void Together::settle(const Choice &choice, ClusterRun::Outcome outcome,
                      uint64_t before) {
  auto [grid, resident, isNew] = choice;
  bool isOver = outcome == ClusterRun::Outcome::Ended;
  uint64_t own = isOver || resident->run.worked();
  happened += own;
  if (!isOver) {
    resident->waits = outcome == ClusterRun::Outcome::Waits;
    // What it did itself, it has seen.
    resident->asked = happened == before + own ? happened : before;
    grid->setAside(resident);
    return;
  }
  grid->end(resident);
  used = std::max(0.0, used - grid->share);
  if (grid->isOver())
    done = hurry = true;
}

void Together::work() {
  std::unique_lock<std::mutex> guard(lock);
  while (!done) {
    Choice choice = choose();
    if (!choice.resident) {
      if (!busy) {
        done = true;
        changed.notify_all();
        return;
      }
      changed.wait(guard);
      continue;
    }
    ++busy;
    uint64_t before = happened, most = quantum();
    Resident &resident = *choice.resident;
    guard.unlock();
    if (choice.isNew)
      choice.grid->place(resident);
    ClusterRun::Outcome outcome = resident.run.run(most, hurry);
    guard.lock();
    --busy;
    resident.patience -= std::min(resident.patience, most);
    settle(choice, outcome, before);
    changed.notify_all();
  }
}

Grid *Together::run() {
  auto over = [](Grid *grid) { return grid->isOver(); };
  auto found = std::find_if(grids.begin(), grids.end(), over);
  if (found == grids.end() && !grids.empty()) {
    done = hurry = false;
    ++happened; // whatever the host did
    unsigned wanted = 1;
    for (const Grid *grid : grids)
      wanted = std::max(wanted, grid->workers);
    std::vector<std::thread> workers;
    for (unsigned t = 1; t < wanted; ++t)
      workers.emplace_back([this] { work(); });
    work();
    for (std::thread &worker : workers)
      worker.join();
    found = std::find_if(grids.begin(), grids.end(), over);
  }
  if (found == grids.end())
    return nullptr;
  Grid *grid = *found;
  grids.erase(found);
  return grid;
}

/// What else there is, and what could not begin.
std::string Together::whyNobody(const Grid &grid) const {
  std::string out;
  for (const Grid *other : grids)
    if (other != &grid)
      out += "; " + other->describe() + " waits, too";
  if (!grid.hasNew())
    return out;
  out += "; of " + grid.describe();
  if (hasRoom(grid))
    return out + ", and there is no memory for one more";
  return out + ", as many as " + std::to_string(grid.multiprocessors) +
         " multiprocessors with room for " + std::to_string(grid.blocksEach) +
         " each have at a time";
}

void Together::endWaiting() {
  std::vector<std::string> why;
  for (const Grid *grid : grids)
    why.push_back(whyNobody(*grid));
  for (size_t g = 0; g < grids.size(); ++g)
    grids[g]->endWaiting(why[g]);
  used = 0;
}
