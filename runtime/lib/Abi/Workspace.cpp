//===- Workspace.cpp - Device memory between a package's kernels ----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Abi/Fail.h"
#include "Device/Current.h"
#include "attnrt/Launch.h"

#include <algorithm>
#include <map>
#include <mutex>

using namespace attnrt;

namespace {
/// What is allocated, for the record.
struct Ledger {
  std::mutex mutex;
  std::map<DeviceAddress, uint64_t> sizes;
  uint64_t bytes = 0, peak = 0;
};
} // namespace

static Ledger &ledger() {
  static Ledger *the = new Ledger;
  return *the;
}

static void enter(DeviceAddress address, uint64_t bytes) {
  Ledger &the = ledger();
  std::lock_guard<std::mutex> lock(the.mutex);
  the.sizes[address] = bytes;
  the.bytes += bytes;
  the.peak = std::max(the.peak, the.bytes);
}

static void strike(DeviceAddress address) {
  Ledger &the = ledger();
  std::lock_guard<std::mutex> lock(the.mutex);
  auto found = the.sizes.find(address);
  if (found == the.sizes.end())
    return;
  the.bytes -= found->second;
  the.sizes.erase(found);
}

uint64_t attnrt::takePeakWorkspaceBytes() {
  Ledger &the = ledger();
  std::lock_guard<std::mutex> lock(the.mutex);
  return std::exchange(the.peak, the.bytes);
}

static Status about(const Status &status) {
  return Status(status.code(), "workspace: " + status.message());
}

static Status allocate(Device &device, void *stream, uint64_t bytes,
                       void **address) {
  CallerState caller(device);
  Expected<DeviceAddress> allocated = device.allocateOnStream(bytes, stream);
  if (!allocated)
    return about(allocated.status());
  enter(*allocated, bytes);
  *address = reinterpret_cast<void *>(*allocated);
  return Status::ok();
}

static Status release(Device &device, void *stream, void *address) {
  CallerState caller(device);
  auto released = reinterpret_cast<DeviceAddress>(address);
  strike(released);
  Status status = device.freeOnStream(released, stream);
  return status.isOk() ? status : about(status);
}

extern "C" int attnrtAllocate(AttnrtDevice *device, void *stream,
                              uint64_t bytes, void **address) {
  return guarded("workspace", [&] {
    return allocate(*device->device, stream, bytes, address);
  });
}

extern "C" int attnrtRelease(AttnrtDevice *device, void *stream,
                             void *address) {
  return guarded("workspace",
                 [&] { return release(*device->device, stream, address); });
}
