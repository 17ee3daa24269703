//===- Resolve.cpp - Addresses to host memory, with every check -----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Cluster.h"
#include "Ops/Request.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

/// Lanes that are left out read zeros, and write where nobody looks.
static const uint8_t zeros[64] = {};
static thread_local uint8_t discarded[64];

static Event eventOf(const Request &r, EventKind kind, uint32_t lanes) {
  Event event{kind, &r.warp, &r.op, lanes};
  event.space = r.space;
  event.addresses = r.addresses;
  event.bytes = r.bytes;
  event.write = writes(r.intent);
  event.update = r.intent == Intent::Update;
  event.place = r.home == &r.warp.cta ? nullptr : r.home;
  return event;
}

void emit(const Request &r, EventKind kind, uint32_t lanes, uint8_t state) {
  if (!lanes)
    return;
  Event event = eventOf(r, kind, lanes);
  event.shadow = state;
  r.warp.cta.emit(event);
}

static void tellAccess(const Request &r, uint32_t lanes) {
  if (r.warp.cta.wants(EventKind::Access) && r.intent != Intent::Copy)
    emit(r, EventKind::Access, lanes);
}

void demandDefined(Warp &warp, const Op &op, uint32_t mask, uint32_t poison,
                   const char *role) {
  uint32_t bad = mask & poison;
  if (!bad)
    return;
  Event event{EventKind::PoisonUse, &warp, &op, bad};
  event.role = role;
  warp.cta.emit(event);
}

void Resolved::markUndefined(unsigned lane, uint32_t bytes) {
  if (!anyUndefined)
    std::memset(undefined, 0, sizeof(undefined));
  anyUndefined = true;
  undefined[lane] |= static_cast<uint16_t>(bytes);
}

uint32_t Resolved::undefinedLanes() const {
  uint32_t out = 0;
  for (int i = 0; anyUndefined && i < 32; ++i)
    out |= uint32_t(undefined[i] != 0) << i;
  return out;
}

void laneAddresses(Warp &warp, uint16_t row, bool narrow, int64_t offset,
                   uint64_t *out) {
  if (narrow) {
    const uint32_t *from = warp.row(row);
    uint32_t add = static_cast<uint32_t>(offset);
    LANE_LOOP out[i] = from[i] + add;
    return;
  }
  const uint64_t *from = warp.row64(row);
  LANE_LOOP out[i] = from[i] + static_cast<uint64_t>(offset);
}

Target targetOf(const Match &match) {
  if (match.has("shared") || match.has("shared::cta"))
    return Target::Shared;
  if (match.has("shared::cluster"))
    return Target::Cluster;
  if (match.has("global") || match.has("const"))
    return Target::Global;
  if (match.has("local"))
    return Target::Local;
  if (match.has("param") || match.has("param::entry"))
    return Target::Param;
  return Target::Generic;
}

void markFresh(Resolved &out, const Request &r, unsigned lane,
               const uint8_t *state) {
  for (unsigned b = 0; b < r.bytes; ++b)
    if (state[b] == shadow::kFresh)
      out.markUndefined(lane, 1u << b);
}

uint32_t admit(const Request &r, uint32_t lanes, uint64_t low, uint64_t high) {
  uint64_t least = UINT64_MAX, most = 0, low_bits = 0;
  for (int i = 0; i < 32; ++i) {
    uint64_t a = lanes >> i & 1 ? r.addresses[i] : low;
    least = a < least ? a : least;
    most = a > most ? a : most;
    low_bits |= lanes >> i & 1 ? a : 0;
  }
  bool inside = least >= low && most <= high && high - most >= r.bytes;
  bool aligned = !(low_bits & (r.bytes - 1));
  if (inside && aligned)
    return lanes;
  uint32_t outside = 0, crooked = 0;
  for (uint32_t rest = lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t a = r.addresses[lane];
    if (a < low || a > high || high - a < r.bytes)
      outside |= 1u << lane;
    else if (a & (r.bytes - 1))
      crooked |= 1u << lane;
  }
  emit(r, EventKind::OutOfBounds, outside);
  emit(r, EventKind::Misaligned, crooked);
  return lanes & ~outside & ~crooked;
}

