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
//===----------------------------------------------------------------------===//

#include "Check/Checkers.h"
#include "Check/RaceShadow.h"

using namespace attnrt::sim;

namespace {
class RaceChecker : public Checker {
public:
  explicit RaceChecker(HazardLog &log) : Checker(log), shadow(clocks) {}
  uint32_t interests() const override;
  void on(const Event &event, const Cta &cta) override;
  uint64_t bytes() const override {
    return flags.size() * (sizeof(VectorClock) + 4 * sizeof(void *));
  }

private:
  struct BarrierClock {
    VectorClock clock;
    uint32_t waiters = 0; // warps
  };

  void begin(const Cta &cta);
  void access(const Event &event, const Cta &cta, uint8_t kind, uint32_t clock);
  void wholeGranules(Touch &mine, const Event &event, const Cta &cta);
  void partsOfGranules(Touch &mine, const Event &event, const Cta &cta);
  void note(Touch &mine, uint32_t granule, uint32_t lanes, const Event &event,
            const Cta &cta);
  void strongAccess(const Event &event, const Cta &cta);
  void land(const Warp &warp);
  void arrive(const Event &event);
  void complete(uint32_t id);
  void report(const Touch &other, const Touch &mine, uint32_t granule,
              uint32_t lanes, const Event &event, const Cta &cta);

  Clocks clocks;
  RaceShadow shadow;
  BarrierClock barriers[kBarriers];
  uint64_t landed[kMaxWarps] = {};                 // copies dealt with, by warp
  std::unordered_map<uint64_t, VectorClock> flags; // by place, of strong writes
  std::vector<Touch> racing;
};
} // namespace

uint32_t RaceChecker::interests() const {
  if (!log.enabled("race"))
    return 0;
  return interest(EventKind::CtaBegin) | interest(EventKind::Access) |
         interest(EventKind::AsyncIssue) | interest(EventKind::AsyncComplete) |
         interest(EventKind::BarrierArrive) |
         interest(EventKind::BarrierComplete);
}

void RaceChecker::begin(const Cta &cta) {
  clocks.reset(static_cast<unsigned>(cta.warps.size()));
  shadow.reset(static_cast<uint32_t>(cta.shared.data.size()));
  for (BarrierClock &barrier : barriers)
    barrier = BarrierClock();
  for (uint64_t &count : landed)
    count = 0;
  flags.clear();
}

static std::string describeTouch(const Touch &touch, const Cta &cta) {
  std::string what = touch.copies()               ? "cp.async"
                     : touch.kind & Touch::Strong ? "strong access"
                     : touch.writes()             ? "write"
                                                  : "read";
  return what + " by warp " + std::to_string(__builtin_ctz(touch.warps)) +
         ", lane " + std::to_string(touch.lane) + ", at " +
         describeOp(cta.launch.kernel.ops[touch.op], cta);
}

