//===- Device.cpp - The simulator's memory, for tests in Python -----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A C face of attnrt::Device, loaded by ctypes. Failures print one line and
// give null, or -1.
//
//===----------------------------------------------------------------------===//

#include "attnrt/Device.h"

#include <cstdio>

using namespace attnrt;

static int fail(const Status &status) {
  std::fprintf(stderr, "error: %s\n", status.message().c_str());
  return -1;
}

/// Opens a device and makes it the one that packages launch on.
extern "C" Device *attnTestOpen(const char *name) {
  Expected<std::unique_ptr<Device>> device = openDevice(name);
  if (!device) {
    fail(device.status());
    return nullptr;
  }
  setCurrentDevice(device->get());
  return device->release();
}

extern "C" void attnTestClose(Device *device) {
  setCurrentDevice(nullptr);
  delete device;
}

extern "C" uint64_t attnTestAllocate(Device *device, uint64_t bytes) {
  Expected<DeviceAddress> address = device->allocate(bytes);
  if (address)
    return *address;
  fail(address.status());
  return 0;
}

extern "C" int attnTestToDevice(Device *device, uint64_t to, const void *from,
                                uint64_t bytes) {
  Status status = device->copyToDevice(to, from, bytes);
  return status.isOk() ? 0 : fail(status);
}

extern "C" int attnTestToHost(Device *device, void *to, uint64_t from,
                              uint64_t bytes) {
  Status status = device->synchronize();
  if (status.isOk())
    status = device->copyToHost(to, from, bytes);
  return status.isOk() ? 0 : fail(status);
}
