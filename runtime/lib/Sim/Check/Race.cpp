//===- Race.cpp - race: unordered accesses to shared memory ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Accesses are held against those that nothing orders before them; Ordering.h
// says what orders. A cp.async writes at an unknown time between its issue and
// its wait: it must come after all that was there before, as of its issue, and
// is an access of its warp as of the wait, or of the first arrival behind it.
//
// Bulk copies and wgmmas touch memory through the asynchronous proxy. They come
// after what their issuers knew through that proxy; a wait for the mbarrier or
// the group makes them known. A wgmma comes after what any of its four warps
// knew.
//
//===----------------------------------------------------------------------===//

#include "Check/Checkers.h"
#include "Check/Ordering.h"
#include "Check/RaceShadow.h"
#include "Machine/Cluster.h"

#include <map>

using namespace attnrt::sim;

namespace {
class RaceChecker : public Checker {
public:
  explicit RaceChecker(HazardLog &log) : Checker(log) {}
  uint64_t interests() const override;
  void on(const Event &event, const Cta &cta) override;
  uint64_t bytes() const override { return order.bytes(); }

private:
  void begin(const Cta &cta);
  RaceShadow &shadowOf(const Cta &cta) { return shadows[cta.rank]; }
  void access(const Event &event, const Cta &cta, uint8_t kind, uint32_t clock);
  void wholeGranules(Touch &mine, const Event &event, const Cta &home);
  void partsOfGranules(Touch &mine, const Event &event, const Cta &home);
  void note(Touch &mine, uint32_t granule, uint32_t lanes, const Event &event,
            const Cta &home);
  void strongAccess(const Event &event, const Cta &cta);
  void land(const Warp &warp);
  void landOne(const AsyncLanding &landing, const Warp &warp);
  void finishArrival(const Event &event);
  void touchAll(const Event &event, const Cta &home, const Accessor &who,
                Touch &mine, uint32_t address);
  void issueBulk(const Event &event, const Cta &cta);
  void touchMBarrier(const Event &event, const Cta &cta);
  void noteRemote(const Event &event, const Cta &cta, const Cta &home);
  void end(const Cta &cta);
  void issueWgmma(const Event &event, const Cta &cta);
  void onAccess(const Event &event, const Cta &cta);
  void reportAll(const Touch &mine, uint32_t granule, uint32_t lanes,
                 const Event &event, const Cta &home);

  Ordering order;
  const Clocks &clocks = order.clocks;
  std::vector<RaceShadow> shadows; // by rank
  std::vector<uint64_t> landed;    // copies dealt with, by warp
  /// By rank and agent, the last access to the CTA from another one.
  struct Visit {
    uint32_t clock;
    const Op *op;
  };
  std::map<std::pair<unsigned, unsigned>, Visit> visits;
  std::vector<Conflict> racing;
};
} // namespace

uint64_t RaceChecker::interests() const {
  if (!log.enabled("race"))
    return 0;
  uint64_t all = 0;
  for (EventKind kind :
       {EventKind::CtaBegin,        EventKind::CtaEnd,
        EventKind::Access,          EventKind::AsyncIssue,
        EventKind::AsyncComplete,   EventKind::BarrierArrive,
        EventKind::BarrierComplete, EventKind::MBarrierInit,
        EventKind::MBarrierUse,     EventKind::MBarrierArrive,
        EventKind::MBarrierWait,    EventKind::ClusterArrive,
        EventKind::ClusterWait,     EventKind::BulkIssue,
        EventKind::BulkComplete,    EventKind::BulkWait,
        EventKind::WgmmaIssue,      EventKind::WgmmaWait,
        EventKind::ProxyFence,      EventKind::MemoryFence,
        EventKind::InitFence,       EventKind::AsyncArriveIssue,
        EventKind::AsyncArrive})
    all |= interest(kind);
  return all;
}

/// The CTAs of a cluster begin one after the other.
void RaceChecker::begin(const Cta &cta) {
  size_t ctas = cta.cluster->ctas.size();
  if (cta.rank == 0) {
    order.begin(cta);
    while (shadows.size() < ctas)
      shadows.emplace_back(clocks);
    landed.assign(ctas * cta.warps.size(), 0);
    visits.clear();
  }
  shadowOf(cta).reset(static_cast<uint32_t>(cta.shared.data.size()));
}

