//===- DeviceCopy.cpp - Arrays where kernels reach them -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Abi/DeviceCopy.h"

#include "Abi/Span.h"
#include "attnrt/DriverApi.h"

#include <utility>

using namespace attnrt;

DeviceCopy::DeviceCopy(DeviceCopy &&other)
    : view(other.view), device(other.device), home(other.home),
      copy(std::exchange(other.copy, 0)), bytes(other.bytes) {}

DeviceCopy::~DeviceCopy() {
  if (copy)
    (void)device->freeOnStream(copy, nullptr); // a failure has nobody to go to
}

/// The simulator's memory has addresses of the host.
static DLDevice placeOn(const Device &device) {
  if (device.info().kind == "cuda")
    return {kDLCUDA, device.info().ordinal};
  return {kDLCPU, 0};
}

/// Whether no byte between the first and the last element is another's.
static bool isDense(const DLTensor &tensor, const Span &span) {
  int64_t elements = 1;
  for (int i = 0; i < tensor.ndim; ++i)
    elements *= tensor.shape[i];
  return elements == span.size();
}

/// A device without a driver's interface is the host itself.
static bool reaches(Device &device, const void *memory, size_t bytes) {
  DriverApi *api = device.driverApi();
  return !api || api->reaches(memory, bytes);
}

Expected<DeviceCopy> DeviceCopy::create(const DLTensor &tensor, Device &device,
                                        bool isResult) {
  DeviceCopy made(tensor, device);
  made.view.device = placeOn(device);
  Span span = spanOf(tensor);
  int64_t elementBytes = (tensor.dtype.bits + 7) / 8;
  char *begin = addressOf(tensor) + span.begin * elementBytes;
  auto bytes = static_cast<size_t>(span.size() * elementBytes);
  if (bytes == 0 || reaches(device, begin, bytes))
    return made;
  Expected<DeviceAddress> memory = device.allocateOnStream(bytes, nullptr);
  if (!memory)
    return memory.status();
  made.home = begin;
  made.copy = *memory;
  made.bytes = bytes;
  made.view.data =
      reinterpret_cast<char *>(*memory) - span.begin * elementBytes;
  made.view.byte_offset = 0;
  if (isResult && isDense(tensor, span))
    return made;
  Status status = device.copyToDevice(*memory, begin, bytes);
  if (!status.isOk())
    return status;
  return made;
}

Status DeviceCopy::bringBack() const {
  return bytes ? device->copyToHost(home, copy, bytes) : Status::ok();
}
