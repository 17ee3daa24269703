//===- Current.h - The open devices of a process ----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_DEVICE_CURRENT_H
#define ATTNRT_DEVICE_CURRENT_H

#include "attnrt/Abi.h"
#include "attnrt/Device.h"

/// An open device and a number that no other ever has. An address would not do:
/// a new device may stand where an old one stood. Never destroyed, since code
/// of packages keeps pointers.
struct AttnrtDevice {
  attnrt::Device *device;
  uint64_t id;
};

namespace attnrt {

/// As currentDevice().
Expected<AttnrtDevice *> currentEntry();
/// The CUDA device of this ordinal.
Expected<AttnrtDevice *> cudaEntry(int ordinal);
/// The simulator: the device of host arrays where the code is for GPUs.
Expected<AttnrtDevice *> simEntry();
/// The same, or null where none was opened.
AttnrtDevice *knownSimEntry();
/// The device of host arrays where the code is for processors.
Expected<AttnrtDevice *> hostEntry();

/// The device of a tensor, where the code is for GPUs; `name` is for the
/// message where there is none.
Expected<AttnrtDevice *> entryOf(const DLDevice &device,
                                 const std::string &name);

/// Keeps what the calling thread had current in the driver.
class CallerState {
public:
  explicit CallerState(Device &device)
      : device(device), saved(device.saveCaller()) {}
  CallerState(const CallerState &) = delete;
  CallerState &operator=(const CallerState &) = delete;
  ~CallerState() { device.restoreCaller(saved); }

private:
  Device &device;
  void *saved;
};

} // namespace attnrt

#endif // ATTNRT_DEVICE_CURRENT_H