void RaceChecker::reportAll(const Touch &mine, uint32_t granule, uint32_t lanes,
                            const Event &event, const Cta &home) {
  for (const Conflict &conflict : racing)
    reportConflict(log, conflict, mine, granule, lanes, event, home);
  racing.clear();
}

/// Lanes of one instruction that touch the same granule.
void RaceChecker::note(Touch &mine, uint32_t granule, uint32_t lanes,
                       const Event &event, const Cta &home) {
  mine.lane = static_cast<uint8_t>(__builtin_ctz(lanes));
  unsigned agent = clocks.agentOf(*event.warp);
  shadowOf(home).add(granule, mine, {home.rank, &agent, 1, false}, racing);
  if (!racing.empty())
    reportAll(mine, granule, lanes, event, home);
}

void RaceChecker::access(const Event &event, const Cta &cta, uint8_t kind,
                         uint32_t clock) {
  if (!event.lanes)
    return;
  const Cta &home = event.place ? *event.place : cta;
  noteRemote(event, cta, home);
  Touch mine;
  mine.clock = clock;
  mine.warps = 1u << event.warp->index;
  mine.op = static_cast<uint32_t>(event.op - cta.launch.kernel.ops.data());
  mine.kind = kind;
  if (&home != &cta) {
    mine.kind |= Touch::Alone;
    mine.warps = clocks.agentOf(*event.warp);
  }
  if (event.bytes == RaceShadow::kGranule)
    wholeGranules(mine, event, home);
  else
    partsOfGranules(mine, event, home);
}

/// 16 bytes a lane.
void RaceChecker::wholeGranules(Touch &mine, const Event &event,
                                const Cta &home) {
  mine.bytes = 0xffff;
  uint32_t knownTo = clocks.knownTo(clocks.agentOf(*event.warp));
  RaceShadow &shadow = shadowOf(home);
  for (uint32_t rest = event.lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint32_t granule =
        static_cast<uint32_t>(event.addresses[lane] / RaceShadow::kGranule);
    mine.lane = static_cast<uint8_t>(lane);
    if (mine.isAlone() || !shadow.addWhole(granule, mine, knownTo))
      note(mine, granule, 1u << lane, event, home);
  }
}

/// Lanes side by side come together.
void RaceChecker::partsOfGranules(Touch &mine, const Event &event,
                                  const Cta &home) {
  uint32_t span = (1u << event.bytes) - 1, lanes = 0;
  uint32_t current = static_cast<uint32_t>(
      event.addresses[__builtin_ctz(event.lanes)] / RaceShadow::kGranule);
  for (uint32_t rest = event.lanes; rest; rest &= rest - 1) {
    uint64_t address = event.addresses[__builtin_ctz(rest)];
    uint32_t granule = static_cast<uint32_t>(address / RaceShadow::kGranule);
    if (granule != current) {
      note(mine, current, lanes, event, home);
      current = granule;
      lanes = 0;
      mine.bytes = 0;
    }
    lanes |= rest & (0 - rest);
    mine.bytes |= static_cast<uint16_t>(span << address % RaceShadow::kGranule);
  }
  note(mine, current, lanes, event, home);
}

/// One that orders: acquires before it and releases after it.
void RaceChecker::strongAccess(const Event &event, const Cta &cta) {
  const Cta &home = event.place ? *event.place : cta;
  order.acquireFlags(event, home);
  uint8_t kind = event.write ? Touch::Write | Touch::Strong : Touch::Strong;
  if (event.space == MemorySpace::Shared)
    access(event, cta, kind, order.now(event));
  order.releaseFlags(event, home);
}

void RaceChecker::landOne(const AsyncLanding &landing, const Warp &warp) {
  uint32_t span = (1u << landing.bytes) - 1;
  uint32_t clock = clocks.now(clocks.agentOf(warp));
  bool hasArrivals = order.hasArrivals(warp);
  for (uint32_t rest = landing.lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint32_t to = landing.to[lane];
    if (hasArrivals)
      clock = order.landingClock(warp, lane, landing.number);
    shadowOf(warp.cta).land(
        to / RaceShadow::kGranule,
        static_cast<uint16_t>(span << to % RaceShadow::kGranule), warp.index,
        clock);
  }
}

void RaceChecker::land(const Warp &warp) {
  unsigned agent = clocks.agentOf(warp);
  for (uint64_t &n = landed[agent]; n < warp.asyncs.landed(); ++n)
    landOne(warp.asyncs.landing(n), warp);
  order.forgetArrivals(warp);
}

