//===- Resolve.cpp - Addresses to host memory, with every check -----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Resolve.h"
#include "Machine/Cluster.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

/// Lanes that are left out read zeros, and write where nobody looks.
static const uint8_t zeros[64] = {};
static thread_local uint8_t discarded[64];

namespace {
/// What the steps of one resolution share.
struct Request {
  Warp &warp;
  const Op &op;
  MemorySpace space;
  Intent intent;
  const uint64_t *addresses;
  unsigned bytes;
  Cta *home = &warp.cta; // whose shared memory
};
} // namespace

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

static void emit(const Request &r, EventKind kind, uint32_t lanes,
                 uint8_t state = 0) {
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

/// How often lanes that go together must go to shared memory: different words
/// of one bank cost a wavefront each.
static unsigned wavefrontsOf(const uint64_t *addresses, uint32_t lanes,
                             unsigned words) {
  if (!lanes)
    return 0;
  uint32_t banks = 0, twice = 0;
  for (uint32_t rest = lanes; rest; rest &= rest - 1) {
    unsigned bank = addresses[__builtin_ctz(rest)] >> 2 & 31;
    uint32_t span = ((1u << words) - 1) << bank;
    twice |= banks & span;
    banks |= span;
  }
  if (!twice)
    return 1;
  uint32_t seen[32][32];
  uint8_t count[32] = {};
  unsigned most = 1;
  for (uint32_t rest = lanes; rest; rest &= rest - 1)
    for (unsigned w = 0; w < words; ++w) {
      uint32_t word =
          static_cast<uint32_t>(addresses[__builtin_ctz(rest)] >> 2) + w;
      unsigned bank = word & 31, k = 0;
      while (k < count[bank] && seen[bank][k] != word)
        ++k;
      if (k == count[bank])
        seen[bank][count[bank]++] = word;
      most = count[bank] > most ? count[bank] : most;
    }
  return most;
}

/// 8- and 16-byte accesses go by half and quarter warps.
static void countWavefronts(const Request &r, uint32_t lanes) {
  Cta &cta = r.warp.cta;
  unsigned group = r.bytes <= 4 ? 32 : r.bytes == 8 ? 16 : 8;
  unsigned words = r.bytes <= 4 ? 1 : r.bytes / 4;
  uint32_t together = group == 32 ? ~0u : (1u << group) - 1;
  SharedCounts &counts =
      cta.counters.shared[&r.op - cta.launch.kernel.ops.data()];
  ++counts.accesses;
  for (unsigned first = 0; first < 32; first += group) {
    unsigned wavefronts =
        wavefrontsOf(r.addresses, lanes & together << first, words);
    counts.wavefronts += wavefronts;
    counts.extra += wavefronts > 1 ? wavefronts - 1 : 0;
  }
}

/// By the space (memory of another CTA last) and the intent.
static constexpr Traffic kTraffic[][5] = {
    {Traffic::GlobalLoad, Traffic::GlobalStore, Traffic::GlobalAtomic,
     Traffic::GlobalStore, Traffic::CpAsyncLoad},
    {Traffic::SharedLoad, Traffic::SharedStore, Traffic::SharedAtomic,
     Traffic::CpAsyncStore, Traffic::SharedLoad},
    {Traffic::LocalLoad, Traffic::LocalStore, Traffic::LocalStore,
     Traffic::LocalStore, Traffic::LocalLoad},
    {Traffic::RemoteLoad, Traffic::RemoteStore, Traffic::RemoteAtomic,
     Traffic::RemoteStore, Traffic::RemoteLoad}};

static void countTraffic(const Request &r, uint32_t lanes) {
  bool isRemote = r.home != &r.warp.cta;
  unsigned space = isRemote ? 3 : static_cast<unsigned>(r.space);
  Traffic which = kTraffic[space][static_cast<unsigned>(r.intent)];
  r.warp.cta.counters.traffic[which] +=
      uint64_t(__builtin_popcount(lanes)) * r.bytes;
}

template <typename Word>
static uint64_t stateDifference(const uint8_t *state, const uint32_t *at,
                                uint64_t expected) {
  uint64_t bad = 0;
  for (int i = 0; i < 32; ++i) {
    Word word;
    std::memcpy(&word, state + at[i], sizeof(word));
    bad |= word ^ static_cast<Word>(expected);
  }
  return bad;
}

/// Or of (shadow xor expected) over all lanes and bytes.
static uint64_t scan(const uint8_t *state, const uint32_t *at, unsigned bytes,
                     uint64_t expected) {
  switch (bytes) {
  case 1:
    return stateDifference<uint8_t>(state, at, expected);
  case 2:
    return stateDifference<uint16_t>(state, at, expected);
  case 4:
    return stateDifference<uint32_t>(state, at, expected);
  case 8:
    return stateDifference<uint64_t>(state, at, expected);
  default:
    return stateDifference<uint64_t>(state, at, expected) |
           stateDifference<uint64_t>(state + 8, at, expected);
  }
}

static constexpr uint64_t kAllReady = 0x0101010101010101u;
/// Bits that make a write to shared memory worth a closer look.
static constexpr uint64_t kWatchWrites =
    0x0101010101010101u *
    (shadow::kPending | shadow::kRedZone | shadow::kBarrier);

/// The byte came by a cp.async that this lane need not see yet.
static bool isHidden(const Request &r, unsigned lane, uint32_t address) {
  const SharedMemory &shared = r.home->shared;
  uint8_t s = shared.state[address];
  return s & shadow::kLanded &&
         (r.home != &r.warp.cta || shadow::warpOf(s) != r.warp.index ||
          !shared.isSeenBy(lane, address));
}

/// What the shadow bytes of one lane say about the access.
static EventKind judge(const Request &r, unsigned lane, uint32_t at,
                       uint8_t &culprit) {
  for (unsigned b = 0; b < r.bytes; ++b) {
    uint8_t s = r.home->shared.state[at + b];
    culprit = s;
    if (s == shadow::kRedZone)
      return EventKind::OutOfBounds;
    if (s & shadow::kPending)
      return EventKind::AsyncUnfinished;
    if (s == shadow::kBarrier)
      return EventKind::BarrierTouched;
    if (reads(r.intent) && isHidden(r, lane, at + b))
      return EventKind::AsyncUnshared;
  }
  return EventKind::Access;
}

static void markFresh(Resolved &out, const Request &r, unsigned lane,
                       const uint8_t *state) {
  for (unsigned b = 0; b < r.bytes; ++b)
    if (state[b] == shadow::kFresh)
      out.markUndefined(lane, 1u << b);
}

/// The slow path: some shadow byte is not what it should be.
static void explainShared(const Request &r, const uint32_t *at, Resolved &out) {
  uint32_t outside = 0;
  for (EventKind kind : {EventKind::AsyncUnfinished, EventKind::AsyncUnshared,
                         EventKind::BarrierTouched}) {
    uint32_t guilty = 0;
    uint8_t first = 0;
    for (uint32_t rest = out.lanes; rest; rest &= rest - 1) {
      unsigned lane = __builtin_ctz(rest);
      uint8_t culprit;
      EventKind found = judge(r, lane, at[lane], culprit);
      if (found == EventKind::OutOfBounds)
        outside |= 1u << lane;
      if (found != kind)
        continue;
      first = guilty ? first : culprit;
      guilty |= 1u << lane;
    }
    emit(r, kind, guilty, first);
  }
  emit(r, EventKind::OutOfBounds, outside);
  out.lanes &= ~outside;
  if (!reads(r.intent))
    return;
  for (uint32_t rest = out.lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    markFresh(out, r, lane, &r.home->shared.state[at[lane]]);
  }
}

/// Lanes outside [low, high) or misaligned are reported and left out.
static uint32_t admit(const Request &r, uint32_t lanes, uint64_t low,
                      uint64_t high) {
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

static void setStates(const Request &r, const uint32_t *at, uint32_t lanes) {
  uint8_t *state = r.home->shared.state.data();
  uint64_t ready = kAllReady;
  if (r.home->shared.hasSwizzles)
    for (uint32_t rest = lanes; rest; rest &= rest - 1)
      r.home->shared.forgetSwizzle(at[__builtin_ctz(rest)]);
  for (uint32_t rest = lanes; rest; rest &= rest - 1) {
    uint8_t *to = state + at[__builtin_ctz(rest)];
    switch (r.bytes) {
    case 4:
      std::memcpy(to, &ready, 4);
      break;
    case 8:
      std::memcpy(to, &ready, 8);
      break;
    case 16:
      std::memcpy(to, &ready, 8);
      std::memcpy(to + 8, &ready, 8);
      break;
    default:
      std::memset(to, shadow::kReady, r.bytes);
      break;
    }
  }
}

static void resolveShared(const Request &r, uint32_t mask, Resolved &out) {
  Cta &cta = *r.home;
  out.lanes = admit(r, mask, kSharedBase, cta.shared.end);
  if (!out.lanes)
    return;
  countTraffic(r, out.lanes);
  if (&cta == &r.warp.cta)
    countWavefronts(r, out.lanes);
  // Absent lanes look where the first present one does.
  uint32_t stray = static_cast<uint32_t>(r.addresses[__builtin_ctz(out.lanes)]);
  uint32_t at[32];
  for (int i = 0; i < 32; ++i)
    at[i] = out.lanes >> i & 1 ? static_cast<uint32_t>(r.addresses[i]) : stray;
  const uint8_t *state = cta.shared.state.data();
  bool suspicious = reads(r.intent)
                        ? scan(state, at, r.bytes, kAllReady) != 0
                        : scan(state, at, r.bytes, 0) & kWatchWrites;
  if (suspicious)
    explainShared(r, at, out);
  if (writes(r.intent))
    setStates(r, at, out.lanes);
  for (int i = 0; i < 32; ++i)
    out.at[i] = cta.shared.data.data() + at[i];
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

static void touchGlobal(const Request &r, Allocation &allocation,
                        uint32_t lanes, Resolved &out) {
  const Cta &cta = r.warp.cta;
  if (cta.isUnfinished(allocation))
    emit(r, EventKind::GridUnfinished, lanes);
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
    touchGlobal(r, *last, fine, out);
    out.lanes |= fine;
    rest &= ~here;
  }
  countTraffic(r, out.lanes);
  emit(r, EventKind::OutOfBounds, outside);
}

static void resolveLocal(const Request &r, uint32_t mask, Resolved &out) {
  uint32_t size = r.warp.cta.launch.kernel.localBytes;
  out.lanes = admit(r, mask, 0, size);
  countTraffic(r, out.lanes);
  for (uint32_t rest = out.lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    size_t place = size_t(lane) * size + r.addresses[lane];
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
    Request part{r.warp, r.op,    kSpaces[window], r.intent,
                 plain,  r.bytes};
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
