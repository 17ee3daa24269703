//===- Mgpu.cpp - What MLIR's gpu dialect calls ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The functions that `gpu-to-llvm` and the translation of `gpu.binary` call, on
// the current device:
//
//   ATTNRT_DEVICE=sim mlir-runner --shared-libs=libattnrt.so …
//
// None can return an error, and a program that goes on after one computes
// nonsense: a failure is one line, hazards with their places, and the end of
// the process with the status of its code. Sparse matrices (mgpuCreateCoo and
// so on) are not here.
//
//===----------------------------------------------------------------------===//

#include "Abi/Stop.h"
#include "Package/CodeImage.h"
#include "attnrt/DriverApi.h"

#include <map>
#include <mutex>
#include <optional>

using namespace attnrt;

//===----------------------------------------------------------------------===//
// Failures
//===----------------------------------------------------------------------===//

[[noreturn]] static void stop(const Status &status) {
  Expected<Device *> device = currentDevice();
  stop(status, device ? *device : nullptr);
}

static void check(const Status &status) {
  if (!status.isOk())
    stop(status);
}

template <typename T>
static T check(Expected<T> value) {
  check(value.status());
  return std::move(*value);
}

static Device &device() { return *check(currentDevice()); }

static DriverApi &driver() {
  DriverApi *api = device().driverApi();
  if (!api)
    stop(Status::device("the device runs packages only"));
  return *api;
}

static DeviceAddress addressOf(void *pointer) {
  return reinterpret_cast<DeviceAddress>(pointer);
}

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

namespace {
/// Text that a loaded module still looks at.
struct Texts {
  std::mutex mutex;
  std::map<Module *, std::unique_ptr<std::string>> ofModules;
};
} // namespace

static Texts &texts() {
  static Texts *the = new Texts;
  return *the;
}

static Module *load(CodeImage image) {
  Module *module =
      check(device().load({"gpu.binary", image.ptx, image.binary}));
  std::lock_guard<std::mutex> lock(texts().mutex);
  if (image.decompressed)
    texts().ofModules[module] = std::move(image.decompressed);
  return module;
}

extern "C" void *mgpuModuleLoad(void *data, size_t bytes) {
  return load(check(readCode({static_cast<const char *>(data), bytes})));
}

extern "C" void *mgpuModuleLoadJIT(void *data, int /*optLevel*/) {
  return load(check(readCodeOfUnknownSize(static_cast<const char *>(data))));
}

extern "C" void mgpuModuleUnload(void *module) {
  check(device().unload(static_cast<Module *>(module)));
  std::lock_guard<std::mutex> lock(texts().mutex);
  texts().ofModules.erase(static_cast<Module *>(module));
}

