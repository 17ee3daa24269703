//===- CudaDevice.cpp - An NVIDIA GPU -------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A device through its primary context, which the process shares with whatever
// else uses CUDA in it. Work goes to the default stream unless a launch names
// another.
//
//===----------------------------------------------------------------------===//

#include "Device/Cuda/CudaDevice.h"
#include "Device/Current.h"
#include "Device/Factories.h"
#include "attnrt/HostTensor.h"

#include <algorithm>
#include <cstring>

using namespace attnrt;

Expected<std::unique_ptr<Device>> attnrt::openCudaDevice(int ordinal) {
  Expected<const CudaDriver *> driver = CudaDriver::open();
  if (!driver)
    return driver.status();
  auto device = std::make_unique<CudaDevice>(**driver);
  Status status = device->open(ordinal);
  if (!status.isOk())
    return status;
  return std::unique_ptr<Device>(std::move(device));
}

Status CudaDevice::open(int ordinal) {
  description.ordinal = ordinal;
  ATTNRT_CHECK(cuInit, 0);
  int count = 0;
  ATTNRT_CHECK(cuDeviceGetCount, &count);
  if (count == 0)
    return Status::device("no CUDA device: the driver sees none");
  if (ordinal < 0 || ordinal >= count)
    return Status::device("no CUDA device " + std::to_string(ordinal) +
                          ": the driver sees " + std::to_string(count));
  ATTNRT_CHECK(cuDeviceGet, &device, ordinal);
  ATTNRT_CHECK(cuDevicePrimaryCtxRetain, &context, device);
  CallerState caller(*this);
  Status status = enter();
  if (!status.isOk())
    return status;
  ATTNRT_CHECK(cuEventCreate, &begin, CU_EVENT_DEFAULT);
  ATTNRT_CHECK(cuEventCreate, &end, CU_EVENT_DEFAULT);
  return describe();
}

/// A context, or null where the thread has none.
void *CudaDevice::saveCaller() {
  CUcontext current = nullptr;
  cu.cuCtxGetCurrent(&current);
  return current;
}

void CudaDevice::restoreCaller(void *saved) {
  cu.cuCtxSetCurrent(static_cast<CUcontext>(saved));
}

Status CudaDevice::describe() {
  char name[256] = {};
  ATTNRT_CHECK(cuDeviceGetName, name, sizeof name, device);
  size_t memory = 0;
  ATTNRT_CHECK(cuDeviceTotalMem, &memory, device);
  int shared = 0, multiprocessors = 0, version = 0;
  ATTNRT_CHECK(cuDriverGetVersion, &version);
  ATTNRT_CHECK(cuDeviceGetAttribute, &description.computeMajor,
               CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device);
  ATTNRT_CHECK(cuDeviceGetAttribute, &description.computeMinor,
               CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device);
  ATTNRT_CHECK(cuDeviceGetAttribute, &shared,
               CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, device);
  ATTNRT_CHECK(cuDeviceGetAttribute, &multiprocessors,
               CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device);
  description.kind = "cuda";
  description.name = name;
  description.driver = "CUDA " + std::to_string(version / 1000) + "." +
                       std::to_string(version % 1000 / 10);
  description.memoryBytes = memory;
  description.sharedBytesPerBlock = static_cast<uint32_t>(shared);
  description.multiprocessors = static_cast<uint32_t>(multiprocessors);
  return Status::ok();
}

CudaDevice::~CudaDevice() {
  if (!context)
    return;
  // Failures here have nobody to go to.
  cu.cuCtxSetCurrent(context);
  for (const auto &module : modules)
    cu.cuModuleUnload(module->handle);
  if (pool)
    cu.cuMemPoolDestroy(pool);
  if (begin)
    cu.cuEventDestroy(begin);
  if (end)
    cu.cuEventDestroy(end);
  cu.cuDevicePrimaryCtxRelease(device);
}

Status CudaDevice::outOfMemory(size_t bytes) const {
  size_t available = 0, total = 0;
  ATTNRT_CHECK(cuMemGetInfo, &available, &total);
  return Status::device(
      "out of device memory: asked for " + describeBytes(bytes) +
      ", there is " + describeBytes(available) + " of " + describeBytes(total));
}

Expected<DeviceAddress> CudaDevice::allocate(size_t bytes) {
  Status entered = enter();
  if (!entered.isOk())
    return entered;
  CUdeviceptr address = 0;
  // The driver refuses an allocation of nothing.
  CUresult result = cu.cuMemAlloc(&address, std::max<size_t>(bytes, 1));
  if (result == CUDA_ERROR_OUT_OF_MEMORY)
    return outOfMemory(bytes);
  Status status = cu.check(result, "cuMemAlloc");
  if (!status.isOk())
    return status;
  return DeviceAddress(address);
}

Status CudaDevice::free(DeviceAddress address) {
  Status entered = enter();
  if (!entered.isOk())
    return entered;
  ATTNRT_CHECK(cuMemFree, address);
  return Status::ok();
}

/// A pool of our own keeps what was freed: the default one gives it back to the
/// system at every synchronisation, and its settings belong to others.
Status CudaDevice::createPool() {
  std::lock_guard<std::mutex> lock(mutex);
  if (pool)
    return Status::ok();
  CUmemPoolProps properties;
  properties.location.id = device;
  ATTNRT_CHECK(cuMemPoolCreate, &pool, &properties);
  uint64_t everything = UINT64_MAX;
  ATTNRT_CHECK(cuMemPoolSetAttribute, pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD,
               &everything);
  return Status::ok();
}

