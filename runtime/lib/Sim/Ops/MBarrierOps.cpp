//===- MBarrierOps.cpp - mbarrier -----------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Cluster.h"
#include "Ops/Park.h"
#include "Ops/Resolve.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

/// What an arrival does, in aux.
enum : uint32_t { kExpects = 1, kDrops = 2, kNoComplete = 4, kRelaxed = 8 };
/// How a wait waits.
enum : uint32_t { kParity = 1, kTry = 2, kUnordered = 4 };

/// Lanes that name the same barrier.
struct Group {
  Cta *cta;
  uint32_t address;
  uint32_t lanes;
};

/// One for each barrier that the lanes name; those that name none are reported.
std::vector<Group> groupsOf(Warp &warp, const Op &op, uint32_t mask) {
  demandDefined(warp, op, mask, warp.poison[op.src[0]], "address");
  uint64_t addresses[32];
  laneAddresses(warp, op.src[0], op.narrow, op.imm, addresses);
  std::vector<Group> groups;
  while (mask) {
    uint64_t address = addresses[__builtin_ctz(mask)];
    uint32_t same = 0;
    for (int i = 0; i < 32; ++i)
      same |= uint32_t(addresses[i] == address) << i;
    same &= mask;
    mask &= ~same;
    uint64_t window = address & kWindowMask;
    uint64_t plain = address & ~kWindowMask;
    Cta *cta = nullptr;
    if ((window == 0 || window == kSharedWindow) && !(plain >> 32))
      cta = warp.cta.cluster->owner(warp.cta, static_cast<uint32_t>(plain));
    if (cta) {
      groups.push_back(
          {cta, Cluster::offset(static_cast<uint32_t>(plain)), same});
      continue;
    }
    Event event{EventKind::OutOfBounds, &warp, &op, same};
    event.detail = "the address of an mbarrier is not in shared memory";
    warp.cta.emit(event);
  }
  return groups;
}

MBarrierUse useOf(Warp &warp, const Op &op, const Group &group) {
  return {*group.cta, group.address, &warp, &op, group.lanes};
}

/// An operand of the first lane of the group; all lanes may differ.
uint32_t valueOf(Warp &warp, const Op &op, uint32_t lanes, unsigned source,
                 const char *what) {
  demandDefined(warp, op, lanes, warp.poison[op.src[source]], what);
  return warp.row(op.src[source])[__builtin_ctz(lanes)];
}

/// The sum over the lanes.
uint32_t sumOf(Warp &warp, const Op &op, uint32_t lanes, unsigned source,
               const char *what) {
  demandDefined(warp, op, lanes, warp.poison[op.src[source]], what);
  uint32_t sum = 0;
  for (uint32_t rest = lanes; rest; rest &= rest - 1)
    sum += warp.row(op.src[source])[__builtin_ctz(rest)];
  return sum;
}

Step init(Warp &warp, const Op &op, uint32_t mask) {
  for (const Group &group : groupsOf(warp, op, mask))
    initMBarrier(useOf(warp, op, group),
                 valueOf(warp, op, group.lanes, 1, "count"));
  return Step::Next;
}

Step invalidate(Warp &warp, const Op &op, uint32_t mask) {
  for (const Group &group : groupsOf(warp, op, mask))
    invalidateMBarrier(useOf(warp, op, group));
  return Step::Next;
}

