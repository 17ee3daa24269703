//===- Kernels.h - Runs the kernels of kernels/*.cu -------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Those are CUDA, compiled by nvcc and some by clang too; scripts/witnesses.py
// makes the PTX that lies beside them. Tests compare with values in closed form
// or in f64.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_SIM_KERNELS_H
#define ATTNRT_TEST_SIM_KERNELS_H

#include "Harness.h"

#include <fstream>
#include <random>
#include <sstream>

namespace attnrt::sim {

/// A compiled file and the memory that its kernels run on.
class Kernels {
public:
  /// `file` is "reductions.nvcc": one of kernels/*.ptx.
  explicit Kernels(const std::string &file) {
    Expected<std::shared_ptr<const Program>> decoded = decode(textOf(file));
    EXPECT_TRUE(bool(decoded)) << file << ": " << decoded.status().message();
    if (decoded)
      program = *decoded;
  }
  /// Decoded text whose hazards are no failure.
  explicit Kernels(std::shared_ptr<const Program> program)
      : isMutant(true), program(std::move(program)) {}

  /// Text of kernels, which must be fine.
  static std::unique_ptr<Kernels> of(const std::string &text) {
    noteForms(text);
    Expected<std::shared_ptr<const Program>> decoded = decode(text);
    EXPECT_TRUE(bool(decoded)) << decoded.status().message() << "\n" << text;
    auto kernels = std::make_unique<Kernels>(decoded ? *decoded : nullptr);
    kernels->isMutant = false;
    return kernels;
  }

  static std::string textOf(const std::string &file) {
    std::ifstream in(std::string(ATTNRT_TEST_KERNELS) + "/" + file + ".ptx");
    EXPECT_TRUE(in.good()) << file;
    std::stringstream text;
    text << in.rdbuf();
    noteForms(text.str());
    return text.str();
  }

  template <typename T>
  uint64_t put(const std::vector<T> &values) {
    uint64_t address = *memory.allocate(values.size() * sizeof(T));
    (void)memory.write(address, values.data(), values.size() * sizeof(T));
    return address;
  }
  /// Memory that nobody has written.
  template <typename T>
  uint64_t room(size_t count) {
    return *memory.allocate(count * sizeof(T));
  }
  template <typename T>
  std::vector<T> get(uint64_t address, size_t count) {
    std::vector<T> out(count);
    (void)memory.read(out.data(), address, count * sizeof(T));
    return out;
  }

  /// A hazard is a failure.
  template <typename... Args>
  void launch(const std::string &name, Dim3 grid, Dim3 block, Args... args) {
    if (!program)
      return;
    void *params[] = {&args...};
    LaunchShape shape;
    shape.grid = grid;
    shape.block = block;
    shape.dynamicSharedBytes = dynamicShared;
    Options options;
    options.seed = seed;
    options.threads = threads;
    options.completion = completion;
    options.arithmetic = arithmetic;
    options.maxWarpInstructionsPerCta = maxWarpInstructions;
    options.disabledChecks = disabledChecks;
    report = ExecutionReport();
    Status status = run(*program, name, shape, params, memory, options, report);
    if (isMutant)
      return;
    EXPECT_TRUE(status.isOk()) << name << ": " << status.message();
    for (const Hazard &hazard : report.hazards)
      ADD_FAILURE() << name << ": " << hazard.kind << " line " << hazard.ptxLine
                    << " warp " << hazard.warp << ": " << hazard.message;
  }

  ExecutionReport report;
  uint64_t seed = 0;
  uint32_t dynamicShared = 0;
  unsigned threads = 0;
  Completion completion = Completion::Late;
  Arithmetic arithmetic = Arithmetic::Fast;
  uint64_t maxWarpInstructions = uint64_t(1) << 32;
  std::vector<std::string> disabledChecks;

private:
  bool isMutant = false;
  std::shared_ptr<const Program> program;
  GlobalMemory memory;
};

/// When asynchronous work is done and in which order warps have their turns.
struct Schedule {
  Completion completion;
  uint64_t seed;

  std::string name() const {
    const char *const names[] = {"late", "early", "torn", "random"};
    return std::string(names[static_cast<int>(completion)]) + ", seed " +
           std::to_string(seed);
  }
  void applyTo(Kernels &kernels) const {
    kernels.completion = completion;
    kernels.seed = seed;
  }
};

inline std::vector<Schedule> allSchedules() {
  std::vector<Schedule> out;
  auto add = [&](Completion completion, std::initializer_list<uint64_t> seeds) {
    for (uint64_t seed : seeds)
      out.push_back({completion, seed});
  };
  add(Completion::Late, {0, 1, 2, 1001, 1002});
  add(Completion::Early, {0, 3, 1001, 1002});
  add(Completion::Torn, {0, 1, 1001, 1002, 1003});
  add(Completion::Random, {1001, 1002, 1003, 1004, 1005, 1006, 1007});
  return out;
}

/// The schedules under which `run(schedule)` gives other bits than under the
/// first one: what is not deterministic has some.
template <typename Run>
std::vector<std::string> schedulesThatDiffer(Run run) {
  std::vector<Schedule> schedules = allSchedules();
  auto first = run(schedules[0]);
  std::vector<std::string> out;
  for (const Schedule &schedule : schedules)
    if (run(schedule) != first)
      out.push_back(schedule.name());
  return out;
}

/// The test for each compiler, in an order of warps that comes by itself and in
/// two that are drawn.
template <typename Body>
void forEach(std::initializer_list<const char *> files, Body body) {
  for (const char *file : files)
    for (uint64_t seed : {0, 1001, 1002}) {
      SCOPED_TRACE(std::string(file) + ", schedule " + std::to_string(seed));
      Kernels kernels(file);
      kernels.seed = seed;
      body(kernels);
    }
}

/// `count` values of `make(engine)`.
template <typename Make>
auto drawn(size_t count, unsigned seed, Make make) {
  std::mt19937_64 engine(seed);
  std::vector<decltype(make(engine))> out(count);
  for (auto &value : out)
    value = make(engine);
  return out;
}

} // namespace attnrt::sim

#endif // ATTNRT_TEST_SIM_KERNELS_H
