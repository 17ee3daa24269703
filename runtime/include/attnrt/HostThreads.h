//===- HostThreads.h - Threads of the device host ---------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_HOSTTHREADS_H
#define ATTNRT_HOSTTHREADS_H

#include "attnrt/Status.h"

#include <cstdint>
#include <string_view>

namespace attnrt {

/// Threads that launches on the device `host` use: what setLaunchThreads() was
/// given last, else ATTNRT_THREADS, else one for each processor that this
/// process may use. A variable that is no such number is BadInput.
Expected<unsigned> launchThreads();
/// For all of the process, from the next launch on. 0, more than the machine is
/// good for, and texts that are no numbers are BadInput.
Status setLaunchThreads(int64_t count);
Status setLaunchThreads(std::string_view text);

} // namespace attnrt

#endif // ATTNRT_HOSTTHREADS_H
