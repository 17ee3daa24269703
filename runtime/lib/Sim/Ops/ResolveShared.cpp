//===- ResolveShared.cpp - Accesses to shared memory and its shadow -------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Cluster.h"
#include "Ops/Request.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

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

void resolveShared(const Request &r, uint32_t mask, Resolved &out) {
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

} // namespace attnrt::sim::ATTNRT_SIM_ISA
