//===- ClusterRun.cpp - Runs one cluster ----------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Run/ClusterRun.h"
#include "Run/ClusterEnd.h"
#include "Run/WarpRun.h"

#include <algorithm>

using namespace attnrt::sim;

/// Instructions that a warp's fragments may use while siblings wait for them at
/// a meeting; then the siblings go on alone, since one lane may spin on
/// another.
static constexpr uint64_t kPatience = 16 * kSlice;
/// Instructions between two looks at a warp, and at a cluster, whether it
/// waits.
static const Patience kOfWarp(kSlice / 2, kSlice / 32, kPatience);
static const Patience kOfCluster(4 * kPatience, 4 * kPatience, 64 * kPatience);

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

static bool releaseMeetings(Cta &cta) {
  bool released = false;
  for (auto &warp : cta.warps)
    released |= warp->releaseMeetings();
  return released;
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

/// The instruction that a fragment stands at, or where it asks. A barrier is
/// parked behind it.
static const Op *standsAt(const Warp &warp, const Fragment &fragment) {
  if (fragment.state == Fragment::Ready && warp.polled.op)
    return warp.polled.op;
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

ClusterRun::ClusterRun(Cluster &cluster, const Schedule &schedule,
                       const HazardLog &log)
    : cluster(cluster), schedule(schedule), log(log), turns(0, 1),
      ofCluster(kOfCluster) {
  for (auto &cta : cluster.ctas)
    for (auto &warp : cta->warps)
      warps.push_back(warp.get());
}

void ClusterRun::begin() {
  turns = Turns(schedule.seed, warps.size());
  impatience.assign(warps.size(), 0);
  patience.assign(warps.size(), kOfWarp);
  ofCluster = kOfCluster;
  stands = false;
  total = polling = polledAt = 0;
  wokenAt = UINT64_MAX;
  sinceWoken.reset();
}

bool ClusterRun::isOver() const {
  for (const Warp *warp : warps)
    if (!warp->finished())
      return false;
  return true;
}

/// Every warp has its turn.
ClusterRun::Round ClusterRun::round() {
  Round done;
  turns.nextRound();
  for (size_t i = 0; i < warps.size(); ++i) {
    size_t which = turns.warp(i);
    Warp &warp = *warps[which];
    if (warp.finished())
      continue;
    uint64_t length = turns.length();
    Look turn = runWarp(warp, length, patience[which], scratch);
    done.count += turn.instructions;
    done.quiet &= !turn.instructions || (turn.waits && !turn.worked);
    // Whoever waits would have used up its turn.
    uint64_t count =
        turn.waits ? std::max(turn.instructions, length) : turn.instructions;
    impatience[which] = count >= length ? impatience[which] + count : 0;
    if (impatience[which] > kPatience) {
      done.quiet &= !warp.releaseMeetings();
      impatience[which] = 0;
    }
    if (log.full())
      cluster.stop();
    if (warp.cta.stopped)
      cluster.stop();
    if (cluster.stopped())
      break;
  }
  return done;
}

/// While everybody goes on, copies may, too.
void ClusterRun::moveCopies() {
  for (size_t i = cluster.copies.inFlight().size(); i-- > 0;)
    if (uint64_t pieces = cluster.adversary.piecesNow())
      cluster.copies.advance(i, pieces);
  for (size_t i = cluster.arrivals.inFlight().size(); i-- > 0;)
    if (cluster.adversary.piecesNow())
      cluster.arrivals.finish(i);
}

/// Nobody can go on: a copy that somebody waits for is done; the last one that
/// was issued, since no order is promised.
bool ClusterRun::finishACopy() {
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
bool ClusterRun::finishAnArrival() {
  const auto &arrivals = cluster.arrivals.inFlight();
  if (arrivals.empty())
    return false;
  cluster.arrivals.finish(arrivals.size() - 1);
  return true;
}

/// Whoever asks again and again whether something is over waits for it, too.
void ClusterRun::helpWhoPolls(uint64_t count) {
  polling = polledAt == cluster.noted() ? polling + count : 0;
  polledAt = cluster.noted();
  if (polling <= kPatience)
    return;
  polling = 0;
  if (!finishACopy())
    finishAnArrival();
}

/// Warps that wait for the launch before go on.
bool ClusterRun::finishGrid() {
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

bool ClusterRun::readsGlobal() const {
  for (const Warp *warp : warps)
    if (!warp->finished() && warp->polled.op &&
        warp->polled.space == MemorySpace::Global)
      return true;
  return false;
}

/// Wakes waits once after whatever happened.
bool ClusterRun::wakeOnce() {
  if (wokenAt == cluster.noted() || !wakeInVain(cluster))
    return false;
  wokenAt = cluster.noted();
  for (Warp *warp : warps)
    warp->polled = Polled();
  sinceWoken = std::make_unique<Effects>(cluster);
  return true;
}

/// Nobody is ready, or only such as ask again and again: finds somebody who may
/// go on all the same.
bool ClusterRun::goOn() {
  sinceWoken.reset();
  bool any = finishACopy() || finishAnArrival() || cluster.completeIfAll() ||
             finishGrid();
  for (auto &cta : cluster.ctas)
    any |= !any && releaseMeetings(*cta);
  bool someAsk = false;
  for (Warp *warp : warps)
    for (const Fragment &fragment : warp->fragments)
      someAsk |= fragment.state == Fragment::Ready;
  // Lanes that wait for one that asks wait until it has its answer.
  for (auto &cta : cluster.ctas)
    any |= !any && !someAsk && forceWaitingLanes(*cta);
  hasWorked |= any;
  return any || wakeOnce();
}

/// Nobody of the cluster can go on by itself.
ClusterRun::Outcome ClusterRun::waitOrEnd() {
  if (readsGlobal()) {
    wokenAt = UINT64_MAX;
    return Outcome::Waits;
  }
  endEarly(*cluster.ctas[0], EventKind::Deadlock, "");
  return Outcome::Ended;
}

void ClusterRun::endWaiting(const std::string &why) {
  endEarly(*cluster.ctas[0], EventKind::Deadlock, why);
}

bool ClusterRun::exceedsLimits() {
  if (cluster.grownBytes() > cluster.ctas[0]->launch.growthLimit) {
    cluster.outgrown = true;
    cluster.stop();
    return true;
  }
  if (total <= schedule.maxWarpInstructions)
    return false;
  endEarly(*cluster.ctas[0], EventKind::Budget,
           "the CTA executed " + std::to_string(total) +
               " warp instructions, more than its budget of " +
               std::to_string(schedule.maxWarpInstructions));
  return true;
}

/// Where there is memory to keep their states.
Look ClusterRun::lookAtAll() {
  const Launch &launch = cluster.ctas[0]->launch;
  uint64_t bytes = warps.size() * WarpState::bytesFor(launch.kernel);
  if (!launch.heap.budget.take(bytes).isOk())
    return {};
  Look look = lookAt(cluster);
  launch.heap.budget.give(bytes);
  return look;
}

/// Looks at all warps together, which may wait in a circle through barriers.
bool ClusterRun::standsStill() {
  Look look = lookAtAll();
  total += look.instructions;
  stands = look.waits;
  hasWorked |= look.instructions && !stands;
  if (stands)
    ofCluster.found();
  else
    ofCluster.foundNothing();
  return stands && !goOn();
}

/// A round that nothing may come of, to be looked at.
ClusterRun::Round ClusterRun::watchedRound() {
  Effects effects(cluster);
  Round done = round();
  if (effects.any())
    ofCluster.foundNothing();
  else
    stands = true;
  return done;
}

/// What is to be done behind a round. False where nobody goes on.
bool ClusterRun::follow(const Round &done) {
  if (done.quiet)
    return isOver() || goOn();
  if (sinceWoken && sinceWoken->any())
    sinceWoken.reset();
  hasWorked |= !sinceWoken;
  moveCopies();
  helpWhoPolls(done.count);
  ofCluster.spend(done.count);
  return true;
}

ClusterRun::Outcome ClusterRun::run(uint64_t quantum,
                                    const std::atomic<bool> &hurry) {
  hasWorked = false;
  uint64_t end = total + quantum;
  while (!isOver() && !cluster.stopped()) {
    if (stands && standsStill())
      return waitOrEnd();
    Round done = ofCluster.untilDue() ? round() : watchedRound();
    total += done.count;
    if (cluster.stopped() || exceedsLimits())
      break;
    if (!follow(done))
      return waitOrEnd();
    if (total >= end || hurry.load(std::memory_order_relaxed))
      return Outcome::Preempted;
  }
  sinceWoken.reset();
  if (!cluster.stopped())
    for (auto &cta : cluster.ctas)
      checkEnd(*cta);
  return Outcome::Ended;
}
