//===- HostDevice.cpp - The processor as a device -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Device memory is memory of the host, and a launch has run when it returns.
// Its CTAs are handed out one by one in the order of the grid, x fastest, to as
// many workers as there are threads: the compiler lets the longest come first.
//
//===----------------------------------------------------------------------===//

#include "Device/Factories.h"
#include "Device/Host/HostMemory.h"
#include "Device/Host/Pool.h"
#include "Device/Host/Processor.h"
#include "Device/Host/Scratch.h"
#include "Device/Host/Threads.h"
#include "attnrt/HostTensor.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <mutex>

#include <unistd.h>

using namespace attnrt;

namespace {
/// The code of a kernel that this processor runs.
struct HostKernel {
  std::string name;
  const AttnrtHostCode *code;
};

struct HostModule {
  std::vector<std::unique_ptr<HostKernel>> kernels;
};

class HostDevice final : public Device {
public:
  explicit HostDevice(Guard guard);

  const DeviceInfo &info() const override { return description; }

  Expected<DeviceAddress> allocate(size_t bytes) override {
    return asAddress(memory.allocate(bytes));
  }
  Status free(DeviceAddress address) override {
    return memory.free(reinterpret_cast<void *>(address));
  }
  Expected<DeviceAddress> allocateOnStream(size_t bytes, void *) override {
    return asAddress(memory.allocateAgain(bytes));
  }
  Status freeOnStream(DeviceAddress address, void *) override {
    return memory.release(reinterpret_cast<void *>(address));
  }
  Status copyToDevice(DeviceAddress to, const void *from,
                      size_t bytes) override;
  Status copyToHost(void *to, DeviceAddress from, size_t bytes) override;
  Status fill(DeviceAddress to, uint8_t byte, size_t bytes) override;

  Expected<Module *> load(const ModuleImage &image) override;
  Status unload(Module *module) override;
  Expected<Kernel *> find(Module *module, const char *kernel) override;
  Status launch(Kernel *kernel, const LaunchShape &shape, void *const *params,
                void *stream) override;
  Status synchronize() override { return Status::ok(); }
  Expected<double>
  timeMilliseconds(const std::function<Status()> &work) override;
  uint64_t takePeakScratchBytes() override { return scratch.takePeakBytes(); }

private:
  static Expected<DeviceAddress> asAddress(Expected<void *> memory) {
    if (!memory)
      return memory.status();
    return reinterpret_cast<DeviceAddress>(*memory);
  }
  std::shared_ptr<Pool> poolOf(unsigned threads);

  DeviceInfo description;
  HostMemory memory;
  ScratchPool scratch{memory};
  std::mutex mutex; // guards modules and the pool
  std::vector<std::unique_ptr<HostModule>> modules;
  std::shared_ptr<Pool> pool;
  unsigned poolThreads = 0;
};

/// Scratch of the workers of a launch. Few of them need no memory for the list:
/// a short call would notice.
class Loan {
public:
  Loan(ScratchPool &pool, unsigned workers)
      : pool(pool), workers(workers), many(workers > kFew ? workers : 0) {}
  Loan(const Loan &) = delete;
  Loan &operator=(const Loan &) = delete;
  ~Loan() { pool.giveBack(workers, blocks()); }

  Status borrow(size_t bytes) { return pool.borrow(bytes, workers, blocks()); }
  void *const *get() { return blocks(); }

private:
  static constexpr unsigned kFew = 64;

  void **blocks() { return workers > kFew ? many.data() : few; }

  ScratchPool &pool;
  const unsigned workers;
  void *few[kFew] = {};
  std::vector<void *> many;
};

/// One launch, as its workers see it. What the caller wrote comes before what
/// workers do, and that before run() returns: the pool promises both, and the
/// atomics say so to checkers that do not see into it.
class Grid {
public:
  Grid(const AttnrtHostCode &code, const Dim3 &size, void *const *params,
       void *const *scratch)
      : code(code), size(size), total(uint64_t(size.x) * size.y * size.z),
        params(params), scratch(scratch) {}

