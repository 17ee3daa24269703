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

/// The lanes of `mask` that give the same member mask as its first lane.
/// Missing members are reported.
uint32_t nextGroup(Warp &warp, const Op &op, uint32_t mask, uint16_t row);

/// All lanes of `mask` give the same member mask.
bool isOneGroup(uint32_t mask, const uint32_t *members);

/// All lanes that some lane of `mask` names.
uint32_t membersOfAll(uint32_t mask, const uint32_t *members);

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
  if (!gather(warp, op, mask, membersOfAll(mask, warp.row(row))))
    return Step::Moved;
  for (uint32_t rest = mask; rest;) {
    uint32_t group = nextGroup(warp, op, rest, row);
    kBody(warp, op, group);
    rest &= ~group;
  }
  return Step::Next;
}

/// Some live lanes are not there: parks the fragment, or reports those that
/// will never come.
bool awaitLiveLanes(Warp &warp, const Op &op, uint32_t mask);

/// True when all live lanes execute the `.aligned` operation together, or never
/// will and it was reported. False when the fragment is parked until the others
/// come or exit: lanes that went on alone past a meeting are early, no more.
inline bool gatherLiveLanes(Warp &warp, const Op &op, uint32_t mask) {
  return mask == warp.live || awaitLiveLanes(warp, op, mask);
}

bool awaitWarp(Warp &warp, const Op &op, uint32_t mask);

/// Like gatherLiveLanes, for operations that are undefined when a thread of the
/// warp has exited.
inline bool gatherWarp(Warp &warp, const Op &op, uint32_t mask) {
  return mask == warp.existing || awaitWarp(warp, op, mask);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA

#endif // ATTNRT_SIM_OPS_COLLECTIVE_H
