//===- Simulator.cpp - The simulator's front door -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Run/Simulator.h"
#include "Check/Checkers.h"
#include "Decode/Chips.h"
#include "Machine/TensorMap.h"
#include "Ops/Dispatch.h"
#include "Run/CounterReport.h"
#include "Run/HeapAccess.h"
#include "Run/Scheduler.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

using namespace attnrt;
using namespace attnrt::sim;

Expected<std::shared_ptr<const Program>>
attnrt::sim::decode(std::string_view ptx) {
  return decodeProgram(ptx, hostBinder());
}

std::vector<KernelInfo> attnrt::sim::kernelsOf(const Program &program) {
  std::vector<KernelInfo> out;
  for (const sim::Kernel &kernel : program.kernels) {
    KernelInfo info;
    info.name = kernel.name;
    for (const ptx::Variable &param : kernel.params)
      info.params.push_back({static_cast<uint32_t>(param.bytes), param.align});
    info.staticSharedBytes = kernel.staticSharedBytes;
    info.maxThreads = kernel.maxThreads;
    out.push_back(std::move(info));
  }
  return out;
}

static std::string describe(const Dim3 &dim) {
  return std::to_string(dim.x) + "x" + std::to_string(dim.y) + "x" +
         std::to_string(dim.z);
}

static bool equals(const uint32_t (&declared)[3], const Dim3 &dim) {
  return declared[0] == dim.x && declared[1] == dim.y && declared[2] == dim.z;
}

/// Says what is wrong with block and grid; empty if nothing is.
static std::string checkThreads(const sim::Kernel &kernel,
                                const LaunchShape &shape) {
  const Dim3 &block = shape.block, &grid = shape.grid;
  uint64_t threads = uint64_t(block.x) * block.y * block.z;
  if (!threads || block.x > 1024 || block.y > 1024 || block.z > 64 ||
      threads > 1024)
    return "expected a block of 1 to 1024 threads, got " + describe(block);
  if (!grid.x || !grid.y || !grid.z || grid.x > 0x7fffffff || grid.y > 65535 ||
      grid.z > 65535)
    return "expected a grid up to 2147483647x65535x65535, got " +
           describe(grid);
  if (kernel.maxThreads && threads > kernel.maxThreads)
    return "expected at most " + std::to_string(kernel.maxThreads) +
           " threads (.maxntid), got " + std::to_string(threads);
  if (kernel.requiredThreads[0] && !equals(kernel.requiredThreads, block))
    return "the block differs from .reqntid";
  return "";
}

static std::string checkCluster(const Program &program,
                                const sim::Kernel &kernel,
                                const LaunchShape &shape) {
  const Dim3 &cluster = shape.cluster, &grid = shape.grid;
  uint64_t ctas = uint64_t(cluster.x) * cluster.y * cluster.z;
  if (ctas > 1 && !chipOf(program.target).hasClusters)
    return "clusters need target sm_90 or newer, this is " + program.target;
  if (!ctas || ctas > kMaxClusterSize || grid.x % cluster.x ||
      grid.y % cluster.y || grid.z % cluster.z)
    return "expected a cluster of 1 to 16 blocks that divides the grid";
  if (kernel.requiredCluster[0] && !equals(kernel.requiredCluster, cluster))
    return "the cluster differs from .reqnctapercluster";
  return "";
}

static std::string checkSharedMemory(const Program &program,
                                     const sim::Kernel &kernel,
                                     const LaunchShape &shape) {
  uint64_t shared =
      uint64_t(kernel.staticSharedBytes) + shape.dynamicSharedBytes;
  const Chip &chip = chipOf(program.target);
  if (shared <= chip.sharedBytes)
    return "";
  return "expected at most " + std::to_string(chip.sharedBytes) +
         " bytes of shared memory, got " + std::to_string(shared) + " (" +
         program.target + ", " + chip.name + ")";
}

