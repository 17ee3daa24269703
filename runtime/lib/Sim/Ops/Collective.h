//===- Collective.h - Operations of several lanes ---------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_OPS_COLLECTIVE_H
#define ATTNRT_SIM_OPS_COLLECTIVE_H

#include "Ops/Lanes.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

/// True when every member has come, or never will and has been reported. False
/// when the fragment is parked until the others come.
bool gather(Warp &warp, const Op &op, uint32_t mask, uint32_t members);

/// The member mask of the first lane.
uint32_t memberMask(Warp &warp, const Op &op, uint32_t mask, uint16_t row);

/// Those of `mask` that give the same member mask as its first lane. What is
/// missing of them is reported: groups do not wait for each other.
uint32_t nextGroup(Warp &warp, const Op &op, uint32_t mask, uint16_t row);

/// All lanes of `mask` give the same member mask.
bool isOneGroup(uint32_t mask, const uint32_t *members);

using GroupBody = void (*)(Warp &, const Op &, uint32_t);

/// A `.sync` operation whose source kMembers is the member mask: once for all
/// its lanes or, where groups of them give masks of their own, for each group.
template <GroupBody kBody, unsigned kMembers>
Step collective(Warp &warp, const Op &op, uint32_t mask) {
  uint16_t row = op.src[kMembers];
  uint32_t members = memberMask(warp, op, mask, row);
  if (members == ~0u || isOneGroup(mask, warp.row(row))) {
    if (!gather(warp, op, mask, members))
      return Step::Moved;
    kBody(warp, op, mask);
    return Step::Next;
  }
  for (uint32_t rest = mask; rest;) {
    uint32_t group = nextGroup(warp, op, rest, row);
    kBody(warp, op, group);
    rest &= ~group;
  }
  return Step::Next;
}

/// Reports an `.aligned` operation that not all live lanes execute.
inline void demandAligned(Warp &warp, const Op &op, uint32_t mask) {
  if (mask == warp.live)
    return;
  Event event{EventKind::DivergentAligned, &warp, &op, mask};
  warp.cta.emit(event);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA

#endif // ATTNRT_SIM_OPS_COLLECTIVE_H
