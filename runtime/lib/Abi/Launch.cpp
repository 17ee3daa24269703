//===- Launch.cpp - Starting a package's kernels --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Modules load at first use and kernels are looked up once. What was found is
// hung on the package's own `state` pointers as an immutable record that names
// the epoch of the device it belongs to; a launch whose record is current takes
// no lock but the current device's.
//
//===----------------------------------------------------------------------===//

#include "attnrt/Launch.h"

#include "Device/Current.h"
#include "attnrt/Abi.h"

#include <atomic>
#include <deque>
#include <mutex>

using namespace attnrt;

namespace {
template <typename T>
struct Loaded {
  uint64_t epoch;
  T *what;
};
using LoadedModule = Loaded<Module>;
using LoadedKernel = Loaded<Kernel>;

/// Guards loading. Records are never freed, since a launch on another thread
/// may still read one that is out of date; there is one per device and module.
struct Loader {
  std::mutex mutex;
  std::deque<LoadedModule> modules;
  std::deque<LoadedKernel> kernels;
  std::deque<std::string> replacements;
  bool replaced = false;
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

template <typename T>
static const Loaded<T> *loadState(void *const &state) {
  return static_cast<const Loaded<T> *>(
      __atomic_load_n(&state, __ATOMIC_ACQUIRE));
}

static void storeState(void *&state, void *record) {
  __atomic_store_n(&state, record, __ATOMIC_RELEASE);
}

/// Under the loader's mutex.
static Expected<Module *> moduleFor(AttnrtModule *module,
                                    const CurrentDevice &current) {
  Loader &the = loader();
  const LoadedModule *known = loadState<Module>(module->state);
  if (known && known->epoch == current.epoch)
    return known->what;

  ModuleImage image;
  image.name = module->name;
  if (the.replaced) {
    image.ptx = the.replacements.back();
  } else {
    image.ptx = {module->ptx, module->ptxBytes};
    if (module->cubin)
      image.cubin = {static_cast<const char *>(module->cubin),
                     module->cubinBytes};
  }
  Expected<Module *> loaded = current.device->load(image);
  if (!loaded)
    return loaded.status();
  the.modules.push_back({current.epoch, *loaded});
  storeState(module->state, &the.modules.back());
  return *loaded;
}

static Expected<Kernel *> kernelFor(AttnrtKernel *kernel,
                                    const CurrentDevice &current) {
  const LoadedKernel *known = loadState<Kernel>(kernel->state);
  if (known && known->epoch == current.epoch)
    return known->what;

  Loader &the = loader();
  std::lock_guard<std::mutex> lock(the.mutex);
  known = loadState<Kernel>(kernel->state);
  if (known && known->epoch == current.epoch)
    return known->what;
  Expected<Module *> module = moduleFor(kernel->module, current);
  if (!module)
    return module.status();
  Expected<Kernel *> found = current.device->find(*module, kernel->name);
  if (!found)
    return found.status();
  the.kernels.push_back({current.epoch, *found});
  storeState(kernel->state, &the.kernels.back());
  return *found;
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

static Status launch(void *stream, AttnrtKernel *kernel,
                     const LaunchShape &shape, void *const *params) {
  Expected<CurrentDevice> current = currentDeviceAndEpoch();
  if (!current)
    return current.status();
  Expected<Kernel *> found = kernelFor(kernel, *current);
  if (!found)
    return found.status();
  record(kernel->name, shape);
  return current->device->launch(*found, shape, params, stream);
}

extern "C" int attnrtLaunch(void *stream, AttnrtKernel *kernel, uint32_t gridX,
                            uint32_t gridY, uint32_t gridZ, uint32_t blockX,
                            uint32_t blockY, uint32_t blockZ,
                            uint32_t sharedBytes, void *const *params) {
  // No block, no work: an empty batch is no error.
  if (gridX == 0 || gridY == 0 || gridZ == 0)
    return ATTNRT_OK;
  LaunchShape shape{
      {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, sharedBytes};
  try {
    Status status = launch(stream, kernel, shape, params);
    if (status.isOk())
      return ATTNRT_OK;
    return attnrtFail(static_cast<int>(status.code()), "%s",
                      status.message().c_str());
  } catch (const std::exception &failure) {
    return attnrtFail(ATTNRT_DEVICE, "kernel %s: %s", kernel->name,
                      failure.what());
  }
}

void attnrt::replacePtx(std::optional<std::string> text) {
  Loader &the = loader();
  std::lock_guard<std::mutex> lock(the.mutex);
  the.replaced = text.has_value();
  // Devices keep views of images, so a replaced text stays.
  if (text)
    the.replacements.push_back(std::move(*text));
  startNewEpoch();
}

void attnrt::recordLaunches(bool on) { launchLog().on = on; }

std::vector<LaunchRecord> attnrt::takeLaunches() {
  Log &log = launchLog();
  std::lock_guard<std::mutex> lock(log.mutex);
  return std::exchange(log.records, {});
}
