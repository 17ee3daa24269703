//===- AsyncCopy.cpp - Copies in flight -----------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/AsyncCopy.h"

#include <algorithm>
#include <cstring>

using namespace attnrt::sim;

static unsigned firstLane(uint32_t lanes) { return __builtin_ctz(lanes); }

void AsyncQueue::clear() {
  pending.clear();
  unpublished.clear();
  published = sharedBelow = issued = 0;
  std::memset(committed, 0, sizeof(committed));
}

/// The bytes of one lane, and zeros.
static void bring(const AsyncCopy &copy, unsigned lane, SharedMemory &shared) {
  uint8_t *to = &shared.data[copy.to[lane]];
  unsigned given = copy.given[lane];
  if (given == 16) {
    std::memcpy(to, reinterpret_cast<const void *>(copy.from[lane]), 16);
    return;
  }
  std::memset(to, 0, copy.bytes);
  if (given)
    std::memcpy(to, reinterpret_cast<const void *>(copy.from[lane]), given);
}

void AsyncQueue::issue(const AsyncCopy &copy, SharedMemory &shared,
                       bool early) {
  uint8_t state = static_cast<uint8_t>(shadow::kPending | warp);
  for (uint32_t rest = copy.lanes; rest; rest &= rest - 1) {
    uint32_t to = copy.to[firstLane(rest)];
    if (early)
      bring(copy, firstLane(rest), shared);
    else
      std::memset(&shared.data[to], 0xff, copy.bytes);
    std::memset(&shared.state[to], state, copy.bytes);
  }
  pending.push_back(copy);
  pending.back().isThere = early;
  pending.back().number = issued++;
}

/// Leaves `lanes` of the copy at `index` and appends the others as another.
void AsyncQueue::split(size_t index, uint32_t lanes) {
  AsyncCopy rest = pending[index];
  rest.lanes &= ~lanes;
  pending[index].lanes &= lanes;
  pending.push_back(rest);
}

void AsyncQueue::commit(uint32_t lanes) {
  for (size_t i = 0; i < pending.size(); ++i) {
    uint32_t mine = pending[i].lanes & lanes;
    if (pending[i].group != AsyncCopy::kUncommitted || !mine)
      continue;
    uint32_t group = committed[firstLane(mine)];
    uint32_t same = 0;
    for (uint32_t rest = mine; rest; rest &= rest - 1)
      if (committed[firstLane(rest)] == group)
        same |= rest & (0 - rest);
    if (same != pending[i].lanes)
      split(i, same);
    pending[i].group = group;
  }
  for (uint32_t rest = lanes; rest; rest &= rest - 1)
    ++committed[firstLane(rest)];
}

void AsyncQueue::complete(AsyncCopy &copy, SharedMemory &shared) {
  uint8_t state = static_cast<uint8_t>(shadow::kLanded | warp);
  Landing landing{copy.lanes, copy.number, copy.bytes, {}};
  std::memcpy(landing.to, copy.to, sizeof(landing.to));
  for (uint32_t rest = copy.lanes; rest; rest &= rest - 1) {
    unsigned lane = firstLane(rest);
    if (!copy.isThere)
      bring(copy, lane, shared);
    std::memset(&shared.state[copy.to[lane]], state, copy.bytes);
    shared.forgetSwizzle(copy.to[lane]);
    uint32_t *seenBy =
        &shared.seenBy[copy.to[lane] / SharedMemory::kCopiedWord];
    for (unsigned b = 0; b < copy.bytes; b += SharedMemory::kCopiedWord)
      *seenBy++ = 1u << lane;
  }
  unpublished.push_back(landing);
}

template <typename Due>
void AsyncQueue::completeIf(uint32_t lanes, SharedMemory &shared, Due due) {
  size_t kept = 0, count = pending.size();
  for (size_t i = 0; i < pending.size(); ++i) {
    if (i < count && (pending[i].lanes & lanes)) {
      uint32_t ready = 0;
      for (uint32_t rest = pending[i].lanes & lanes; rest; rest &= rest - 1)
        if (due(pending[i], firstLane(rest)))
          ready |= rest & (0 - rest);
      if (ready && ready != pending[i].lanes)
        split(i, ready);
      if (ready) {
        complete(pending[i], shared);
        continue;
      }
    }
    if (kept != i)
      pending[kept] = pending[i];
    ++kept;
  }
  pending.resize(kept);
}

