//===- Race.cpp - race: unordered accesses to shared memory ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Happens-before. What a warp does is ordered by the program; between warps
// order comes from barriers, whose arrivals release and whose waits acquire,
// and from strong accesses (atomic, volatile or relaxed and above), of which
// every write releases and every read acquires what was written to its place.
// A cp.async writes at an unknown time between its issue and its wait: it must
// come after all that was there before, as of its issue, and is an access of
// its warp as of the wait.
//
// Bulk copies and wgmmas are agents of their own, which touch memory through
// the asynchronous proxy. They come after what their issuers knew through that
// proxy; a wait for the mbarrier or the group makes them known. A wgmma comes
// after what any of its four warps knew.
//
//===----------------------------------------------------------------------===//

#include "Check/Checkers.h"
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
  uint64_t bytes() const override {
    uint64_t each = 2 * sizeof(Past) + 4 * sizeof(void *);
    uint64_t places = flags.size() + phases.size();
    uint64_t waited = 0;
    for (const std::vector<AsyncStamp> &of : stores)
      waited += of.size() * sizeof(AsyncStamp);
    return waited + clocks.bytes() +
           places *
               (each + (flags.empty() ? 0 : flags.begin()->second.bytes()));
  }

private:
  struct BarrierClock {
    Past past;
    uint32_t waiters = 0; // warps
  };
  /// Of two phases in a row, the one with an even number first.
  struct PhaseClocks {
    Past past[2];
    uint64_t phase[2] = {UINT64_MAX, UINT64_MAX};
    Past &of(uint64_t which);
  };

  void begin(const Cta &cta);
  RaceShadow &shadowOf(const Cta &cta) { return shadows[cta.rank]; }
  void access(const Event &event, const Cta &cta, uint8_t kind, uint32_t clock);
  void wholeGranules(Touch &mine, const Event &event, const Cta &home);
  void partsOfGranules(Touch &mine, const Event &event, const Cta &home);
  void note(Touch &mine, uint32_t granule, uint32_t lanes, const Event &event,
            const Cta &home);
  void strongAccess(const Event &event, const Cta &cta);
  void land(const Warp &warp);
  void landOne(const AsyncLanding &landing, const Warp &warp, uint32_t clock);
  void issueArrival(const Event &event);
  void finishArrival(const Event &event);
  void arrive(const Event &event, const Cta &cta);
  void complete(uint32_t id, const Cta &cta);
  void touchAll(const Event &event, const Cta &home, const Accessor &who,
                Touch &mine, uint32_t address);
  void issueBulk(const Event &event, const Cta &cta);
  void completeBulk(const Event &event);
  void waitForBulk(const Event &event);
  void touchMBarrier(const Event &event, const Cta &cta);
  void arriveAtCluster(const Event &event);
  void waitForCluster(const Event &event);
  void noteRemote(const Event &event, const Cta &cta, const Cta &home);
  void end(const Cta &cta);
  void issueTensor(const Event &event, const Cta &cta);
  void waitForTensor(const Event &event);
  void report(const Conflict &conflict, const Touch &mine, uint32_t granule,
              uint32_t lanes, const Event &event, const Cta &home);

  Clocks clocks;
  std::vector<RaceShadow> shadows;          // by rank
  std::vector<BarrierClock> barriers;       // by rank and number
  std::vector<uint64_t> landed;             // copies dealt with, by warp
  std::unordered_map<uint64_t, Past> flags; // by place, of strong writes
  std::map<std::pair<unsigned, uint32_t>, PhaseClocks> phases; // of mbarriers
  PhaseClocks clusterPhases;
  /// What a relaxed arrival at the cluster's barrier passes on, by warp: what
  /// came before a fence and, in `generic`, inits that came before theirs.
  std::vector<Past> fenced, fencedInits;
  PhaseClocks clusterInits;
  std::vector<VectorClock> knownInits;
  std::unordered_map<uint64_t, AsyncStamp> copies; // in flight, by number
  /// What came before an arrival behind copies, and its warp's clock then.
  struct Arrival {
    uint32_t clock = 0;
    Past past;
  };
  std::unordered_map<uint64_t, Arrival> arrivals; // in flight, by number
  /// Stores that are done and that their thread has not waited for, by warp.
  std::vector<std::vector<AsyncStamp>> stores;
  std::vector<AsyncStamp> tensorStamps; // the last one of each warpgroup
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
        EventKind::TensorIssue,     EventKind::TensorWait,
        EventKind::ProxyFence,      EventKind::MemoryFence,
        EventKind::InitFence,       EventKind::AsyncArriveIssue,
        EventKind::AsyncArrive})
    all |= interest(kind);
  return all;
}

