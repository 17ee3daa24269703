//===- PtxTarget.h - What chips PTX is for ----------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTNRT_DEVICE_CUDA_PTXTARGET_H
#define ATTNRT_DEVICE_CUDA_PTXTARGET_H

#include "attnrt/Device.h"

#include <string_view>

namespace attnrt {

/// The chip that PTX's `.target` names, e.g. "sm_90a"; empty where it has none.
std::string_view targetOf(std::string_view ptx);

/// Whether a device runs code for the target: any as new, or, where the name
/// has a letter, of the same chip (a) or family (f). True of names that mean
/// nothing here.
bool runsOn(std::string_view target, const DeviceInfo &device);

} // namespace attnrt

#endif // ATTNRT_DEVICE_CUDA_PTXTARGET_H
