//===- SimDriverApi.h - The simulator as a driver ---------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_DEVICE_SIM_SIMDRIVERAPI_H
#define ATTNRT_DEVICE_SIM_SIMDRIVERAPI_H

#include "Device/Sim/SimQueues.h"
#include "attnrt/DriverApi.h"

#include <mutex>
#include <set>

namespace attnrt {

/// Streams and events are known by name, and a name that nobody made, or that
/// is gone, is refused.
class SimDriverApi final : public DriverApi {
public:
  SimDriverApi(sim::GlobalMemory &memory, SimQueues &queues)
      : memory(memory), queues(queues) {}

  Expected<void *> createStream() override;
  Status destroyStream(void *stream) override;
  Status synchronizeStream(void *stream) override;
  Status waitEvent(void *stream, void *event) override;

  Expected<void *> createEvent() override;
  Status destroyEvent(void *event) override;
  Status recordEvent(void *event, void *stream) override;
  Status synchronizeEvent(void *event) override;

  Expected<DeviceAddress> allocateShared(size_t bytes) override {
    return memory.allocateShared(bytes);
  }
  Status registerHost(void *host, size_t bytes) override {
    return memory.adopt(reinterpret_cast<uint64_t>(host), bytes);
  }
  Status unregisterHost(void *host) override {
    Status status = queues.synchronizeAll();
    Status released = memory.release(reinterpret_cast<uint64_t>(host));
    return released.isOk() ? status : released;
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
  void *newName() { return reinterpret_cast<void *>(++lastName); }
  Status knowStream(void *stream);
  Expected<SimQueues::Marker> markerOf(void *event);

  sim::GlobalMemory &memory;
  SimQueues &queues;
  std::mutex mutex;
  std::set<void *> streams;
  std::map<void *, SimQueues::Marker> events; // what they recorded last
  uintptr_t lastName = 0;
};

} // namespace attnrt

#endif // ATTNRT_DEVICE_SIM_SIMDRIVERAPI_H
