//===- Workspace.cpp - Device memory between a package's kernels ----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device/Current.h"
#include "attnrt/Abi.h"
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

static int fail(const Status &status) {
  return attnrtFail(static_cast<int>(status.code()), "workspace: %s",
                    status.message().c_str());
}

extern "C" int attnrtAllocate(void *stream, uint64_t bytes, void **address) {
  try {
    Expected<Device *> device = currentDevice();
    if (!device)
      return fail(device.status());
    Expected<DeviceAddress> allocated =
        (*device)->allocateOnStream(bytes, stream);
    if (!allocated)
      return fail(allocated.status());
    enter(*allocated, bytes);
    *address = reinterpret_cast<void *>(*allocated);
    return ATTNRT_OK;
  } catch (const std::exception &failure) {
    return attnrtFail(ATTNRT_DEVICE, "workspace: %s", failure.what());
  }
}

extern "C" int attnrtRelease(void *stream, void *address) {
  auto released = reinterpret_cast<DeviceAddress>(address);
  try {
    Expected<Device *> device = currentDevice();
    if (!device)
      return fail(device.status());
    strike(released);
    Status status = (*device)->freeOnStream(released, stream);
    return status.isOk() ? int(ATTNRT_OK) : fail(status);
  } catch (const std::exception &failure) {
    return attnrtFail(ATTNRT_DEVICE, "workspace: %s", failure.what());
  }
}
