//===- SimQueues.cpp - Streams of the simulator ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device/Sim/SimQueues.h"

using namespace attnrt;

using Guard = std::lock_guard<std::mutex>;

void SimQueues::know(void *stream) {
  Guard guard(mutex);
  known.insert(stream);
}

void SimQueues::forget(void *stream) {
  Guard guard(mutex);
  forgotten.insert(stream);
  dropForgotten();
}

void SimQueues::dropForgotten() {
  for (auto stream = forgotten.begin(); stream != forgotten.end();) {
    auto queue = queues.find(*stream);
    if (queue != queues.end() && !queue->second.isDone()) {
      ++stream;
      continue;
    }
    known.erase(*stream);
    queues.erase(*stream);
    stream = forgotten.erase(stream);
  }
}

SimQueues::Queue &SimQueues::queueOf(void *stream) {
  return queues[known.count(stream) ? stream : nullptr];
}

void SimQueues::note(const Status &status) {
  if (error.isOk() && !status.isOk())
    error = status;
}

//===----------------------------------------------------------------------===//
// Progress
//===----------------------------------------------------------------------===//

static Status about(const std::string &kernel, const Status &status) {
  return Status(status.code(), "kernel " + kernel + ": " + status.message());
}

void SimQueues::begin(void *stream, Queue &queue, Item item) {
  Expected<uint64_t> turn = executor.begin(
      item.request, reinterpret_cast<uint64_t>(stream), queue.lastTurn);
  if (!turn)
    return note(about(item.name, turn.status()));
  queue.lastTurn = *turn;
  queue.running = std::move(item);
}

/// Does the next thing of the queue, if it can be done now.
bool SimQueues::advance(void *stream, Queue &queue) {
  if (queue.items.empty() || queue.running)
    return false;
  if (queue.items.front().kind == Item::Wait && !*queue.items.front().marker)
    return false;
  Item item = std::move(queue.items.front());
  queue.items.pop_front();
  switch (item.kind) {
  case Item::Launch:
    begin(stream, queue, std::move(item));
    break;
  case Item::Work:
    note(item.work());
    break;
  case Item::Record:
    *item.marker = true;
    break;
  case Item::Wait:
    break;
  }
  return true;
}

void SimQueues::advanceAll() {
  bool any = true;
  while (any) {
    any = false;
    for (auto &[stream, queue] : queues)
      while (advance(stream, queue))
        any = true;
  }
}

static std::string describe(const Hazard &hazard) {
  std::string line = hazard.ptxLine > 0
                         ? " at PTX line " + std::to_string(hazard.ptxLine)
                         : "";
  return hazard.kind + line + ": " + hazard.message;
}

void SimQueues::finish(const sim::Executor::Ended &ended) {
  Queue &queue = queues[reinterpret_cast<void *>(ended.id)];
  std::string name = queue.running->name;
  queue.running.reset();
  if (!ended.status.isOk())
    return note(about(name, ended.status));
  size_t hazards = report.hazards.size() - ended.firstHazard;
  if (hazards)
    note(Status::wrong("kernel " + name + ": " + std::to_string(hazards) +
                       (hazards == 1 ? " hazard" : " hazards, the first") +
                       ": " + describe(report.hazards[ended.firstHazard])));
}

/// Grids keep what they found of allocations.
void SimQueues::freeDeferred() {
  if (!executor.isIdle())
    return;
  for (DeviceAddress address : toFree)
    note(memory.free(address));
  toFree.clear();
}

/// Runs what there is until `done`. Where nobody can go on, that is the end of
/// all that runs, unless it may wait for what is still to come.
template <typename Done>
void SimQueues::drive(Done done, bool mayWait) {
  for (;;) {
    advanceAll();
    freeDeferred();
    if (done() || executor.isIdle())
      return;
    if (std::optional<sim::Executor::Ended> ended = executor.run(report))
      finish(*ended);
    else if (mayWait)
      return;
    else
      executor.endWaiting();
  }
}

//===----------------------------------------------------------------------===//
// Work
//===----------------------------------------------------------------------===//

Status SimQueues::launch(const SimKernel &kernel, const LaunchShape &shape,
                         void *const *params, void *stream) {
  Expected<sim::LaunchRequest> request =
      sim::prepare(*kernel.program, kernel.name, shape, params);
  if (!request)
    return about(kernel.name, request.status());
  Item item;
  item.kind = Item::Launch;
  item.request = std::move(*request);
  item.program = kernel.program;
  item.name = kernel.name;
  Guard guard(mutex);
  Queue &queue = queueOf(stream);
  queue.items.push_back(std::move(item));
  if (known.count(stream))
    return Status::ok();
  dropForgotten();
  drive([&] { return queue.isDone(); }, /*mayWait=*/!known.empty());
  return takeError();
}

Status SimQueues::enqueue(std::function<Status()> work, void *stream) {
  Guard guard(mutex);
  Queue &queue = queueOf(stream);
  if (queue.isDone())
    return work();
  Item item;
  item.work = std::move(work);
  queue.items.push_back(std::move(item));
  return Status::ok();
}

Status SimQueues::free(DeviceAddress address, void *stream) {
  Guard guard(mutex);
  Queue &queue = queueOf(stream);
  if (queue.isDone() && executor.isIdle())
    return memory.free(address);
  Item item;
  item.work = [this, address] {
    toFree.push_back(address);
    return Status::ok();
  };
  queue.items.push_back(std::move(item));
  return Status::ok();
}

SimQueues::Marker SimQueues::record(void *stream) {
  Guard guard(mutex);
  Queue &queue = queueOf(stream);
  auto marker = std::make_shared<bool>(queue.isDone());
  if (*marker)
    return marker;
  Item item;
  item.kind = Item::Record;
  item.marker = marker;
  queue.items.push_back(std::move(item));
  return marker;
}

void SimQueues::wait(void *stream, Marker marker) {
  Guard guard(mutex);
  if (*marker)
    return;
  Item item;
  item.kind = Item::Wait;
  item.marker = std::move(marker);
  queueOf(stream).items.push_back(std::move(item));
}

//===----------------------------------------------------------------------===//
// Synchronisation
//===----------------------------------------------------------------------===//

Status SimQueues::synchronize(void *stream) {
  Guard guard(mutex);
  Queue &queue = queueOf(stream);
  drive([&] { return queue.isDone(); }, /*mayWait=*/false);
  return takeError();
}

Status SimQueues::synchronize(const Marker &marker) {
  Guard guard(mutex);
  drive([&] { return *marker; }, /*mayWait=*/false);
  return takeError();
}

Status SimQueues::synchronizeAll() {
  Guard guard(mutex);
  drive([] { return false; }, /*mayWait=*/false);
  return takeError();
}

bool SimQueues::isDone(void *stream) {
  Guard guard(mutex);
  return queueOf(stream).isDone();
}

ExecutionReport SimQueues::takeReport() {
  Guard guard(mutex);
  drive([] { return false; }, /*mayWait=*/false);
  return std::exchange(report, ExecutionReport());
}
