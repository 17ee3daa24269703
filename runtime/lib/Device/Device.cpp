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
#include <deque>
#include <map>
#include <mutex>

using namespace attnrt;

/// The N of "cuda:N", 0 of "cuda"; -1 where the name is another.
static int cudaOrdinal(std::string_view name) {
  constexpr std::string_view kPrefix = "cuda";
  if (name.substr(0, kPrefix.size()) != kPrefix)
    return -1;
  name.remove_prefix(kPrefix.size());
  if (name.empty())
    return 0;
  if (name.size() < 2 || name.size() > 5 || name[0] != ':')
    return -1;
  int ordinal = 0;
  for (char digit : name.substr(1)) {
    if (digit < '0' || digit > '9')
      return -1;
    ordinal = 10 * ordinal + (digit - '0');
  }
  return ordinal;
}

static Status unknownDevice(std::string_view name) {
  return Status::badInput("unknown device '" + std::string(name) +
                          "': expected auto, cuda, cuda:N, sim or host");
}

Expected<std::unique_ptr<Device>> attnrt::openDevice(std::string_view name) {
  if (name == "sim")
    return openSimDevice();
  if (name == "host")
    return openHostDevice();
  if (int ordinal = cudaOrdinal(name); ordinal >= 0)
    return openCudaDevice(ordinal);
  if (name != "auto")
    return unknownDevice(name);
  Expected<std::unique_ptr<Device>> cuda = openCudaDevice(0);
  if (cuda)
    return cuda;
  return openSimDevice();
}

//===----------------------------------------------------------------------===//
// The devices of the process
//===----------------------------------------------------------------------===//

namespace {
/// What tensors, or a program, asked for. Devices opened here live until the
/// process ends, as what runs on them may.
class OpenDevices {
public:
  Expected<AttnrtDevice *> current();
  Expected<AttnrtDevice *> cuda(int ordinal);
  Expected<AttnrtDevice *> sim();
  AttnrtDevice *knownSim() const;
  Expected<AttnrtDevice *> host();
  void setCurrent(Device *device);

  std::mutex mutex;

private:
  AttnrtDevice *add(Device *device);
  AttnrtDevice *own(std::unique_ptr<Device> device);
  Expected<AttnrtDevice *> choose(std::string_view name);
  bool isCurrent(std::string_view kind) const {
    return chosen && chosen->device->info().kind == kind;
  }

  AttnrtDevice *chosen = nullptr, *simulator = nullptr, *processor = nullptr;
  std::map<int, AttnrtDevice *> gpus;
  std::deque<AttnrtDevice> entries;
  std::vector<std::unique_ptr<Device>> opened;
};
} // namespace

AttnrtDevice *OpenDevices::add(Device *device) {
  entries.push_back({device, entries.size() + 1});
  return &entries.back();
}

AttnrtDevice *OpenDevices::own(std::unique_ptr<Device> device) {
  opened.push_back(std::move(device));
  return add(opened.back().get());
}

void OpenDevices::setCurrent(Device *device) {
  chosen = device ? add(device) : nullptr;
}

/// A device of no known kind, which a test made, is a simulator of its own.
AttnrtDevice *OpenDevices::knownSim() const {
  return chosen && !isCurrent("cuda") && !isCurrent("host") ? chosen
                                                            : simulator;
}

Expected<AttnrtDevice *> OpenDevices::host() {
  if (isCurrent("host"))
    return chosen;
  if (processor)
    return processor;
  Expected<std::unique_ptr<Device>> device = openHostDevice();
  if (!device)
    return device.status();
  processor = own(std::move(*device));
  return processor;
}

Expected<AttnrtDevice *> OpenDevices::sim() {
  if (AttnrtDevice *known = knownSim())
    return known;
  Expected<std::unique_ptr<Device>> device = openSimDevice();
  if (!device)
    return device.status();
  simulator = own(std::move(*device));
  return simulator;
}

Expected<AttnrtDevice *> OpenDevices::cuda(int ordinal) {
  if (isCurrent("cuda") && chosen->device->info().ordinal == ordinal)
    return chosen;
  auto known = gpus.find(ordinal);
  if (known != gpus.end())
    return known->second;
  Expected<std::unique_ptr<Device>> device = openCudaDevice(ordinal);
  if (!device)
    return device.status();
  return gpus[ordinal] = own(std::move(*device));
}

Expected<AttnrtDevice *> OpenDevices::choose(std::string_view name) {
  if (name == "sim")
    return sim();
  if (name == "host")
    return host();
  if (int ordinal = cudaOrdinal(name); ordinal >= 0)
    return cuda(ordinal);
  if (name != "auto")
    return unknownDevice(name);
  Expected<AttnrtDevice *> gpu = cuda(0);
  return gpu ? gpu : sim();
}

Expected<AttnrtDevice *> OpenDevices::current() {
  if (chosen)
    return chosen;
  const char *wanted = std::getenv("ATTNRT_DEVICE");
  Expected<AttnrtDevice *> found = choose(wanted && *wanted ? wanted : "auto");
  if (found)
    chosen = *found;
  return found;
}

/// Never destroyed: package code may run in static destructors.
static OpenDevices &devices() {
  static OpenDevices *the = new OpenDevices;
  return *the;
}

Expected<AttnrtDevice *> attnrt::currentEntry() {
  std::lock_guard<std::mutex> lock(devices().mutex);
  return devices().current();
}

Expected<AttnrtDevice *> attnrt::cudaEntry(int ordinal) {
  std::lock_guard<std::mutex> lock(devices().mutex);
  return devices().cuda(ordinal);
}

Expected<AttnrtDevice *> attnrt::simEntry() {
  std::lock_guard<std::mutex> lock(devices().mutex);
  return devices().sim();
}

AttnrtDevice *attnrt::knownSimEntry() {
  std::lock_guard<std::mutex> lock(devices().mutex);
  return devices().knownSim();
}

Expected<AttnrtDevice *> attnrt::hostEntry() {
  std::lock_guard<std::mutex> lock(devices().mutex);
  return devices().host();
}

Expected<Device *> attnrt::currentDevice() {
  Expected<AttnrtDevice *> current = currentEntry();
  if (!current)
    return current.status();
  return (*current)->device;
}

void attnrt::setCurrentDevice(Device *device) {
  std::lock_guard<std::mutex> lock(devices().mutex);
  devices().setCurrent(device);
}

Expected<AttnrtDevice *> attnrt::entryOf(const DLDevice &device,
                                         const std::string &name) {
  switch (device.device_type) {
  case kDLCUDA:
  case kDLCUDAManaged:
    return cudaEntry(device.device_id);
  case kDLCPU:
    return simEntry();
  default:
    return Status::badInput(name +
                            ": expected memory of a CUDA device or of "
                            "the host, got DLPack device " +
                            std::to_string(int(device.device_type)) + ":" +
                            std::to_string(device.device_id));
  }
}
