//===- Factories.h - The devices there are ----------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_DEVICE_FACTORIES_H
#define ATTNRT_DEVICE_FACTORIES_H

#include "attnrt/Device.h"

namespace attnrt {

Expected<std::unique_ptr<Device>> openCudaDevice(int ordinal);
Expected<std::unique_ptr<Device>> openSimDevice();
Expected<std::unique_ptr<Device>> openHostDevice();

} // namespace attnrt

#endif // ATTNRT_DEVICE_FACTORIES_H
