//===- RaceShadow.cpp - Who touched shared memory last --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check/RaceShadow.h"

#include <algorithm>

using namespace attnrt::sim;

void RaceShadow::reset(uint32_t bytes) {
  size_t count = (bytes + kGranule - 1) / kGranule;
  granules.assign(count, Granule());
  more.clear();
  crowded.assign(count, 0);
  spills.clear();
}

/// Leaves the guilty ones in `other`. Ordered is what one of the accessor's
/// warps knows.
bool RaceShadow::unordered(Touch &other, const Accessor &who,
                           bool &isOrdered) const {
  auto someKnows = [&](unsigned agent, bool async) {
    for (unsigned i = 0; i < who.count; ++i)
      if (async ? clocks.knowsAsync(who.warps[i], agent, other.clock)
                : clocks.knows(who.warps[i], agent, other.clock))
        return true;
    return false;
  };
  isOrdered = true;
  auto isGuilty = [&](unsigned agent) {
    if (who.isAsync ? someKnows(agent, true) : someKnows(agent, false))
      return false;
    // Only what a warp wrote or read itself needs a fence.
    bool known = who.isAsync && !other.isAsync() && someKnows(agent, false);
    isOrdered &= known;
    return true;
  };
  if (other.isAlone())
    return isGuilty(other.warps);
  uint32_t guilty = 0;
  for (uint32_t rest = other.warps; rest; rest &= rest - 1) {
    unsigned warp = __builtin_ctz(rest);
    if (isGuilty(clocks.agentAt(who.rank, warp)))
      guilty |= 1u << warp;
  }
  other.warps = guilty ? guilty : other.warps;
  return guilty;
}

void RaceShadow::look(const Touch &other, const Touch &mine,
                      const Accessor &who,
                      std::vector<Conflict> &racing) const {
  // Whoever meets a copy in flight is a matter of cp-async.
  if (other.clock == Touch::kInFlight ||
      (other.kind & mine.kind & Touch::Strong))
    return;
  bool isNear = !who.isAsync && clocks.rankOf(who.warps[0]) == who.rank;
  if (isNear && other.clock <= clocks.knownTo(who.warps[0]) && !other.isAlone())
    return;
  Conflict conflict{other, false};
  if (unordered(conflict.other, who, conflict.isOrdered))
    racing.push_back(conflict);
  else if (remembers)
    fine[placeOf(other)] = other;
}

/// Whoever is ordered after `mine` is ordered after `old`.
bool RaceShadow::supersedes(const Touch &mine, const Touch &old,
                            const Accessor &who) const {
  if (old.bytes & ~mine.bytes || old.kind != mine.kind)
    return false;
  // Operations of one component are done in order.
  if (mine.isAsync() && mine.warps == old.warps)
    return true;
  Touch other = old;
  bool isOrdered = false;
  return !unordered(other, who, isOrdered);
}

/// The accesses can share an entry.
static bool unite(Touch &into, const Touch &mine) {
  if (into.clock != mine.clock || into.kind != mine.kind)
    return false;
  if (mine.isAlone()) {
    if (into.warps != mine.warps)
      return false;
    into.bytes |= mine.bytes;
    return true;
  }
  if (into.warps & mine.warps && !(mine.bytes & ~into.bytes))
    return true; // says nothing new
  if (into.op != mine.op ||
      (into.warps != mine.warps && into.bytes != mine.bytes))
    return false;
  into.warps |= mine.warps;
  into.bytes |= mine.bytes;
  return true;
}

void RaceShadow::spill(uint32_t granule, const Touch &touch) {
  spills[granule].push_back(touch);
  crowded[granule] |= kSpilled;
}

/// In one of the places that every granule has.
bool RaceShadow::placeInGranule(uint32_t granule, const Touch &mine,
                                const Accessor &who) {
  auto take = [&](Touch &place) {
    if (place.bytes && unite(place, mine))
      return true;
    if (place.bytes && !supersedes(mine, place, who))
      return false;
    place = mine;
    return true;
  };
  if (!mine.isAsync())
    return take(granules[granule].read);
  more.resize(granules.size());
  for (Touch &place : more[granule].reads)
    if (place.bytes && place.warps == mine.warps)
      return take(place);
  for (Touch &place : more[granule].reads)
    if (take(place)) {
      crowded[granule] |= kMore;
      return true;
    }
  return false;
}

void RaceShadow::placeRead(uint32_t granule, const Touch &mine,
                           const Accessor &who) {
  if (placeInGranule(granule, mine, who))
    return;
  std::vector<Touch> &list = spills[granule];
  crowded[granule] |= kSpilled;
  for (Touch &old : list)
    if (!old.writes() && (supersedes(mine, old, who) || unite(old, mine))) {
      old = supersedes(mine, old, who) ? mine : old;
      return;
    }
  list.push_back(mine);
}

void RaceShadow::placeWrite(uint32_t granule, const Touch &mine) {
  Granule &here = granules[granule];
  here.read.bytes &= ~mine.bytes;
  if (crowded[granule] & kMore) {
    uint16_t left = 0;
    for (Touch &read : more[granule].reads)
      left |= read.bytes &= ~mine.bytes;
    crowded[granule] &= left ? ~0 : ~kMore;
  }
  if (crowded[granule] & kSpilled) {
    std::vector<Touch> &list = spills[granule];
    for (Touch &old : list)
      old.bytes &= ~mine.bytes;
    list.erase(std::remove_if(list.begin(), list.end(),
                              [](const Touch &old) { return !old.bytes; }),
               list.end());
    if (list.empty())
      crowded[granule] &= ~kSpilled;
  }
  if (unite(here.write, mine))
    return;
  here.write.bytes &= ~mine.bytes;
  if (here.write.bytes)
    spill(granule, here.write);
  here.write = mine;
}

void RaceShadow::check(uint32_t granule, const Touch &mine, const Accessor &who,
                       std::vector<Conflict> &racing) const {
  const Granule &here = granules[granule];
  judge(here.write, mine, who, racing);
  if (mine.writes()) {
    judge(here.read, mine, who, racing);
    if (crowded[granule] & kMore)
      for (const Touch &read : more[granule].reads)
        judge(read, mine, who, racing);
  }
  if (crowded[granule] & kSpilled)
    for (const Touch &other : spills.find(granule)->second)
      if (mine.writes() || other.writes())
        judge(other, mine, who, racing);
}

void RaceShadow::add(uint32_t granule, const Touch &mine, const Accessor &who,
                     std::vector<Conflict> &racing) {
  check(granule, mine, who, racing);
  if (mine.writes())
    placeWrite(granule, mine);
  else
    placeRead(granule, mine, who);
}

/// Splits a touch of which only some bytes have landed.
void RaceShadow::landOne(Touch &touch, uint32_t granule, uint16_t bytes,
                         unsigned warp, uint32_t clock) {
  if (touch.clock != Touch::kInFlight || touch.warps != 1u << warp ||
      !(touch.bytes & bytes))
    return;
  Touch landed = touch;
  landed.clock = clock;
  landed.bytes &= bytes;
  touch.bytes &= ~bytes;
  if (!touch.bytes) {
    touch = landed;
    return;
  }
  spill(granule, landed);
}

void RaceShadow::landSome(uint32_t granule, uint16_t bytes, unsigned warp,
                          uint32_t clock) {
  if (crowded[granule] & kSpilled)
    for (size_t i = 0, count = spills[granule].size(); i < count; ++i) {
      Touch touch = spills[granule][i];
      landOne(touch, granule, bytes, warp, clock);
      spills[granule][i] = touch;
    }
  landOne(granules[granule].write, granule, bytes, warp, clock);
}
