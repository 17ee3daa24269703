//===- SimQueues.h - Streams of the simulator -------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a program queues on a stream that it made runs when somebody waits for
// it, together with what other streams have ready. Streams that nobody made,
// the default one above all, are one stream, whose launches run at once: who
// calls with memory of the host waits for nothing else. Such a launch that
// waits for another stream goes on when the other one does.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_DEVICE_SIM_SIMQUEUES_H
#define ATTNRT_DEVICE_SIM_SIMQUEUES_H

#include "Device/Sim/SimModule.h"

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>

namespace attnrt {

class SimQueues {
public:
  SimQueues(sim::GlobalMemory &memory, const sim::Options &options)
      : memory(memory), executor(memory, options) {}

  /// From now on `stream` is a stream of its own; whatever it has still runs
  /// when it is forgotten.
  void know(void *stream);
  void forget(void *stream);

  Status launch(const SimKernel &kernel, const LaunchShape &shape,
                void *const *params, void *stream);
  /// Work of the host between launches; at once where the stream has none.
  Status enqueue(std::function<Status()> work, void *stream);
  Status free(DeviceAddress address, void *stream);

  /// A place in a stream, and whether all before it is done.
  using Marker = std::shared_ptr<bool>;
  Marker record(void *stream);
  void wait(void *stream, Marker marker);

  /// Errors of what ran meanwhile, on whichever stream, surface here.
  Status synchronize(void *stream);
  Status synchronize(const Marker &marker);
  Status synchronizeAll();
  /// Whether what `stream` has is done.
  bool isDone(void *stream);

  ExecutionReport takeReport();

private:
  struct Item {
    enum Kind { Launch, Work, Record, Wait } kind = Work;
    sim::LaunchRequest request{};
    std::shared_ptr<const sim::Program> program; // of a launch
    std::string name;
    std::function<Status()> work;
    Marker marker;
  };
  struct Queue {
    std::deque<Item> items;
    std::optional<Item> running; // a launch
    uint64_t lastTurn = 0;
    bool isDone() const { return items.empty() && !running; }
  };

  Queue &queueOf(void *stream);
  void dropForgotten();
  bool advance(void *stream, Queue &queue);
  void advanceAll();
  void begin(void *stream, Queue &queue, Item item);
  void finish(const sim::Executor::Ended &ended);
  void note(const Status &status);
  void freeDeferred();
  template <typename Done>
  void drive(Done done, bool mayWait);
  Status takeError() { return std::exchange(error, Status::ok()); }

  sim::GlobalMemory &memory;
  sim::Executor executor;
  std::mutex mutex;
  std::set<void *> known, forgotten;
  std::map<void *, Queue> queues; // null for the streams that nobody made
  std::vector<DeviceAddress> toFree;
  Status error; // the first that nobody was told of
  ExecutionReport report;
};

} // namespace attnrt

#endif // ATTNRT_DEVICE_SIM_SIMQUEUES_H
