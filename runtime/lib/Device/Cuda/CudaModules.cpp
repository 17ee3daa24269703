//===- CudaModules.cpp - Modules and kernels of a GPU ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device/Cuda/CudaDevice.h"
#include "Device/Cuda/PtxTarget.h"

#include <algorithm>

using namespace attnrt;

/// The JIT's log as one line.
static std::string oneLine(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.pop_back();
  for (size_t at; (at = text.find('\n')) != std::string::npos;)
    text.replace(at, 1, "; ");
  return text;
}

Expected<CUmodule> CudaDevice::loadPtx(const ModuleImage &image) const {
  std::string text(image.ptx); // the driver wants a terminating zero
  char log[4096] = {};
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER,
                            CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void *values[] = {log, reinterpret_cast<void *>(sizeof log - 1)};
  CUmodule module = nullptr;
  CUresult result =
      cu.cuModuleLoadDataEx(&module, text.c_str(), 2, options, values);
  Status status = cu.check(result, "cuModuleLoadDataEx");
  if (status.isOk())
    return module;
  std::string message =
      "module " + std::string(image.name) + ": " + status.message();
  if (log[0])
    message += ": " + oneLine(log);
  bool badText =
      result == CUDA_ERROR_INVALID_PTX || result == CUDA_ERROR_INVALID_IMAGE;
  return Status(badText ? Code::BadInput : Code::Device, message);
}

Status CudaDevice::checkTarget(const ModuleImage &image) const {
  std::string target(targetOf(image.ptx));
  if (runsOn(target, description))
    return Status::ok();
  return Status::device("module " + std::string(image.name) +
                        " holds code for " + target + "; " + description.name +
                        " is sm_" + std::to_string(description.computeMajor) +
                        std::to_string(description.computeMinor));
}

Expected<Module *> CudaDevice::load(const ModuleImage &image) {
  if (image.hostCodes)
    return Status::badInput("module " + std::string(image.name) +
                            ": a GPU runs PTX and cubins, and there is only "
                            "code for processors");
  for (Status status : {enter(), checkTarget(image)})
    if (!status.isOk())
      return status;
  auto module = std::make_unique<CudaModule>();
  CUresult result = CUDA_ERROR_NO_BINARY_FOR_GPU;
  if (!image.cubin.empty())
    result = cu.cuModuleLoadDataEx(&module->handle, image.cubin.data(), 0,
                                   nullptr, nullptr);
  if (result != CUDA_SUCCESS && image.ptx.empty())
    return Status::badInput("module " + std::string(image.name) + ": " +
                            cu.check(result, "cuModuleLoadDataEx").message());
  // A cubin for another chip is no failure while there is PTX to compile.
  if (result != CUDA_SUCCESS) {
    Expected<CUmodule> compiled = loadPtx(image);
    if (!compiled)
      return compiled.status();
    module->handle = *compiled;
  }
  std::lock_guard<std::mutex> lock(mutex);
  modules.push_back(std::move(module));
  return reinterpret_cast<Module *>(modules.back().get());
}

Status CudaDevice::unload(Module *opaque) {
  Status entered = enter();
  if (!entered.isOk())
    return entered;
  std::lock_guard<std::mutex> lock(mutex);
  auto found = std::find_if(modules.begin(), modules.end(), [&](auto &module) {
    return reinterpret_cast<Module *>(module.get()) == opaque;
  });
  if (found == modules.end())
    return Status::badInput("the module to unload is not loaded");
  CUmodule handle = (*found)->handle;
  modules.erase(found);
  ATTNRT_CHECK(cuModuleUnload, handle);
  return Status::ok();
}

Expected<Kernel *> CudaDevice::find(Module *opaque, const char *name) {
  Status entered = enter();
  if (!entered.isOk())
    return entered;
  auto *module = reinterpret_cast<CudaModule *>(opaque);
  CUfunction function = nullptr;
  CUresult result = cu.cuModuleGetFunction(&function, module->handle, name);
  if (result == CUDA_ERROR_NOT_FOUND)
    return Status::badInput("no kernel '" + std::string(name) +
                            "' in the module");
  Status status = cu.check(result, "cuModuleGetFunction");
  if (!status.isOk())
    return status;
  std::lock_guard<std::mutex> lock(mutex);
  module->kernels.push_back(std::make_unique<CudaKernel>(
      CudaKernel{function, name, kDefaultSharedBytes}));
  return reinterpret_cast<Kernel *>(module->kernels.back().get());
}
