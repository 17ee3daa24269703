//===- DeviceCopy.h - Arrays where kernels reach them -----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_ABI_DEVICECOPY_H
#define ATTNRT_ABI_DEVICECOPY_H

#include "Device/Current.h"

#include <string>

namespace attnrt {

/// An array with its own strides that a device reaches: the caller's where it
/// does, else a copy of the memory between its first and its last element.
class DeviceCopy {
public:
  /// Copies an argument to the device. What lies between the elements of a
  /// result goes there and back, so that it stays.
  static Expected<DeviceCopy> create(const DLTensor &tensor, Device &device,
                                     bool isResult);
  DeviceCopy(DeviceCopy &&other);
  DeviceCopy &operator=(DeviceCopy &&) = delete;
  ~DeviceCopy();

  /// Copies to where the array lies, behind all work of the device.
  Status bringBack() const;

  DLTensor *dl() { return &view; }
  /// 0 where there is no copy.
  size_t copiedBytes() const { return bytes; }

private:
  explicit DeviceCopy(const DLTensor &tensor, Device &device)
      : view(tensor), device(&device) {}

  DLTensor view;
  Device *device;
  char *home = nullptr; // the first byte of the caller's
  DeviceAddress copy = 0;
  size_t bytes = 0;
};

} // namespace attnrt

#endif // ATTNRT_ABI_DEVICECOPY_H