  /// On the caller's thread, in a pool, or on the program's threads.
  void run() { runBlocks(0); }
  void run(Pool &pool, unsigned workers) {
    started.store(workers, std::memory_order_release);
    pool.run(workers, work, this);
    finished.load(std::memory_order_acquire);
  }
  void run(AttnrtRunner runner, unsigned workers) {
    started.store(workers, std::memory_order_release);
    runner(workers, work, this);
    finished.load(std::memory_order_acquire);
  }

private:
  /// Runs CTAs until none is left.
  void runBlocks(unsigned worker);
  static void work(void *context, unsigned worker) {
    auto *grid = static_cast<Grid *>(context);
    grid->started.load(std::memory_order_acquire);
    grid->runBlocks(worker);
    grid->finished.fetch_add(1, std::memory_order_release);
  }

  const AttnrtHostCode &code;
  const Dim3 size;
  const uint64_t total;
  void *const *const params;
  void *const *const scratch; // by worker
  std::atomic<unsigned> started{0}, finished{0};
  std::atomic<uint64_t> next{0};
};
} // namespace

void Grid::runBlocks(unsigned worker) {
  AttnrtCta cta{{0, 0, 0}, {size.x, size.y, size.z}, scratch[worker]};
  for (uint64_t i;
       (i = next.fetch_add(1, std::memory_order_relaxed)) < total;) {
    uint64_t row = i / size.x;
    cta.index[0] = static_cast<uint32_t>(i % size.x);
    cta.index[1] = static_cast<uint32_t>(row % size.y);
    cta.index[2] = static_cast<uint32_t>(row / size.y);
    code.run(&cta, params);
  }
}

HostDevice::HostDevice(Guard guard) : memory(guard) {
  description.kind = "host";
  description.name = processorName();
  description.memoryBytes =
      uint64_t(sysconf(_SC_PHYS_PAGES)) * uint64_t(sysconf(_SC_PAGESIZE));
  description.multiprocessors = usableProcessors();
}

Expected<std::unique_ptr<Device>> attnrt::openHostDevice() {
  Expected<Guard> guard = guardFromEnvironment();
  if (!guard)
    return guard.status();
  Expected<unsigned> threads = launchThreads();
  if (!threads)
    return threads.status();
  return std::unique_ptr<Device>(std::make_unique<HostDevice>(*guard));
}

Status HostDevice::copyToDevice(DeviceAddress to, const void *from,
                                size_t bytes) {
  if (bytes)
    std::memcpy(reinterpret_cast<void *>(to), from, bytes);
  return Status::ok();
}

Status HostDevice::copyToHost(void *to, DeviceAddress from, size_t bytes) {
  if (bytes)
    std::memcpy(to, reinterpret_cast<const void *>(from), bytes);
  return Status::ok();
}