static Status checkShape(const Program &program, const sim::Kernel &kernel,
                         const LaunchShape &shape) {
  std::string wrong = checkThreads(kernel, shape);
  if (wrong.empty())
    wrong = checkCluster(program, kernel, shape);
  if (wrong.empty())
    wrong = checkSharedMemory(program, kernel, shape);
  if (wrong.empty())
    return Status::ok();
  return Status::badInput("cannot launch `" + kernel.name + "`: " + wrong);
}

/// What an initial value that names a variable or a function is.
static uint64_t addressOf(const Program &program,
                          const std::vector<uint64_t> &addresses,
                          const std::string &name) {
  for (size_t v = 0; v < program.variables.size(); ++v)
    if (program.variables[v].name == name)
      return addresses[v];
  for (size_t f = 0; f < program.functions.size(); ++f)
    if (program.functions[f] == name)
      return kCodeWindow | f;
  return 0;
}

/// Module variables get their memory when a program first runs on a heap.
static Status placeVariables(const Program &program, sim::Heap &heap,
                             std::vector<uint64_t> &addresses) {
  auto known = heap.modules.find(program.id);
  if (known != heap.modules.end()) {
    addresses = known->second;
    return Status::ok();
  }
  for (const ptx::Variable &var : program.variables) {
    if (var.space == ptx::Space::Shared) {
      addresses.push_back(0);
      continue;
    }
    Expected<uint64_t> address = heap.allocate(var.bytes);
    if (!address) {
      for (uint64_t placed : addresses)
        if (placed)
          (void)heap.drop(placed, /*owned=*/true);
      return address.status();
    }
    addresses.push_back(*address);
    // Variables without an initial value are zero, as the ISA says.
    std::memset(reinterpret_cast<void *>(*address), 0, var.bytes);
    if (!var.initial.empty())
      std::memcpy(reinterpret_cast<void *>(*address), var.initial.data(),
                  var.initial.size());
    heap.find(*address)->setInit(*address, var.bytes);
  }
  for (size_t v = 0; v < program.variables.size(); ++v)
    for (const ptx::Relocation &where : program.variables[v].relocations) {
      uint64_t value = addressOf(program, addresses, where.symbol) +
                       static_cast<uint64_t>(where.addend);
      std::memcpy(reinterpret_cast<void *>(addresses[v] + where.offset), &value,
                  where.bytes);
    }
  heap.modules[program.id] = addresses;
  return Status::ok();
}

/// Where there is no room for it, malloc gives nothing.
static void openDeviceHeap(sim::Heap &heap) {
  if (Expected<uint64_t> address = heap.allocate(DeviceHeap::kBytes))
    heap.deviceHeap.open(*heap.find(*address));
}

static std::vector<uint8_t> packParams(const sim::Kernel &kernel,
                                       void *const *params) {
  std::vector<uint8_t> out(kernel.paramBytes + 16, 0);
  for (size_t p = 0; p < kernel.params.size(); ++p)
    std::memcpy(&out[kernel.paramOffsets[p]], params[p],
                kernel.params[p].bytes);
  return out;
}

namespace {
/// The clusters of a grid, shared among workers. Reports come out in order.
class Grid {
public:
  Grid(const Launch &launch, const Options &options)
      : launch(launch), options(options) {
    const Dim3 &grid = launch.shape.grid, &cluster = launch.shape.cluster;
    clusters = {grid.x / cluster.x, grid.y / cluster.y, grid.z / cluster.z};
    total = uint64_t(clusters.x) * clusters.y * clusters.z;
  }
  void run(unsigned threads);
  void report(ExecutionReport &report);
  const Status &status() const { return failure; }

private:
  using Found = std::map<uint64_t, std::vector<Hazard>>; // by cluster
  void work();
  void keep(uint64_t index, std::vector<Hazard> found, Found &into);
  void stopAt(uint64_t index, Status why);
  void print(uint64_t index, std::string text);
  Dim3 firstOf(uint64_t index) const;
  Status outOfMemory(uint64_t index, uint64_t bytes) const;