extern "C" void *mgpuModuleGetFunction(void *module, const char *name) {
  return check(device().find(static_cast<Module *>(module), name));
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

static Dim3 dim(const char *what, intptr_t x, intptr_t y, intptr_t z) {
  for (intptr_t size : {x, y, z})
    if (size < 1 || size > UINT32_MAX)
      stop(Status::badInput(std::string("cannot launch ") + what + " of " +
                            std::to_string(x) + "x" + std::to_string(y) + "x" +
                            std::to_string(z)));
  return {static_cast<uint32_t>(x), static_cast<uint32_t>(y),
          static_cast<uint32_t>(z)};
}

static void launch(void *opaque, const LaunchShape &shape, void *stream,
                   void **params, void **extra,
                   std::optional<size_t> paramCount) {
  auto *kernel = static_cast<Kernel *>(opaque);
  if (extra)
    stop(Status::badInput("launches with extra options are not supported"));
  check(driver().checkLaunch(kernel, paramCount, stream));
  check(device().launch(kernel, shape, params, stream));
}

static uint32_t sharedBytes(int32_t bytes) {
  if (bytes < 0)
    stop(Status::badInput("cannot launch with " + std::to_string(bytes) +
                          " bytes of shared memory"));
  return static_cast<uint32_t>(bytes);
}

extern "C" void mgpuLaunchKernel(void *kernel, intptr_t gridX, intptr_t gridY,
                                 intptr_t gridZ, intptr_t blockX,
                                 intptr_t blockY, intptr_t blockZ, int32_t smem,
                                 void *stream, void **params, void **extra,
                                 size_t paramCount) {
  LaunchShape shape{dim("a grid", gridX, gridY, gridZ),
                    dim("blocks", blockX, blockY, blockZ), sharedBytes(smem)};
  launch(kernel, shape, stream, params, extra, paramCount);
}

/// MLIR says how many parameters there are for the other launch only.
extern "C" void mgpuLaunchClusterKernel(void *kernel, intptr_t clusterX,
                                        intptr_t clusterY, intptr_t clusterZ,
                                        intptr_t gridX, intptr_t gridY,
                                        intptr_t gridZ, intptr_t blockX,
                                        intptr_t blockY, intptr_t blockZ,
                                        int32_t smem, void *stream,
                                        void **params, void **extra) {
  LaunchShape shape{dim("a grid", gridX, gridY, gridZ),
                    dim("blocks", blockX, blockY, blockZ), sharedBytes(smem),
                    dim("clusters", clusterX, clusterY, clusterZ)};
  launch(kernel, shape, stream, params, extra, std::nullopt);
}

//===----------------------------------------------------------------------===//
// Streams and events
//===----------------------------------------------------------------------===//

extern "C" void *mgpuStreamCreate() { return check(driver().createStream()); }
extern "C" void mgpuStreamDestroy(void *stream) {
  check(driver().destroyStream(stream));
}
extern "C" void mgpuStreamSynchronize(void *stream) {
  check(driver().synchronizeStream(stream));
}
extern "C" void mgpuStreamWaitEvent(void *stream, void *event) {
  check(driver().waitEvent(stream, event));
}

extern "C" void *mgpuEventCreate() { return check(driver().createEvent()); }
extern "C" void mgpuEventDestroy(void *event) {
  check(driver().destroyEvent(event));
}
extern "C" void mgpuEventSynchronize(void *event) {
  check(driver().synchronizeEvent(event));
}
extern "C" void mgpuEventRecord(void *event, void *stream) {
  check(driver().recordEvent(event, stream));
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

extern "C" void *mgpuMemAlloc(uint64_t bytes, void * /*stream*/,
                              bool isHostShared) {
  if (bytes == 0)
    return nullptr;
  DeviceAddress address = check(isHostShared ? driver().allocateShared(bytes)
                                             : device().allocate(bytes));
  return reinterpret_cast<void *>(address);
}

extern "C" void mgpuMemFree(void *pointer, void * /*stream*/) {
  if (pointer)
    check(device().free(addressOf(pointer)));
}

extern "C" void mgpuMemcpy(void *to, void *from, size_t bytes, void *stream) {
  if (bytes)
    check(driver().copy(to, from, bytes, stream));
}

extern "C" void mgpuMemset16(void *to, unsigned short value, size_t count,
                             void *stream) {
  if (count)
    check(driver().fill16(addressOf(to), value, count, stream));
}

extern "C" void mgpuMemset32(void *to, unsigned value, size_t count,
                             void *stream) {
  if (count)
    check(driver().fill32(addressOf(to), value, count, stream));
}

namespace {
/// MLIR's descriptor of a ranked memref; `rank` sizes and as many strides
/// follow.
struct MemRef {
  char *allocated, *aligned;
  int64_t offset;
  int64_t sizesAndStrides[];

  char *begin(int64_t elementBytes) const {
    return aligned + offset * elementBytes;
  }
};
} // namespace

/// Bytes from the first element to behind the last one.
static size_t spannedBytes(const MemRef &memref, int64_t rank,
                           int64_t elementBytes) {
  int64_t last = 0;
  for (int64_t i = 0; i < rank; ++i) {
    if (memref.sizesAndStrides[i] == 0)
      return 0;
    last += (memref.sizesAndStrides[i] - 1) * memref.sizesAndStrides[rank + i];
  }
  return static_cast<size_t>((last + 1) * elementBytes);
}

extern "C" void mgpuMemHostRegister(void *pointer, uint64_t bytes) {
  if (bytes)
    check(driver().registerHost(pointer, bytes));
}

extern "C" void mgpuMemHostUnregister(void *pointer) {
  check(driver().unregisterHost(pointer));
}

extern "C" void mgpuMemHostRegisterMemRef(int64_t rank, void *descriptor,
                                          int64_t elementBytes) {
  const auto &memref = *static_cast<const MemRef *>(descriptor);
  mgpuMemHostRegister(memref.begin(elementBytes),
                      spannedBytes(memref, rank, elementBytes));
}

extern "C" void mgpuMemHostUnregisterMemRef(int64_t rank, void *descriptor,
                                            int64_t elementBytes) {
  const auto &memref = *static_cast<const MemRef *>(descriptor);
  if (spannedBytes(memref, rank, elementBytes))
    mgpuMemHostUnregister(memref.begin(elementBytes));
}

extern "C" void mgpuSetDefaultDevice(int32_t index) {
  if (index != 0)
    stop(Status::device("device " + std::to_string(index) +
                        " was asked for, and only device 0 is used"));
}

//===----------------------------------------------------------------------===//
// Tensor maps
//===----------------------------------------------------------------------===//

extern "C" void mgpuTensorMapEncodeTiled(void *encoded, int type, uint32_t rank,
                                         void *address, const uint64_t *sizes,
                                         const uint64_t *strides,
                                         const uint32_t *box,
                                         const uint32_t *elementStrides,
                                         int interleave, int swizzle,
                                         int l2Promotion, int outOfBounds) {
  if (rank < 1 || rank > TensorMap::kMaxRank)
    stop(Status::badInput("a tensor map of rank " + std::to_string(rank)));
  TensorMap map;
  map.type = type;
  map.rank = rank;
  map.address = address;
  for (uint32_t i = 0; i < rank; ++i) {
    map.sizes[i] = sizes[i];
    map.strides[i] = i + 1 < rank ? strides[i] : 0;
    map.box[i] = box[i];
    map.elementStrides[i] = elementStrides[i];
  }
  map.interleave = interleave;
  map.swizzle = swizzle;
  map.l2Promotion = l2Promotion;
  map.outOfBounds = outOfBounds;
  check(driver().encode(map, encoded));
}

/// Bytes of an element, in the order of the driver's enumeration.
static int64_t elementBytesOf(int type) {
  static constexpr int64_t kBytes[] = {1, 2, 4, 4, 8, 8, 2, 4, 8, 2, 4, 4, 4};
  if (type < 0 || type >= static_cast<int>(std::size(kBytes)))
    stop(Status::badInput("a tensor map of element type " +
                          std::to_string(type)));
  return kBytes[type];
}

/// The map's place in device memory; nothing frees it.
extern "C" void *mgpuTensorMapEncodeTiledMemref(int64_t rank, void *descriptor,
                                                int type, int interleave,
                                                int swizzle, int l2Promotion,
                                                int outOfBounds, int64_t *box) {
  if (rank < 1 || rank > TensorMap::kMaxRank)
    stop(Status::badInput("a tensor map of rank " + std::to_string(rank)));
  const auto &memref = *static_cast<const MemRef *>(descriptor);
  int64_t bytes = elementBytesOf(type);
  uint64_t sizes[TensorMap::kMaxRank], strides[TensorMap::kMaxRank] = {};
  uint32_t boxSizes[TensorMap::kMaxRank], ones[TensorMap::kMaxRank];
  for (int64_t i = 0; i < rank; ++i) { // innermost first
    int64_t from = rank - 1 - i;
    sizes[i] = memref.sizesAndStrides[from];
    if (i > 0)
      strides[i - 1] = memref.sizesAndStrides[rank + from] * bytes;
    boxSizes[i] = static_cast<uint32_t>(box[from]);
    ones[i] = 1;
  }
  char encoded[128];
  mgpuTensorMapEncodeTiled(encoded, type, static_cast<uint32_t>(rank),
                           memref.begin(bytes), sizes, strides, boxSizes, ones,
                           interleave, swizzle, l2Promotion, outOfBounds);
  DeviceAddress place = check(device().allocate(sizeof encoded));
  check(device().copyToDevice(place, encoded, sizeof encoded));
  return reinterpret_cast<void *>(place);
}