Status HostDevice::fill(DeviceAddress to, uint8_t byte, size_t bytes) {
  if (bytes)
    std::memset(reinterpret_cast<void *>(to), byte, bytes);
  return Status::ok();
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

/// No value where this processor has all that the code uses.
static Status checkRuns(const AttnrtHostCode &code) {
  std::string_view missing = missingFeature(code.features);
  if (missing.empty())
    return Status::ok();
  return Status::device("code is for " + std::string(code.target) +
                        "; this machine has no " + std::string(missing));
}

/// The codes of one kernel stand beside each other or apart, the best first.
Expected<Module *> HostDevice::load(const ModuleImage &image) {
  if (image.hostCodes == 0)
    return Status::badInput("module " + std::string(image.name) +
                            ": the device host runs code for processors, and "
                            "there is only code for GPUs");
  auto module = std::make_unique<HostModule>();
  for (uint64_t i = 0; i < image.hostCodes; ++i) {
    const AttnrtHostCode &code = image.hostCode[i];
    auto isIt = [&](const auto &kernel) { return kernel->name == code.kernel; };
    auto known =
        std::find_if(module->kernels.begin(), module->kernels.end(), isIt);
    if (known == module->kernels.end())
      known = module->kernels.insert(
          known,
          std::make_unique<HostKernel>(HostKernel{code.kernel, nullptr}));
    if (!(*known)->code && checkRuns(code).isOk())
      (*known)->code = &code;
  }
  // What would have run last is the least that a machine must have.
  for (const auto &kernel : module->kernels)
    for (uint64_t i = image.hostCodes; i-- > 0 && !kernel->code;)
      if (image.hostCode[i].kernel == kernel->name)
        return checkRuns(image.hostCode[i]);
  std::lock_guard<std::mutex> lock(mutex);
  modules.push_back(std::move(module));
  return reinterpret_cast<Module *>(modules.back().get());
}

Status HostDevice::unload(Module *opaque) {
  std::lock_guard<std::mutex> lock(mutex);
  auto found = std::find_if(modules.begin(), modules.end(), [&](auto &module) {
    return reinterpret_cast<Module *>(module.get()) == opaque;
  });
  if (found == modules.end())
    return Status::badInput("the module to unload is not loaded");
  modules.erase(found);
  return Status::ok();
}

Expected<Kernel *> HostDevice::find(Module *opaque, const char *name) {
  for (const auto &kernel : reinterpret_cast<HostModule *>(opaque)->kernels)
    if (kernel->name == name)
      return reinterpret_cast<Kernel *>(kernel.get());
  return Status::badInput("no kernel '" + std::string(name) +
                          "' in the module");
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

/// A launch keeps the pool that it found, whatever is set meanwhile.
std::shared_ptr<Pool> HostDevice::poolOf(unsigned threads) {
  std::lock_guard<std::mutex> lock(mutex);
  if (poolThreads != threads) {
    pool = std::make_shared<Pool>(threads);
    poolThreads = threads;
  }
  return pool;
}

static Status checkShape(const LaunchShape &shape) {
  const Dim3 &block = shape.block;
  uint64_t total = 0;
  if (__builtin_mul_overflow(uint64_t(shape.grid.x) * shape.grid.y,
                             shape.grid.z, &total))
    return Status::badInput("the grid has more blocks than can be counted");
  if (block.x != 1 || block.y != 1 || block.z != 1)
    return Status::badInput("a block of the device host has one thread");
  if (shape.dynamicSharedBytes)
    return Status::device("asked for " +
                          describeBytes(shape.dynamicSharedBytes) +
                          " of shared memory, and the device host has none");
  return Status::ok();
}

Status HostDevice::launch(Kernel *opaque, const LaunchShape &shape,
                          void *const *params, void *) {
  const auto &kernel = *reinterpret_cast<const HostKernel *>(opaque);
  auto about = [&](const Status &status) {
    return Status(status.code(),
                  "kernel " + kernel.name + ": " + status.message());
  };
  Status status = checkShape(shape);
  if (!status.isOk())
    return about(status);
  Expected<unsigned> threads = launchThreads();
  if (!threads)
    return threads.status();

  uint64_t total = uint64_t(shape.grid.x) * shape.grid.y * shape.grid.z;
  auto workers = static_cast<unsigned>(std::min<uint64_t>(*threads, total));
  Loan loan(scratch, workers);
  status = loan.borrow(kernel.code->scratchBytes);
  if (!status.isOk())
    return about(status);
  Grid grid(*kernel.code, shape.grid, params, loan.get());
  if (workers == 1)
    grid.run();
  else if (AttnrtRunner runner = launchRunner(); runner && workers > 1)
    grid.run(runner, workers);
  else if (workers > 1)
    grid.run(*poolOf(*threads), workers);
  return Status::ok();
}

Expected<double>
HostDevice::timeMilliseconds(const std::function<Status()> &work) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin = Clock::now();
  Status status = work();
  std::chrono::duration<double, std::milli> time = Clock::now() - begin;
  if (!status.isOk())
    return status;
  return time.count();
}
