//===- Grid.cpp - The clusters of one launch ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Run/Grid.h"
#include "Decode/Chips.h"
#include "Run/CounterReport.h"
#include "Run/LaunchShape.h"

#include <algorithm>

using namespace attnrt;
using namespace attnrt::sim;

/// Instructions of a cluster after which the next one of its grid begins, since
/// it may be that one that the first waits for.
static constexpr uint64_t kPatience = uint64_t(1) << 26;

std::vector<Observer *> Resident::observers() {
  std::vector<Observer *> out;
  for (auto &checker : checkers)
    out.push_back(checker.get());
  return out;
}

Resident::Resident(const Launch &launch, const Options &options)
    : log(options.maxHazards, options.disabledChecks, options.strict),
      checkers(makeCheckers(log)),
      cluster(launch, observers(), options.completion, options.seed),
      run(cluster, {options.seed, options.maxWarpInstructionsPerCta}, log) {}

static Dim3 clustersOf(const LaunchShape &shape) {
  const Dim3 &grid = shape.grid, &cluster = shape.cluster;
  return {grid.x / cluster.x, grid.y / cluster.y, grid.z / cluster.z};
}

static uint64_t volume(const Dim3 &dim) {
  return uint64_t(dim.x) * dim.y * dim.z;
}

Grid::Grid(Launch from, const Options &options, unsigned workers,
           uint64_t bytesEach)
    : launch(std::move(from)), workers(workers), options(options),
      bytesEach(bytesEach), clusters(clustersOf(launch.shape)),
      total(volume(clusters)), paid(workers) {
  multiprocessors = chipOf(launch.program.target).multiprocessors;
  blocksEach =
      blocksOfMultiprocessor(launch.program, launch.kernel, launch.shape);
  share = double(volume(launch.shape.cluster)) / multiprocessors / blocksEach;
}

Grid::~Grid() {
  places.clear();
  launch.heap.budget.give(paid * bytesEach);
}

/// The first CTA of a cluster.
Dim3 Grid::firstOf(uint64_t index) const {
  const Dim3 &cluster = launch.shape.cluster;
  Dim3 id;
  id.x = index % clusters.x * cluster.x;
  id.y = index / clusters.x % clusters.y * cluster.y;
  id.z = index / clusters.x / clusters.y * cluster.z;
  return id;
}

//===----------------------------------------------------------------------===//
// What to run
//===----------------------------------------------------------------------===//

template <typename Wanted>
static Resident *takeFrom(std::deque<Resident *> &aside, Wanted wanted) {
  auto found = std::find_if(aside.begin(), aside.end(), wanted);
  if (found == aside.end())
    return nullptr;
  Resident *resident = *found;
  aside.erase(found);
  return resident;
}

Resident *Grid::takeReady() {
  return takeFrom(aside,
                  [](Resident *r) { return !r->waits && r->patience > 0; });
}

Resident *Grid::takeWaiting(uint64_t happened) {
  return takeFrom(
      aside, [=](Resident *r) { return r->waits && r->asked != happened; });
}

Resident *Grid::takeImpatient() {
  Resident *resident = takeFrom(aside, [](Resident *r) { return !r->waits; });
  if (resident)
    resident->patience = kPatience;
  return resident;
}

/// Whether there is memory for one more.
bool Grid::pay() {
  if (places.size() < paid)
    return true;
  if (!launch.heap.budget.take(bytesEach).isOk())
    return false;
  ++paid;
  return true;
}

Resident *Grid::takeNew() {
  if (!hasNew())
    return nullptr;
  if (free.empty()) {
    if (!pay())
      return nullptr;
    places.push_back(std::make_unique<Resident>(launch, options));
    free.push_back(places.back().get());
  }
  Resident *taken = free.back();
  free.pop_back();
  taken->index = next++;
  taken->patience = kPatience;
  taken->waits = false;
  ++resident;
  return taken;
}

void Grid::place(Resident &resident) const {
  resident.cluster.reset(resident.index, firstOf(resident.index));
  resident.run.begin();
}

void Grid::setAside(Resident *resident) { aside.push_back(resident); }

//===----------------------------------------------------------------------===//
// What came of it
//===----------------------------------------------------------------------===//

/// Earlier clusters run to their end, so that the first failure is reported,
/// whatever the number of threads.
void Grid::stopAt(uint64_t index, Status why) {
  next = total;
  if (index > stopped)
    return;
  stopped = index;
  failure = std::move(why);
}

/// Writes it behind what earlier clusters print.
void Grid::print(uint64_t index, std::string text) {
  printed.emplace(index, std::move(text));
  for (auto first = printed.begin();
       first != printed.end() && first->first == nextToPrint;
       first = printed.erase(first), ++nextToPrint)
    options.print(first->second);
}

/// Keeps the hazards of the first CTAs.
void Grid::keep(uint64_t index, std::vector<Hazard> found, Found &into) {
  if (found.empty())
    return;
  into.emplace(index, std::move(found));
  while (into.size() > options.maxHazards)
    into.erase(std::prev(into.end()));
}

void Grid::end(Resident *ended) {
  uint64_t index = ended->index;
  Cluster &cluster = ended->cluster;
  if (cluster.outgrown)
    stopAt(index, outOfMemory(index, cluster.grownBytes()));
  else if (!cluster.failure.isOk())
    stopAt(index, cluster.failure);
  print(index, std::move(cluster.printed));
  keep(index, ended->log.take(), hazards);
  keep(index, ended->log.takeWarnings(), warnings);
  free.push_back(ended);
  --resident;
}

void Grid::endWaiting(const std::string &why) {
  if (aside.empty())
    return;
  next = total;
  std::sort(aside.begin(), aside.end(),
            [](Resident *a, Resident *b) { return a->index < b->index; });
  for (Resident *waiting : aside) {
    waiting->run.endWaiting(why);
    end(waiting);
  }
  aside.clear();
}

void Grid::report(ExecutionReport &report) {
  for (auto &[index, text] : printed)
    options.print(text);
  Counters counters = std::move(places[0]->cluster.counters);
  for (size_t p = 1; p < places.size(); ++p)
    counters.add(places[p]->cluster.counters);
  addCounters(launch, counters, report);
  auto move = [&](Found &from, std::vector<Hazard> &to) {
    for (auto &[index, found] : from)
      for (Hazard &hazard : found)
        if (to.size() < options.maxHazards)
          to.push_back(std::move(hazard));
  };
  move(hazards, report.hazards);
  move(warnings, report.warnings);
  report.threads = std::max(report.threads, workers);
}

std::string Grid::describe() const {
  uint64_t each = volume(launch.shape.cluster);
  return "kernel `" + launch.kernel.name + "` (" + std::to_string(next * each) +
         " of " + std::to_string(total * each) + " blocks have begun)";
}

Status Grid::outOfMemory(uint64_t index, uint64_t bytes) const {
  Dim3 id = firstOf(index);
  return Status::device(
      "out of device memory: copies in flight and strong accesses of CTA (" +
      std::to_string(id.x) + ", " + std::to_string(id.y) + ", " +
      std::to_string(id.z) + ") asked for " + std::to_string(bytes) +
      " bytes, there are " + std::to_string(launch.growthLimit));
}
