//===- PtxText.cpp - PTX, decoded and run ---------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every kernel of the text runs on one small block, with pointers to memory of
// its own for every parameter that can be one. Hazards are results and no
// failures; what is sought are crashes, hangs and allocations without bound.
//
//===----------------------------------------------------------------------===//

#include "Target.h"

#include "Decode/Program.h"
#include "Run/Simulator.h"

#include <algorithm>

using namespace attnrt;

const bool attn::fuzz::kIsText = true;

static constexpr size_t kBufferBytes = 4096, kDeviceBytes = 1 << 20;

static sim::Options smallBudget() {
  sim::Options options;
  options.threads = 1;
  options.maxWarpInstructionsPerCta = 2000;
  options.maxHazards = 4;
  options.print = [](const std::string &) {};
  return options;
}

static LaunchShape shapeFor(const sim::Kernel &kernel) {
  LaunchShape shape;
  // As many as a warpgroup has.
  shape.block.x = kernel.maxThreads ? std::min(kernel.maxThreads, 128u) : 64;
  if (const uint32_t *required = kernel.requiredThreads; required[0]) {
    shape.block.x = required[0];
    shape.block.y = required[1];
    shape.block.z = required[2];
  }
  if (const uint32_t *cluster = kernel.requiredCluster; cluster[0])
    shape.grid = {cluster[0], cluster[1], cluster[2]};
  shape.dynamicSharedBytes = 1024;
  return shape;
}

static Status runKernel(const sim::Program &program,
                        const sim::Kernel &kernel) {
  sim::GlobalMemory memory(kDeviceBytes);
  Expected<uint64_t> buffer = memory.allocate(kBufferBytes);
  if (!buffer)
    return buffer.status();
  std::vector<std::vector<uint64_t>> values;
  std::vector<void *> params;
  for (const auto &param : kernel.params) {
    values.emplace_back(param.bytes / 8 + 1, *buffer);
    params.push_back(values.back().data());
  }
  ExecutionReport report;
  return sim::run(program, kernel.name, shapeFor(kernel), params.data(), memory,
                  smallBudget(), report);
}

Status attn::fuzz::digest(std::string_view input) {
  Expected<std::shared_ptr<const sim::Program>> program = sim::decode(input);
  if (!program)
    return program.status();
  for (const sim::Kernel &kernel : (*program)->kernels) {
    // A block that is no block is refused, and what the text says is at fault;
    // variables that a larger device could hold are not.
    Status status = runKernel(**program, kernel);
    if (!status.isOk() && status.code() != Code::Device)
      return status;
  }
  return Status::ok();
}