static const char *remedy(const Touch &other, const Touch &mine) {
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

void RaceChecker::report(const Touch &other, const Touch &mine,
                         uint32_t granule, uint32_t lanes, const Event &event,
                         const Cta &cta) {
  uint64_t base = uint64_t(granule) * RaceShadow::kGranule;
  uint16_t both = other.bytes & mine.bytes;
  uint8_t state = cta.shared.state[base + __builtin_ctz(both)];
  // A copy that no barrier published since its wait: cp-async has told.
  if (other.copies() && !mine.writes() && (state & 0xe0) == shadow::kLanded &&
      log.enabled("cp-async"))
    return;
  if (!log.isNew("race", event, &cta.launch.kernel.ops[other.op]))
    return;
  Event guilty = event;
  guilty.lanes = lanesOn(event, lanes, base, both);
  std::string order = mine.writes() ? "write" : "read";
  order += other.writes() ? " after write" : " after read";
  std::string what = mine.copies()               ? "cp.async"
                     : mine.kind & Touch::Strong ? "strong access"
                     : mine.writes()             ? "write"
                                                 : "read";
  log.add("race", guilty, cta,
          order + " without order: " + what + " of " +
              describePlace(guilty, cta) + " by " +
              describeLanes(guilty.lanes) + " and " +
              describeTouch(other, cta) + remedy(other, mine),
          &cta.launch.kernel.ops[other.op]);
}

/// Lanes of one instruction that touch the same granule.
void RaceChecker::note(Touch &mine, uint32_t granule, uint32_t lanes,
                       const Event &event, const Cta &cta) {
  mine.lane = static_cast<uint8_t>(__builtin_ctz(lanes));
  shadow.add(granule, mine, event.warp->index, racing);
  if (racing.empty())
    return;
  for (const Touch &other : racing)
    report(other, mine, granule, lanes, event, cta);
  racing.clear();
}

void RaceChecker::access(const Event &event, const Cta &cta, uint8_t kind,
                         uint32_t clock) {
  if (!event.lanes)
    return;
  Touch mine;
  mine.clock = clock;
  mine.warps = 1u << event.warp->index;
  mine.op = static_cast<uint32_t>(event.op - cta.launch.kernel.ops.data());
  mine.kind = kind;
  if (event.bytes == RaceShadow::kGranule)
    wholeGranules(mine, event, cta);
  else
    partsOfGranules(mine, event, cta);
}

/// 16 bytes a lane.
void RaceChecker::wholeGranules(Touch &mine, const Event &event,
                                const Cta &cta) {
  mine.bytes = 0xffff;
  uint32_t knownTo = clocks.knownTo(event.warp->index);
  for (uint32_t rest = event.lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint32_t granule =
        static_cast<uint32_t>(event.addresses[lane] / RaceShadow::kGranule);
    mine.lane = static_cast<uint8_t>(lane);
    if (!shadow.addWhole(granule, mine, knownTo))
      note(mine, granule, 1u << lane, event, cta);
  }
}

/// Lanes side by side come together.
void RaceChecker::partsOfGranules(Touch &mine, const Event &event,
                                  const Cta &cta) {
  uint32_t span = (1u << event.bytes) - 1, lanes = 0;
  uint32_t current = static_cast<uint32_t>(
      event.addresses[__builtin_ctz(event.lanes)] / RaceShadow::kGranule);
  for (uint32_t rest = event.lanes; rest; rest &= rest - 1) {
    uint64_t address = event.addresses[__builtin_ctz(rest)];
    uint32_t granule = static_cast<uint32_t>(address / RaceShadow::kGranule);
    if (granule != current) {
      note(mine, current, lanes, event, cta);
      current = granule;
      lanes = 0;
      mine.bytes = 0;
    }
    lanes |= rest & (0 - rest);
    mine.bytes |= static_cast<uint16_t>(span << address % RaceShadow::kGranule);
  }
  note(mine, current, lanes, event, cta);
}

/// One that orders: acquires before it and releases after it.
void RaceChecker::strongAccess(const Event &event, const Cta &cta) {
  unsigned warp = event.warp->index;
  uint64_t window = uint64_t(event.space) << 60;
  for (uint32_t rest = event.lanes; rest; rest &= rest - 1) {
    uint64_t place = window | event.addresses[__builtin_ctz(rest)] >> 2;
    auto known = flags.find(place);
    if ((!event.write || event.update) && known != flags.end())
      clocks.acquire(warp, known->second);
  }
  uint8_t kind = event.write ? Touch::Write | Touch::Strong : Touch::Strong;
  if (event.space == MemorySpace::Shared)
    access(event, cta, kind, clocks.now(warp));
  if (!event.write)
    return;
  VectorClock past;
  clocks.release(warp, past);
  for (uint32_t rest = event.lanes; rest; rest &= rest - 1)
    flags[window | event.addresses[__builtin_ctz(rest)] >> 2].join(past);
}

void RaceChecker::land(const Warp &warp) {
  for (uint64_t &n = landed[warp.index]; n < warp.asyncs.landed(); ++n) {
    const AsyncQueue::Landing &landing = warp.asyncs.landing(n);
    uint32_t span = (1u << landing.bytes) - 1;
    for (uint32_t rest = landing.lanes; rest; rest &= rest - 1) {
      uint32_t to = landing.to[__builtin_ctz(rest)];
      shadow.land(to / RaceShadow::kGranule,
                  static_cast<uint16_t>(span << to % RaceShadow::kGranule),
                  warp.index);
    }
  }
}

void RaceChecker::arrive(const Event &event) {
  BarrierClock &barrier = barriers[event.barrier];
  clocks.release(event.warp->index, barrier.clock);
  if (event.waits)
    barrier.waiters |= 1u << event.warp->index;
}

void RaceChecker::complete(uint32_t id) {
  BarrierClock done = barriers[id];
  barriers[id] = BarrierClock();
  for (uint32_t rest = done.waiters; rest; rest &= rest - 1)
    clocks.acquire(__builtin_ctz(rest), done.clock);
}

void RaceChecker::on(const Event &event, const Cta &cta) {
  switch (event.kind) {
  case EventKind::CtaBegin:
    return begin(cta);
  case EventKind::Access:
    if (event.op->strong)
      return strongAccess(event, cta);
    if (event.space == MemorySpace::Shared)
      access(event, cta, event.write ? Touch::Write : Touch::Read,
             clocks.now(event.warp->index));
    return;
  case EventKind::AsyncIssue:
    return access(event, cta, Touch::Write | Touch::Copy, Touch::kInFlight);
  case EventKind::AsyncComplete:
    return land(*event.warp);
  case EventKind::BarrierArrive:
    return arrive(event);
  default:
    return complete(event.barrier);
  }
}

std::unique_ptr<Checker> attnrt::sim::makeRaceChecker(HazardLog &log) {
  return std::make_unique<RaceChecker>(log);
}