void RaceChecker::finishArrival(const Event &event) {
  for (const AsyncLanding &landing : *event.landings)
    landOne(landing, *event.warp);
  order.forgetArrivals(*event.warp);
  order.finishArrival(event);
}

//===----------------------------------------------------------------------===//
// Asynchronous operations
//===----------------------------------------------------------------------===//

/// A granule that an operation touches as a whole.
void RaceChecker::touchAll(const Event &event, const Cta &home,
                           const Accessor &who, Touch &mine, uint32_t address) {
  uint32_t granule = address / RaceShadow::kGranule;
  shadowOf(home).add(granule, mine, who, racing);
  if (!racing.empty())
    reportAll(mine, granule, event.lanes, event, home);
}

static Touch touchOf(const Event &event, const Cta &cta, AsyncStamp stamp,
                     bool writes) {
  Touch mine;
  mine.clock = stamp.clock;
  mine.warps = stamp.agent;
  mine.op = static_cast<uint32_t>(event.op - cta.launch.kernel.ops.data());
  mine.kind = Touch::Async | Touch::Alone | (writes ? Touch::Write : 0);
  mine.bytes = 0xffff;
  return mine;
}

void RaceChecker::issueBulk(const Event &event, const Cta &cta) {
  const BulkCopy &copy = *event.bulk;
  unsigned agent = order.agentOf(event);
  Touch mine = touchOf(event, cta, order.issueBulk(event), !copy.to.empty());
  for (const Cta *to : copy.to) {
    shadowOf(*to).beginOperation();
    for (const BulkPiece &piece : copy.pieces)
      touchAll(event, *to, {to->rank, &agent, 1, true}, mine, piece.shared);
    shadowOf(*to).endOperation();
  }
  if (copy.kind == BulkKind::Load)
    return;
  mine.kind &= ~Touch::Write;
  shadowOf(cta).beginOperation();
  for (const BulkPiece &piece : copy.pieces) {
    uint32_t from = copy.kind == BulkKind::Remote
                        ? static_cast<uint32_t>(piece.global)
                        : piece.shared;
    if (piece.given)
      touchAll(event, cta, {cta.rank, &agent, 1, true}, mine, from);
  }
  shadowOf(cta).endOperation();
}

void RaceChecker::noteRemote(const Event &event, const Cta &cta,
                             const Cta &home) {
  if (&home == &cta)
    return;
  unsigned agent = clocks.agentOf(*event.warp);
  visits[{home.rank, agent}] = {clocks.now(agent), event.op};
}

/// A CTA's shared memory is gone when it has exited: one of its warps must know
/// of every access from another CTA.
void RaceChecker::end(const Cta &cta) {
  unsigned warps = static_cast<unsigned>(cta.warps.size());
  for (auto it = visits.lower_bound({cta.rank, 0});
       it != visits.end() && it->first.first == cta.rank; ++it) {
    unsigned agent = it->first.second;
    const Visit &visit = it->second;
    bool known = false;
    for (unsigned w = 0; w < warps; ++w)
      known |= clocks.knows(clocks.agentAt(cta.rank, w), agent, visit.clock);
    const Cta &from = *cta.cluster->ctas[clocks.rankOf(agent)];
    Event event{EventKind::CtaEnd, from.warps[clocks.warpOf(agent)].get(),
                visit.op};
    if (known || !log.isNew("race", event))
      continue;
    log.add("race", event, from,
            "access to the shared memory of CTA " + std::to_string(cta.rank) +
                " of the cluster, which may have exited; expected "
                "barrier.cluster before it exits");
  }
}

