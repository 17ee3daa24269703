//===- Stop.h - The end of programs that read no status ---------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_ABI_STOP_H
#define ATTNRT_ABI_STOP_H

#include "attnrt/Device.h"

namespace attnrt {

/// Says why, with the hazards of `device` where there were any, and ends the
/// process with the code. `device` may be null.
[[noreturn]] void stop(const Status &status, Device *device);

} // namespace attnrt

#endif // ATTNRT_ABI_STOP_H
