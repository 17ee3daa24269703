//===- Collective.cpp - Operations of several lanes -----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Collective.h"
#include "Ops/Park.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

static void missing(Warp &warp, const Op &op, uint32_t lanes,
                    const char *detail) {
  Event event{EventKind::LanesMissing, &warp, &op, lanes};
  event.detail = detail;
  warp.cta.emit(event);
}

/// Another fragment that waits at the same operation joins this one.
static bool mergeWaiting(Warp &warp, uint32_t pc, Fragment::State state) {
  Fragment &here = warp.fragment();
  for (size_t f = 0; f < warp.fragments.size(); ++f) {
    Fragment &other = warp.fragments[f];
    if (f == warp.current || other.state != state || other.pc != pc ||
        other.meeting != here.meeting)
      continue;
    here.mask |= other.mask;
    here.passed |= other.passed;
    here.pc = pc;
    warp.fragments.erase(warp.fragments.begin() + f);
    if (f < warp.current)
      --warp.current;
    return true;
  }
  return false;
}

/// The fragment joins one that waits at the same operation, or waits itself.
static void joinOrPark(Warp &warp, const Op &op, Fragment::State state) {
  uint32_t pc = static_cast<uint32_t>(&op - warp.cta.launch.kernel.ops.data());
  if (!mergeWaiting(warp, pc, state))
    park(warp, op, state);
}

static void reportDivergent(Warp &warp, const Op &op, uint32_t mask) {
  Event event{EventKind::DivergentAligned, &warp, &op, mask};
  warp.cta.emit(event);
}

bool awaitLiveLanes(Warp &warp, const Op &op, uint32_t mask) {
  Fragment &here = warp.fragment();
  bool excluded = warp.live & ~mask & here.mask; // by its guard
  if (!here.forced && !excluded) {
    joinOrPark(warp, op, Fragment::AtAligned);
    return false;
  }
  here.forced = false;
  reportDivergent(warp, op, mask);
  return true;
}

bool awaitWarp(Warp &warp, const Op &op, uint32_t mask) {
  if (mask != warp.live)
    return awaitLiveLanes(warp, op, mask);
  reportDivergent(warp, op, mask);
  return true;
}

/// Reports what keeps the members from ever coming, where something does.
static bool willNeverCome(Warp &warp, const Op &op, uint32_t absent) {
  const Fragment &here = warp.fragment();
  if (here.forced || absent & ~warp.live)
    missing(warp, op, absent, "the member mask names lanes that never come");
  else if (absent & here.mask)
    missing(warp, op, absent & here.mask,
            "the member mask names these lanes, whose guard is false");
  else
    return false;
  return true;
}

bool gather(Warp &warp, const Op &op, uint32_t mask, uint32_t members) {
  Fragment &here = warp.fragment();
  if (mask & ~members)
    missing(warp, op, mask & ~members,
            "these lanes execute it but are not in its member mask");
  // Lanes that went past this fragment while it waited, and then exited, are
  // missing, too.
  uint32_t absent = members & (warp.live | here.passed) & ~mask;
  if (absent && !willNeverCome(warp, op, absent)) {
    joinOrPark(warp, op, Fragment::WaitingLanes);
    return false;
  }
  here.forced = false;
  here.passed = 0;
  return true;
}

bool isOneGroup(uint32_t mask, const uint32_t *members) {
  uint32_t first = members[__builtin_ctz(mask)], other = 0;
  for (int i = 0; i < 32; ++i)
    other |= uint32_t(members[i] != first) << i;
  return !(other & mask);
}

uint32_t membersOfAll(uint32_t mask, const uint32_t *members) {
  uint32_t out = 0;
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    out |= members[__builtin_ctz(rest)];
  return out;
}

uint32_t nextGroup(Warp &warp, const Op &op, uint32_t mask, uint16_t row) {
  const uint32_t *members = warp.row(row);
  uint32_t named = members[__builtin_ctz(mask)], group = 0;
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    if (members[__builtin_ctz(rest)] == named)
      group |= rest & (0 - rest);
  if (group & ~named)
    missing(warp, op, group & ~named,
            "these lanes execute it but are not in its member mask");
  if (uint32_t absent = named & warp.live & ~group)
    missing(warp, op, absent,
            "a member mask names these lanes, which do not come with the same");
  return group;
}

uint32_t memberMask(Warp &warp, const Op &op, uint32_t mask, uint16_t row) {
  demandDefined(warp, op, mask, warp.poison[row], "member mask");
  return warp.row(row)[__builtin_ctz(mask)];
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
