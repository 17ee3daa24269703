//===- Threads.h - How many threads the host runs on ------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_DEVICE_HOST_THREADS_H
#define ATTNRT_DEVICE_HOST_THREADS_H

#include "attnrt/Abi.h"
#include "attnrt/HostThreads.h"

namespace attnrt {

/// Processors that this process may use: those of its affinity mask, no more
/// than the quota of its control group. At least 1.
unsigned usableProcessors();
/// The most threads that can be asked for.
unsigned mostThreads();

/// Threads of the program's own, where it has said so; else null.
AttnrtRunner launchRunner();
void setLaunchRunner(AttnrtRunner runner);

} // namespace attnrt

#endif // ATTNRT_DEVICE_HOST_THREADS_H
