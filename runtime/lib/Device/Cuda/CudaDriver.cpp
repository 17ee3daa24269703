//===- CudaDriver.cpp - The driver, opened at run time --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device/Cuda/CudaDriver.h"

#include <dlfcn.h>

using namespace attnrt;

template <typename Pointer>
static bool resolve(void *library, const char *symbol, Pointer &pointer) {
  pointer = reinterpret_cast<Pointer>(dlsym(library, symbol));
  return pointer != nullptr;
}

static Expected<const CudaDriver *> load() {
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return Status::device(std::string("no CUDA driver: ") + dlerror());
  auto *driver = new CudaDriver; // lives as long as the library: for ever
#define CUDA_SYMBOL(name, exported, ...)                                       \
  if (!resolve(library, #exported, driver->name))                              \
    return Status::device(                                                     \
        "CUDA driver too old: libcuda.so.1 has no " #exported);
#define CUDA_NEWER(name, exported, ...)                                        \
  resolve(library, #exported, driver->name);
#include "Device/Cuda/CudaSymbols.def"
  return driver;
}

Expected<const CudaDriver *> CudaDriver::open() {
  static const auto *const opened = new Expected<const CudaDriver *>(load());
  return *opened;
}

Status CudaDriver::check(CUresult result, const char *call) const {
  if (result == CUDA_SUCCESS)
    return Status::ok();
  const char *name = nullptr, *text = nullptr;
  cuGetErrorName(result, &name);
  cuGetErrorString(result, &text);
  return Status::device(std::string(call) +
                        " failed: " + (text ? text : "unknown error") + " (" +
                        (name ? name : std::to_string(result).c_str()) + ")");
}
