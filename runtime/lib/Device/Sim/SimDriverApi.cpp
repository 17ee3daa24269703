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

/// Names are never used twice, so one that is gone stays unknown.
Expected<void *> SimDriverApi::create(Names &names) {
  std::lock_guard<std::mutex> lock(mutex);
  return *names.insert(reinterpret_cast<void *>(++lastName)).first;
}

static Status unknown(const char *what, void *name) {
  return Status::badInput(std::string("no such ") + what + ": " +
                          std::to_string(reinterpret_cast<uintptr_t>(name)));
}

Status SimDriverApi::destroy(Names &names, void *name, const char *what) {
  std::lock_guard<std::mutex> lock(mutex);
  return names.erase(name) ? Status::ok() : unknown(what, name);
}

Status SimDriverApi::know(const Names &names, void *name, const char *what) {
  std::lock_guard<std::mutex> lock(mutex);
  return names.count(name) ? Status::ok() : unknown(what, name);
}

Status SimDriverApi::knowStream(void *stream) {
  return stream ? know(streams, stream, "stream") : Status::ok();
}

Status SimDriverApi::knowBoth(void *stream, void *event) {
  Status status = knowStream(stream);
  return status.isOk() ? know(events, event, "event") : status;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Status SimDriverApi::copy(void *to, const void *from, size_t bytes,
                          void *stream) {
  Status status = knowStream(stream);
  if (!status.isOk())
    return status;
  return memory.copy(reinterpret_cast<uint64_t>(to),
                     reinterpret_cast<uint64_t>(from), bytes);
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
  return status.isOk() ? fillWith(memory, to, value, count) : status;
}

Status SimDriverApi::fill32(DeviceAddress to, uint32_t value, size_t count,
                            void *stream) {
  Status status = knowStream(stream);
  return status.isOk() ? fillWith(memory, to, value, count) : status;
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
