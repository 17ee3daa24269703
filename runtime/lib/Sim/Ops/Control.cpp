//===- Control.cpp - Control flow, fences ---------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Barriers.h"
#include "Machine/Cluster.h"
#include "Ops/Lanes.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

/// The scheduler keeps the program counter to itself until somebody asks.
Fragment &synced(Warp &warp, const Op &op) {
  Fragment &fragment = warp.fragment();
  fragment.pc = static_cast<uint32_t>(&op - warp.cta.launch.kernel.ops.data());
  return fragment;
}

Step branch(Warp &warp, const Op &op, uint32_t mask) {
  synced(warp, op);
  warp.branch(op, mask, op.target);
  return Step::Moved;
}

Step branchIndexed(Warp &warp, const Op &op, uint32_t mask) {
  uint32_t pc = synced(warp, op).pc;
  const std::vector<uint32_t> &table =
      warp.cta.launch.kernel.branchTables[op.aux];
  demandDefined(warp, op, mask, warp.poison[op.src[0]], "branch index");
  uint32_t outside = 0;
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    if (warp.row(op.src[0])[__builtin_ctz(rest)] >= table.size())
      outside |= rest & (0 - rest);
  if (outside) {
    Event event{EventKind::OutOfBounds, &warp, &op, outside};
    event.detail = "index beyond the branch table";
    warp.cta.emit(event);
  }
  // Lanes without a target fall through.
  uint32_t todo = mask & ~outside;
  while (todo) {
    uint32_t index = warp.row(op.src[0])[__builtin_ctz(todo)];
    uint32_t same = 0;
    for (uint32_t rest = todo; rest; rest &= rest - 1)
      if (warp.row(op.src[0])[__builtin_ctz(rest)] == index)
        same |= rest & (0 - rest);
    bool whole = same == warp.fragment().mask;
    warp.branch(op, same, table[index]);
    if (whole)
      return Step::Moved;
    warp.fragment().pc = pc;
    todo &= ~same;
  }
  warp.fragment().pc = pc + 1;
  return Step::Moved;
}

Step exit(Warp &warp, const Op &op, uint32_t mask) {
  synced(warp, op);
  warp.exitLanes(mask);
  noteExit(warp);
  warp.cta.cluster->completeIfAll();
  return Step::Moved;
}

/// From a function to its caller; the entry ends.
Step ret(Warp &warp, const Op &op, uint32_t mask) {
  if (!warp.isInFunction())
    return exit(warp, op, mask);
  synced(warp, op);
  warp.stack->leave(mask);
  warp.returnLanes(mask);
  return Step::Moved;
}

Step trap(Warp &warp, const Op &op, uint32_t mask) {
  synced(warp, op);
  Event event{EventKind::Trap, &warp, &op, mask};
  warp.cta.emit(event);
  warp.cta.stopped = true;
  return Step::Moved;
}

/// Memory is coherent here; fences matter to checkers of order alone.
Step fence(Warp &, const Op &, uint32_t) { return Step::Next; }

Step wideFence(Warp &warp, const Op &op, uint32_t mask) {
  Event event{EventKind::MemoryFence, &warp, &op, mask};
  warp.cta.emit(event);
  return Step::Next;
}

} // namespace

bool bindControl(const Match &match, Op &op) {
  switch (match.sem()) {
  case Sem::Bra:
    return setHandler(op, branch);
  case Sem::Brx:
    return setHandler(op, branchIndexed);
  case Sem::Ret:
    return setHandler(op, ret);
  case Sem::Exit:
    return setHandler(op, exit);
  case Sem::Trap:
    return setHandler(op, trap);
  case Sem::Membar:
  case Sem::Fence:
    return setHandler(op, match.has("cta") || match.has("acquire") ? fence
                                                                   : wideFence);
  case Sem::Nanosleep:
  case Sem::Pmevent:
  case Sem::Brkpt:
    return setHandler(op, fence);
  default:
    return false;
  }
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
