//===- Ordering.cpp - What orders the accesses of a cluster ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check/Ordering.h"
#include "Machine/Cluster.h"

using namespace attnrt::sim;

void Ordering::begin(const Cta &cta) {
  size_t ctas = cta.cluster->ctas.size(), warps = ctas * cta.warps.size();
  clocks.reset(static_cast<unsigned>(ctas),
               static_cast<unsigned>(cta.warps.size()));
  barriers.assign(ctas * kBarriers, BarrierClock());
  flags.clear();
  phases.clear();
  clusterPhases = clusterInits = PhaseClocks();
  fenced.assign(warps, Past());
  fencedInits.assign(warps, Past());
  knownInits.assign(warps, VectorClock());
  copies.clear();
  arrivals.clear();
  issued.assign(warps, {});
  stores.assign(warps, {});
  wgmmaStamps.assign(ctas * cta.warpGroups.size(), AsyncStamp());
}

uint64_t Ordering::bytes() const {
  uint64_t each = 2 * sizeof(Past) + 4 * sizeof(void *);
  uint64_t places = flags.size() + phases.size();
  uint64_t waited = 0;
  for (const std::vector<AsyncStamp> &of : stores)
    waited += of.size() * sizeof(AsyncStamp);
  for (const std::deque<Issued> &of : issued)
    waited += of.size() * sizeof(Issued);
  return waited + clocks.bytes() +
         places * (each + (flags.empty() ? 0 : flags.begin()->second.bytes()));
}

Past &Ordering::PhaseClocks::of(uint64_t which) {
  unsigned index = which & 1;
  if (phase[index] != which)
    past[index].clear();
  phase[index] = which;
  return past[index];
}

//===----------------------------------------------------------------------===//
// Barriers
//===----------------------------------------------------------------------===//

void Ordering::arriveAtBarrier(const Event &event, const Cta &cta) {
  BarrierClock &barrier = barriers[cta.rank * kBarriers + event.barrier];
  clocks.release(agentOf(event), barrier.past);
  if (event.waits)
    barrier.waiters |= 1u << event.warp->index;
}

void Ordering::completeBarrier(uint32_t id, const Cta &cta) {
  BarrierClock &barrier = barriers[cta.rank * kBarriers + id];
  for (uint32_t rest = barrier.waiters; rest; rest &= rest - 1)
    clocks.acquire(clocks.agentAt(cta.rank, __builtin_ctz(rest)), barrier.past);
  barrier.past.clear();
  barrier.waiters = 0;
}

void Ordering::arriveAtMBarrier(const Event &event, const Cta &home) {
  clocks.release(agentOf(event),
                 phases[{home.rank, event.barrier}].of(event.phase));
}

void Ordering::waitForMBarrier(const Event &event, const Cta &home) {
  clocks.acquire(agentOf(event),
                 phases[{home.rank, event.barrier}].of(event.phase));
}

/// A fence before a relaxed arrival makes it a release of what was before the
/// fence.
void Ordering::arriveAtCluster(const Event &event) {
  unsigned agent = agentOf(event);
  if (!event.relaxed)
    return clocks.release(agent, clusterPhases.of(event.phase));
  Past &past = clusterPhases.of(event.phase);
  past.generic.join(fenced[agent].generic);
  past.async.join(fenced[agent].async);
  clusterInits.of(event.phase).generic.join(fencedInits[agent].generic);
}

void Ordering::waitForCluster(const Event &event) {
  unsigned agent = agentOf(event);
  clocks.acquire(agent, clusterPhases.of(event.phase));
  knownInits[agent].join(clusterInits.of(event.phase).generic);
}

void Ordering::fence(const Event &event) {
  unsigned agent = agentOf(event);
  clocks.release(agent, fenced[agent]);
}

void Ordering::fenceInits(const Event &event) {
  unsigned agent = agentOf(event);
  clocks.release(agent, fencedInits[agent]);
}

//===----------------------------------------------------------------------===//
// Strong accesses
//===----------------------------------------------------------------------===//

uint64_t Ordering::placeOf(const Event &event, const Cta &home, unsigned lane) {
  uint64_t window = uint64_t(event.space) << 60;
  if (event.space == MemorySpace::Shared)
    window |= uint64_t(home.rank) << 32;
  return window | event.addresses[lane] >> 2;
}