Past &RaceChecker::PhaseClocks::of(uint64_t which) {
  unsigned index = which & 1;
  if (phase[index] != which)
    past[index].clear();
  phase[index] = which;
  return past[index];
}

/// The CTAs of a cluster begin one after the other.
void RaceChecker::begin(const Cta &cta) {
  size_t ctas = cta.cluster->ctas.size(), warps = ctas * cta.warps.size();
  if (cta.rank == 0) {
    clocks.reset(static_cast<unsigned>(ctas),
                 static_cast<unsigned>(cta.warps.size()));
    while (shadows.size() < ctas)
      shadows.emplace_back(clocks);
    barriers.assign(ctas * kBarriers, BarrierClock());
    landed.assign(warps, 0);
    flags.clear();
    phases.clear();
    clusterPhases = clusterInits = PhaseClocks();
    fenced.assign(warps, Past());
    fencedInits.assign(warps, Past());
    knownInits.assign(warps, VectorClock());
    copies.clear();
    arrivals.clear();
    visits.clear();
    stores.assign(warps, {});
    tensorStamps.assign(ctas * cta.warpGroups.size(), AsyncStamp());
  }
  shadowOf(cta).reset(static_cast<uint32_t>(cta.shared.data.size()));
}

static std::string nameOf(const Touch &touch) {
  return touch.copies()               ? "cp.async"
         : touch.kind & Touch::Strong ? "strong access"
         : touch.isAsync()
             ? touch.writes() ? "asynchronous write" : "asynchronous read"
         : touch.writes() ? "write"
                          : "read";
}

static std::string describeTouch(const Touch &touch, const Cta &cta) {
  std::string out = nameOf(touch);
  if (!touch.isAlone())
    out += " by warp " + std::to_string(__builtin_ctz(touch.warps)) +
           ", lane " + std::to_string(touch.lane);
  return out + ", at " + describeOp(cta.launch.kernel.ops[touch.op], cta);
}

static const char *remedy(const Conflict &conflict, const Touch &mine) {
  const Touch &other = conflict.other;
  if (conflict.isOrdered)
    return "; expected fence.proxy.async between";
  if (other.isAsync() && other.writes())
    return "; expected a wait for its mbarrier before this access";
  if (other.isAsync())
    return "; expected a wait for its group, and a barrier if another warp "
           "waited, before this access";
  if (other.copies())
    return "; expected a barrier of both warps between the wait for that copy "
           "and this access";
  if (mine.copies())
    return "; expected a barrier of both warps between that access and the "
           "issue of this copy";
  return "; expected a barrier of both warps between";
}

/// The lanes of an event that touch one of these bytes.
static uint32_t lanesOn(const Event &event, uint32_t lanes, uint64_t base,
                        uint16_t bytes) {
  uint32_t out = 0;
  for (uint32_t rest = lanes; rest; rest &= rest - 1) {
    uint64_t offset = event.addresses[__builtin_ctz(rest)] - base;
    uint32_t mask = ((1u << event.bytes) - 1) << offset;
    out |= mask & bytes ? rest & (0 - rest) : 0;
  }
  return out;
}

