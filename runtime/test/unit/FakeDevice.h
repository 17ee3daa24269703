//===- FakeDevice.h - A device that only counts -----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_FAKEDEVICE_H
#define ATTNRT_TEST_FAKEDEVICE_H

#include "attnrt/Device.h"

#include <atomic>

namespace attnrt::test {

class FakeDevice : public Device {
public:
  const DeviceInfo &info() const override { return description; }
  Expected<DeviceAddress> allocate(size_t) override {
    ++allocations;
    return DeviceAddress(256);
  }
  Status free(DeviceAddress) override {
    --allocations;
    return Status::ok();
  }
  Expected<DeviceAddress> allocateOnStream(size_t bytes, void *) override {
    if (bytes > (uint64_t(1) << 40))
      return Status::device("out of device memory");
    return DeviceAddress(256 + 256 * streamAllocations++);
  }
  Status freeOnStream(DeviceAddress, void *) override {
    ++streamReleases;
    return Status::ok();
  }
  Status copyToDevice(DeviceAddress, const void *, size_t) override {
    return Status::ok();
  }
  Status copyToHost(void *, DeviceAddress, size_t) override {
    return Status::ok();
  }
  Status fill(DeviceAddress, uint8_t, size_t) override {
    ++fills;
    return Status::ok();
  }
  Expected<Module *> load(const ModuleImage &image) override {
    ++loads;
    lastPtx = image.ptx;
    lastCubin = image.cubin;
    if (!loadStatus.isOk())
      return loadStatus;
    return reinterpret_cast<Module *>(this);
  }
  Expected<Kernel *> find(Module *, const char *) override {
    ++finds;
    return reinterpret_cast<Kernel *>(this);
  }
  Status launch(Kernel *, const LaunchShape &, void *const *, void *) override {
    ++launches;
    return launchStatus;
  }
  Status synchronize() override { return Status::ok(); }
  Expected<double>
  timeMilliseconds(const std::function<Status()> &work) override {
    Status status = work();
    if (!status.isOk())
      return status;
    return times.empty() ? 1.0 : times[timed++ % times.size()];
  }

  DeviceInfo description;
  Status loadStatus, launchStatus;
  std::string lastPtx, lastCubin;
  int streamAllocations = 0, streamReleases = 0;
  int allocations = 0, fills = 0, loads = 0, finds = 0;
  std::atomic<int> launches{0};
  std::vector<double> times;
  size_t timed = 0;
};

} // namespace attnrt::test

#endif // ATTNRT_TEST_FAKEDEVICE_H
