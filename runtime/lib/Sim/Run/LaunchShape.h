//===- LaunchShape.h - What a launch may ask for ----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_RUN_LAUNCHSHAPE_H
#define ATTNRT_SIM_RUN_LAUNCHSHAPE_H

#include "Decode/Program.h"
#include "attnrt/Device.h"

namespace attnrt::sim {

/// The cluster that the kernel declares, where none was asked for.
LaunchShape completeShape(const Kernel &kernel, LaunchShape shape);

/// BadInput for a shape that the kernel, or the chip, cannot have.
Status checkShape(const Program &program, const Kernel &kernel,
                  const LaunchShape &shape);

/// How many blocks a multiprocessor of the program's chip has at a time. How
/// many registers a thread has is known only where setmaxnreg needs it.
uint32_t blocksOfMultiprocessor(const Program &program, const Kernel &kernel,
                                const LaunchShape &shape);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_RUN_LAUNCHSHAPE_H
