//===- FakeCuda.cpp - A CUDA driver made of host memory -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Stands in for libcuda.so.1 where there is none, so that what CudaDevice does
// around the driver is tested everywhere. It runs no kernels. FAKE_CUDA in the
// environment chooses how it misbehaves.
//
//===----------------------------------------------------------------------===//

#include "Device/Cuda/MiniCuda.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include <unistd.h>

static constexpr size_t kTotal = size_t(1) << 30;
static constexpr CUresult kNoDevice = 100, kInvalidValue = 1;

static std::map<CUdeviceptr, size_t> &allocations() {
  static std::map<CUdeviceptr, size_t> the;
  return the;
}

static size_t used() {
  size_t bytes = 0;
  for (const auto &allocation : allocations())
    bytes += allocation.second;
  return bytes;
}

static bool misbehaves(const char *how) {
  const char *wanted = std::getenv("FAKE_CUDA");
  return wanted && std::strcmp(wanted, how) == 0;
}

/// A context is that of a device, counted from 1: null is no context.
static CUcontext contextOf(CUdevice device) {
  return reinterpret_cast<CUcontext>(uintptr_t(device) + 1);
}

static thread_local CUcontext current;

/// A module is its text, on the device of the context in which it was loaded.
struct CUmod_st {
  std::string text;
  bool cubin;
  CUcontext context;
};

/// Launches and copies to the host by device, which tests read by functions of
/// their own.
static int launches[2], copies[2];
extern "C" int fakeCudaLaunches(int device) { return launches[device]; }
extern "C" int fakeCudaCopies(int device) { return copies[device]; }

static int &ofCurrent(int (&counts)[2]) {
  return counts[reinterpret_cast<uintptr_t>(current) - 1];
}

extern "C" {
CUresult cuInit(unsigned) { return misbehaves("no-device") ? kNoDevice : 0; }

CUresult cuGetErrorName(CUresult result, const char **name) {
  *name = result == kNoDevice ? "CUDA_ERROR_NO_DEVICE" : "CUDA_ERROR_OTHER";
  return 0;
}

CUresult cuGetErrorString(CUresult result, const char **text) {
  *text = result == kNoDevice ? "no CUDA-capable device is detected" : "other";
  return 0;
}

CUresult cuDriverGetVersion(int *version) {
  *version = 12080;
  return 0;
}

CUresult cuDeviceGetCount(int *count) {
  *count = misbehaves("count-0") ? 0 : 2;
  return 0;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  *device = ordinal;
  return ordinal < 2 ? 0 : kInvalidValue;
}

CUresult cuDeviceGetName(char *name, int size, CUdevice device) {
  std::strncpy(name, device == 0 ? "fake GPU" : "second fake GPU", size);
  return 0;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute,
                              CUdevice) {
  switch (attribute) {
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
    *value = 8;
    return 0;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN:
    *value = 160 * 1024;
    return 0;
  }
  *value = 1;
  return 0;
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice) {
  *bytes = kTotal;
  return 0;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  *context = contextOf(device);
  return 0;
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice) { return 0; }
CUresult cuCtxSetCurrent(CUcontext context) {
  current = context;
  return 0;
}
CUresult cuCtxGetCurrent(CUcontext *context) {
  *context = current;
  return 0;
}
CUresult cuCtxSynchronize(void) {
  while (misbehaves("hangs"))
    pause();
  return misbehaves("broken-kernel") ? 700 : 0;
}

CUresult cuMemGetInfo_v2(size_t *available, size_t *total) {
  *total = kTotal;
  *available = kTotal - used();
  return 0;
}

CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
  if (bytes == 0)
    return kInvalidValue;
  if (bytes > kTotal - used())
    return CUDA_ERROR_OUT_OF_MEMORY;
  *address = reinterpret_cast<CUdeviceptr>(
      std::aligned_alloc(256, (bytes + 255) / 256 * 256));
  allocations()[*address] = bytes;
  return 0;
}

CUresult cuMemFree_v2(CUdeviceptr address) {
  if (!allocations().erase(address))
    return kInvalidValue;
  std::free(reinterpret_cast<void *>(address));
  return 0;
}

CUresult cuMemPoolCreate(CUmemoryPool *pool, const CUmemPoolProps *properties) {
  if (properties->allocType != 1 || properties->location.type != 1)
    return kInvalidValue;
  *pool = reinterpret_cast<CUmemoryPool>(1);
  return 0;
}

CUresult cuMemPoolDestroy(CUmemoryPool) { return 0; }
CUresult cuMemPoolSetAttribute(CUmemoryPool, CUmemPool_attribute, void *) {
  return 0;
}

CUresult cuMemAllocFromPoolAsync(CUdeviceptr *address, size_t bytes,
                                 CUmemoryPool pool, CUstream) {
  return pool ? cuMemAlloc_v2(address, bytes) : kInvalidValue;
}

CUresult cuMemFreeAsync(CUdeviceptr address, CUstream) {
  return cuMemFree_v2(address);
}

CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes) {
  std::memcpy(reinterpret_cast<void *>(to), from, bytes);
  return 0;
}

CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t bytes) {
  ++ofCurrent(copies);
  std::memcpy(to, reinterpret_cast<void *>(from), bytes);
  return 0;
}

CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char byte, size_t bytes,
                         CUstream) {
  std::memset(reinterpret_cast<void *>(to), byte, bytes);
  return 0;
}

