//===- DeviceOf.cpp - The device that tensors lie on ----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Abi/Fail.h"
#include "Device/Current.h"

using namespace attnrt;

/// Managed memory is that of the device that it names.
static DLDevice placeOf(const DLTensor &tensor) {
  DLDevice device = tensor.device;
  if (device.device_type == kDLCUDAManaged)
    device.device_type = kDLCUDA;
  if (device.device_type == kDLCPU)
    device.device_id = 0;
  return device;
}

static bool isSame(const DLDevice &a, const DLDevice &b) {
  return a.device_type == b.device_type && a.device_id == b.device_id;
}

static std::string describe(const DLDevice &device) {
  if (device.device_type == kDLCPU)
    return "the host";
  if (device.device_type == kDLCUDA)
    return "cuda:" + std::to_string(device.device_id);
  return "DLPack device " + std::to_string(int(device.device_type)) + ":" +
         std::to_string(device.device_id);
}

namespace {
/// Looks at one tensor after the other and keeps the first.
struct PlaceFinder {
  void look(DLTensor *const *tensors, int32_t count, const char *kind) {
    for (int32_t i = 0; i < count && status.isOk(); ++i)
      if (tensors[i]) // else attnrtCheckTensor says so
        look(*tensors[i], std::string(kind) + " " + std::to_string(i));
  }

  void look(const DLTensor &tensor, std::string name) {
    DLDevice place = placeOf(tensor);
    if (!found) {
      found = true;
      first = place;
      firstName = std::move(name);
    } else if (!isSame(first, place)) {
      status = Status::badInput(name + ": expected memory of " +
                                describe(first) + " as " + firstName +
                                " has, got memory of " + describe(place));
    }
  }

  bool found = false;
  DLDevice first{};
  std::string firstName;
  Status status;
};
} // namespace

/// Where the code is for GPUs.
static Expected<AttnrtDevice *> find(const PlaceFinder &finder) {
  return finder.found ? entryOf(finder.first, finder.firstName)
                      : currentEntry();
}

/// Where the code is for processors.
static Expected<AttnrtDevice *> findHost(const PlaceFinder &finder) {
  if (!finder.found || finder.first.device_type == kDLCPU)
    return hostEntry();
  return Status::badInput(finder.firstName +
                          ": expected memory of the host, since the code is "
                          "for processors, got memory of " +
                          describe(finder.first));
}

template <typename Find>
static int deviceOf(DLTensor *const *args, int32_t numArgs,
                    DLTensor *const *results, int32_t numResults,
                    AttnrtDevice **device, Find find) {
  return guarded("device", [&]() -> Status {
    PlaceFinder finder;
    finder.look(args, numArgs, "argument");
    finder.look(results, numResults, "result");
    if (!finder.status.isOk())
      return finder.status;
    Expected<AttnrtDevice *> found = find(finder);
    if (!found)
      return found.status();
    *device = *found;
    return Status::ok();
  });
}

extern "C" int attnrtDeviceOf(DLTensor *const *args, int32_t numArgs,
                              DLTensor *const *results, int32_t numResults,
                              AttnrtDevice **device) {
  return deviceOf(args, numArgs, results, numResults, device, find);
}

extern "C" int attnrtHostDeviceOf(DLTensor *const *args, int32_t numArgs,
                                  DLTensor *const *results, int32_t numResults,
                                  AttnrtDevice **device) {
  return deviceOf(args, numArgs, results, numResults, device, findHost);
}
