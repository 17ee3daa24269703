//===- SimModule.h - Loaded PTX ------------------------------------*- C++
//-*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the opaque handles of Device.h are on the simulator.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_DEVICE_SIM_SIMMODULE_H
#define ATTNRT_DEVICE_SIM_SIMMODULE_H

#include "Sim/Run/Simulator.h"

namespace attnrt {

struct SimKernel {
  std::shared_ptr<const sim::Program> program;
  std::string name;
  size_t parameters;
};

struct SimModule {
  std::shared_ptr<const sim::Program> program;
  std::vector<std::unique_ptr<SimKernel>> kernels;
};

} // namespace attnrt

#endif // ATTNRT_DEVICE_SIM_SIMMODULE_H