void RaceChecker::report(const Conflict &conflict, const Touch &mine,
                         uint32_t granule, uint32_t lanes, const Event &event,
                         const Cta &home) {
  const Touch &other = conflict.other;
  uint64_t base = uint64_t(granule) * RaceShadow::kGranule;
  uint16_t both = other.bytes & mine.bytes;
  uint8_t state = home.shared.state[base + __builtin_ctz(both)];
  // A copy that no barrier published since its wait: cp-async has told.
  if (other.copies() && !mine.writes() && (state & 0xe0) == shadow::kLanded &&
      log.enabled("cp-async"))
    return;
  const char *kind = conflict.isOrdered ? "proxy" : "race";
  const std::vector<Op> &ops = home.launch.kernel.ops;
  if (!log.isNew(kind, event, &ops[other.op]))
    return;
  Event guilty = event;
  uint64_t addresses[32];
  if (mine.isAsync()) { // its place counts, not its lanes
    for (uint64_t &address : addresses)
      address = base + __builtin_ctz(both);
    guilty.addresses = addresses;
    guilty.lanes = lanes ? lanes : 1;
    guilty.space = MemorySpace::Shared;
    guilty.place = &home;
  } else {
    guilty.lanes = lanesOn(event, lanes, base, both);
  }
  std::string order = mine.writes() ? "write" : "read";
  order += other.writes() ? " after write" : " after read";
  order += conflict.isOrdered ? " through another proxy: " : " without order: ";
  std::string by = mine.isAsync() ? "" : " by " + describeLanes(guilty.lanes);
  // Known hardware does not let an asynchronous write pass an earlier read.
  bool isForgiven = conflict.isOrdered && !other.writes();
  std::string message = order + nameOf(mine) + " of " +
                        describePlace(guilty, home) + by + " and " +
                        describeTouch(other, home) + remedy(conflict, mine);
  if (isForgiven)
    log.warn(kind, guilty, home, message, &ops[other.op]);
  else
    log.add(kind, guilty, home, message, &ops[other.op]);
}

/// Lanes of one instruction that touch the same granule.
void RaceChecker::note(Touch &mine, uint32_t granule, uint32_t lanes,
                       const Event &event, const Cta &home) {
  mine.lane = static_cast<uint8_t>(__builtin_ctz(lanes));
  unsigned agent = clocks.agentOf(*event.warp);
  shadowOf(home).add(granule, mine, {home.rank, &agent, 1, false}, racing);
  if (racing.empty())
    return;
  for (const Conflict &conflict : racing)
    report(conflict, mine, granule, lanes, event, home);
  racing.clear();
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
  unsigned agent = clocks.agentOf(*event.warp);
  const Cta &home = event.place ? *event.place : cta;
  uint64_t window = uint64_t(event.space) << 60;
  if (event.space == MemorySpace::Shared)
    window |= uint64_t(home.rank) << 32;
  for (uint32_t rest = event.lanes; rest; rest &= rest - 1) {
    uint64_t place = window | event.addresses[__builtin_ctz(rest)] >> 2;
    auto known = flags.find(place);
    if ((!event.write || event.update) && known != flags.end())
      clocks.acquire(agent, known->second);
  }
  uint8_t kind = event.write ? Touch::Write | Touch::Strong : Touch::Strong;
  if (event.space == MemorySpace::Shared)
    access(event, cta, kind, clocks.now(agent));
  if (!event.write)
    return;
  Past past;
  clocks.release(agent, past);
  for (uint32_t rest = event.lanes; rest; rest &= rest - 1) {
    Past &flag = flags[window | event.addresses[__builtin_ctz(rest)] >> 2];
    flag.generic.join(past.generic);
    flag.async.join(past.async);
  }
}

void RaceChecker::landOne(const AsyncLanding &landing, const Warp &warp,
                          uint32_t clock) {
  uint32_t span = (1u << landing.bytes) - 1;
  for (uint32_t rest = landing.lanes; rest; rest &= rest - 1) {
    uint32_t to = landing.to[__builtin_ctz(rest)];
    shadowOf(warp.cta).land(
        to / RaceShadow::kGranule,
        static_cast<uint16_t>(span << to % RaceShadow::kGranule), warp.index,
        clock);
  }
}

