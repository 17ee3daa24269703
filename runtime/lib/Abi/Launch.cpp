//===- Launch.cpp - Starting a package's kernels --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Modules load at their first use on a device, and kernels are looked up once
// there. What was found hangs on the package's own `state` pointers as a list
// of immutable records, one for each device: a launch that finds its record
// takes no lock but the device's.
//
//===----------------------------------------------------------------------===//

#include "attnrt/Launch.h"

#include "Abi/Fail.h"
#include "Device/Current.h"

#include <atomic>
#include <deque>
#include <mutex>

using namespace attnrt;

namespace {
/// What was loaded on a device, from code of one epoch.
template <typename T>
struct Loaded {
  uint64_t device, epoch;
  T *what;
  const Loaded *next;
};
using LoadedModule = Loaded<Module>;
using LoadedKernel = Loaded<Kernel>;

/// Guards loading. Records are never freed, since a launch on another thread
/// may still read them; there is one for each device, module and epoch.
struct Loader {
  std::mutex mutex;
  std::deque<LoadedModule> modules;
  std::deque<LoadedKernel> kernels;
  std::deque<std::string> replacements;
  bool replaced = false;
  /// Changes whenever what was loaded must not be used any more.
  std::atomic<uint64_t> epoch{0};
};

struct Log {
  std::atomic<bool> on{false};
  std::mutex mutex;
  std::vector<LaunchRecord> records;
};
} // namespace

static Loader &loader() {
  static Loader *the = new Loader;
  return *the;
}

static Log &launchLog() {
  static Log *the = new Log;
  return *the;
}

/// Null where nothing was loaded yet.
template <typename T>
static T *findLoaded(void *const &state, const AttnrtDevice &device) {
  uint64_t epoch = loader().epoch;
  auto *record =
      static_cast<const Loaded<T> *>(__atomic_load_n(&state, __ATOMIC_ACQUIRE));
  for (; record; record = record->next)
    if (record->device == device.id && record->epoch == epoch)
      return record->what;
  return nullptr;
}

/// Under the loader's mutex.
template <typename T>
static void addLoaded(void *&state, const AttnrtDevice &device, T *what,
                      std::deque<Loaded<T>> &records) {
  records.push_back(
      {device.id, loader().epoch, what, static_cast<const Loaded<T> *>(state)});
  __atomic_store_n(&state, &records.back(), __ATOMIC_RELEASE);
}

/// Under the loader's mutex.
static ModuleImage imageOf(const AttnrtModule &module) {
  ModuleImage image;
  image.name = module.name;
  image.hostCode = module.hostCode;
  image.hostCodes = module.hostCodes;
  if (module.hostCodes)
    return image;
  if (loader().replaced) {
    image.ptx = loader().replacements.back();
    return image;
  }
  image.ptx = {module.ptx, module.ptxBytes};
  if (module.cubin)
    image.cubin = {static_cast<const char *>(module.cubin), module.cubinBytes};
  return image;
}

/// Under the loader's mutex.
static Expected<Module *> moduleFor(AttnrtModule *module,
                                    const AttnrtDevice &device) {
  if (Module *known = findLoaded<Module>(module->state, device))
    return known;
  Expected<Module *> loaded = device.device->load(imageOf(*module));
  if (loaded)
    addLoaded(module->state, device, *loaded, loader().modules);
  return loaded;
}

static Expected<Kernel *> kernelFor(AttnrtKernel *kernel,
                                    const AttnrtDevice &device) {
  if (Kernel *known = findLoaded<Kernel>(kernel->state, device))
    return known;
  Loader &the = loader();
  std::lock_guard<std::mutex> lock(the.mutex);
  if (Kernel *known = findLoaded<Kernel>(kernel->state, device))
    return known;
  Expected<Module *> module = moduleFor(kernel->module, device);
  if (!module)
    return module.status();
  Expected<Kernel *> found = device.device->find(*module, kernel->name);
  if (found)
    addLoaded(kernel->state, device, *found, the.kernels);
  return found;
}

static void record(const char *kernel, const LaunchShape &shape) {
  Log &log = launchLog();
  if (!log.on)
    return;
  std::lock_guard<std::mutex> lock(log.mutex);
  for (LaunchRecord &known : log.records)
    if (known.kernel == kernel) {
      known.shape = shape;
      return;
    }
  log.records.push_back({kernel, shape});
}

static Status launch(const AttnrtDevice &device, void *stream,
                     AttnrtKernel *kernel, const LaunchShape &shape,
                     void *const *params) {
  CallerState caller(*device.device);
  Expected<Kernel *> found = kernelFor(kernel, device);
  if (!found)
    return found.status();
  record(kernel->name, shape);
  return device.device->launch(*found, shape, params, stream);
}

extern "C" int attnrtLaunch(AttnrtDevice *device, void *stream,
                            AttnrtKernel *kernel, uint32_t gridX,
                            uint32_t gridY, uint32_t gridZ, uint32_t blockX,
                            uint32_t blockY, uint32_t blockZ,
                            uint32_t sharedBytes, void *const *params) {
  // No block, no work: an empty batch is no error.
  if (gridX == 0 || gridY == 0 || gridZ == 0)
    return ATTNRT_OK;
  LaunchShape shape{
      {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, sharedBytes};
  return guarded(kernel->name, [&] {
    return launch(*device, stream, kernel, shape, params);
  });
}

void attnrt::replacePtx(std::optional<std::string> text) {
  Loader &the = loader();
  std::lock_guard<std::mutex> lock(the.mutex);
  the.replaced = text.has_value();
  // Devices keep views of images, so a replaced text stays.
  if (text)
    the.replacements.push_back(std::move(*text));
  ++the.epoch;
}

void attnrt::recordLaunches(bool on) { launchLog().on = on; }

std::vector<LaunchRecord> attnrt::takeLaunches() {
  Log &log = launchLog();
  std::lock_guard<std::mutex> lock(log.mutex);
  return std::exchange(log.records, {});
}