static void pointAway(Intent intent, Resolved &out) {
  uint8_t *away = writes(intent) ? discarded : const_cast<uint8_t *>(zeros);
  for (int i = 0; i < 32; ++i)
    if (!(out.lanes >> i & 1))
      out.at[i] = away;
}

/// Into `out` for the lanes that `part` lets go on.
static void mergeLanes(const Resolved &part, Resolved &out) {
  for (unsigned i = 0; i < 32; ++i) {
    if (!(part.lanes >> i & 1))
      continue;
    out.at[i] = part.at[i];
    if (part.anyUndefined && part.undefined[i])
      out.markUndefined(i, part.undefined[i]);
  }
  out.lanes |= part.lanes;
}

/// Lanes by the CTA of the cluster that they point into.
static void resolveCluster(const Request &r, uint32_t mask, Resolved &out) {
  out.lanes = 0;
  while (mask) {
    uint64_t first = r.addresses[__builtin_ctz(mask)];
    uint64_t plain[32];
    uint32_t here = 0;
    for (int i = 0; i < 32; ++i) {
      here |= uint32_t(r.addresses[i] >> kRankShift == first >> kRankShift)
              << i;
      plain[i] = r.addresses[i] & ((1u << kRankShift) - 1);
    }
    here &= mask;
    mask &= ~here;
    Cta *home = first >> 32 ? nullptr
                            : r.warp.cta.cluster->owner(
                                  r.warp.cta, static_cast<uint32_t>(first));
    if (!home) {
      emit(r, EventKind::OutOfBounds, here);
      continue;
    }
    Request part = r;
    part.addresses = plain;
    part.home = home;
    Resolved found;
    resolveShared(part, here, found);
    tellAccess(part, found.lanes);
    mergeLanes(found, out);
  }
}

static void readBits(const Request &r, const Allocation &allocation,
                     uint32_t lanes, Resolved &out) {
  for (uint32_t rest = lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    if (allocation.isInit(r.addresses[lane], r.bytes))
      continue;
    for (unsigned b = 0; b < r.bytes; ++b)
      if (!allocation.isInit(r.addresses[lane] + b, 1))
        out.markUndefined(lane, 1u << b);
  }
}

/// Lanes that point into what malloc gave and free has not taken.
static uint32_t liveInHeap(const Request &r, uint32_t lanes) {
  const DeviceHeap &heap = r.warp.cta.launch.heap.deviceHeap;
  uint32_t outside = 0;
  for (uint32_t rest = lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    if (!heap.holds(r.addresses[lane], r.bytes))
      outside |= 1u << lane;
  }
  emit(r, EventKind::OutOfBounds, outside);
  return lanes & ~outside;
}

/// Returns the lanes that may go there.
static uint32_t touchGlobal(const Request &r, Allocation &allocation,
                            uint32_t lanes, Resolved &out) {
  const Cta &cta = r.warp.cta;
  if (cta.isUnfinished(allocation))
    emit(r, EventKind::GridUnfinished, lanes);
  if (&allocation == cta.launch.heap.deviceHeap.arena())
    lanes = liveInHeap(r, lanes);
  if (r.intent != Intent::Read)
    allocation.noteWriter(cta.launch.turn);
  if (allocation.tracked()) {
    if (reads(r.intent))
      readBits(r, allocation, lanes, out);
    if (writes(r.intent))
      for (uint32_t rest = lanes; rest; rest &= rest - 1)
        allocation.setInit(r.addresses[__builtin_ctz(rest)], r.bytes);
  }
  for (uint32_t rest = lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    out.at[lane] = reinterpret_cast<uint8_t *>(r.addresses[lane]);
  }
  return lanes;
}