void RaceChecker::land(const Warp &warp) {
  unsigned agent = clocks.agentOf(warp);
  uint32_t now = clocks.now(agent);
  for (uint64_t &n = landed[agent]; n < warp.asyncs.landed(); ++n)
    landOne(warp.asyncs.landing(n), warp, now);
}

/// An arrival behind copies passes on what came before it, whenever it is.
void RaceChecker::issueArrival(const Event &event) {
  unsigned agent = clocks.agentOf(*event.warp);
  Arrival &arrival = arrivals[event.number];
  arrival.clock = clocks.now(agent);
  clocks.release(agent, arrival.past);
}

void RaceChecker::finishArrival(const Event &event) {
  Arrival arrival = std::move(arrivals[event.number]);
  arrivals.erase(event.number);
  for (const AsyncLanding &landing : *event.landings)
    landOne(landing, *event.warp, arrival.clock);
  Past &phase = phases[{event.place->rank, event.barrier}].of(event.phase);
  phase.generic.join(arrival.past.generic);
  phase.async.join(arrival.past.async);
}

void RaceChecker::arrive(const Event &event, const Cta &cta) {
  BarrierClock &barrier = barriers[cta.rank * kBarriers + event.barrier];
  clocks.release(clocks.agentOf(*event.warp), barrier.past);
  if (event.waits)
    barrier.waiters |= 1u << event.warp->index;
}

void RaceChecker::complete(uint32_t id, const Cta &cta) {
  BarrierClock &barrier = barriers[cta.rank * kBarriers + id];
  for (uint32_t rest = barrier.waiters; rest; rest &= rest - 1)
    clocks.acquire(clocks.agentAt(cta.rank, __builtin_ctz(rest)), barrier.past);
  barrier.past.clear();
  barrier.waiters = 0;
}

//===----------------------------------------------------------------------===//
// Asynchronous operations
//===----------------------------------------------------------------------===//

/// A granule that an operation touches as a whole.
void RaceChecker::touchAll(const Event &event, const Cta &home,
                           const Accessor &who, Touch &mine, uint32_t address) {
  uint32_t granule = address / RaceShadow::kGranule;
  shadowOf(home).add(granule, mine, who, racing);
  if (racing.empty())
    return;
  for (const Conflict &conflict : racing)
    report(conflict, mine, granule, event.lanes, event, home);
  racing.clear();
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
  unsigned agent = clocks.agentOf(*event.warp);
  AsyncStamp stamp = clocks.issue(agent);
  copies[copy.number] = stamp;
  Touch mine = touchOf(event, cta, stamp, !copy.to.empty());
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

/// A fence before a relaxed arrival makes it a release of what was before the
/// fence.
void RaceChecker::arriveAtCluster(const Event &event) {
  unsigned agent = clocks.agentOf(*event.warp);
  if (!event.relaxed)
    return clocks.release(agent, clusterPhases.of(event.phase));
  Past &past = clusterPhases.of(event.phase);
  past.generic.join(fenced[agent].generic);
  past.async.join(fenced[agent].async);
  clusterInits.of(event.phase).generic.join(fencedInits[agent].generic);
}

void RaceChecker::waitForCluster(const Event &event) {
  unsigned agent = clocks.agentOf(*event.warp);
  clocks.acquire(agent, clusterPhases.of(event.phase));
  knownInits[agent].join(clusterInits.of(event.phase).generic);
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
                   knownInits[agent].get(init.warps) >= init.clock;
    if (!isKnown)
      report(conflict, mine, granule, event.lanes, access, home);
  }
  racing.clear();
}

