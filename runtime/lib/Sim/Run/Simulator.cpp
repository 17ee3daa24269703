//===- Simulator.cpp - The simulator's front door -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Run/Simulator.h"
#include "Machine/TensorMap.h"
#include "Machine/WarpState.h"
#include "Ops/Dispatch.h"
#include "Run/HeapAccess.h"
#include "Run/LaunchShape.h"
#include "Run/Together.h"
#include "Run/Variables.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <shared_mutex>
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

/// State of a cluster with its shadow.
static uint64_t bytesOfWorker(const sim::Kernel &kernel,
                              const LaunchShape &shape) {
  const Dim3 &cluster = shape.cluster;
  uint64_t ctas = uint64_t(cluster.x) * cluster.y * cluster.z;
  return ctas *
             (Cta::bytesFor(kernel, shape) + bytesOfCheckers(kernel, shape)) +
         Counters::bytesFor(kernel, Cta::warpsOf(shape)) +
         WarpState::bytesFor(kernel);
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

Expected<LaunchRequest> attnrt::sim::prepare(const Program &program,
                                             std::string_view name,
                                             const LaunchShape &shape,
                                             void *const *params) {
  const sim::Kernel *kernel = program.find(name);
  if (!kernel)
    return Status::badInput("no kernel `" + std::string(name) +
                            "` in the module");
  if (!kernel->refusal.isOk())
    return kernel->refusal;
  LaunchRequest request{&program, kernel, completeShape(*kernel, shape), {}};
  Status status = checkShape(program, *kernel, request.shape);
  if (!status.isOk())
    return status;
  request.params = packParams(*kernel, params);
  return request;
}

//===----------------------------------------------------------------------===//
// Execution
//===----------------------------------------------------------------------===//

struct Executor::State {
  State(sim::Heap &heap, const Options &options)
      : heap(heap), options(options), together(options.seed) {}
  Status place(const LaunchRequest &request, std::vector<uint64_t> &addresses);

  sim::Heap &heap;
  const Options options;
  Together together;
  std::map<Grid *, std::pair<uint64_t, std::unique_ptr<Grid>>> grids; // by id
};

Executor::Executor(GlobalMemory &memory, const Options &options)
    : state(std::make_unique<State>(memory.heap(), options)) {}
Executor::~Executor() = default;

bool Executor::isIdle() const { return state->grids.empty(); }

Status Executor::State::place(const LaunchRequest &request,
                              std::vector<uint64_t> &addresses) {
  std::unique_lock<std::shared_mutex> guard(heap.lock);
  Status status = placeVariables(*request.program, heap, addresses);
  if (!status.isOk())
    return status;
  if (request.kernel->usesHeap && !heap.deviceHeap.arena())
    openDeviceHeap(heap);
  return Status::ok();
}

/// Pays for as many workers of those wanted as fit, or one.
static Expected<unsigned> takeWorkers(MemoryBudget &budget, unsigned wanted,
                                      uint64_t bytesEach) {
  uint64_t fit = budget.left() / bytesEach;
  unsigned workers = static_cast<unsigned>(
      std::max<uint64_t>(1, std::min<uint64_t>(wanted, fit)));
  Status status = budget.take(workers * bytesEach);
  if (!status.isOk())
    return status;
  return workers;
}

Expected<uint64_t> Executor::begin(const LaunchRequest &request, uint64_t id,
                                   std::optional<uint64_t> behind) {
  sim::Heap &heap = state->heap;
  const sim::Kernel &kernel = *request.kernel;
  std::vector<uint64_t> addresses;
  Status status = state->place(request, addresses);
  if (!status.isOk())
    return status;
  uint64_t bytesEach = bytesOfWorker(kernel, request.shape);
  Expected<unsigned> workers = takeWorkers(
      heap.budget, threadsFor(state->options, request.shape.grid), bytesEach);
  if (!workers)
    return workers.status();
  Launch launch{*request.program,
                kernel,
                request.shape,
                heap,
                request.params,
                std::move(addresses),
                heap.budget.left() / *workers,
                heap.nextTurn()};
  uint64_t turn = launch.turn;
  launch.arithmetic = state->options.arithmetic;
  if (kernel.waitsForGrid && turn > 1 && behind.value_or(turn - 1) == turn - 1)
    launch.writtenBefore = heap.writtenBy(turn - 1);
  auto grid = std::make_unique<Grid>(std::move(launch), state->options,
                                     *workers, bytesEach);
  Grid *key = grid.get();
  state->together.add(*grid);
  state->grids.emplace(key, std::pair(id, std::move(grid)));
  return turn;
}

std::optional<Executor::Ended> Executor::run(ExecutionReport &report) {
  auto begin = std::chrono::steady_clock::now();
  Grid *over;
  {
    std::shared_lock<std::shared_mutex> guard(state->heap.lock);
    over = state->together.run();
  }
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  report.seconds += took.count();
  if (!over)
    return std::nullopt;
  auto known = state->grids.find(over);
  size_t hazards = report.hazards.size();
  over->report(report);
  Ended ended{known->second.first, over->status(), hazards};
  state->grids.erase(known);
  return ended;
}

void Executor::endWaiting() { state->together.endWaiting(); }

Status attnrt::sim::run(const Program &program, std::string_view name,
                        const LaunchShape &shape, void *const *params,
                        GlobalMemory &memory, const Options &options,
                        ExecutionReport &report) {
  Expected<LaunchRequest> request = prepare(program, name, shape, params);
  if (!request)
    return request.status();
  Executor executor(memory, options);
  Expected<uint64_t> begun = executor.begin(*request, 0, std::nullopt);
  if (!begun)
    return begun.status();
  std::optional<Executor::Ended> ended = executor.run(report);
  if (!ended) {
    executor.endWaiting();
    ended = executor.run(report);
  }
  return ended->status;
}
