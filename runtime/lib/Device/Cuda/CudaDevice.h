//===- CudaDevice.h - An NVIDIA GPU --------------------------- -*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_DEVICE_CUDA_CUDADEVICE_H
#define ATTNRT_DEVICE_CUDA_CUDADEVICE_H

#include "Device/Cuda/CudaDriver.h"
#include "Device/Cuda/CudaDriverApi.h"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

/// Returns what went wrong with a call of the driver, under its name.
#define ATTNRT_CHECK(call, ...)                                                \
  if (Status status = cu.check(cu.call(__VA_ARGS__), #call); !status.isOk())   \
  return status

namespace attnrt {

// The public handles are opaque; on this device they are these.
struct CudaKernel {
  CUfunction function;
  std::string name;
  uint32_t grantedSharedBytes; // of dynamic shared memory
};

struct CudaModule {
  CUmodule handle;
  std::vector<std::unique_ptr<CudaKernel>> kernels;
};

/// Dynamic shared memory that every kernel may have without asking.
constexpr uint32_t kDefaultSharedBytes = 48 * 1024;

class CudaDevice final : public Device {
public:
  explicit CudaDevice(const CudaDriver &driver) : cu(driver) {}
  ~CudaDevice() override;

  Status open(int ordinal);
  const DeviceInfo &info() const override { return description; }

  Expected<DeviceAddress> allocate(size_t bytes) override;
  Status free(DeviceAddress address) override;
  Expected<DeviceAddress> allocateOnStream(size_t bytes, void *stream) override;
  Status freeOnStream(DeviceAddress address, void *stream) override;
  Status copyToDevice(DeviceAddress to, const void *from,
                      size_t bytes) override;
  Status copyToHost(void *to, DeviceAddress from, size_t bytes) override;
  Status fill(DeviceAddress to, uint8_t byte, size_t bytes) override;

  Expected<Module *> load(const ModuleImage &image) override;
  Status unload(Module *module) override;
  Expected<Kernel *> find(Module *module, const char *kernel) override;
  Status launch(Kernel *kernel, const LaunchShape &shape, void *const *params,
                void *stream) override;
  Status synchronize() override;
  Expected<double>
  timeMilliseconds(const std::function<Status()> &work) override;
  void *saveCaller() override;
  void restoreCaller(void *saved) override;
  DriverApi *driverApi() override { return &api; }

private:
  /// Makes the primary context current on this thread.
  Status enter() const {
    return cu.check(cu.cuCtxSetCurrent(context), "cuCtxSetCurrent");
  }
  Status describe();
  Status outOfMemory(size_t bytes) const;
  Status createPool();
  /// The driver's own words for code of another chip name neither.
  Status checkTarget(const ModuleImage &image) const;
  Expected<CUmodule> loadPtx(const ModuleImage &image) const;
  Status grantShared(CudaKernel &kernel, uint32_t bytes);
  Status launchClusters(const CudaKernel &kernel, const LaunchShape &shape,
                        void *const *params, void *stream);

  const CudaDriver &cu;
  CUdevice device = 0;
  CUcontext context = nullptr;
  CudaDriverApi api{cu, context};
  DeviceInfo description;
  // Guards modules, their kernels and what those were granted, and the pool.
  std::mutex mutex;
  CUmemoryPool pool = nullptr; // made at the first use
  std::vector<std::unique_ptr<CudaModule>> modules;
  CUevent begin = nullptr, end = nullptr;
};

} // namespace attnrt

#endif // ATTNRT_DEVICE_CUDA_CUDADEVICE_H
