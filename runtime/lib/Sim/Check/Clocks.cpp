//===- Clocks.cpp - Whose past a warp knows -------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check/Clocks.h"

#include <algorithm>

using namespace attnrt::sim;

/// What is known of others where there are none: everything. Copies in flight
/// have the only greater clock.
static constexpr uint32_t kNobody = 0xfffffffe;

void VectorClock::join(const VectorClock &other) {
  if (at.size() < other.at.size())
    at.resize(other.at.size());
  for (size_t i = 0; i < other.at.size(); ++i)
    at[i] = std::max(at[i], other.at[i]);
}

void Clocks::reset(unsigned ctas, unsigned warps) {
  warpsOfCta = warps;
  known.assign(size_t(ctas) * warps, Past());
  floor.assign(known.size(), warps > 1 ? 0 : kNobody);
  stamps.clear();
  isInOrder.clear();
  for (unsigned agent = 0; agent < known.size(); ++agent)
    known[agent].generic.set(agent, 1);
}

void Clocks::release(unsigned agent, Past &into) {
  Past &mine = known[agent];
  into.generic.join(mine.generic);
  into.async.join(mine.async);
  mine.generic.set(agent, mine.generic.get(agent) + 1);
}

void Clocks::acquire(unsigned agent, const Past &from) {
  Past &mine = known[agent];
  mine.generic.join(from.generic);
  mine.async.join(from.async);
  uint32_t least = kNobody;
  unsigned first = rankOf(agent) * warpsOfCta;
  for (unsigned other = first; other < first + warpsOfCta; ++other)
    if (other != agent)
      least = std::min(least, mine.generic.get(other));
  floor[agent] = least;
}

void Clocks::fenceProxy(unsigned agent) {
  Past &mine = known[agent];
  mine.async.join(mine.generic);
  mine.generic.set(agent, mine.generic.get(agent) + 1);
}

void Clocks::addComponent(bool inOrder) {
  stamps.push_back(kFirstAsync);
  isInOrder.push_back(inOrder);
}

AsyncStamp Clocks::issue(unsigned agent) {
  unsigned warps = static_cast<unsigned>(known.size());
  unsigned slot = 0;
  while (slot < stamps.size() &&
         (isInOrder[slot] || !knowsAsync(agent, warps + slot, stamps[slot])))
    ++slot;
  if (slot == stamps.size())
    addComponent(/*inOrder=*/false);
  return {warps + slot, ++stamps[slot]};
}

AsyncStamp Clocks::issueInOrder(AsyncStamp last) {
  unsigned warps = static_cast<unsigned>(known.size());
  if (last.clock)
    return {last.agent, ++stamps[last.agent - warps]};
  addComponent(/*inOrder=*/true);
  return {warps + static_cast<unsigned>(stamps.size()) - 1, ++stamps.back()};
}

void Clocks::publish(const AsyncStamp &stamp, Past &into) {
  for (VectorClock *clock : {&into.generic, &into.async})
    clock->set(stamp.agent, std::max(clock->get(stamp.agent), stamp.clock));
}

void Clocks::acquire(unsigned agent, const AsyncStamp &stamp) {
  publish(stamp, known[agent]);
}
