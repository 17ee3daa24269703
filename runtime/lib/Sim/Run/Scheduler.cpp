//===- Scheduler.cpp - Runs one cluster to its end ------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Run/Scheduler.h"

using namespace attnrt::sim;

/// Warp instructions before another warp or fragment has its turn.
static constexpr uint64_t kSlice = 4096;
/// Slices of schedules that are drawn are this many times shorter at most.
static constexpr unsigned kShortest = 64;
/// Instructions that a warp's fragments may use while siblings wait for them at
/// a meeting; then the siblings go on alone, since one lane may spin on
/// another.
static constexpr uint64_t kPatience = 16 * kSlice;

/// The lanes whose guard lets them execute.
static uint32_t guarded(Warp &warp, const Op &op, uint32_t mask) {
  const Predicate &pred = warp.preds[op.guard];
  if (uint32_t bad = pred.poison & mask) {
    Event event{EventKind::PoisonUse, &warp, &op, bad};
    event.role = "condition";
    warp.cta.emit(event);
  }
  return mask & (op.guardNegated ? ~pred.value : pred.value);
}

/// An operation other than a wgmma names registers that wgmmas have, too.
static void watch(Warp &warp, const Op &op, uint32_t index) {
  for (const WgmmaRow &row :
       warp.cta.launch.kernel.wgmmaRows.find(index)->second) {
    warp.wgmma.touched[row.row] = true;
    if (!warp.wgmma.inFlight[row.row])
      continue;
    const WarpGroup &group = warp.cta.warpGroups[warp.index / 4];
    Event event{EventKind::WgmmaMisuse, &warp, &op, warp.fragment().mask};
    event.wgmma = group.userOf(warp.cta, warp.index % 4, row.row);
    event.write = row.def;
    warp.cta.emit(event);
  }
}

/// Runs the current fragment until it waits, ends, splits up or has executed
/// `limit` instructions. Returns how many it executed.
static uint64_t runFragment(Warp &warp, uint64_t limit) {
  const Op *ops = warp.cta.launch.kernel.ops.data();
  OpCounts *counts = warp.cta.counters.of(Counters::warpgroupOf(warp.index));
  uint64_t count = 0;
  const Op *op = ops + warp.fragment().pc;
  const Op *first = op; // of those since the last jump
  uint32_t full = warp.fragment().mask;
  auto endRun = [&](const Op *end) {
    countRun(counts, first - ops, end - ops, full);
    count += end - first;
  };
  for (;;) {
    if (op->meets) {
      Fragment &here = warp.fragment();
      here.pc = static_cast<uint32_t>(op - ops);
      if (here.meeting >= 0 && warp.meetsHere()) {
        endRun(op);
        warp.arriveAtMeeting();
        return count;
      }
    }
    uint32_t mask = full;
    if (op->guard != kNoGuard) {
      mask = guarded(warp, *op, mask);
      if (mask != full)
        countGuard(counts[op - ops], full, mask);
      if (!mask) {
        ++op;
        continue;
      }
    }
    if (op->watched)
      watch(warp, *op, static_cast<uint32_t>(op - ops));
    if (op->fn(warp, *op, mask) == Step::Next) {
      ++op;
      continue;
    }
    endRun(op + 1);
    if (warp.fragments.size() != 1 || count >= limit || warp.cta.stopped)
      return count;
    const Fragment &here = warp.fragments[0];
    if (here.state != Fragment::Ready)
      return count;
    op = first = ops + here.pc;
    full = here.mask;
  }
}