static void resolveGlobal(const Request &r, uint32_t mask, Resolved &out) {
  Cta &cta = r.warp.cta;
  size_t site = &r.op - cta.launch.kernel.ops.data();
  Allocation *&last = cta.lastTouched[site];
  uint32_t rest = mask, outside = 0;
  out.lanes = 0;
  while (rest) {
    unsigned lane = __builtin_ctz(rest);
    if (!last || !last->covers(r.addresses[lane], 1))
      last = cta.launch.heap.find(r.addresses[lane]);
    if (!last) {
      outside |= 1u << lane;
      rest &= rest - 1;
      continue;
    }
    uint32_t here = 0;
    for (int i = 0; i < 32; ++i)
      here |=
          uint32_t(r.addresses[i] >= last->begin && r.addresses[i] < last->end)
          << i;
    here &= rest;
    uint32_t fine = admit(r, here, last->begin, last->end);
    out.lanes |= touchGlobal(r, *last, fine, out);
    rest &= ~here;
  }
  countTraffic(r, out.lanes);
  emit(r, EventKind::OutOfBounds, outside);
}

static void resolveLocal(const Request &r, uint32_t mask, Resolved &out) {
  size_t size = r.warp.localBytes;
  out.lanes = admit(r, mask, 0, r.warp.localEnd(mask));
  countTraffic(r, out.lanes);
  for (uint32_t rest = out.lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    size_t place = lane * size + r.addresses[lane];
    uint8_t *state = &r.warp.localState[place];
    if (reads(r.intent))
      markFresh(out, r, lane, state);
    if (writes(r.intent))
      std::memset(state, shadow::kReady, r.bytes);
    out.at[lane] = &r.warp.local[place];
  }
}

static void resolveParam(const Request &r, uint32_t mask, Resolved &out) {
  const std::vector<uint8_t> &params = r.warp.cta.launch.params;
  out.lanes = admit(r, mask, 0, r.warp.cta.launch.kernel.paramBytes);
  for (uint32_t rest = out.lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    out.at[lane] = const_cast<uint8_t *>(&params[r.addresses[lane]]);
  }
}

/// Lanes of a generic access by the window they point into.
static void resolveGeneric(const Request &r, uint32_t mask, Resolved &out) {
  out.lanes = 0;
  uint64_t plain[32];
  for (uint64_t window = 0; window < 4; ++window) {
    uint32_t here = 0;
    for (int i = 0; i < 32; ++i) {
      here |= uint32_t(r.addresses[i] >> 60 == window) << i;
      plain[i] = r.addresses[i] & ~kWindowMask;
    }
    here &= mask;
    if (!here)
      continue;
    static constexpr MemorySpace kSpaces[] = {
        MemorySpace::Global, MemorySpace::Shared, MemorySpace::Local,
        MemorySpace::Param};
    Request part{r.warp, r.op, kSpaces[window], r.intent, plain, r.bytes};
    Resolved found;
    if (window == 0)
      resolveGlobal(part, here, found);
    else if (window == 1)
      resolveCluster(part, here, found);
    else if (window == 2)
      resolveLocal(part, here, found);
    else if (r.intent == Intent::Read)
      resolveParam(part, here, found);
    if (window != 1)
      tellAccess(part, found.lanes);
    mask &= ~here;
    mergeLanes(found, out);
  }
  emit(r, EventKind::OutOfBounds, mask);
}

void resolve(Warp &warp, const Op &op, uint32_t mask, Target target,
             Intent intent, const uint64_t *addresses, uint32_t addressPoison,
             unsigned bytes, Resolved &out) {
  out.anyUndefined = false;
  demandDefined(warp, op, mask, addressPoison, "address");
  Request r{warp, op, MemorySpace::Global, intent, addresses, bytes};
  switch (target) {
  case Target::Shared:
    r.space = MemorySpace::Shared;
    resolveShared(r, mask, out);
    break;
  case Target::Cluster:
    r.space = MemorySpace::Shared;
    resolveCluster(r, mask, out);
    break;
  case Target::Global:
    resolveGlobal(r, mask, out);
    break;
  case Target::Local:
    r.space = MemorySpace::Local;
    resolveLocal(r, mask, out);
    break;
  case Target::Param:
    r.space = MemorySpace::Param;
    resolveParam(r, mask, out);
    break;
  case Target::Generic:
    resolveGeneric(r, mask, out);
    break;
  }
  if (out.lanes != ~0u)
    pointAway(intent, out);
  if (out.anyUndefined)
    warp.undefinedLoad = &op;
  if (target != Target::Generic && target != Target::Cluster)
    tellAccess(r, out.lanes);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