Step arrive(Warp &warp, const Op &op, uint32_t mask) {
  // Lanes that are refused get zeros.
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    warp.row64(op.dst[0])[__builtin_ctz(rest)] = 0;
  for (const Group &group : groupsOf(warp, op, mask)) {
    MBarrierArrival how;
    how.drops = op.aux & kDrops;
    how.completes = !(op.aux & kNoComplete);
    how.releases = !(op.aux & kRelaxed);
    bool hasOperand = op.count > 1;
    how.count = __builtin_popcount(group.lanes);
    if (op.aux & kExpects)
      how.bytes = sumOf(warp, op, group.lanes, 1, "byte count");
    else if (hasOperand)
      how.count = sumOf(warp, op, group.lanes, 1, "count");
    uint64_t state = arriveAtMBarrier(useOf(warp, op, group), how);
    for (uint32_t rest = group.lanes; rest; rest &= rest - 1)
      warp.row64(op.dst[0])[__builtin_ctz(rest)] = state;
  }
  if (op.dst[0] != kSinkRow)
    warp.setPoison(op.dst[0], mask, 0);
  return Step::Next;
}

/// Without .noinc the barrier expects the arrival besides the others.
template <bool kAdds>
Step arriveBehindCopies(Warp &warp, const Op &op, uint32_t mask) {
  for (const Group &group : groupsOf(warp, op, mask)) {
    MBarrierUse use = useOf(warp, op, group);
    if (group.cta != &warp.cta) {
      reportMisuse(use, "expected an mbarrier of the CTA itself");
      continue;
    }
    MBarrier *barrier = findMBarrier(use);
    if (!barrier)
      continue;
    if (kAdds)
      barrier->pending += __builtin_popcount(group.lanes);
    AsyncArrival arrival;
    arrival.warp = &warp;
    arrival.op = &op;
    arrival.lanes = group.lanes;
    arrival.mbarrier = group.address;
    arrival.before = warp.asyncs.next();
    warp.cta.cluster->arrivals.issue(arrival);
  }
  return Step::Next;
}

template <bool kCompletes>
Step bytes(Warp &warp, const Op &op, uint32_t mask) {
  for (const Group &group : groupsOf(warp, op, mask)) {
    uint32_t sum = sumOf(warp, op, group.lanes, 1, "byte count");
    if (kCompletes)
      completeBytes(useOf(warp, op, group), sum);
    else
      expectBytes(useOf(warp, op, group), sum);
  }
  return Step::Next;
}

/// The lanes for which the phase that they ask for is over.
uint32_t donePhases(Warp &warp, const Op &op, uint32_t lanes,
                    const MBarrier &barrier) {
  uint32_t done = 0;
  for (uint32_t rest = lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    bool over = op.aux & kParity
                    ? (barrier.phase & 1) != (warp.row(op.src[1])[lane] & 1)
                    : barrier.phase != warp.row64(op.src[1])[lane] >> 32;
    done |= uint32_t(over) << lane;
  }
  return done;
}

void tellWait(Warp &warp, const Op &op, const Group &group, MBarrier &barrier) {
  if (!barrier.phase)
    return; // a fresh barrier counts as one whose last phase is over
  barrier.observed = true;
  if (op.aux & kUnordered)
    return;
  Event event{EventKind::MBarrierWait, &warp, &op, group.lanes};
  event.place = group.cta;
  event.barrier = group.address;
  event.phase = barrier.phase - 1;
  warp.cta.emit(event);
}

/// All lanes of a group look at once.
void countWait(const Group &group, uint32_t over) {
  BarrierCounts &counts = group.cta->counters.mbarriers[group.address];
  counts.waits += over != 0;
  counts.incomplete += over != group.lanes;
}

/// The fragment waits for the phase that it asked for before, too.
bool asksAgain(Warp &warp, const Op &op, const Group &group) {
  const Fragment &here = warp.fragment();
  uint32_t parity = warp.row(op.src[1])[__builtin_ctz(group.lanes)];
  return here.asks && here.barrier == group.address &&
         !((here.asked ^ parity) & 1);
}

/// Reports a wait whose phase and the next one are both over: a parity cannot
/// tell them from those to come.
void checkMissed(Warp &warp, const Op &op, const Group &group,
                 const MBarrier &barrier) {
  uint64_t asked = barrier.phase;
  if (!(op.aux & kParity))
    asked = warp.row64(op.src[1])[__builtin_ctz(group.lanes)] >> 32;
  else if (asksAgain(warp, op, group))
    asked = warp.fragment().asked;
  if (barrier.phase >= asked + 2)
    reportMisuse(useOf(warp, op, group),
                 "phase " + std::to_string(asked) +
                     ", which this waits for, and the next one are over; "
                     "expected an arrival of the waiting warp between");
}

