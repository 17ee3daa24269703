//===- DriverApi.h - What programs ask of a driver --------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A package leaves memory and streams to its caller. A program that drives a
// device itself, as what MLIR's gpu dialect becomes, needs more than Device.h
// has: streams, events, host memory that kernels see, copies whose direction
// the addresses decide.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_DRIVERAPI_H
#define ATTNRT_DRIVERAPI_H

#include "attnrt/Device.h"

#include <optional>

namespace attnrt {

/// A box of a tensor in global memory, as the driver describes it: innermost
/// dimension first, strides in bytes and without that of the innermost one.
/// Enumerations have the driver's values.
struct TensorMap {
  static constexpr unsigned kMaxRank = 5;
  int type = 0;
  unsigned rank = 0;
  void *address = nullptr;
  uint64_t sizes[kMaxRank] = {};
  uint64_t strides[kMaxRank] = {};
  uint32_t box[kMaxRank] = {};
  uint32_t elementStrides[kMaxRank] = {};
  int interleave = 0, swizzle = 0, l2Promotion = 0, outOfBounds = 0;
};

/// Null is the default stream throughout.
class DriverApi {
public:
  virtual ~DriverApi() = default;

  virtual Expected<void *> createStream() = 0;
  virtual Status destroyStream(void *stream) = 0;
  virtual Status synchronizeStream(void *stream) = 0;
  /// What `stream` does from now on comes after what `event` recorded.
  virtual Status waitEvent(void *stream, void *event) = 0;

  virtual Expected<void *> createEvent() = 0;
  virtual Status destroyEvent(void *event) = 0;
  virtual Status recordEvent(void *event, void *stream) = 0;
  virtual Status synchronizeEvent(void *event) = 0;

  /// Memory that host and device use at one address; freed by Device::free.
  virtual Expected<DeviceAddress> allocateShared(size_t bytes) = 0;
  /// Lets kernels use memory of the host at its own address.
  virtual Status registerHost(void *memory, size_t bytes) = 0;
  virtual Status unregisterHost(void *memory) = 0;
  /// Whether kernels can use the memory at its own address: the device's,
  /// shared or registered. No more than one allocation has all of it.
  virtual bool reaches(const void *memory, size_t bytes) = 0;

  /// From and to host or device, as the addresses say.
  virtual Status copy(void *to, const void *from, size_t bytes,
                      void *stream) = 0;
  virtual Status fill16(DeviceAddress to, uint16_t value, size_t count,
                        void *stream) = 0;
  virtual Status fill32(DeviceAddress to, uint32_t value, size_t count,
                        void *stream) = 0;

  /// What a launch itself does not notice: a stream that is none, a wrong
  /// number of parameters, where it is known.
  virtual Status checkLaunch(Kernel *kernel, std::optional<size_t> parameters,
                             void *stream) = 0;
  /// Writes the device's 128-byte form of `map`.
  virtual Status encode(const TensorMap &map, void *encoded) = 0;
};

} // namespace attnrt

#endif // ATTNRT_DRIVERAPI_H