void AsyncQueue::wait(uint32_t lanes, uint32_t left, SharedMemory &shared) {
  completeIf(lanes, shared, [&](const AsyncCopy &copy, unsigned lane) {
    return copy.group != AsyncCopy::kUncommitted &&
           uint64_t(copy.group) + left < committed[lane];
  });
}

void AsyncQueue::waitAll(uint32_t lanes, SharedMemory &shared) {
  completeIf(lanes, shared, [](const AsyncCopy &, unsigned) { return true; });
}

/// The word still holds, at least in part, what a copy of this warp brought.
static bool holdsLanded(const uint8_t *state, uint8_t landed) {
  for (unsigned b = 0; b < SharedMemory::kCopiedWord; ++b)
    if (state[b] == landed)
      return true;
  return false;
}

void AsyncQueue::share(uint32_t lanes, bool whole, SharedMemory &shared) {
  uint8_t mine = static_cast<uint8_t>(shadow::kLanded | warp);
  for (uint64_t n = std::max(sharedBelow, published); n < landed(); ++n) {
    const Landing &here = landing(n);
    for (uint32_t rest = here.lanes; rest; rest &= rest - 1) {
      uint32_t to = here.to[firstLane(rest)], end = to + here.bytes;
      for (; to < end; to += SharedMemory::kCopiedWord) {
        uint32_t &seenBy = shared.seenBy[to / SharedMemory::kCopiedWord];
        if (seenBy & lanes && holdsLanded(&shared.state[to], mine))
          seenBy |= lanes;
      }
    }
  }
  sharedBelow = whole ? landed() : sharedBelow;
}

/// Marks bytes ready that nobody has overwritten since they landed.
static void publishBytes(uint8_t *state, unsigned bytes, uint8_t landed) {
  uint8_t ready[16], before[16];
  std::memset(ready, shadow::kReady, 16);
  std::memset(before, landed, 16);
  if (bytes == 16 && !std::memcmp(state, before, 16)) {
    std::memcpy(state, ready, 16);
    return;
  }
  for (unsigned b = 0; b < bytes; ++b)
    state[b] = state[b] == landed ? uint8_t(shadow::kReady) : state[b];
}

void AsyncQueue::publish(uint64_t below, SharedMemory &shared) {
  if (below <= published)
    return;
  size_t count = below - published;
  uint8_t mine = static_cast<uint8_t>(shadow::kLanded | warp);
  for (size_t i = 0; i < count; ++i) {
    const Landing &landing = unpublished[i];
    for (uint32_t rest = landing.lanes; rest; rest &= rest - 1) {
      uint8_t *state = &shared.state[landing.to[firstLane(rest)]];
      publishBytes(state, landing.bytes, mine);
    }
  }
  unpublished.erase(unpublished.begin(), unpublished.begin() + count);
  published = below;
}

std::vector<AsyncQueue::Landing>
AsyncQueue::deliver(uint32_t lanes, uint64_t before, SharedMemory &shared) {
  size_t first = unpublished.size();
  completeIf(lanes, shared, [&](const AsyncCopy &copy, unsigned) {
    return copy.number < before;
  });
  // A wait may have brought some of them before.
  uint8_t mine = static_cast<uint8_t>(shadow::kLanded | warp);
  for (const Landing &landing : unpublished)
    for (uint32_t rest = landing.number < before ? landing.lanes & lanes : 0;
         rest; rest &= rest - 1)
      publishBytes(&shared.state[landing.to[firstLane(rest)]], landing.bytes,
                   mine);
  std::vector<Landing> out(unpublished.begin() + first, unpublished.end());
  unpublished.resize(first);
  return out;
}