/// Remembers what the fragment found out about the phase that it waits for.
void noteAsked(Warp &warp, const Op &op, const Group &group,
               const MBarrier &barrier, bool isOver) {
  Fragment &here = warp.fragment();
  if (op.aux & kParity && !asksAgain(warp, op, group))
    here.asked = barrier.phase;
  here.asks = op.aux & kParity && op.aux & kTry && !isOver;
  here.barrier = group.address;
}

/// Parks the fragment where all its lanes wait for the same barrier; a try_wait
/// that fails otherwise, or is woken early, returns false.
Step wait(Warp &warp, const Op &op, uint32_t mask) {
  std::vector<Group> groups = groupsOf(warp, op, mask);
  demandDefined(warp, op, mask, warp.poison[op.src[1]], "phase");
  Fragment &here = warp.fragment();
  bool inVain = here.inVain || warp.cta.cluster->adversary.wakesInVain();
  here.inVain = false;
  uint32_t done = 0;
  for (const Group &group : groups) {
    MBarrier *barrier = findMBarrier(useOf(warp, op, group));
    uint32_t over =
        barrier ? donePhases(warp, op, group.lanes, *barrier) : group.lanes;
    if (barrier) {
      countWait(group, over);
      checkMissed(warp, op, group, *barrier);
      if (groups.size() == 1)
        noteAsked(warp, op, group, *barrier, over != 0);
    }
    bool waits = groups.size() == 1 && !over && op.aux & kTry && !inVain;
    if (waits)
      return park(warp, op, Fragment::AtMBarrier);
    if (over && barrier)
      tellWait(warp, op, {group.cta, group.address, over}, *barrier);
    done |= over;
  }
  Predicate &d = warp.preds[op.dst[0]];
  d.value = (d.value & ~mask) | (done & mask);
  d.poison &= ~mask;
  return Step::Next;
}

Step pendingCount(Warp &warp, const Op &op, uint32_t mask) {
  const uint64_t *states = warp.row64(op.src[0]);
  uint32_t *d = warp.row(op.dst[0]);
  for (int i = 0; i < 32; ++i)
    d[i] = mask >> i & 1 ? static_cast<uint32_t>(states[i]) : d[i];
  warp.setPoison(op.dst[0], mask, warp.poison[op.src[0]]);
  return Step::Next;
}

} // namespace

bool bindMBarrier(const Match &match, Op &op) {
  op.aux = 0;
  if (match.sem() == Sem::CpAsyncArrive)
    return setHandler(op, match.has("noinc") ? arriveBehindCopies<false>
                                             : arriveBehindCopies<true>);
  if (match.has("init"))
    return setHandler(op, init);
  if (match.has("inval"))
    return setHandler(op, invalidate);
  if (match.has("pending_count"))
    return setHandler(op, pendingCount);
  if (match.has("test_wait") || match.has("try_wait")) {
    op.aux = (match.has("parity") ? kParity : 0) |
             (match.has("try_wait") ? kTry : 0) |
             (match.has("relaxed") ? kUnordered : 0);
    return setHandler(op, wait);
  }
  if (match.has("arrive") || match.has("arrive_drop")) {
    op.aux = (match.has("expect_tx") ? kExpects : 0) |
             (match.has("arrive_drop") ? kDrops : 0) |
             (match.has("noComplete") ? kNoComplete : 0) |
             (match.has("relaxed") ? kRelaxed : 0);
    return setHandler(op, arrive);
  }
  return setHandler(op, match.has("complete_tx") ? bytes<true> : bytes<false>);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