/// Its init is a write, and whatever is done with it afterwards comes after.
void RaceChecker::touchMBarrier(const Event &event, const Cta &cta) {
  const Cta &home = *event.place;
  noteRemote(event, cta, home);
  unsigned agent = clocks.agentOf(*event.warp);
  bool isInit = event.kind == EventKind::MBarrierInit;
  uint32_t granule = event.barrier / RaceShadow::kGranule;
  Touch mine;
  mine.clock = clocks.now(agent);
  mine.op = static_cast<uint32_t>(event.op - cta.launch.kernel.ops.data());
  mine.bytes =
      static_cast<uint16_t>(0xff << event.barrier % RaceShadow::kGranule);
  mine.kind = Touch::Alone | (isInit ? Touch::Write : Touch::Strong);
  mine.warps = agent;
  Accessor who{home.rank, &agent, 1, false};
  RaceShadow &shadow = shadowOf(home);
  if (isInit)
    shadow.add(granule, mine, who, racing);
  else
    shadow.check(granule, mine, who, racing);
  uint64_t addresses[32];
  for (uint64_t &address : addresses)
    address = event.barrier;
  Event access = event;
  access.space = MemorySpace::Shared;
  access.addresses = addresses;
  access.bytes = MBarrier::kBytes;
  for (const Conflict &conflict : racing) {
    const Touch &init = conflict.other;
    bool isKnown = init.isAlone() && !init.isAsync() &&
                   order.knowsInit(agent, init.warps, init.clock);
    if (!isKnown)
      reportConflict(log, conflict, mine, granule, event.lanes, access, home);
  }
  racing.clear();
}

void RaceChecker::issueWgmma(const Event &event, const Cta &cta) {
  const WarpGroup &group = cta.warpGroups[event.warp->index / 4];
  unsigned agents[4];
  for (unsigned w = 0; w < 4; ++w)
    agents[w] = clocks.agentAt(cta.rank, group.firstWarp + w);
  Touch mine = touchOf(event, cta, order.issueWgmma(event, cta), false);
  RaceShadow &shadow = shadowOf(cta);
  shadow.beginOperation();
  for (uint32_t address : *event.chunks)
    if (!shadow.addAsyncRead(address / RaceShadow::kGranule, mine))
      touchAll(event, cta, {cta.rank, agents, 4, true}, mine, address);
  shadow.endOperation();
}

void RaceChecker::onAccess(const Event &event, const Cta &cta) {
  if (event.op->strong)
    strongAccess(event, cta);
  else if (event.space == MemorySpace::Shared)
    access(event, cta, event.write ? Touch::Write : Touch::Read,
           order.now(event));
}

void RaceChecker::on(const Event &event, const Cta &cta) {
  const Cta &home = event.place ? *event.place : cta;
  switch (event.kind) {
  case EventKind::CtaBegin:
    return begin(cta);
  case EventKind::CtaEnd:
    return end(cta);
  case EventKind::Access:
    return onAccess(event, cta);
  case EventKind::AsyncIssue:
    return access(event, cta, Touch::Write | Touch::Copy, Touch::kInFlight);
  case EventKind::AsyncComplete:
    return land(*event.warp);
  case EventKind::AsyncArriveIssue:
    return order.issueArrival(event);
  case EventKind::AsyncArrive:
    return finishArrival(event);
  case EventKind::BarrierArrive:
    return order.arriveAtBarrier(event, cta);
  case EventKind::BarrierComplete:
    return order.completeBarrier(event.barrier, cta);
  case EventKind::MBarrierInit:
  case EventKind::MBarrierUse:
    return touchMBarrier(event, cta);
  case EventKind::MBarrierArrive:
    return order.arriveAtMBarrier(event, home);
  case EventKind::MBarrierWait:
    return order.waitForMBarrier(event, home);
  case EventKind::ClusterArrive:
    return order.arriveAtCluster(event);
  case EventKind::ClusterWait:
    return order.waitForCluster(event);
  case EventKind::MemoryFence:
    return order.fence(event);
  case EventKind::InitFence:
    return order.fenceInits(event);
  case EventKind::BulkIssue:
    return issueBulk(event, cta);
  case EventKind::BulkComplete:
    return order.completeBulk(event);
  case EventKind::BulkWait:
    return order.waitForBulk(event);
  case EventKind::WgmmaIssue:
    return issueWgmma(event, cta);
  case EventKind::WgmmaWait:
    return order.waitForWgmma(event);
  case EventKind::ProxyFence:
    return order.clocks.fenceProxy(order.agentOf(event));
  default:
    return;
  }
}

std::unique_ptr<Checker> attnrt::sim::makeRaceChecker(HazardLog &log) {
  return std::make_unique<RaceChecker>(log);
}

/// The others keep nothing.
uint64_t attnrt::sim::bytesOfCheckers(const Kernel &kernel,
                                      const LaunchShape &shape) {
  return RaceShadow::bytesFor(
      SharedMemory::sizeFor(kernel, shape.dynamicSharedBytes));
}
