//===- Device.h - What a device can do --------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The border between the runtime and whatever executes kernels. `cuda` (the
// driver, opened at run time) and `sim` (the simulator of the same PTX) are
// siblings behind it; everything above is device-blind. One conformance suite,
// runtime/test/cts, runs on each device that opens.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_DEVICE_H
#define ATTNRT_DEVICE_H

#include "attnrt/Abi.h"
#include "attnrt/Counters.h"
#include "attnrt/Status.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace attnrt {

/// An address in device memory. On `sim` it is a host address of the
/// simulator's heap, on `host` any; on `cuda` a CUdeviceptr. 0 is never valid.
using DeviceAddress = uint64_t;

struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;
};

struct DeviceInfo {
  std::string kind;   // "cuda", "sim" or "host"
  int ordinal = 0;    // among the devices of its kind
  std::string name;   // as the driver or the processor says
  std::string driver; // the newest CUDA that it knows; else empty
  int computeMajor = 0, computeMinor = 0;
  uint64_t memoryBytes = 0;
  uint32_t sharedBytesPerBlock = 0; // with opt-in
  uint32_t multiprocessors = 0;
};

/// Code of one module: for GPUs PTX text always, a cubin where ptxas made one;
/// for processors functions, of each kernel the best first.
struct ModuleImage {
  std::string_view name;
  std::string_view ptx;
  std::string_view cubin;
  const AttnrtHostCode *hostCode = nullptr;
  uint64_t hostCodes = 0;
};

struct LaunchShape {
  Dim3 grid, block;
  uint32_t dynamicSharedBytes = 0;
  Dim3 cluster = {}; // in blocks
};

/// Loaded code; owned by its Device.
class Module;
/// An entry of a Module; owned by its Module.
class Kernel;

/// One violated rule, found by a checker of the simulator.
struct Hazard {
  std::string kind; // id of the check, e.g. "oob"
  int ptxLine = 0;  // 1-based line of the PTX text, 0 when unknown
  Dim3 cta;         // block index
  int warp = -1;    // index in the block, -1 when it concerns no single warp
  std::string message;
  bool isWarning = false; // of a rule that known hardware forgives
};

/// What the launches since the last takeExecutionReport() did. Only `sim`
/// has one.
struct ExecutionReport {
  uint64_t warpInstructions = 0;
  std::vector<Hazard> hazards;
  std::vector<Hazard> warnings;
  double seconds = 0;             // of execution only
  uint64_t mmaInstructions = 0;   // by warps
  uint64_t wgmmaInstructions = 0; // by warpgroups
  uint64_t bulkBytes = 0;         // between global and shared memory
  uint64_t bankConflicts = 0;     // extra wavefronts of shared memory accesses
  std::vector<KernelCounters> counters; // by kernel, as first launched
  unsigned threads = 1;
};

/// What programs that drive a device themselves need besides; DriverApi.h.
class DriverApi;

class Device {
public:
  virtual ~Device() = default;

  virtual const DeviceInfo &info() const = 0;

  /// Uninitialised memory, at least 256-byte aligned. Zero bytes give a valid
  /// address that must not be read. Out of memory says how much was asked for
  /// and how much there is.
  virtual Expected<DeviceAddress> allocate(size_t bytes) = 0;
  virtual Status free(DeviceAddress address) = 0;
  /// Memory for the work that goes to `stream` between the two calls; neither
  /// waits for the device, and a capture of the stream takes both. Null is the
  /// default stream.
  virtual Expected<DeviceAddress> allocateOnStream(size_t bytes,
                                                   void *stream) = 0;
  virtual Status freeOnStream(DeviceAddress address, void *stream) = 0;
  virtual Status copyToDevice(DeviceAddress to, const void *from,
                              size_t bytes) = 0;
  virtual Status copyToHost(void *to, DeviceAddress from, size_t bytes) = 0;
  /// Sets every byte, e.g. to the poison that a kernel must overwrite.
  virtual Status fill(DeviceAddress to, uint8_t byte, size_t bytes) = 0;

  /// The image must live as long as the device.
  virtual Expected<Module *> load(const ModuleImage &image) = 0;
  virtual Expected<Kernel *> find(Module *module, const char *kernel) = 0;
  /// Nothing of the module may run or be used any more. What is not unloaded
  /// goes with the device.
  virtual Status unload(Module *) { return Status::ok(); }
  /// `params[i]` points at the i-th parameter's value; sizes are those that
  /// the kernel declares. `stream` is the caller's; null is the default one.
  virtual Status launch(Kernel *kernel, const LaunchShape &shape,
                        void *const *params, void *stream) = 0;
  /// Waits for all work; errors of asynchronous work surface here.
  virtual Status synchronize() = 0;

  /// Milliseconds of device time that `work` took on the default stream. `sim`
  /// has no time and refuses.
  virtual Expected<double>
  timeMilliseconds(const std::function<Status()> &work) = 0;

  /// Null where the device keeps none.
  virtual std::unique_ptr<ExecutionReport> takeExecutionReport() {
    return nullptr;
  }

  /// The most memory of its own, beside what is allocated, that launches held
  /// at a time since the last call.
  virtual uint64_t takePeakScratchBytes() { return 0; }

  /// What the calling thread has current in the driver besides. Every call of
  /// this class may change it, and code that shares the thread relies on it:
  /// calls on behalf of such code save it before and restore it after.
  virtual void *saveCaller() { return nullptr; }
  virtual void restoreCaller(void *) {}

  /// Null where the device runs packages only.
  virtual DriverApi *driverApi() { return nullptr; }
};

/// Opens "cuda", "cuda:N", "sim", "host" or "auto" (cuda where one works, else
/// sim). An
/// unknown name is BadInput; a device that is not there is Device and says
/// what is missing.
Expected<std::unique_ptr<Device>> openDevice(std::string_view name);

/// The device of programs whose tensors name none (`mgpu*`, entries without
/// tensors). Until one is set, the first use opens the one that ATTNRT_DEVICE
/// names, else "auto".
Expected<Device *> currentDevice();
/// Arrays that entries are called with lie on it, where it is of the kind that
/// they, and the entries' code, are for.
void setCurrentDevice(Device *device);

} // namespace attnrt

#endif // ATTNRT_DEVICE_H
