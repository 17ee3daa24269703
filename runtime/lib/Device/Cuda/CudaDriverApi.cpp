//===- CudaDriverApi.cpp - Streams and memory of an NVIDIA GPU ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device/Cuda/CudaDriverApi.h"

#include <algorithm>
#include <cstring>

using namespace attnrt;

#define ATTNRT_CALL(entry, ...) call(#entry, cu.entry, __VA_ARGS__)

static CUstream asStream(void *stream) { return static_cast<CUstream>(stream); }
static CUevent asEvent(void *event) { return static_cast<CUevent>(event); }
static CUdeviceptr asAddress(const void *pointer) {
  return reinterpret_cast<CUdeviceptr>(pointer);
}

Expected<void *> CudaDriverApi::createStream() {
  CUstream stream = nullptr;
  Status status = ATTNRT_CALL(cuStreamCreate, &stream, CU_STREAM_NON_BLOCKING);
  if (!status.isOk())
    return status;
  return static_cast<void *>(stream);
}

Status CudaDriverApi::destroyStream(void *stream) {
  return ATTNRT_CALL(cuStreamDestroy, asStream(stream));
}

Status CudaDriverApi::synchronizeStream(void *stream) {
  return ATTNRT_CALL(cuStreamSynchronize, asStream(stream));
}

Status CudaDriverApi::waitEvent(void *stream, void *event) {
  return ATTNRT_CALL(cuStreamWaitEvent, asStream(stream), asEvent(event), 0u);
}

Expected<void *> CudaDriverApi::createEvent() {
  CUevent event = nullptr;
  Status status = ATTNRT_CALL(cuEventCreate, &event, CU_EVENT_DISABLE_TIMING);
  if (!status.isOk())
    return status;
  return static_cast<void *>(event);
}

Status CudaDriverApi::destroyEvent(void *event) {
  return ATTNRT_CALL(cuEventDestroy, asEvent(event));
}

Status CudaDriverApi::recordEvent(void *event, void *stream) {
  return ATTNRT_CALL(cuEventRecord, asEvent(event), asStream(stream));
}

Status CudaDriverApi::synchronizeEvent(void *event) {
  return ATTNRT_CALL(cuEventSynchronize, asEvent(event));
}

Expected<DeviceAddress> CudaDriverApi::allocateShared(size_t bytes) {
  CUdeviceptr address = 0;
  Status status = ATTNRT_CALL(cuMemAllocManaged, &address,
                              std::max<size_t>(bytes, 1), CU_MEM_ATTACH_GLOBAL);
  if (!status.isOk())
    return status;
  return DeviceAddress(address);
}

Status CudaDriverApi::registerHost(void *memory, size_t bytes) {
  return ATTNRT_CALL(cuMemHostRegister, memory, bytes, 0u);
}

Status CudaDriverApi::unregisterHost(void *memory) {
  return ATTNRT_CALL(cuMemHostUnregister, memory);
}

/// Registered memory has an address of its own for kernels on some systems.
bool CudaDriverApi::reaches(const void *memory, size_t bytes) {
  auto begin = reinterpret_cast<CUdeviceptr>(memory);
  for (CUdeviceptr address : {begin, begin + bytes - 1}) {
    CUdeviceptr ofKernels = 0;
    Status status = ATTNRT_CALL(cuPointerGetAttribute, &ofKernels,
                                CU_POINTER_ATTRIBUTE_DEVICE_POINTER, address);
    if (!status.isOk() || ofKernels != address)
      return false;
  }
  return true;
}

Status CudaDriverApi::copy(void *to, const void *from, size_t bytes,
                           void *stream) {
  return ATTNRT_CALL(cuMemcpyAsync, asAddress(to), asAddress(from), bytes,
                     asStream(stream));
}

Status CudaDriverApi::fill16(DeviceAddress to, uint16_t value, size_t count,
                             void *stream) {
  return ATTNRT_CALL(cuMemsetD16Async, CUdeviceptr(to), value, count,
                     asStream(stream));
}

Status CudaDriverApi::fill32(DeviceAddress to, uint32_t value, size_t count,
                             void *stream) {
  return ATTNRT_CALL(cuMemsetD32Async, CUdeviceptr(to), value, count,
                     asStream(stream));
}

Status CudaDriverApi::encode(const TensorMap &map, void *encoded) {
  if (!cu.cuTensorMapEncodeTiled)
    return Status::device("the CUDA driver is too old for tensor maps");
  unsigned long long sizes[TensorMap::kMaxRank], strides[TensorMap::kMaxRank];
  std::copy(std::begin(map.sizes), std::end(map.sizes), sizes);
  std::copy(std::begin(map.strides), std::end(map.strides), strides);
  CUtensorMap result; // the driver wants its alignment
  Status status = ATTNRT_CALL(cuTensorMapEncodeTiled, &result, map.type,
                              map.rank, map.address, sizes, strides, map.box,
                              map.elementStrides, map.interleave, map.swizzle,
                              map.l2Promotion, map.outOfBounds);
  if (status.isOk())
    std::memcpy(encoded, &result, sizeof result);
  return status;
}