  const Launch &launch;
  const Options &options;
  Dim3 clusters;
  uint64_t total;
  std::atomic<uint64_t> next{0};
  std::mutex lock;
  Found hazards, warnings;
  // What clusters printed that others, before them, may still precede.
  std::map<uint64_t, std::string> printed;
  uint64_t nextToPrint = 0;
  std::optional<Counters> counters; // of the workers that have ended
  // The first cluster that could not go on, and why.
  uint64_t stopped = UINT64_MAX;
  Status failure;
};
} // namespace

/// The first CTA of a cluster.
Dim3 Grid::firstOf(uint64_t index) const {
  const Dim3 &cluster = launch.shape.cluster;
  Dim3 id;
  id.x = index % clusters.x * cluster.x;
  id.y = index / clusters.x % clusters.y * cluster.y;
  id.z = index / clusters.x / clusters.y * cluster.z;
  return id;
}

/// Earlier clusters run to their end, so that the first failure is reported,
/// whatever the number of threads.
void Grid::stopAt(uint64_t index, Status why) {
  next = total;
  std::lock_guard<std::mutex> guard(lock);
  if (index > stopped)
    return;
  stopped = index;
  failure = std::move(why);
}

/// Writes it behind what earlier clusters print.
void Grid::print(uint64_t index, std::string text) {
  std::lock_guard<std::mutex> guard(lock);
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
  std::lock_guard<std::mutex> guard(lock);
  into.emplace(index, std::move(found));
  while (into.size() > options.maxHazards)
    into.erase(std::prev(into.end()));
}

void Grid::work() {
  HazardLog log(options.maxHazards, options.disabledChecks, options.strict);
  std::vector<std::unique_ptr<Checker>> checkers = makeCheckers(log);
  std::vector<Observer *> observers;
  for (auto &checker : checkers)
    observers.push_back(checker.get());
  Cluster cluster(launch, observers, options.completion, options.seed);
  Schedule schedule{options.seed, options.maxWarpInstructionsPerCta};
  for (uint64_t index; (index = next++) < total;) {
    cluster.reset(index, firstOf(index));
    runCluster(cluster, schedule, log);
    if (cluster.outgrown)
      stopAt(index, outOfMemory(index, cluster.grownBytes()));
    else if (!cluster.failure.isOk())
      stopAt(index, cluster.failure);
    print(index, std::move(cluster.printed));
    keep(index, log.take(), hazards);
    keep(index, log.takeWarnings(), warnings);
  }
  std::lock_guard<std::mutex> guard(lock);
  if (counters)
    counters->add(cluster.counters);
  else
    counters = std::move(cluster.counters);
}

void Grid::run(unsigned threads) {
  std::vector<std::thread> workers;
  for (unsigned t = 1; t < threads; ++t)
    workers.emplace_back([this] { work(); });
  work();
  for (std::thread &worker : workers)
    worker.join();
}

void Grid::report(ExecutionReport &report) {
  addCounters(launch, *counters, report);
  auto move = [&](Found &from, std::vector<Hazard> &to) {
    for (auto &[index, found] : from)
      for (Hazard &hazard : found)
        if (to.size() < options.maxHazards)
          to.push_back(std::move(hazard));
  };
  move(hazards, report.hazards);
  move(warnings, report.warnings);
}

Status Grid::outOfMemory(uint64_t index, uint64_t bytes) const {
  Dim3 id = firstOf(index);
  return Status::device(
      "out of device memory: copies in flight and strong accesses of CTA (" +
      std::to_string(id.x) + ", " + std::to_string(id.y) + ", " +
      std::to_string(id.z) + ") asked for " + std::to_string(bytes) +
      " bytes, there are " + std::to_string(launch.growthLimit));
}

