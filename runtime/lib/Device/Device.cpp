//===- Device.cpp - Opening and choosing devices --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Device.h"

#include "Device/Current.h"
#include "Device/Factories.h"

#include <cstdlib>
#include <mutex>

using namespace attnrt;

Expected<std::unique_ptr<Device>> attnrt::openDevice(std::string_view name) {
  if (name == "cuda")
    return openCudaDevice();
  if (name == "sim")
    return openSimDevice();
  if (name != "auto")
    return Status::badInput("unknown device '" + std::string(name) +
                            "': expected auto, cuda or sim");
  Expected<std::unique_ptr<Device>> cuda = openCudaDevice();
  if (cuda)
    return cuda;
  return openSimDevice();
}

namespace {
struct Choice {
  std::mutex mutex;
  CurrentDevice current;
  /// Those that the first use opened. They live until the process ends, as
  /// what runs on them may.
  std::vector<std::unique_ptr<Device>> opened;
};
} // namespace

/// Never destroyed: package code may run in static destructors.
static Choice &choice() {
  static Choice *the = new Choice;
  return *the;
}

Expected<CurrentDevice> attnrt::currentDeviceAndEpoch() {
  Choice &the = choice();
  std::lock_guard<std::mutex> lock(the.mutex);
  if (the.current.device)
    return the.current;
  const char *wanted = std::getenv("ATTNRT_DEVICE");
  Expected<std::unique_ptr<Device>> opened =
      openDevice(wanted && *wanted ? wanted : "auto");
  if (!opened)
    return opened.status();
  the.opened.push_back(std::move(*opened));
  the.current = {the.opened.back().get(), the.current.epoch + 1};
  return the.current;
}

Expected<Device *> attnrt::currentDevice() {
  Expected<CurrentDevice> current = currentDeviceAndEpoch();
  if (!current)
    return current.status();
  return current->device;
}

void attnrt::setCurrentDevice(Device *device) {
  Choice &the = choice();
  std::lock_guard<std::mutex> lock(the.mutex);
  the.current = {device, the.current.epoch + 1};
}

void attnrt::startNewEpoch() {
  Choice &the = choice();
  std::lock_guard<std::mutex> lock(the.mutex);
  ++the.current.epoch;
}