/// Those who wait for the mbarrier's phase know it, those who wait for its
/// group when they do.
void RaceChecker::completeBulk(const Event &event) {
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

/// Of the warp's lanes, the one that issued is the one that waits.
void RaceChecker::waitForBulk(const Event &event) {
  unsigned agent = clocks.agentOf(*event.warp);
  for (const AsyncStamp &stamp : stores[agent])
    clocks.acquire(agent, stamp);
  stores[agent].clear();
}

void RaceChecker::issueTensor(const Event &event, const Cta &cta) {
  const WarpGroup &group = cta.warpGroups[event.warp->index / 4];
  unsigned agents[4];
  for (unsigned w = 0; w < 4; ++w)
    agents[w] = clocks.agentAt(cta.rank, group.firstWarp + w);
  AsyncStamp &last =
      tensorStamps[cta.rank * cta.warpGroups.size() + event.warp->index / 4];
  last = clocks.issueInOrder(last);
  Touch mine = touchOf(event, cta, last, false);
  RaceShadow &shadow = shadowOf(cta);
  shadow.beginOperation();
  for (uint32_t address : *event.chunks)
    if (!shadow.addAsyncRead(address / RaceShadow::kGranule, mine))
      touchAll(event, cta, {cta.rank, agents, 4, true}, mine, address);
  shadow.endOperation();
}

/// The first operation of a warpgroup has the first clock.
void RaceChecker::waitForTensor(const Event &event) {
  const Cta &cta = event.warp->cta;
  AsyncStamp stamp =
      tensorStamps[cta.rank * cta.warpGroups.size() + event.warp->index / 4];
  stamp.clock =
      Clocks::kFirstAsync + 1 + static_cast<uint32_t>(event.tensor->number);
  clocks.acquire(clocks.agentOf(*event.warp), stamp);
}

void RaceChecker::on(const Event &event, const Cta &cta) {
  const Cta &home = event.place ? *event.place : cta;
  switch (event.kind) {
  case EventKind::CtaBegin:
    return begin(cta);
  case EventKind::CtaEnd:
    return end(cta);
  case EventKind::Access:
    if (event.op->strong)
      return strongAccess(event, cta);
    if (event.space == MemorySpace::Shared)
      access(event, cta, event.write ? Touch::Write : Touch::Read,
             clocks.now(clocks.agentOf(*event.warp)));
    return;
  case EventKind::AsyncIssue:
    return access(event, cta, Touch::Write | Touch::Copy, Touch::kInFlight);
  case EventKind::AsyncComplete:
    return land(*event.warp);
  case EventKind::AsyncArriveIssue:
    return issueArrival(event);
  case EventKind::AsyncArrive:
    return finishArrival(event);
  case EventKind::BarrierArrive:
    return arrive(event, cta);
  case EventKind::BarrierComplete:
    return complete(event.barrier, cta);
  case EventKind::MBarrierInit:
  case EventKind::MBarrierUse:
    return touchMBarrier(event, cta);
  case EventKind::MBarrierArrive:
    return clocks.release(clocks.agentOf(*event.warp),
                          phases[{home.rank, event.barrier}].of(event.phase));
  case EventKind::MBarrierWait:
    return clocks.acquire(clocks.agentOf(*event.warp),
                          phases[{home.rank, event.barrier}].of(event.phase));
  case EventKind::ClusterArrive:
    return arriveAtCluster(event);
  case EventKind::ClusterWait:
    return waitForCluster(event);
  case EventKind::MemoryFence: {
    unsigned agent = clocks.agentOf(*event.warp);
    return clocks.release(agent, fenced[agent]);
  }
  case EventKind::InitFence: {
    unsigned agent = clocks.agentOf(*event.warp);
    return clocks.release(agent, fencedInits[agent]);
  }
  case EventKind::BulkIssue:
    return issueBulk(event, cta);
  case EventKind::BulkComplete:
    return completeBulk(event);
  case EventKind::BulkWait:
    return waitForBulk(event);
  case EventKind::TensorIssue:
    return issueTensor(event, cta);
  case EventKind::TensorWait:
    return waitForTensor(event);
  case EventKind::ProxyFence:
    return clocks.fenceProxy(clocks.agentOf(*event.warp));
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
