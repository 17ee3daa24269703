//===- SimDevice.cpp - The simulator as a device --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Device memory is the simulator's heap, so addresses are host addresses. A
// launch on the default stream has run when it returns: hazards are known then,
// and a launch that had any is Wrong. SimQueues has the other streams.
//
//===----------------------------------------------------------------------===//

#include "Device/Factories.h"
#include "Device/Sim/SimDriverApi.h"
#include "Device/Sim/SimModule.h"
#include "Sim/Decode/Chips.h"
#include "attnrt/HostTensor.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include <unistd.h>

using namespace attnrt;

namespace {
class SimDevice final : public Device {
public:
  explicit SimDevice(sim::Options options);

  const DeviceInfo &info() const override { return description; }

  Expected<DeviceAddress> allocate(size_t bytes) override;
  Status free(DeviceAddress address) override;
  Expected<DeviceAddress> allocateOnStream(size_t bytes, void *) override {
    return allocate(bytes);
  }
  Status freeOnStream(DeviceAddress address, void *stream) override {
    return queues.free(address, stream);
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
  Status synchronize() override { return queues.synchronizeAll(); }
  Expected<double> timeMilliseconds(const std::function<Status()> &) override {
    return Status::device("the simulator has no time to measure");
  }
  std::unique_ptr<ExecutionReport> takeExecutionReport() override;
  DriverApi *driverApi() override { return &api; }

private:
  sim::Options options;
  DeviceInfo description;
  sim::GlobalMemory memory;
  SimQueues queues{memory, options};
  SimDriverApi api{memory, queues};
  std::mutex mutex; // guards modules and their kernels
  std::vector<std::unique_ptr<SimModule>> modules;
};
} // namespace

static uint64_t hostBytes() {
  return uint64_t(sysconf(_SC_PHYS_PAGES)) * uint64_t(sysconf(_SC_PAGESIZE));
}

SimDevice::SimDevice(sim::Options options)
    : options(std::move(options)),
      memory(std::min(this->options.maxMemoryBytes, availableHostBytes())) {
  description.kind = "sim";
  description.name = "attn-mlir PTX simulator";
  description.memoryBytes = std::min(this->options.maxMemoryBytes, hostBytes());
  // As the largest chip whose PTX it runs; a program is held to its target.
  const sim::Chip &chip = sim::largestChip();
  description.computeMajor = static_cast<int>(chip.target / 10);
  description.computeMinor = static_cast<int>(chip.target % 10);
  description.sharedBytesPerBlock = chip.sharedBytes;
  // Few, so that CTAs that take one tile after the other take several even of
  // small shapes.
  description.multiprocessors = 4;
}

Expected<std::unique_ptr<Device>> attnrt::openSimDevice() {
  Expected<sim::Options> options = sim::Options::fromEnvironment();
  if (!options)
    return options.status();
  return std::unique_ptr<Device>(
      std::make_unique<SimDevice>(std::move(*options)));
}

Expected<DeviceAddress> SimDevice::allocate(size_t bytes) {
  // Asked first, since the system would promise more than it has.
  uint64_t available = std::min(availableHostBytes(), memory.left());
  if (bytes > available)
    return Status::device("out of device memory: asked for " +
                          describeBytes(bytes) + ", there is " +
                          describeBytes(available) + " of " +
                          describeBytes(description.memoryBytes));
  return memory.allocate(bytes);
}

Status SimDevice::free(DeviceAddress address) {
  Status status = queues.synchronizeAll();
  Status freed = memory.free(address);
  return freed.isOk() ? status : freed;
}

// Copies behind which the host goes on come after what the default stream has.

Status SimDevice::copyToDevice(DeviceAddress to, const void *from,
                               size_t bytes) {
  Status status = queues.synchronize(nullptr);
  return status.isOk() && bytes ? memory.write(to, from, bytes) : status;
}

Status SimDevice::copyToHost(void *to, DeviceAddress from, size_t bytes) {
  Status status = queues.synchronize(nullptr);
  return status.isOk() && bytes ? memory.read(to, from, bytes) : status;
}

Status SimDevice::fill(DeviceAddress to, uint8_t byte, size_t bytes) {
  Status status = queues.synchronize(nullptr);
  return status.isOk() && bytes ? memory.fill(to, byte, bytes) : status;
}

Expected<Module *> SimDevice::load(const ModuleImage &image) {
  if (image.hostCodes)
    return Status::badInput("module " + std::string(image.name) +
                            ": the simulator runs PTX, and there is only code "
                            "for processors");
  if (image.ptx.empty() && !image.cubin.empty())
    return Status::badInput("module " + std::string(image.name) +
                            ": the simulator runs PTX, and there is only "
                            "machine code");
  Expected<std::shared_ptr<const sim::Program>> program =
      sim::decode(image.ptx);
  if (!program)
    return Status(program.status().code(), "module " + std::string(image.name) +
                                               ": " +
                                               program.status().message());
  auto module = std::make_unique<SimModule>();
  module->program = *program;
  std::lock_guard<std::mutex> lock(mutex);
  modules.push_back(std::move(module));
  return reinterpret_cast<Module *>(modules.back().get());
}

Status SimDevice::unload(Module *opaque) {
  Status status = queues.synchronizeAll();
  if (!status.isOk())
    return status;
  std::lock_guard<std::mutex> lock(mutex);
  auto found = std::find_if(modules.begin(), modules.end(), [&](auto &module) {
    return reinterpret_cast<Module *>(module.get()) == opaque;
  });
  if (found == modules.end())
    return Status::badInput("the module to unload is not loaded");
  memory.forget(*(*found)->program);
  modules.erase(found);
  return Status::ok();
}

Expected<Kernel *> SimDevice::find(Module *opaque, const char *name) {
  auto *module = reinterpret_cast<SimModule *>(opaque);
  for (const sim::KernelInfo &info : sim::kernelsOf(*module->program)) {
    if (info.name != name)
      continue;
    std::lock_guard<std::mutex> lock(mutex);
    module->kernels.push_back(std::make_unique<SimKernel>(
        SimKernel{module->program, name, info.params.size()}));
    return reinterpret_cast<Kernel *>(module->kernels.back().get());
  }
  return Status::badInput("no kernel '" + std::string(name) +
                          "' in the module");
}

Status SimDevice::launch(Kernel *kernel, const LaunchShape &shape,
                         void *const *params, void *stream) {
  return queues.launch(*reinterpret_cast<const SimKernel *>(kernel), shape,
                       params, stream);
}

std::unique_ptr<ExecutionReport> SimDevice::takeExecutionReport() {
  return std::make_unique<ExecutionReport>(queues.takeReport());
}