void Ordering::acquireFlags(const Event &event, const Cta &home) {
  if (event.write && !event.update)
    return;
  for (uint32_t rest = event.lanes; rest; rest &= rest - 1) {
    auto known = flags.find(placeOf(event, home, __builtin_ctz(rest)));
    if (known != flags.end())
      clocks.acquire(agentOf(event), known->second);
  }
}

void Ordering::releaseFlags(const Event &event, const Cta &home) {
  if (!event.write)
    return;
  Past past;
  clocks.release(agentOf(event), past);
  for (uint32_t rest = event.lanes; rest; rest &= rest - 1) {
    Past &flag = flags[placeOf(event, home, __builtin_ctz(rest))];
    flag.generic.join(past.generic);
    flag.async.join(past.async);
  }
}

//===----------------------------------------------------------------------===//
// cp.async
//===----------------------------------------------------------------------===//

void Ordering::issueArrival(const Event &event) {
  unsigned agent = agentOf(event);
  issued[agent].push_back({event.lanes, event.before, clocks.now(agent)});
  clocks.release(agent, arrivals[event.number]);
}

void Ordering::finishArrival(const Event &event) {
  Past past = std::move(arrivals[event.number]);
  arrivals.erase(event.number);
  Past &phase = phases[{event.place->rank, event.barrier}].of(event.phase);
  phase.generic.join(past.generic);
  phase.async.join(past.async);
}

/// Whoever learns of one arrival learns of the copies before it, though a later
/// arrival or a wait may be what brings them.
uint32_t Ordering::landingClock(const Warp &warp, unsigned lane,
                                uint64_t number) const {
  unsigned agent = clocks.agentOf(warp);
  for (const Issued &arrival : issued[agent])
    if (arrival.lanes >> lane & 1 && number < arrival.before)
      return arrival.clock;
  return clocks.now(agent);
}

void Ordering::forgetArrivals(const Warp &warp) {
  std::deque<Issued> &mine = issued[clocks.agentOf(warp)];
  if (mine.empty())
    return;
  uint64_t oldest = UINT64_MAX;
  for (const AsyncCopy &copy : warp.asyncs.inFlight())
    oldest = std::min(oldest, copy.number);
  while (!mine.empty() && mine.front().before <= oldest)
    mine.pop_front();
}

//===----------------------------------------------------------------------===//
// Bulk copies and wgmma
//===----------------------------------------------------------------------===//

AsyncStamp Ordering::issueBulk(const Event &event) {
  return copies[event.bulk->number] = clocks.issue(agentOf(event));
}

/// Publishes a load to those who wait for the mbarrier's phase; a store waits
/// for its group.
void Ordering::completeBulk(const Event &event) {
  const BulkCopy &copy = *event.bulk;
  auto found = copies.find(copy.number);
  AsyncStamp stamp = found->second;
  copies.erase(found);
  for (const Cta *to : copy.to) {
    auto barrier = to->mbarriers.find(copy.mbarrier);
    if (barrier != to->mbarriers.end())
      Clocks::publish(
          stamp, phases[{to->rank, copy.mbarrier}].of(barrier->second.phase));
  }
  if (copy.to.empty())
    stores[clocks.agentOf(*copy.warp)].push_back(stamp);
}

/// The lane that issued the stores is the one that waits for them.
void Ordering::waitForBulk(const Event &event) {
  unsigned agent = agentOf(event);
  for (const AsyncStamp &stamp : stores[agent])
    clocks.acquire(agent, stamp);
  stores[agent].clear();
}

AsyncStamp Ordering::issueWgmma(const Event &event, const Cta &cta) {
  AsyncStamp &last =
      wgmmaStamps[cta.rank * cta.warpGroups.size() + event.warp->index / 4];
  return last = clocks.issueInOrder(last);
}

/// The first operation of a warpgroup has the first clock.
void Ordering::waitForWgmma(const Event &event) {
  const Cta &cta = event.warp->cta;
  AsyncStamp stamp =
      wgmmaStamps[cta.rank * cta.warpGroups.size() + event.warp->index / 4];
  stamp.clock =
      Clocks::kFirstAsync + 1 + static_cast<uint32_t>(event.wgmma->number);
  clocks.acquire(agentOf(event), stamp);
}
