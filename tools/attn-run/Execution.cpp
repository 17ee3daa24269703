//===- Execution.cpp - One function on one device -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Execution.h"

#include "attnrt/Verify.h"

using namespace attnrt;

namespace attnrun {

Execution::~Execution() {
  for (const std::vector<Buffer> *buffers : {&argBuffers, &resultBuffers})
    for (const Buffer &buffer : *buffers)
      (void)device.free(buffer.address);
}

Status Execution::addBuffer(ElementType type, const Shape &shape,
                            std::vector<Buffer> &buffers,
                            std::vector<TensorView> &views) {
  Expected<int64_t> count = countElements(shape, type);
  if (!count)
    return count.status();
  size_t bytes = static_cast<size_t>(*count) * sizeInBytes(type);
  Expected<DeviceAddress> address = device.allocate(bytes);
  if (!address)
    return address.status();
  buffers.push_back({*address, bytes});
  const DeviceInfo &info = device.info();
  DLDevice place{info.kind == "cuda" ? kDLCUDA : kDLCPU, info.ordinal};
  views.emplace_back(type, shape, reinterpret_cast<void *>(*address), place);
  return Status::ok();
}

Status Execution::prepare(const std::vector<HostTensor> &hostArgs,
                          const std::vector<Shape> &shapes) {
  for (const HostTensor &arg : hostArgs) {
    Status status = addBuffer(arg.type(), arg.shape(), argBuffers, args);
    if (status.isOk())
      status = device.copyToDevice(argBuffers.back().address, arg.data(),
                                   arg.bytes());
    if (!status.isOk())
      return status;
  }
  resultShapes = shapes;
  for (size_t i = 0; i < shapes.size(); ++i) {
    Status status = addBuffer(function.description.results[i].type, shapes[i],
                              resultBuffers, results);
    if (!status.isOk())
      return status;
  }
  return Status::ok();
}

Status Execution::poisonResults() {
  for (const Buffer &buffer : resultBuffers) {
    Status status = device.fill(buffer.address, kPoisonByte, buffer.bytes);
    if (!status.isOk())
      return status;
  }
  return Status::ok();
}

Status Execution::enqueue() {
  std::vector<DLTensor *> argPointers, resultPointers;
  for (TensorView &arg : args)
    argPointers.push_back(arg.dl());
  for (TensorView &result : results)
    resultPointers.push_back(result.dl());
  int code = function.entry(nullptr, argPointers.data(), resultPointers.data());
  if (code == ATTNRT_OK)
    return Status::ok();
  return Status(static_cast<Code>(code), attnrtLastError());
}

Expected<std::vector<HostTensor>> Execution::fetchResults() {
  std::vector<HostTensor> fetched;
  for (size_t i = 0; i < resultBuffers.size(); ++i) {
    Expected<HostTensor> tensor = HostTensor::create(
        function.description.results[i].type, resultShapes[i]);
    if (!tensor)
      return tensor.status();
    Status status = device.copyToHost(tensor->data(), resultBuffers[i].address,
                                      resultBuffers[i].bytes);
    if (!status.isOk())
      return status;
    fetched.push_back(std::move(*tensor));
  }
  return fetched;
}

} // namespace attnrun
