//===- RaceReport.cpp - What is said of two unordered accesses ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check/HazardLog.h"
#include "Check/RaceShadow.h"
#include "Machine/Cluster.h"

#include <cstring>

using namespace attnrt::sim;

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

/// What a lane of a plain store is about to write is there already.
static bool writesWhatIsThere(const Event &event, unsigned lane,
                              const Cta &home) {
  const Op &op = *event.op;
  unsigned bytes = event.bytes / op.count;
  for (unsigned e = 0; e < op.count; ++e) {
    Warp &warp = const_cast<Warp &>(*event.warp);
    uint16_t row = warp.cta.launch.kernel.pool[op.list + e];
    uint64_t value =
        op.srcBytes == 8 ? warp.row64(row)[lane] : warp.row(row)[lane];
    if (std::memcmp(&home.shared.data[event.addresses[lane] + e * bytes],
                    &value, bytes) != 0)
      return false;
  }
  return true;
}

/// Two plain stores of one value: whoever is last, nobody can tell.
static bool storesTheSame(const Conflict &conflict, const Touch &mine,
                          const Event &guilty, const Cta &home) {
  const Kernel &kernel = home.launch.kernel;
  auto isStore = [&](const Touch &touch) {
    return touch.writes() && !touch.isAsync() && !touch.copies() &&
           kernel.facts[touch.op].sem == Sem::St;
  };
  if (conflict.isOrdered || !isStore(mine) || !isStore(conflict.other))
    return false;
  for (uint32_t rest = guilty.lanes; rest; rest &= rest - 1)
    if (!writesWhatIsThere(guilty, __builtin_ctz(rest), home))
      return false;
  return true;
}

void attnrt::sim::reportConflict(HazardLog &log, const Conflict &conflict,
                                 const Touch &mine, uint32_t granule,
                                 uint32_t lanes, const Event &event,
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
  bool isSame = storesTheSame(conflict, mine, guilty, home);
  kind = isSame ? "same-value" : kind;
  if (!log.isNew(kind, event, &ops[other.op]))
    return;
  std::string order = mine.writes() ? "write" : "read";
  order += other.writes() ? " after write" : " after read";
  order += conflict.isOrdered ? " through another proxy: " : " without order: ";
  std::string by = mine.isAsync() ? "" : " by " + describeLanes(guilty.lanes);
  // Known hardware does not let an asynchronous write pass an earlier read.
  bool isForgiven = isSame || (conflict.isOrdered && !other.writes());
  if (isSame)
    order = "writes of the same value without order: ";
  std::string message = order + nameOf(mine) + " of " +
                        describePlace(guilty, home) + by + " and " +
                        describeTouch(other, home) + remedy(conflict, mine);
  if (isForgiven)
    log.warn(kind, guilty, home, message, &ops[other.op]);
  else
    log.add(kind, guilty, home, message, &ops[other.op]);
}