namespace {
/// Memory for the workers of a launch, as many of those wanted as fit.
class WorkerMemory {
public:
  WorkerMemory(MemoryBudget &budget, uint64_t bytesEach)
      : budget(budget), bytesEach(bytesEach) {}
  ~WorkerMemory() { budget.give(taken); }
  /// At least one, or an error.
  Expected<unsigned> take(unsigned wanted) {
    uint64_t fit = budget.left() / bytesEach;
    unsigned workers = static_cast<unsigned>(
        std::max<uint64_t>(1, std::min<uint64_t>(wanted, fit)));
    Status status = budget.take(workers * bytesEach);
    if (!status.isOk())
      return status;
    taken = workers * bytesEach;
    return workers;
  }

private:
  MemoryBudget &budget;
  uint64_t bytesEach, taken = 0;
};
} // namespace

/// State of a cluster with its shadow.
static uint64_t bytesOfWorker(const sim::Kernel &kernel,
                              const LaunchShape &shape) {
  const Dim3 &cluster = shape.cluster;
  uint64_t ctas = uint64_t(cluster.x) * cluster.y * cluster.z;
  return ctas *
             (Cta::bytesFor(kernel, shape) + bytesOfCheckers(kernel, shape)) +
         Counters::bytesFor(kernel, Cta::warpsOf(shape));
}

/// Host threads for a grid, before anybody asks for memory.
static unsigned threadsFor(const Options &options, const Dim3 &grid) {
  uint64_t ctas = uint64_t(grid.x) * grid.y * grid.z;
  uint64_t threads =
      options.threads ? options.threads : std::thread::hardware_concurrency();
  return static_cast<unsigned>(
      std::max<uint64_t>(1, std::min<uint64_t>(threads, ctas)));
}

void attnrt::sim::printToStdout(const std::string &text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

Status attnrt::sim::encode(const TensorMap &map, void *encoded) {
  return encodeTensorMap(map, encoded);
}

Status attnrt::sim::run(const Program &program, std::string_view name,
                        const LaunchShape &asked, void *const *params,
                        GlobalMemory &memory, const Options &options,
                        ExecutionReport &report) {
  const sim::Kernel *kernel = program.find(name);
  if (!kernel)
    return Status::badInput("no kernel `" + std::string(name) +
                            "` in the module");
  if (!kernel->refusal.isOk())
    return kernel->refusal;
  LaunchShape shape = asked;
  const uint32_t *declared = kernel->requiredCluster;
  Dim3 &cluster = shape.cluster;
  if (declared[0] && uint64_t(cluster.x) * cluster.y * cluster.z == 1)
    cluster = {declared[0], declared[1], declared[2]};
  Status status = checkShape(program, *kernel, shape);
  if (!status.isOk())
    return status;
  sim::Heap &heap = memory.heap();
  std::vector<uint64_t> addresses;
  {
    std::unique_lock<std::shared_mutex> guard(heap.lock);
    status = placeVariables(program, heap, addresses);
    if (!status.isOk())
      return status;
    if (kernel->usesHeap && !heap.deviceHeap.arena())
      openDeviceHeap(heap);
  }
  std::shared_lock<std::shared_mutex> guard(heap.lock);
  WorkerMemory state(heap.budget, bytesOfWorker(*kernel, shape));
  Expected<unsigned> threads = state.take(threadsFor(options, shape.grid));
  if (!threads)
    return threads.status();
  Launch launch{program,
                *kernel,
                shape,
                heap,
                packParams(*kernel, params),
                std::move(addresses),
                heap.budget.left() / *threads,
                heap.nextTurn()};
  launch.arithmetic = options.arithmetic;
  if (kernel->waitsForGrid)
    launch.writtenBefore = heap.writtenBy(launch.turn - 1);
  Grid grid(launch, options);
  auto begin = std::chrono::steady_clock::now();
  grid.run(*threads);
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  grid.report(report);
  report.seconds += took.count();
  report.threads = std::max(report.threads, *threads);
  return grid.status();
}
