//===- Simulator.h - The simulator's front door -----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// PTX text in, memory changed and hazards out. Everything behind this header
// (Ptx, Decode, Machine, Ops, Check) is the simulator's own business; the only
// user is Device/Sim.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_SIMULATOR_H
#define ATTNRT_SIM_SIMULATOR_H

#include "../Machine/Arithmetic.h"
#include "../Machine/Completion.h"
#include "attnrt/Device.h"
#include "attnrt/DriverApi.h"
#include "attnrt/Status.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attnrt::sim {

/// Decoded PTX: immutable, shared between launches.
class Program;

/// Device memory: a heap of allocations at host addresses, each with red zones
/// and one initialised bit per byte. An access outside a live allocation is a
/// hazard, never a crash.
class GlobalMemory {
public:
  /// `limit` is for all that programs and launches make it allocate.
  explicit GlobalMemory(uint64_t limit = UINT64_MAX);
  ~GlobalMemory();
  Expected<uint64_t> allocate(size_t bytes);
  /// Bytes below the limit.
  uint64_t left() const;
  /// Memory that the host writes, too; counts as initialised.
  Expected<uint64_t> allocateShared(size_t bytes);
  Status free(uint64_t address);
  /// Host-side access by the runtime; writing marks bytes initialised. The
  /// range must lie in one allocation.
  Status write(uint64_t to, const void *from, size_t bytes);
  Status read(void *to, uint64_t from, size_t bytes) const;
  Status fill(uint64_t to, uint8_t byte, size_t bytes);
  /// Memory that somebody else owns (a host array passed to a kernel); counts
  /// as initialised.
  Status adopt(uint64_t address, size_t bytes);
  Status release(uint64_t address);
  /// Whether one allocation has the whole range.
  bool holds(uint64_t address, size_t bytes) const;
  /// Whether it is in an allocation, or so near to one that it means it.
  bool owns(uint64_t address) const;
  /// Between allocations and any other memory of the host. What was not
  /// initialised is not so where it arrives.
  Status copy(uint64_t to, uint64_t from, size_t bytes);
  /// Frees the variables of a program that will not run again.
  void forget(const Program &program);

  struct Heap;
  Heap &heap() { return *impl; }

private:
  std::unique_ptr<Heap> impl;
};

struct KernelInfo {
  std::string name;
  struct Param {
    uint32_t bytes, align;
  };
  std::vector<Param> params;
  uint32_t staticSharedBytes = 0;
  uint32_t maxThreads = 0; // .maxntid product, 0 when absent
};

/// Parses and decodes. An unknown opcode, a malformed operand or an unsupported
/// form is BadInput with the PTX line; nothing is guessed.
Expected<std::shared_ptr<const Program>> decode(std::string_view ptx);
std::vector<KernelInfo> kernelsOf(const Program &program);

/// Writes the simulator's form of a tensor map, 128 bytes.
Status encode(const TensorMap &map, void *encoded);

void printToStdout(const std::string &text);

struct Options {
  uint64_t seed = 0;
  /// When asynchronous work is done.
  Completion completion = Completion::Late;
  /// How mma and wgmma round.
  Arithmetic arithmetic = Arithmetic::Fast;
  /// Host threads over independent CTAs; 0 is one per core.
  unsigned threads = 0;
  uint64_t maxWarpInstructionsPerCta = uint64_t(1) << 32;
  /// Device memory: arrays and variables with their shadow, and what CTAs need
  /// while they run.
  uint64_t maxMemoryBytes = UINT64_MAX;
  /// How many hazards are kept; after that a CTA stops.
  unsigned maxHazards = 32;
  /// ATTNRT_SIM_CHECKS: names of the checks that are off.
  std::vector<std::string> disabledChecks;
  /// Warnings are hazards.
  bool strict = false;
  /// Takes what printf of kernels writes, in the order of blocks.
  void (*print)(const std::string &text) = printToStdout;

  /// Options from the ATTNRT_SIM_… variables. A value that cannot be read is
  /// BadInput.
  static Expected<Options> fromEnvironment();
};

struct Kernel;

/// A launch that was checked; the parameters are a copy.
struct LaunchRequest {
  const Program *program;
  const Kernel *kernel;
  LaunchShape shape;
  std::vector<uint8_t> params;
};

/// BadInput for a launch that the kernel cannot take.
Expected<LaunchRequest> prepare(const Program &program, std::string_view kernel,
                                const LaunchShape &shape, void *const *params);

/// Runs grids together, each of which does what it can.
class Executor {
public:
  Executor(GlobalMemory &memory, const Options &options);
  ~Executor();
  /// The program must live until it has ended, under the name `id`. `behind` is
  /// the launch that it follows on its stream, by what this returns; without
  /// one it follows whatever was last. Device where it takes more memory than
  /// there is.
  Expected<uint64_t> begin(const LaunchRequest &request, uint64_t id,
                           std::optional<uint64_t> behind);
  /// Nothing has begun that has not ended.
  bool isIdle() const;

  struct Ended {
    uint64_t id;
    Status status;
    size_t firstHazard; // in the report
  };
  /// Until a grid ends, whose hazards and counts are added to `report`, or none
  /// can go on without what may still begin.
  std::optional<Ended> run(ExecutionReport &report);
  /// Nothing more will begin: what waits ends with hazards.
  void endWaiting();

private:
  struct State;
  std::unique_ptr<State> state;
};

/// Runs one grid to its end. A deadlock is a hazard.
Status run(const Program &program, std::string_view kernel,
           const LaunchShape &shape, void *const *params, GlobalMemory &memory,
           const Options &options, ExecutionReport &report);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_SIMULATOR_H
