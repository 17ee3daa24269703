//===- ClusterOps.cpp - Clusters, proxies and what goes with them ---------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Cluster.h"
#include "Machine/TensorMap.h"
#include "Ops/Collective.h"
#include "Ops/Park.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

/// The same offset in the shared memory of the CTA with the given rank. aux:
/// bytes of an address.
Step mapa(Warp &warp, const Op &op, uint32_t mask) {
  uint32_t poison = warp.poison[op.src[0]] | warp.poison[op.src[1]];
  const Cluster &cluster = *warp.cta.cluster;
  uint32_t outside = 0;
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    uint32_t rank = warp.row(op.src[1])[i];
    outside |= uint32_t(rank >= cluster.ctas.size()) << i;
    uint64_t bits = uint64_t((rank ^ warp.cta.rank) & 0xff) << kRankShift;
    if (op.aux == 8) {
      uint64_t from = warp.row64(op.src[0])[i];
      warp.row64(op.dst[0])[i] = (from & kWindowMask) |
                                 Cluster::offset(static_cast<uint32_t>(from)) |
                                 bits;
    } else {
      warp.row(op.dst[0])[i] =
          Cluster::offset(warp.row(op.src[0])[i]) | static_cast<uint32_t>(bits);
    }
  }
  if (outside & ~poison) {
    Event event{EventKind::OutOfBounds, &warp, &op, outside & ~poison};
    event.detail =
        "rank beyond a cluster of " + std::to_string(cluster.ctas.size());
    warp.cta.emit(event);
  }
  warp.setPoison(op.dst[0], mask, poison);
  return Step::Next;
}

Step getRank(Warp &warp, const Op &op, uint32_t mask) {
  for (int i = 0; i < 32; ++i) {
    if (!(mask >> i & 1))
      continue;
    uint32_t address = op.aux == 8
                           ? static_cast<uint32_t>(warp.row64(op.src[0])[i])
                           : warp.row(op.src[0])[i];
    warp.row(op.dst[0])[i] =
        (address >> kRankShift & (kMaxClusterSize - 1)) ^ warp.cta.rank;
  }
  warp.setPoison(op.dst[0], mask, warp.poison[op.src[0]]);
  return Step::Next;
}

/// aux: 1 for .aligned, 2 for .relaxed.
enum : uint32_t { kAligned = 1, kRelaxed = 2 };

Step arriveAtCluster(Warp &warp, const Op &op, uint32_t mask) {
  if (op.aux & kAligned && !gatherLiveLanes(warp, op, mask))
    return Step::Moved;
  Cluster &cluster = *warp.cta.cluster;
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    warp.clusterPhase[__builtin_ctz(rest)] = cluster.barrier.phase + 1;
  cluster.arrive(warp, op, mask, !(op.aux & kRelaxed));
  return Step::Next;
}

Step waitForCluster(Warp &warp, const Op &op, uint32_t mask) {
  if (op.aux & kAligned && !gatherLiveLanes(warp, op, mask))
    return Step::Moved;
  uint64_t phase = warp.clusterPhase[__builtin_ctz(mask)];
  Event event{phase ? EventKind::ClusterWait : EventKind::BarrierMismatch,
              &warp, &op, mask};
  if (!phase) {
    event.detail = "wait at the cluster barrier without an arrival";
    warp.cta.emit(event);
    return Step::Next;
  }
  BarrierCounts &counts = warp.cta.counters.clusterBarrier;
  if (warp.cta.cluster->barrier.phase < phase) {
    ++counts.incomplete;
    return park(warp, op, Fragment::AtCluster);
  }
  ++counts.waits;
  event.phase = phase - 1;
  warp.cta.emit(event);
  return Step::Next;
}

/// One lane of the members; which one is not said, so it is not always the
/// first.
void electOne(Warp &warp, const Op &op, uint32_t mask) {
  uint32_t members = warp.row(op.src[0])[__builtin_ctz(mask)] & mask;
  if (!members)
    return;
  uint32_t leader = warp.cta.cluster->adversary.leader(members);
  uint32_t *d = warp.row(op.dst[0]);
  LANE_LOOP d[i] = mask >> i & 1 ? leader : d[i];
  if (op.dst[0] != kSinkRow)
    warp.setPoison(op.dst[0], mask, 0);
  Predicate &p = warp.preds[op.dst[1]];
  p.value = (p.value & ~mask) | 1u << leader;
  p.poison &= ~mask;
}

/// Memory is coherent here, and that dependents may begin is known.
Step nothing(Warp &, const Op &, uint32_t) { return Step::Next; }

template <EventKind kKind>
Step fence(Warp &warp, const Op &op, uint32_t mask) {
  Event event{kKind, &warp, &op, mask};
  warp.cta.emit(event);
  return Step::Next;
}

Handler chooseFence(const Match &match) {
  if (match.has("async"))
    return fence<EventKind::ProxyFence>;
  if (match.has("mbarrier_init"))
    return fence<EventKind::InitFence>;
  if (match.has("tensormap::generic") || match.has("acquire"))
    return nothing;
  return fence<EventKind::MemoryFence>;
}

/// Grids run one after the other; but that the one before is over is said as
/// late as possible.
Step waitForGrid(Warp &warp, const Op &op, uint32_t) {
  Cta &cta = warp.cta;
  cta.sawGrid |= cta.cluster->adversary.isEarly();
  return cta.sawGrid ? Step::Next : park(warp, op, Fragment::AtGrid);
}

} // namespace

bool bindCluster(const Match &match, Op &op) {
  switch (match.sem()) {
  case Sem::Mapa:
    op.aux = ptx::bytesOf(match.type());
    return setHandler(op, mapa);
  case Sem::Getctarank:
    op.aux = ptx::bytesOf(match.type());
    return setHandler(op, getRank);
  case Sem::BarrierCluster:
    op.aux = (match.has("aligned") ? kAligned : 0) |
             (match.has("relaxed") ? kRelaxed : 0);
    return setHandler(op, match.has("wait") ? waitForCluster : arriveAtCluster);
  case Sem::Elect:
    return setHandler(op, collective<electOne, 0>);
  case Sem::FenceProxy:
    // The fence must cover a whole tensor map.
    if (match.has("tensormap::generic") && match.has("acquire") &&
        op.imm2 != kTensorMapBytes)
      return false;
    return setHandler(op, chooseFence(match));
  case Sem::Griddepcontrol:
    return setHandler(op, match.has("wait") ? waitForGrid : nothing);
  default:
    return false;
  }
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
