//===- HostCopy.cpp - Arrays where the judge can read them ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Abi/HostCopy.h"

#include "Abi/Span.h"
#include "Device/Current.h"

#include <cstring>
#include <new>

using namespace attnrt;

/// Copies device memory behind all work that is queued there.
static Status fetch(AttnrtDevice &device, char *to, const char *from,
                    size_t bytes) {
  CallerState caller(*device.device);
  Status status = device.device->synchronize();
  if (!status.isOk())
    return status;
  return device.device->copyToHost(to, reinterpret_cast<DeviceAddress>(from),
                                   bytes);
}

Expected<HostCopy> HostCopy::create(const DLTensor &tensor,
                                    const std::string &name) {
  HostCopy copy;
  copy.view = tensor;
  Span span = spanOf(tensor);
  if (span.begin == span.end)
    return copy;
  if (!tensor.data)
    return Status::badInput(name + ": expected data, got a null pointer");
  if (tensor.device.device_type == kDLCPU)
    return copy;
  Expected<AttnrtDevice *> device = entryOf(tensor.device, name);
  if (!device)
    return device.status();
  int64_t elementBytes = tensor.dtype.bits / 8;
  auto bytes = static_cast<size_t>((span.end - span.begin) * elementBytes);
  copy.storage.reset(new (std::nothrow) char[bytes]);
  if (!copy.storage)
    return Status::device(name + ": out of host memory: asked for " +
                          describeBytes(bytes));
  int64_t offset = span.begin * elementBytes;
  Status status =
      fetch(**device, copy.storage.get(), addressOf(tensor) + offset, bytes);
  if (!status.isOk())
    return Status(status.code(), name + ": " + status.message());
  copy.view.data = copy.storage.get() - offset;
  copy.view.byte_offset = 0;
  copy.view.device = {kDLCPU, 0};
  return copy;
}

namespace {
/// Walks an array dimension by dimension and writes its elements in order.
struct Compactor {
  const DLTensor &from;
  int64_t elementBytes;
  char *to;

  void copy(int dim, const char *at) {
    if (dim == from.ndim) {
      std::memcpy(to, at, elementBytes);
      to += elementBytes;
      return;
    }
    int64_t size = from.shape[dim];
    int64_t step = attnrtStride(&from, dim) * elementBytes;
    if (dim + 1 == from.ndim && step == elementBytes) {
      std::memcpy(to, at, size * elementBytes);
      to += size * elementBytes;
      return;
    }
    for (int64_t i = 0; i < size; ++i)
      copy(dim + 1, at + i * step);
  }
};
} // namespace

Expected<HostTensor> attnrt::compact(const DLTensor &onHost, ElementType type) {
  Expected<HostTensor> tensor =
      HostTensor::create(type, Shape(onHost.shape, onHost.shape + onHost.ndim));
  if (!tensor || tensor->elements() == 0)
    return tensor;
  Compactor{onHost, static_cast<int64_t>(sizeInBytes(type)),
            static_cast<char *>(tensor->data())}
      .copy(0, addressOf(onHost));
  return tensor;
}