namespace {
/// Chooses who begins a round and how long warps run. Seeds below the number of
/// warps name the first warp; others draw anew in every round.
class Turns {
public:
  Turns(uint64_t seed, size_t warps)
      : state(seed), warps(warps), drawn(seed >= warps),
        first(drawn ? 0 : seed) {}
  void nextRound() {
    if (!drawn)
      return;
    first = draw() % warps;
    slice = kSlice / (1 + draw() % kShortest);
  }
  size_t warp(size_t turn) const { return (first + turn) % warps; }
  uint64_t length() const { return slice; }

private:
  /// SplitMix64.
  uint64_t draw() {
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  uint64_t state;
  size_t warps;
  bool drawn;
  size_t first;
  uint64_t slice = kSlice;
};
} // namespace

/// Gives the warp its turn. Returns the instructions executed.
static uint64_t runWarp(Warp &warp, uint64_t slice) {
  uint64_t count = 0;
  while (count < slice && !warp.finished() && !warp.cta.stopped) {
    if (!warp.pickReady() && !(warp.forceAligned() && warp.pickReady()))
      break;
    count += runFragment(warp, slice - count);
  }
  return count;
}

/// Lanes that wait for others of their warp go on without them.
static bool forceWaitingLanes(Cta &cta) {
  for (auto &warp : cta.warps)
    for (Fragment &fragment : warp->fragments) {
      if (fragment.state != Fragment::WaitingLanes &&
          fragment.state != Fragment::AtAligned)
        continue;
      fragment.state = Fragment::Ready;
      fragment.forced = true;
      return true;
    }
  return false;
}

/// Nobody of the CTA is ready: finds somebody who may go on all the same.
static bool unblock(Cta &cta) {
  bool released = false;
  for (auto &warp : cta.warps)
    released |= warp->releaseMeetings();
  return released || forceWaitingLanes(cta);
}

/// Waits that last longer than the hardware's patience return empty-handed.
static bool wakeInVain(Cluster &cluster) {
  bool any = false;
  for (auto &cta : cluster.ctas)
    for (auto &warp : cta->warps)
      for (Fragment &fragment : warp->fragments) {
        if (fragment.state != Fragment::AtMBarrier)
          continue;
        fragment.state = Fragment::Ready;
        fragment.inVain = any = true;
      }
  return any;
}

/// The instruction that a fragment stands at. A barrier is parked behind it.
static const Op *standsAt(const Warp &warp, const Fragment &fragment) {
  bool behind = fragment.state == Fragment::AtBarrier && fragment.pc;
  return &warp.cta.launch.kernel.ops[fragment.pc - behind];
}

static void endEarly(Cta &cta, EventKind kind, const std::string &detail) {
  Event event{kind};
  for (auto &warp : cta.warps) {
    if (warp->fragments.empty())
      continue;
    event.op = standsAt(*warp, warp->fragments[0]);
    break;
  }
  event.detail = detail;
  cta.emit(event);
  cta.cluster->stop();
}

/// The warps of a warpgroup execute the same setmaxnregs.
static void checkRegisters(Cta &cta) {
  for (auto &warp : cta.warps)
    if (const Op *missed = cta.registers.missed(warp->index)) {
      Event event{EventKind::RegisterMisuse, warp.get(), missed, ~0u};
      event.detail = "the warp ends without this, which others of its "
                     "warpgroup executed";
      cta.emit(event);
    }
}

/// Reports what must not be left when a CTA ends.
static void checkEnd(Cta &cta) {
  Event end{EventKind::CtaEnd};
  cta.emit(end);
  checkRegisters(cta);
  for (auto &warp : cta.warps) {
    if (warp->index / 4 >= cta.warpGroups.size())
      break;
    WarpGroup &group = cta.warpGroups[warp->index / 4];
    if (const WgmmaOp *left = group.unfinishedOf(warp->index % 4)) {
      Event event{EventKind::WgmmaMisuse, warp.get(), left->op, ~0u};
      event.detail =
          "the kernel ends before this wgmma is waited for; expected "
          "wgmma.commit_group and wgmma.wait_group";
      cta.emit(event);
    }
  }
  for (const auto &copy : cta.cluster->copies.inFlight()) {
    if (&copy->warp->cta != &cta)
      continue;
    Event event{EventKind::BulkMisuse, copy->warp, copy->op, 1u << copy->lane};
    event.detail = copy->to.empty()
                       ? "the kernel ends while this copy reads its shared "
                         "memory; expected cp.async.bulk.commit_group and "
                         "wait_group"
                       : "the kernel ends before anybody waits for this copy";
    cta.emit(event);
  }
  for (const AsyncArrival &arrival : cta.cluster->arrivals.inFlight()) {
    if (&arrival.warp->cta != &cta)
      continue;
    Event event{EventKind::MBarrierMisuse, arrival.warp, arrival.op,
                arrival.lanes};
    event.place = &cta;
    event.barrier = arrival.mbarrier;
    event.detail = "the kernel ends before anybody waits for this arrival";
    cta.emit(event);
  }
  for (const auto &[address, barrier] : cta.mbarriers)
    if (barrier.bytes) {
      Event event{EventKind::MBarrierMisuse, nullptr, barrier.made, 0};
      event.barrier = address;
      event.place = &cta;
      event.detail = "the kernel ends with " + std::to_string(barrier.bytes) +
                     " bytes expected that never came";
      cta.emit(event);
    }
}

namespace {
/// One run of a cluster.
class Run {
public:
  Run(Cluster &cluster, const Schedule &schedule, const HazardLog &log)
      : cluster(cluster), schedule(schedule), log(log) {
    for (auto &cta : cluster.ctas)
      for (auto &warp : cta->warps)
        warps.push_back(warp.get());
    impatience.assign(warps.size(), 0);
  }
  void toEnd();

private:
  uint64_t round(Turns &turns);
  void moveCopies();
  bool finishACopy();
  bool finishAnArrival();
  void helpWhoPolls(uint64_t count);
  bool finishGrid();
  bool goOn();
  bool isOver() const;

