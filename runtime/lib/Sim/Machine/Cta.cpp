//===- Cta.cpp - The state of one thread block ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Cluster.h"

using namespace attnrt;
using namespace attnrt::sim;

static uint32_t threadsOf(Dim3 block) { return block.x * block.y * block.z; }

Cta::Cta(const Launch &launch, const std::vector<Observer *> &observers,
         Cluster &cluster, unsigned rank)
    : launch(launch), cluster(&cluster), rank(rank),
      counters(cluster.counters) {
  for (Observer *observer : observers) {
    interests |= observer->interests();
    for (unsigned kind = 0; kind < kEventKinds; ++kind)
      if (observer->interests() >> kind & 1)
        listeners[kind].push_back(observer);
  }
  threads = threadsOf(launch.shape.block);
  for (unsigned w = 0; w < warpsOf(launch.shape); ++w)
    warps.push_back(std::make_unique<Warp>(*this, w));
  for (unsigned first = 0; first + 4 <= warps.size(); first += 4)
    warpGroups.emplace_back(first);
  lastTouched.resize(launch.kernel.ops.size());
}

Cta::~Cta() = default;

unsigned Cta::warpsOf(const LaunchShape &shape) {
  return (threadsOf(shape.block) + 31) / 32;
}

uint64_t Cta::bytesFor(const Kernel &kernel, const LaunchShape &shape) {
  return warpsOf(shape) * Warp::bytesFor(kernel) +
         SharedMemory::bytesFor(kernel, shape.dynamicSharedBytes) +
         kernel.ops.size() * sizeof(Allocation *);
}

uint64_t Cta::grownBytes() const {
  uint64_t bytes = 0;
  for (const auto &warp : warps)
    bytes += warp->asyncs.bytes() + warp->grownBytes();
  for (const WarpGroup &group : warpGroups)
    bytes += group.bytes();
  return bytes;
}

void Cta::reset(Dim3 newId) {
  id = newId;
  stopped = sawGrid = false;
  shared.reset(launch.kernel, launch.shape.dynamicSharedBytes);
  for (Barrier &barrier : barriers)
    barrier = Barrier();
  mbarriers.clear();
  registers.reset(launch.kernel.entryRegisters,
                  static_cast<unsigned>(warps.size()));
  for (WarpGroup &group : warpGroups)
    group.clear();
  for (auto &warp : warps) {
    uint32_t first = warp->index * 32;
    uint32_t count = threads - first < 32 ? threads - first : 32;
    warp->reset(count == 32 ? ~0u : (1u << count) - 1);
    fillRows(*warp);
  }
  Event event{EventKind::CtaBegin};
  emit(event);
}

void Cta::deliver(const Event &event) {
  for (Observer *observer : listeners[static_cast<int>(event.kind)])
    observer->on(event, *this);
}

static uint32_t specialValue(const Cta &cta, Special what, unsigned warp,
                             unsigned lane) {
  Dim3 block = cta.launch.shape.block, grid = cta.launch.shape.grid;
  Dim3 cluster = cta.launch.shape.cluster;
  uint32_t thread = warp * 32 + lane;
  uint32_t below = (1u << lane) - 1;
  switch (what) {
  case Special::TidX:
    return thread % block.x;
  case Special::TidY:
    return thread / block.x % block.y;
  case Special::TidZ:
    return thread / block.x / block.y;
  case Special::NTidX:
    return block.x;
  case Special::NTidY:
    return block.y;
  case Special::NTidZ:
    return block.z;
  case Special::CtaIdX:
    return cta.id.x;
  case Special::CtaIdY:
    return cta.id.y;
  case Special::CtaIdZ:
    return cta.id.z;
  case Special::NCtaIdX:
    return grid.x;
  case Special::NCtaIdY:
    return grid.y;
  case Special::NCtaIdZ:
    return grid.z;
  case Special::ClusterRank:
    return cta.rank;
  case Special::ClusterSize:
    return cluster.x * cluster.y * cluster.z;
  case Special::ClusterCtaIdX:
    return cta.id.x % cluster.x;
  case Special::ClusterCtaIdY:
    return cta.id.y % cluster.y;
  case Special::ClusterCtaIdZ:
    return cta.id.z % cluster.z;
  case Special::ClusterNCtaIdX:
    return cluster.x;
  case Special::ClusterNCtaIdY:
    return cluster.y;
  case Special::ClusterNCtaIdZ:
    return cluster.z;
  case Special::ClusterIdX:
    return cta.id.x / cluster.x;
  case Special::ClusterIdY:
    return cta.id.y / cluster.y;
  case Special::ClusterIdZ:
    return cta.id.z / cluster.z;
  case Special::NClusterIdX:
    return grid.x / cluster.x;
  case Special::NClusterIdY:
    return grid.y / cluster.y;
  case Special::NClusterIdZ:
    return grid.z / cluster.z;
  case Special::LaneId:
    return lane;
  case Special::WarpId:
    return warp;
  case Special::NWarpId:
    return static_cast<uint32_t>(cta.warps.size());
  case Special::NSmId:
    return 1;
  case Special::LaneMaskEq:
    return below + 1;
  case Special::LaneMaskLt:
    return below;
  case Special::LaneMaskLe:
    return below << 1 | 1;
  case Special::LaneMaskGt:
    return ~(below << 1 | 1);
  case Special::LaneMaskGe:
    return ~below;
  case Special::DynamicSmemSize:
    return cta.launch.shape.dynamicSharedBytes;
  case Special::TotalSmemSize:
    return cta.launch.shape.dynamicSharedBytes +
           cta.launch.kernel.staticSharedBytes;
  default:
    return 0;
  }
}

void Cta::fillRows(Warp &warp) {
  for (const ConstantRow &constant : launch.kernel.constants) {
    uint64_t bits = constant.bits;
    if (constant.variable >= 0)
      bits += launch.variableAddresses[constant.variable];
    for (unsigned lane = 0; lane < 32; ++lane) {
      if (constant.wide)
        warp.row64(constant.row)[lane] = bits;
      else
        warp.row(constant.row)[lane] = static_cast<uint32_t>(bits);
    }
  }
  for (const SpecialRow &special : launch.kernel.specials)
    for (unsigned lane = 0; lane < 32; ++lane)
      warp.row(special.row)[lane] =
          specialValue(*this, special.what, warp.index, lane);
}
