//===- LaunchShape.cpp - What a launch may ask for ------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Run/LaunchShape.h"
#include "Decode/Chips.h"
#include "Machine/Cluster.h"

#include <algorithm>

using namespace attnrt;
using namespace attnrt::sim;

static std::string describe(const Dim3 &dim) {
  return std::to_string(dim.x) + "x" + std::to_string(dim.y) + "x" +
         std::to_string(dim.z);
}

static bool equals(const uint32_t (&declared)[3], const Dim3 &dim) {
  return declared[0] == dim.x && declared[1] == dim.y && declared[2] == dim.z;
}

/// Says what is wrong with block and grid; empty if nothing is.
static std::string checkThreads(const sim::Kernel &kernel,
                                const LaunchShape &shape) {
  const Dim3 &block = shape.block, &grid = shape.grid;
  uint64_t threads = uint64_t(block.x) * block.y * block.z;
  if (!threads || block.x > 1024 || block.y > 1024 || block.z > 64 ||
      threads > 1024)
    return "expected a block of 1 to 1024 threads, got " + describe(block);
  if (!grid.x || !grid.y || !grid.z || grid.x > 0x7fffffff || grid.y > 65535 ||
      grid.z > 65535)
    return "expected a grid up to 2147483647x65535x65535, got " +
           describe(grid);
  if (kernel.maxThreads && threads > kernel.maxThreads)
    return "expected at most " + std::to_string(kernel.maxThreads) +
           " threads (.maxntid), got " + std::to_string(threads);
  if (kernel.requiredThreads[0] && !equals(kernel.requiredThreads, block))
    return "the block differs from .reqntid";
  return "";
}

static std::string checkCluster(const Program &program,
                                const sim::Kernel &kernel,
                                const LaunchShape &shape) {
  const Dim3 &cluster = shape.cluster, &grid = shape.grid;
  uint64_t ctas = uint64_t(cluster.x) * cluster.y * cluster.z;
  if (ctas > 1 && !chipOf(program.target).hasClusters)
    return "clusters need target sm_90 or newer, this is " + program.target;
  if (!ctas || ctas > kMaxClusterSize || grid.x % cluster.x ||
      grid.y % cluster.y || grid.z % cluster.z)
    return "expected a cluster of 1 to 16 blocks that divides the grid";
  if (kernel.requiredCluster[0] && !equals(kernel.requiredCluster, cluster))
    return "the cluster differs from .reqnctapercluster";
  return "";
}

static std::string checkSharedMemory(const Program &program,
                                     const sim::Kernel &kernel,
                                     const LaunchShape &shape) {
  uint64_t shared =
      uint64_t(kernel.staticSharedBytes) + shape.dynamicSharedBytes;
  const Chip &chip = chipOf(program.target);
  if (shared <= chip.sharedBytes)
    return "";
  return "expected at most " + std::to_string(chip.sharedBytes) +
         " bytes of shared memory, got " + std::to_string(shared) + " (" +
         program.target + ", " + chip.name + ")";
}

Status attnrt::sim::checkShape(const Program &program,
                               const sim::Kernel &kernel,
                               const LaunchShape &shape) {
  std::string wrong = checkThreads(kernel, shape);
  if (wrong.empty())
    wrong = checkCluster(program, kernel, shape);
  if (wrong.empty())
    wrong = checkSharedMemory(program, kernel, shape);
  if (wrong.empty())
    return Status::ok();
  return Status::badInput("cannot launch `" + kernel.name + "`: " + wrong);
}

LaunchShape attnrt::sim::completeShape(const sim::Kernel &kernel,
                                       LaunchShape shape) {
  const uint32_t *declared = kernel.requiredCluster;
  Dim3 &cluster = shape.cluster;
  if (declared[0] && uint64_t(cluster.x) * cluster.y * cluster.z == 1)
    cluster = {declared[0], declared[1], declared[2]};
  return shape;
}

uint32_t attnrt::sim::blocksOfMultiprocessor(const Program &program,
                                             const sim::Kernel &kernel,
                                             const LaunchShape &shape) {
  constexpr uint32_t kReserved = 1024; // shared memory, of each block
  constexpr uint32_t kRegisters = 65536;
  const Chip &chip = chipOf(program.target);
  uint32_t threads = Cta::warpsOf(shape) * 32;
  uint32_t blocks = std::min(chip.blocks, chip.threads / threads);
  uint32_t shared =
      kernel.staticSharedBytes + shape.dynamicSharedBytes + kReserved;
  blocks = std::min(blocks, (chip.sharedBytes + kReserved) / shared);
  if (kernel.entryRegisters)
    blocks = std::min(blocks, kRegisters / (kernel.entryRegisters * threads));
  return std::max(blocks, 1u);
}
