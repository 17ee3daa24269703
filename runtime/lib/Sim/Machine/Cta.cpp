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
  for (Observer *observer : observers)
    listen(*observer);
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

void Cta::listen(Observer &observer) {
  interests |= observer.interests();
  for (unsigned kind = 0; kind < kEventKinds; ++kind)
    if (observer.interests() >> kind & 1)
      listeners[kind].push_back(&observer);
}

void Cta::stopListening(Observer &observer) {
  interests = 0;
  for (unsigned kind = 0; kind < kEventKinds; ++kind) {
    if (observer.interests() >> kind & 1)
      listeners[kind].pop_back();
    interests |= uint64_t(!listeners[kind].empty()) << kind;
  }
}

void Cta::deliver(const Event &event) {
  for (Observer *observer : listeners[static_cast<int>(event.kind)])
    observer->on(event, *this);
}

static uint32_t axisOf(Dim3 of, unsigned axis) {
  return axis == 0 ? of.x : axis == 1 ? of.y : of.z;
}

static Dim3 quotient(Dim3 a, Dim3 b) {
  return {a.x / b.x, a.y / b.y, a.z / b.z};
}
static Dim3 remainder(Dim3 a, Dim3 b) {
  return {a.x % b.x, a.y % b.y, a.z % b.z};
}

/// Registers that have three components, in the order of `Special`.
static Dim3 threeOf(const Cta &cta, Special first, unsigned thread) {
  const LaunchShape &shape = cta.launch.shape;
  const Dim3 &block = shape.block;
  switch (first) {
  case Special::TidX:
    return {thread % block.x, thread / block.x % block.y,
            thread / block.x / block.y};
  case Special::NTidX:
    return block;
  case Special::CtaIdX:
    return cta.id;
  case Special::NCtaIdX:
    return shape.grid;
  case Special::ClusterCtaIdX:
    return remainder(cta.id, shape.cluster);
  case Special::ClusterNCtaIdX:
    return shape.cluster;
  case Special::ClusterIdX:
    return quotient(cta.id, shape.cluster);
  default:
    return quotient(shape.grid, shape.cluster);
  }
}

static uint32_t laneMask(Special what, unsigned lane) {
  uint32_t below = (1u << lane) - 1;
  switch (what) {
  case Special::LaneMaskEq:
    return below + 1;
  case Special::LaneMaskLt:
    return below;
  case Special::LaneMaskLe:
    return below << 1 | 1;
  case Special::LaneMaskGt:
    return ~(below << 1 | 1);
  default:
    return ~below;
  }
}

static uint32_t specialValue(const Cta &cta, Special what, unsigned warp,
                             unsigned lane) {
  for (Special first :
       {Special::TidX, Special::NTidX, Special::CtaIdX, Special::NCtaIdX,
        Special::ClusterCtaIdX, Special::ClusterNCtaIdX, Special::ClusterIdX,
        Special::NClusterIdX}) {
    unsigned axis = unsigned(what) - unsigned(first);
    if (axis < 3)
      return axisOf(threeOf(cta, first, warp * 32 + lane), axis);
  }
  if (what >= Special::LaneMaskEq && what <= Special::LaneMaskGe)
    return laneMask(what, lane);
  const LaunchShape &shape = cta.launch.shape;
  switch (what) {
  case Special::ClusterRank:
    return cta.rank;
  case Special::ClusterSize:
    return shape.cluster.x * shape.cluster.y * shape.cluster.z;
  case Special::LaneId:
    return lane;
  case Special::WarpId:
    return warp;
  case Special::NWarpId:
    return static_cast<uint32_t>(cta.warps.size());
  case Special::NSmId:
    return 1;
  case Special::DynamicSmemSize:
    return shape.dynamicSharedBytes;
  case Special::TotalSmemSize:
    return shape.dynamicSharedBytes + cta.launch.kernel.staticSharedBytes;
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
