//===- CudaDriver.h - The driver, opened at run time ------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_DEVICE_CUDA_CUDADRIVER_H
#define ATTNRT_DEVICE_CUDA_CUDADRIVER_H

#include "Device/Cuda/MiniCuda.h"
#include "attnrt/Status.h"

namespace attnrt {

/// One function pointer per line of CudaSymbols.def.
struct CudaDriver {
#define CUDA_SYMBOL(name, exported, ...)                                       \
  CUresult (*name)(__VA_ARGS__) = nullptr;
#include "Device/Cuda/CudaSymbols.def"

  /// Opens libcuda.so.1, once per process. Device where there is none.
  static Expected<const CudaDriver *> open();

  /// Ok, or a Device failure with the call's name and the driver's own text.
  Status check(CUresult result, const char *call) const;
};

} // namespace attnrt

#endif // ATTNRT_DEVICE_CUDA_CUDADRIVER_H
