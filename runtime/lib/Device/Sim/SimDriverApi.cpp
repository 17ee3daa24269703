//===- SimDriverApi.cpp - The simulator as a driver -----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device/Sim/SimDriverApi.h"

#include "Device/Sim/SimModule.h"

#include <algorithm>

using namespace attnrt;

//===----------------------------------------------------------------------===//
// Streams and events
//===----------------------------------------------------------------------===//

static Status unknown(const char *what, void *name) {
  return Status::badInput(std::string("no such ") + what + ": " +
                          std::to_string(reinterpret_cast<uintptr_t>(name)));
}

/// Names are never used twice, so one that is gone stays unknown.
Expected<void *> SimDriverApi::createStream() {
  std::lock_guard<std::mutex> lock(mutex);
  void *stream = *streams.insert(newName()).first;
  queues.know(stream);
  return stream;
}

Status SimDriverApi::destroyStream(void *stream) {
  std::lock_guard<std::mutex> lock(mutex);
  if (!streams.erase(stream))
    return unknown("stream", stream);
  queues.forget(stream);
  return Status::ok();
}

Status SimDriverApi::knowStream(void *stream) {
  std::lock_guard<std::mutex> lock(mutex);
  return !stream || streams.count(stream) ? Status::ok()
                                          : unknown("stream", stream);
}

Status SimDriverApi::synchronizeStream(void *stream) {
  Status status = knowStream(stream);
  return status.isOk() ? queues.synchronize(stream) : status;
}

/// An event that recorded nothing yet is done.
Expected<void *> SimDriverApi::createEvent() {
  std::lock_guard<std::mutex> lock(mutex);
  return events.emplace(newName(), std::make_shared<bool>(true)).first->first;
}

Status SimDriverApi::destroyEvent(void *event) {
  std::lock_guard<std::mutex> lock(mutex);
  return events.erase(event) ? Status::ok() : unknown("event", event);
}

Expected<SimQueues::Marker> SimDriverApi::markerOf(void *event) {
  std::lock_guard<std::mutex> lock(mutex);
  auto found = events.find(event);
  if (found == events.end())
    return unknown("event", event);
  return found->second;
}

Status SimDriverApi::recordEvent(void *event, void *stream) {
  Status status = knowStream(stream);
  if (!status.isOk())
    return status;
  Expected<SimQueues::Marker> marker = markerOf(event);
  if (!marker)
    return marker.status();
  SimQueues::Marker recorded = queues.record(stream);
  std::lock_guard<std::mutex> lock(mutex);
  events[event] = std::move(recorded);
  return Status::ok();
}

Status SimDriverApi::waitEvent(void *stream, void *event) {
  Status status = knowStream(stream);
  if (!status.isOk())
    return status;
  Expected<SimQueues::Marker> marker = markerOf(event);
  if (!marker)
    return marker.status();
  queues.wait(stream, *marker);
  return Status::ok();
}

Status SimDriverApi::synchronizeEvent(void *event) {
  Expected<SimQueues::Marker> marker = markerOf(event);
  return marker ? queues.synchronize(*marker) : marker.status();
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// As the driver does it: other memory of the host is read before the call
/// returns, and written by then, too.
Status SimDriverApi::copy(void *to, const void *from, size_t bytes,
                          void *stream) {
  Status status = knowStream(stream);
  if (!status.isOk())
    return status;
  auto target = reinterpret_cast<uint64_t>(to);
  auto source = reinterpret_cast<uint64_t>(from);
  if (!queues.isDone(stream) && !memory.owns(target))
    status = queues.synchronize(stream);
  if (!status.isOk())
    return status;
  if (queues.isDone(stream) || memory.owns(source))
    return queues.enqueue([=] { return memory.copy(target, source, bytes); },
                          stream);
  auto *begin = static_cast<const char *>(from);
  return queues.enqueue(
      [=, kept = std::vector<char>(begin, begin + bytes)] {
        return memory.copy(target, reinterpret_cast<uint64_t>(kept.data()),
                           bytes);
      },
      stream);
}

/// The first element is written, then as much again as there is, and so on.
template <typename T>
static Status fillWith(sim::GlobalMemory &memory, DeviceAddress to, T value,
                       size_t count) {
  if (count == 0)
    return Status::ok();
  if (count > SIZE_MAX / sizeof(T))
    return Status::badInput("a fill of " + std::to_string(count) + " elements");
  Status status = memory.fill(to, 0, count * sizeof(T)); // all of it is there
  if (status.isOk())
    status = memory.write(to, &value, sizeof(T));
  for (size_t done = 1; status.isOk() && done < count; done *= 2)
    status = memory.copy(to + done * sizeof(T), to,
                         std::min(done, count - done) * sizeof(T));
  return status;
}

Status SimDriverApi::fill16(DeviceAddress to, uint16_t value, size_t count,
                            void *stream) {
  Status status = knowStream(stream);
  if (!status.isOk())
    return status;
  return queues.enqueue([=] { return fillWith(memory, to, value, count); },
                        stream);
}

Status SimDriverApi::fill32(DeviceAddress to, uint32_t value, size_t count,
                            void *stream) {
  Status status = knowStream(stream);
  if (!status.isOk())
    return status;
  return queues.enqueue([=] { return fillWith(memory, to, value, count); },
                        stream);
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

Status SimDriverApi::checkLaunch(Kernel *opaque,
                                 std::optional<size_t> parameters,
                                 void *stream) {
  const auto &kernel = *reinterpret_cast<const SimKernel *>(opaque);
  if (parameters && *parameters != kernel.parameters)
    return Status::badInput("kernel " + kernel.name + ": expected " +
                            std::to_string(kernel.parameters) +
                            " parameters, got " + std::to_string(*parameters));
  return knowStream(stream);
}
