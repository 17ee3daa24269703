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
  spilled.assign(count, false);
  spills.clear();
}

void RaceShadow::judge(const Touch &other, const Touch &mine, unsigned warp,
                       std::vector<Touch> &racing) const {
  bool overlap = other.bytes & mine.bytes;
  // Whoever meets a copy in flight is a matter of cp-async.
  if (!overlap || other.clock == Touch::kInFlight ||
      (other.kind & mine.kind & Touch::Strong))
    return;
  uint32_t guilty = clocks.unordered(warp, other.warps, other.clock);
  if (!guilty)
    return;
  racing.push_back(other);
  racing.back().warps = guilty;
}

/// Whoever is ordered after `mine` is ordered after `old`.
bool RaceShadow::supersedes(const Touch &mine, const Touch &old,
                            unsigned warp) const {
  return !(old.bytes & ~mine.bytes) && old.kind == mine.kind &&
         !clocks.unordered(warp, old.warps, old.clock);
}

/// The accesses can share an entry.
static bool unite(Touch &into, const Touch &mine) {
  if (into.clock != mine.clock || into.kind != mine.kind)
    return false;
  if (into.warps & mine.warps && !(mine.bytes & ~into.bytes))
    return true; // says nothing new
  if (into.op != mine.op ||
      (into.warps != mine.warps && into.bytes != mine.bytes))
    return false;
  into.warps |= mine.warps;
  into.bytes |= mine.bytes;
  return true;
}

void RaceShadow::placeRead(uint32_t granule, const Touch &mine, unsigned warp) {
  Touch &read = granules[granule].read;
  if (read.bytes && unite(read, mine))
    return;
  if (!read.bytes || supersedes(mine, read, warp)) {
    read = mine;
    return;
  }
  std::vector<Touch> &list = spills[granule];
  spilled[granule] = true;
  for (Touch &old : list)
    if (!old.writes() && (supersedes(mine, old, warp) || unite(old, mine))) {
      old = supersedes(mine, old, warp) ? mine : old;
      return;
    }
  list.push_back(mine);
}

void RaceShadow::placeWrite(uint32_t granule, const Touch &mine) {
  Granule &here = granules[granule];
  here.read.bytes &= ~mine.bytes;
  if (spilled[granule]) {
    std::vector<Touch> &list = spills[granule];
    for (Touch &old : list)
      old.bytes &= ~mine.bytes;
    list.erase(std::remove_if(list.begin(), list.end(),
                              [](const Touch &old) { return !old.bytes; }),
               list.end());
    spilled[granule] = !list.empty();
  }
  if (unite(here.write, mine))
    return;
  here.write.bytes &= ~mine.bytes;
  if (here.write.bytes) {
    spills[granule].push_back(here.write);
    spilled[granule] = true;
  }
  here.write = mine;
}

void RaceShadow::add(uint32_t granule, const Touch &mine, unsigned warp,
                     std::vector<Touch> &racing) {
  const Granule &here = granules[granule];
  judge(here.write, mine, warp, racing);
  if (mine.writes())
    judge(here.read, mine, warp, racing);
  if (spilled[granule])
    for (const Touch &other : spills[granule])
      if (mine.writes() || other.writes())
        judge(other, mine, warp, racing);
  if (mine.writes())
    placeWrite(granule, mine);
  else
    placeRead(granule, mine, warp);
}

/// Splits a touch of which only some bytes have landed.
void RaceShadow::landOne(Touch &touch, uint32_t granule, uint16_t bytes,
                         unsigned warp) {
  if (touch.clock != Touch::kInFlight || touch.warps != 1u << warp ||
      !(touch.bytes & bytes))
    return;
  Touch landed = touch;
  landed.clock = clocks.now(warp);
  landed.bytes &= bytes;
  touch.bytes &= ~bytes;
  if (!touch.bytes) {
    touch = landed;
    return;
  }
  spills[granule].push_back(landed);
  spilled[granule] = true;
}

void RaceShadow::landSome(uint32_t granule, uint16_t bytes, unsigned warp) {
  if (spilled[granule])
    for (size_t i = 0, count = spills[granule].size(); i < count; ++i) {
      Touch touch = spills[granule][i];
      landOne(touch, granule, bytes, warp);
      spills[granule][i] = touch;
    }
  landOne(granules[granule].write, granule, bytes, warp);
}
