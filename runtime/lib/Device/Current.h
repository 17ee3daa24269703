//===- Current.h - The device in use, with its epoch ------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_DEVICE_CURRENT_H
#define ATTNRT_DEVICE_CURRENT_H

#include "attnrt/Device.h"

namespace attnrt {

/// The current device and a number that changes whenever what was loaded for it
/// must not be used any more. An address would not do: a new device may stand
/// where an old one stood.
struct CurrentDevice {
  Device *device = nullptr;
  uint64_t epoch = 0;
};

Expected<CurrentDevice> currentDeviceAndEpoch();
/// Makes everything load again at its next use.
void startNewEpoch();

} // namespace attnrt

#endif // ATTNRT_DEVICE_CURRENT_H