Expected<DeviceAddress> CudaDevice::allocateOnStream(size_t bytes,
                                                     void *stream) {
  Status status = enter();
  if (status.isOk())
    status = createPool();
  if (!status.isOk())
    return status;
  CUdeviceptr address = 0;
  CUresult result =
      cu.cuMemAllocFromPoolAsync(&address, std::max<size_t>(bytes, 1), pool,
                                 static_cast<CUstream>(stream));
  if (result == CUDA_ERROR_OUT_OF_MEMORY)
    return outOfMemory(bytes);
  status = cu.check(result, "cuMemAllocFromPoolAsync");
  if (!status.isOk())
    return status;
  return DeviceAddress(address);
}

Status CudaDevice::freeOnStream(DeviceAddress address, void *stream) {
  Status entered = enter();
  if (!entered.isOk())
    return entered;
  ATTNRT_CHECK(cuMemFreeAsync, address, static_cast<CUstream>(stream));
  return Status::ok();
}

Status CudaDevice::copyToDevice(DeviceAddress to, const void *from,
                                size_t bytes) {
  Status entered = enter();
  if (!entered.isOk() || bytes == 0)
    return entered;
  ATTNRT_CHECK(cuMemcpyHtoD, to, from, bytes);
  return Status::ok();
}

Status CudaDevice::copyToHost(void *to, DeviceAddress from, size_t bytes) {
  Status entered = enter();
  if (!entered.isOk() || bytes == 0)
    return entered;
  ATTNRT_CHECK(cuMemcpyDtoH, to, from, bytes);
  return Status::ok();
}

Status CudaDevice::fill(DeviceAddress to, uint8_t byte, size_t bytes) {
  Status entered = enter();
  if (!entered.isOk() || bytes == 0)
    return entered;
  ATTNRT_CHECK(cuMemsetD8Async, to, byte, bytes, nullptr);
  return Status::ok();
}

Status CudaDevice::grantShared(CudaKernel &kernel, uint32_t bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  if (bytes <= kernel.grantedSharedBytes)
    return Status::ok();
  Status status = cu.check(
      cu.cuFuncSetAttribute(kernel.function,
                            CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                            static_cast<int>(bytes)),
      "cuFuncSetAttribute");
  if (!status.isOk())
    return Status::device("kernel " + kernel.name + ": asked for " +
                          describeBytes(bytes) +
                          " of dynamic shared memory, a block may have " +
                          describeBytes(description.sharedBytesPerBlock) +
                          ": " + status.message());
  kernel.grantedSharedBytes = bytes;
  return Status::ok();
}

Status CudaDevice::launchClusters(const CudaKernel &kernel,
                                  const LaunchShape &shape, void *const *params,
                                  void *stream) {
  if (!cu.cuLaunchKernelEx)
    return Status::device("the CUDA driver is too old for clusters");
  CUlaunchAttribute cluster = {};
  cluster.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
  cluster.value.clusterDim = {shape.cluster.x, shape.cluster.y,
                              shape.cluster.z};
  CUlaunchConfig config = {};
  config.gridDimX = shape.grid.x;
  config.gridDimY = shape.grid.y;
  config.gridDimZ = shape.grid.z;
  config.blockDimX = shape.block.x;
  config.blockDimY = shape.block.y;
  config.blockDimZ = shape.block.z;
  config.sharedMemBytes = shape.dynamicSharedBytes;
  config.hStream = static_cast<CUstream>(stream);
  config.attrs = &cluster;
  config.numAttrs = 1;
  return cu.check(cu.cuLaunchKernelEx(&config, kernel.function,
                                      const_cast<void **>(params), nullptr),
                  "cuLaunchKernelEx");
}

static bool isOne(const Dim3 &dim) {
  return dim.x == 1 && dim.y == 1 && dim.z == 1;
}

Status CudaDevice::launch(Kernel *opaque, const LaunchShape &shape,
                          void *const *params, void *stream) {
  Status entered = enter();
  if (!entered.isOk())
    return entered;
  auto &kernel = *reinterpret_cast<CudaKernel *>(opaque);
  Status granted = grantShared(kernel, shape.dynamicSharedBytes);
  if (!granted.isOk())
    return granted;
  Status status =
      isOne(shape.cluster)
          ? cu.check(cu.cuLaunchKernel(kernel.function, shape.grid.x,
                                       shape.grid.y, shape.grid.z,
                                       shape.block.x, shape.block.y,
                                       shape.block.z, shape.dynamicSharedBytes,
                                       static_cast<CUstream>(stream),
                                       const_cast<void **>(params), nullptr),
                     "cuLaunchKernel")
          : launchClusters(kernel, shape, params, stream);
  if (!status.isOk())
    return Status::device("kernel " + kernel.name + ": " + status.message());
  return Status::ok();
}

Status CudaDevice::synchronize() {
  Status entered = enter();
  if (!entered.isOk())
    return entered;
  ATTNRT_CHECK(cuCtxSynchronize);
  return Status::ok();
}

Expected<double>
CudaDevice::timeMilliseconds(const std::function<Status()> &work) {
  Status entered = enter();
  if (!entered.isOk())
    return entered;
  ATTNRT_CHECK(cuEventRecord, begin, nullptr);
  Status done = work();
  if (!done.isOk())
    return done;
  ATTNRT_CHECK(cuEventRecord, end, nullptr);
  ATTNRT_CHECK(cuEventSynchronize, end);
  float milliseconds = 0;
  ATTNRT_CHECK(cuEventElapsedTime, &milliseconds, begin, end);
  return double(milliseconds);
}
