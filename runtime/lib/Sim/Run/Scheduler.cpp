//===- Scheduler.cpp - Runs one CTA to its end ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Run/Scheduler.h"
#include "Machine/Barriers.h"

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

/// Runs the current fragment until it waits, ends, splits up or has executed
/// `limit` instructions. Returns how many it executed.
static uint64_t runFragment(Warp &warp, uint64_t limit) {
  const Op *ops = warp.cta.launch.kernel.ops.data();
  uint64_t count = 0;
  const Op *op = ops + warp.fragment().pc;
  uint32_t full = warp.fragment().mask;
  for (;;) {
    if (op->meets) {
      Fragment &here = warp.fragment();
      here.pc = static_cast<uint32_t>(op - ops);
      if (here.meeting >= 0 && warp.meetsHere()) {
        warp.arriveAtMeeting();
        return count;
      }
    }
    ++count;
    uint32_t mask = full;
    if (op->guard != kNoGuard) {
      mask = guarded(warp, *op, mask);
      if (!mask) {
        ++op;
        continue;
      }
    }
    if (op->fn(warp, *op, mask) == Step::Next) {
      ++op;
      continue;
    }
    if (warp.fragments.size() != 1 || count >= limit || warp.cta.stopped)
      return count;
    const Fragment &here = warp.fragments[0];
    if (here.state != Fragment::Ready)
      return count;
    op = ops + here.pc;
    full = here.mask;
  }
}

namespace {
/// Who begins a round and for how long warps run. Seeds below the number of
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
    if (!warp.pickReady())
      break;
    count += runFragment(warp, slice - count);
  }
  return count;
}

/// Lanes that wait for members of their mask go on without them.
static bool forceWaitingLanes(Cta &cta) {
  for (auto &warp : cta.warps)
    for (Fragment &fragment : warp->fragments) {
      if (fragment.state != Fragment::WaitingLanes)
        continue;
      Event event{EventKind::LanesMissing, warp.get(),
                  &cta.launch.kernel.ops[fragment.pc], fragment.awaited};
      event.detail = "the member mask names lanes that never come";
      cta.emit(event);
      fragment.state = Fragment::Ready;
      fragment.forced = true;
      return true;
    }
  return false;
}

/// Nobody is ready: finds somebody who may go on all the same.
static bool unblock(Cta &cta) {
  bool released = false;
  for (auto &warp : cta.warps)
    released |= warp->releaseMeetings();
  return released || forceWaitingLanes(cta) || completeAbandoned(cta);
}

static void endEarly(Cta &cta, EventKind kind, const std::string &detail) {
  Event event{kind};
  for (auto &warp : cta.warps) {
    if (warp->fragments.empty())
      continue;
    // A parked fragment stands behind its barrier.
    const Fragment &fragment = warp->fragments[0];
    uint32_t pc = fragment.pc;
    if (fragment.state == Fragment::AtBarrier && pc)
      --pc;
    event.op = &cta.launch.kernel.ops[pc];
    break;
  }
  event.detail = detail;
  cta.emit(event);
  cta.stopped = true;
}

void attnrt::sim::runCta(Cta &cta, const Schedule &schedule,
                         const HazardLog &log) {
  size_t warps = cta.warps.size();
  Turns turns(schedule.seed, warps);
  std::vector<uint64_t> impatience(warps, 0);
  uint64_t total = 0;
  for (;;) {
    uint64_t round = 0;
    turns.nextRound();
    bool alive = false;
    for (size_t i = 0; i < warps; ++i) {
      Warp &warp = *cta.warps[turns.warp(i)];
      if (warp.finished())
        continue;
      alive = true;
      uint64_t count = runWarp(warp, turns.length());
      round += count;
      impatience[warp.index] =
          count >= turns.length() ? impatience[warp.index] + count : 0;
      if (impatience[warp.index] > kPatience) {
        warp.releaseMeetings();
        impatience[warp.index] = 0;
      }
      cta.stopped |= log.full();
      if (cta.stopped)
        break;
    }
    total += round;
    if (cta.stopped || !alive)
      break;
    if (cta.grownBytes() > cta.launch.growthLimit) {
      cta.stopped = cta.outgrown = true;
      break;
    }
    if (total > schedule.maxWarpInstructions) {
      endEarly(cta, EventKind::Budget,
               "the CTA executed " + std::to_string(total) +
                   " warp instructions, more than its budget of " +
                   std::to_string(schedule.maxWarpInstructions));
      break;
    }
    if (!round && !unblock(cta)) {
      endEarly(cta, EventKind::Deadlock, "");
      break;
    }
  }
  cta.counters.warpInstructions += total;
}