CUresult cuModuleLoadDataEx(CUmodule *module, const void *data, unsigned count,
                            CUjit_option *options, void **values) {
  std::string text(static_cast<const char *>(data));
  if (text == "cubin for another chip")
    return CUDA_ERROR_NO_BINARY_FOR_GPU;
  if (text.find("nonsense") != std::string::npos) {
    for (unsigned i = 0; i < count; ++i)
      if (options[i] == CU_JIT_ERROR_LOG_BUFFER)
        std::strcpy(static_cast<char *>(values[i]),
                    "ptxas application ptx input, line 4; fatal : Parsing "
                    "error near 'nonsense'\nptxas fatal\n");
    return CUDA_ERROR_INVALID_PTX;
  }
  *module = new CUmod_st{text, text.find("cubin") == 0, current};
  return 0;
}

CUresult cuModuleUnload(CUmodule module) {
  delete module;
  return 0;
}

/// Kernels of a cubin are said to be whatever is asked for.
CUresult cuModuleGetFunction(CUfunction *function, CUmodule module,
                             const char *name) {
  if (!module->cubin && module->text.find(std::string(".entry ") + name +
                                          "(") == std::string::npos)
    return CUDA_ERROR_NOT_FOUND;
  *function = reinterpret_cast<CUfunction>(module);
  return 0;
}

CUresult cuFuncSetAttribute(CUfunction, CUfunction_attribute, int value) {
  return value > 160 * 1024 ? kInvalidValue : 0;
}

/// A kernel runs in the context of its module only.
CUresult cuLaunchKernel(CUfunction function, unsigned, unsigned, unsigned,
                        unsigned x, unsigned y, unsigned z, unsigned, CUstream,
                        void **, void **) {
  auto *module = reinterpret_cast<CUmodule>(function);
  if (x * y * z > 1024 || module->context != current)
    return kInvalidValue;
  ++ofCurrent(launches);
  return 0;
}

CUresult cuEventCreate(CUevent *event, unsigned) {
  *event = reinterpret_cast<CUevent>(1);
  return 0;
}
CUresult cuEventRecord(CUevent, CUstream) { return 0; }
CUresult cuEventSynchronize(CUevent) { return 0; }
CUresult cuEventElapsedTime(float *milliseconds, CUevent, CUevent) {
  *milliseconds = 1.5f;
  return 0;
}
CUresult cuEventDestroy_v2(CUevent) { return 0; }

CUresult cuStreamCreate(CUstream *stream, unsigned) {
  *stream = reinterpret_cast<CUstream>(2);
  return 0;
}
CUresult cuStreamDestroy_v2(CUstream stream) {
  return stream ? 0 : kInvalidValue;
}
CUresult cuStreamSynchronize(CUstream) {
  return misbehaves("broken-kernel") ? 700 : 0;
}
CUresult cuStreamWaitEvent(CUstream, CUevent, unsigned) { return 0; }

CUresult cuMemAllocManaged(CUdeviceptr *address, size_t bytes, unsigned) {
  return cuMemAlloc_v2(address, bytes);
}

static std::map<void *, size_t> &registered() {
  static std::map<void *, size_t> the;
  return the;
}

CUresult cuMemHostRegister_v2(void *memory, size_t bytes, unsigned) {
  return registered().emplace(memory, bytes).second ? 0 : kInvalidValue;
}
CUresult cuMemHostUnregister(void *memory) {
  return registered().erase(memory) ? 0 : kInvalidValue;
}

/// The address that kernels have for what one allocation holds.
CUresult cuPointerGetAttribute(void *value, CUpointer_attribute attribute,
                               CUdeviceptr address) {
  auto isWithin = [&](CUdeviceptr begin, size_t bytes) {
    return address >= begin && address - begin < bytes;
  };
  bool isKnown = false;
  for (const auto &[begin, bytes] : allocations())
    isKnown |= isWithin(begin, bytes);
  for (const auto &[begin, bytes] : registered())
    isKnown |= isWithin(reinterpret_cast<CUdeviceptr>(begin), bytes);
  if (!isKnown || attribute != CU_POINTER_ATTRIBUTE_DEVICE_POINTER)
    return kInvalidValue;
  std::memcpy(value, &address, sizeof address);
  return 0;
}

CUresult cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes,
                       CUstream) {
  std::memmove(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from),
               bytes);
  return 0;
}

CUresult cuMemsetD16Async(CUdeviceptr to, unsigned short value, size_t count,
                          CUstream) {
  std::fill_n(reinterpret_cast<unsigned short *>(to), count, value);
  return 0;
}
CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count,
                          CUstream) {
  std::fill_n(reinterpret_cast<unsigned *>(to), count, value);
  return 0;
}

CUresult cuLaunchKernelEx(const CUlaunchConfig *config, CUfunction, void **,
                          void **) {
  const auto &cluster = config->attrs[0].value.clusterDim;
  bool isCluster =
      config->numAttrs == 1 &&
      config->attrs[0].id == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
  return isCluster && config->gridDimX % cluster.x == 0 ? 0 : kInvalidValue;
}

/// Writes its arguments one after the other, so that a test sees them.
CUresult cuTensorMapEncodeTiled(CUtensorMap *map, int type, unsigned rank,
                                void *, const unsigned long long *sizes,
                                const unsigned long long *strides,
                                const unsigned *box, const unsigned *, int,
                                int swizzle, int, int) {
  if (reinterpret_cast<uintptr_t>(map) % alignof(CUtensorMap))
    return kInvalidValue;
  *map = {};
  map->opaque[0] = type;
  map->opaque[1] = rank;
  map->opaque[2] = sizes[0];
  map->opaque[3] = sizes[1];
  map->opaque[4] = strides[0];
  map->opaque[5] = box[0];
  map->opaque[6] = box[1];
  map->opaque[7] = swizzle;
  return 0;
}
}
