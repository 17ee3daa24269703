//===- WarpRun.cpp - Turns of warps ---------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Run/WarpRun.h"

#include <algorithm>

using namespace attnrt::sim;

/// The lanes whose guard lets them execute.
static uint32_t guarded(Warp &warp, const Op &op, uint32_t mask) {
  const Predicate &pred = warp.preds[op.guard];
  if (uint32_t bad = pred.poison & mask) {
    Event event{EventKind::PoisonUse, &warp, &op, bad};
    event.role = "condition";
    warp.cta.emit(event);
  }
  return mask & (op.guardNegated ? ~pred.value : pred.value);
}

/// An operation other than a wgmma names registers that wgmmas have, too.
static void watch(Warp &warp, const Op &op, uint32_t index) {
  for (const WgmmaRow &row :
       warp.cta.launch.kernel.wgmmaRows.find(index)->second) {
    warp.wgmma.touched[row.row] = true;
    if (!warp.wgmma.inFlight[row.row])
      continue;
    const WarpGroup &group = warp.cta.warpGroups[warp.index / 4];
    Event event{EventKind::WgmmaMisuse, &warp, &op, warp.fragment().mask};
    event.wgmma = group.userOf(warp.cta, warp.index % 4, row.row);
    event.write = row.def;
    warp.cta.emit(event);
  }
}

uint64_t attnrt::sim::runFragment(Warp &warp, uint64_t limit) {
  const Op *ops = warp.cta.launch.kernel.ops.data();
  OpCounts *counts = warp.cta.counters.of(Counters::warpgroupOf(warp.index));
  uint64_t count = 0;
  const Op *op = ops + warp.fragment().pc;
  const Op *first = op; // of those since the last jump
  uint32_t full = warp.fragment().mask;
  auto endRun = [&](const Op *end) {
    countRun(counts, first - ops, end - ops, full);
    count += end - first;
  };
  for (;;) {
    if (op->meets) {
      Fragment &here = warp.fragment();
      here.pc = static_cast<uint32_t>(op - ops);
      if (here.meeting >= 0 && warp.meetsHere()) {
        endRun(op);
        warp.arriveAtMeeting();
        return count;
      }
    }
    uint32_t mask = full;
    if (op->guard != kNoGuard) {
      mask = guarded(warp, *op, mask);
      if (mask != full)
        countGuard(counts[op - ops], full, mask);
      if (!mask) {
        ++op;
        continue;
      }
    }
    if (op->watched)
      watch(warp, *op, static_cast<uint32_t>(op - ops));
    if (op->fn(warp, *op, mask) == Step::Next) {
      ++op;
      continue;
    }
    endRun(op + 1);
    if (warp.fragments.size() != 1 || count >= limit || warp.cta.stopped)
      return count;
    const Fragment &here = warp.fragments[0];
    if (here.state != Fragment::Ready)
      return count;
    op = first = ops + here.pc;
    full = here.mask;
  }
}

bool attnrt::sim::pickFragment(Warp &warp) {
  return warp.pickReady() || (warp.forceAligned() && warp.pickReady());
}

Look attnrt::sim::runWarp(Warp &warp, uint64_t slice, Patience &patience,
                          WarpState &scratch) {
  Look turn;
  while (turn.instructions < slice && !warp.finished() && !warp.cta.stopped) {
    if (!pickFragment(warp))
      break;
    uint64_t left = slice - turn.instructions;
    if (patience.untilDue()) {
      uint64_t count = runFragment(warp, std::min(left, patience.untilDue()));
      turn.instructions += count;
      patience.spend(count);
      continue;
    }
    Look look = lookAt(warp, left, scratch);
    turn.worked = turn.instructions != 0;
    turn.instructions += look.instructions;
    turn.waits = look.waits;
    if (look.waits) {
      patience.found();
      break;
    }
    patience.foundNothing();
  }
  return turn;
}