  Cluster &cluster;
  const Schedule &schedule;
  const HazardLog &log;
  std::vector<Warp *> warps;
  std::vector<uint64_t> impatience;
  /// Instructions since something happened that a warp may wait for, and how
  /// much had happened by then.
  uint64_t polling = 0, polledAt = 0;
  /// When waits were last woken in vain: what had happened by then.
  uint64_t wokenAt = UINT64_MAX;
};
} // namespace

bool Run::isOver() const {
  for (const Warp *warp : warps)
    if (!warp->finished())
      return false;
  return true;
}

/// Every warp has its turn. Returns the instructions executed.
uint64_t Run::round(Turns &turns) {
  uint64_t total = 0;
  turns.nextRound();
  for (size_t i = 0; i < warps.size(); ++i) {
    size_t which = turns.warp(i);
    Warp &warp = *warps[which];
    if (warp.finished())
      continue;
    uint64_t count = runWarp(warp, turns.length());
    total += count;
    impatience[which] = count >= turns.length() ? impatience[which] + count : 0;
    if (impatience[which] > kPatience) {
      warp.releaseMeetings();
      impatience[which] = 0;
    }
    if (log.full())
      cluster.stop();
    if (warp.cta.stopped)
      cluster.stop();
    if (cluster.stopped())
      break;
  }
  return total;
}

/// While everybody goes on, copies may, too.
void Run::moveCopies() {
  for (size_t i = cluster.copies.inFlight().size(); i-- > 0;)
    if (uint64_t pieces = cluster.adversary.piecesNow())
      cluster.copies.advance(i, pieces);
  for (size_t i = cluster.arrivals.inFlight().size(); i-- > 0;)
    if (cluster.adversary.piecesNow())
      cluster.arrivals.finish(i);
}

/// Nobody can go on: a copy that somebody waits for is done; the last one that
/// was issued, since no order is promised.
bool Run::finishACopy() {
  const auto &copies = cluster.copies.inFlight();
  auto isAwaited = [&](const BulkCopy &copy) {
    for (const Cta *to : copy.to)
      for (const auto &warp : to->warps)
        for (const Fragment &fragment : warp->fragments)
          if (fragment.state == Fragment::AtMBarrier &&
              fragment.barrier == copy.mbarrier)
            return true;
    return false;
  };
  for (size_t i = copies.size(); i-- > 0;)
    if (isAwaited(*copies[i])) {
      cluster.copies.finish(i);
      return true;
    }
  for (size_t i = copies.size(); i-- > 0;)
    if (!copies[i]->to.empty()) {
      cluster.copies.finish(i);
      return true;
    }
  return false;
}

/// Completes the last arrival behind copies that was issued.
bool Run::finishAnArrival() {
  const auto &arrivals = cluster.arrivals.inFlight();
  if (arrivals.empty())
    return false;
  cluster.arrivals.finish(arrivals.size() - 1);
  return true;
}

/// Whoever asks again and again whether something is over waits for it, too.
void Run::helpWhoPolls(uint64_t count) {
  polling = polledAt == cluster.noted() ? polling + count : 0;
  polledAt = cluster.noted();
  if (polling <= kPatience)
    return;
  polling = 0;
  if (!finishACopy())
    finishAnArrival();
}

/// Warps that wait for the launch before go on.
bool Run::finishGrid() {
  bool any = false;
  for (Warp *warp : warps)
    for (Fragment &fragment : warp->fragments) {
      if (fragment.state != Fragment::AtGrid)
        continue;
      fragment.state = Fragment::Ready;
      warp->cta.sawGrid = any = true;
    }
  return any;
}

/// Nobody is ready: finds somebody who may go on all the same.
bool Run::goOn() {
  if (finishACopy() || finishAnArrival() || cluster.completeIfAll() ||
      finishGrid())
    return true;
  bool any = false;
  for (auto &cta : cluster.ctas)
    any |= unblock(*cta);
  if (any)
    return true;
  if (wokenAt == cluster.noted())
    return false;
  wokenAt = cluster.noted();
  return wakeInVain(cluster);
}

void Run::toEnd() {
  Turns turns(schedule.seed, warps.size());
  uint64_t total = 0;
  while (!isOver() && !cluster.stopped()) {
    uint64_t count = round(turns);
    total += count;
    if (cluster.stopped())
      break;
    if (cluster.grownBytes() > cluster.ctas[0]->launch.growthLimit) {
      cluster.outgrown = true;
      cluster.stop();
      break;
    }
    Cta &first = *cluster.ctas[0];
    if (total > schedule.maxWarpInstructions) {
      endEarly(first, EventKind::Budget,
               "the CTA executed " + std::to_string(total) +
                   " warp instructions, more than its budget of " +
                   std::to_string(schedule.maxWarpInstructions));
    } else if (count) {
      moveCopies();
      helpWhoPolls(count);
    } else if (!isOver() && !goOn()) {
      endEarly(first, EventKind::Deadlock, "");
    }
  }
  if (!cluster.stopped())
    for (auto &cta : cluster.ctas)
      checkEnd(*cta);
}

void attnrt::sim::runCluster(Cluster &cluster, const Schedule &schedule,
                             const HazardLog &log) {
  Run(cluster, schedule, log).toEnd();
}
