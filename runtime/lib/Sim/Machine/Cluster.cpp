//===- Cluster.cpp - CTAs that share their shared memory ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Cluster.h"

using namespace attnrt;
using namespace attnrt::sim;

Cluster::Cluster(const Launch &launch, const std::vector<Observer *> &observers,
                 Completion completion, uint64_t seed)
    : counters(launch.kernel, Cta::warpsOf(launch.shape)),
      adversary(completion, seed), copies(*this), arrivals(*this),
      observers(observers), shape(launch.shape.cluster) {
  unsigned size = shape.x * shape.y * shape.z;
  for (unsigned rank = 0; rank < size; ++rank)
    ctas.push_back(std::make_unique<Cta>(launch, observers, *this, rank));
}

Cluster::~Cluster() = default;

void Cluster::reset(uint64_t index, Dim3 first) {
  adversary.begin(index);
  for (auto &cta : ctas) {
    Dim3 id = first;
    id.x += cta->rank % shape.x;
    id.y += cta->rank / shape.x % shape.y;
    id.z += cta->rank / shape.x / shape.y;
    cta->reset(id);
  }
  copies.clear();
  arrivals.clear();
  barrier = ClusterBarrier();
  barrier.arrived.assign(ctas.size() * kMaxWarps, 0);
  happenings = 0;
  outgrown = false;
  failure = Status::ok();
  printed.clear();
}

void Cluster::fail(const Op &op, const std::string &message) {
  if (failure.isOk())
    failure = Status::badInput("PTX line " + std::to_string(op.line) + ": " +
                               message + " in " +
                               ctas[0]->launch.program.quote(op.line));
  stop();
}

uint64_t Cluster::grownBytes() const {
  uint64_t bytes = copies.bytes() + arrivals.bytes();
  for (const auto &cta : ctas)
    bytes += cta->grownBytes();
  for (const Observer *observer : observers)
    bytes += observer->bytes();
  return bytes;
}

bool Cluster::stopped() const {
  for (const auto &cta : ctas)
    if (cta->stopped)
      return true;
  return false;
}

void Cluster::stop() {
  for (auto &cta : ctas)
    cta->stopped = true;
}

/// All threads that have not exited are there.
static bool isComplete(const Cluster &cluster) {
  for (const auto &cta : cluster.ctas)
    for (const auto &warp : cta->warps)
      if (warp->live &
          ~cluster.barrier.arrived[cta->rank * kMaxWarps + warp->index])
        return false;
  return true;
}

void Cluster::arrive(Warp &warp, const Op &op, uint32_t lanes, bool releases) {
  uint32_t &arrived = barrier.arrived[warp.cta.rank * kMaxWarps + warp.index];
  if (arrived & lanes) {
    Event event{EventKind::BarrierMismatch, &warp, &op, arrived & lanes};
    event.detail = "a thread arrives at the cluster barrier twice before it "
                   "waits";
    warp.cta.emit(event);
  }
  arrived |= lanes;
  ++counters.clusterBarrier.arrivals;
  note();
  Event event{EventKind::ClusterArrive, &warp, &op, lanes};
  event.phase = barrier.phase;
  event.relaxed = !releases;
  warp.cta.emit(event);
  completeIfAll();
}

bool Cluster::completeIfAll() {
  bool any = false;
  for (uint32_t lanes : barrier.arrived)
    any |= lanes != 0;
  if (!any || !isComplete(*this))
    return false;
  ++barrier.phase;
  barrier.arrived.assign(barrier.arrived.size(), 0);
  for (auto &cta : ctas)
    for (auto &warp : cta->warps)
      for (Fragment &fragment : warp->fragments)
        if (fragment.state == Fragment::AtCluster)
          fragment.state = Fragment::Ready;
  return true;
}
