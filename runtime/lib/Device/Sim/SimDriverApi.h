//===- SimDriverApi.h - The simulator as a driver ---------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_DEVICE_SIM_SIMDRIVERAPI_H
#define ATTNRT_DEVICE_SIM_SIMDRIVERAPI_H

#include "Sim/Run/Simulator.h"
#include "attnrt/DriverApi.h"

#include <mutex>
#include <set>

namespace attnrt {

/// All work has run when the call that starts it returns, so streams and events
/// have nothing to order. They are known by name, and a name that nobody made,
/// or that is gone, is refused.
class SimDriverApi final : public DriverApi {
public:
  explicit SimDriverApi(sim::GlobalMemory &memory) : memory(memory) {}

  Expected<void *> createStream() override { return create(streams); }
  Status destroyStream(void *stream) override {
    return destroy(streams, stream, "stream");
  }
  Status synchronizeStream(void *stream) override { return knowStream(stream); }
  Status waitEvent(void *stream, void *event) override {
    return knowBoth(stream, event);
  }

  Expected<void *> createEvent() override { return create(events); }
  Status destroyEvent(void *event) override {
    return destroy(events, event, "event");
  }
  Status recordEvent(void *event, void *stream) override {
    return knowBoth(stream, event);
  }
  Status synchronizeEvent(void *event) override {
    return know(events, event, "event");
  }

  Expected<DeviceAddress> allocateShared(size_t bytes) override {
    return memory.allocateShared(bytes);
  }
  Status registerHost(void *host, size_t bytes) override {
    return memory.adopt(reinterpret_cast<uint64_t>(host), bytes);
  }
  Status unregisterHost(void *host) override {
    return memory.release(reinterpret_cast<uint64_t>(host));
  }
  bool reaches(const void *host, size_t bytes) override {
    return memory.holds(reinterpret_cast<uint64_t>(host), bytes);
  }

  Status copy(void *to, const void *from, size_t bytes, void *stream) override;
  Status fill16(DeviceAddress to, uint16_t value, size_t count,
                void *stream) override;
  Status fill32(DeviceAddress to, uint32_t value, size_t count,
                void *stream) override;

  Status checkLaunch(Kernel *kernel, std::optional<size_t> parameters,
                     void *stream) override;
  Status encode(const TensorMap &map, void *encoded) override {
    return sim::encode(map, encoded);
  }

private:
  using Names = std::set<void *>;
  Expected<void *> create(Names &names);
  Status destroy(Names &names, void *name, const char *what);
  Status know(const Names &names, void *name, const char *what);
  Status knowStream(void *stream);
  Status knowBoth(void *stream, void *event);

  sim::GlobalMemory &memory;
  std::mutex mutex;
  Names streams, events;
  uintptr_t lastName = 0;
};

} // namespace attnrt

#endif // ATTNRT_DEVICE_SIM_SIMDRIVERAPI_H
