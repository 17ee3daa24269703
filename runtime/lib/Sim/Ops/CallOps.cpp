//===- CallOps.cpp - Calls and the stack ----------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Cluster.h"
#include "Ops/Builtins.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

uint32_t placeOf(const Warp &warp, const Op &op) {
  return static_cast<uint32_t>(&op - warp.cta.launch.kernel.ops.data());
}

/// These lanes of the current fragment, which stands at the call, go there.
void enter(Warp &warp, const Op &op, uint32_t lanes, int callee) {
  const Kernel &kernel = warp.cta.launch.kernel;
  const Callee &to = kernel.callees[callee];
  if (!warp.stack->enter(lanes, callee, kernel.calls[op.aux])) {
    warp.cta.cluster->fail(op, "the call of `" + to.name +
                                   "` goes beyond the stack of a thread, " +
                                   std::to_string(CallStack::kLimit) +
                                   " bytes,");
    return;
  }
  warp.call(lanes, to.begin);
}

void notAFunction(Warp &warp, const Op &op, uint32_t lanes,
                  const char *detail) {
  Event event{EventKind::OutOfBounds, &warp, &op, lanes};
  event.detail = detail;
  warp.cta.emit(event);
}

bool fits(const std::vector<FramePart> &given,
          const std::vector<FramePart> &taken) {
  bool same = given.size() == taken.size();
  for (size_t i = 0; same && i < given.size(); ++i)
    same = given[i].bytes == taken[i].bytes;
  return same;
}

/// The callee that a pointer names, or -1 with a hazard.
int calleeAt(Warp &warp, const Op &op, uint32_t lanes, uint64_t pointer) {
  const Kernel &kernel = warp.cta.launch.kernel;
  uint64_t number = pointer & ~kWindowMask;
  bool isCode = (pointer & kWindowMask) == kCodeWindow &&
                number < kernel.calleeOf.size() && kernel.calleeOf[number] >= 0;
  if (!isCode) {
    notAFunction(warp, op, lanes, "call through a pointer to no function");
    return -1;
  }
  int callee = kernel.calleeOf[number];
  const CallSite &site = kernel.calls[op.aux];
  if (!fits(site.args, kernel.callees[callee].params) ||
      !fits(site.results, kernel.callees[callee].results)) {
    notAFunction(warp, op, lanes,
                 "call through a pointer to a function with other parameters");
    return -1;
  }
  return callee;
}

/// Lanes by the function that their pointer names; those without one go on
/// behind the call.
Step callThrough(Warp &warp, const Op &op, uint32_t mask) {
  uint32_t pc = placeOf(warp, op);
  demandDefined(warp, op, mask, warp.poison[op.src[0]], "address");
  const uint64_t *pointers = warp.row64(op.src[0]);
  while (mask && !warp.cta.stopped) {
    uint64_t pointer = pointers[__builtin_ctz(mask)];
    uint32_t same = 0;
    for (uint32_t rest = mask; rest; rest &= rest - 1)
      if (pointers[__builtin_ctz(rest)] == pointer)
        same |= rest & (0 - rest);
    mask &= ~same;
    int callee = calleeAt(warp, op, same, pointer);
    if (callee < 0)
      continue;
    bool whole = same == warp.fragment().mask;
    warp.fragment().pc = pc;
    enter(warp, op, same, callee);
    if (whole)
      return Step::Moved;
  }
  warp.fragment().pc = pc + 1;
  return Step::Moved;
}

Step call(Warp &warp, const Op &op, uint32_t mask) {
  const CallSite &site = warp.cta.launch.kernel.calls[op.aux];
  if (site.builtin != Builtin::None)
    return callBuiltin(warp, op, mask, site);
  if (site.callee < 0)
    return callThrough(warp, op, mask);
  warp.fragment().pc = placeOf(warp, op);
  enter(warp, op, mask, site.callee);
  return Step::Moved;
}

void putAddress(Warp &warp, const Op &op, unsigned lane, uint32_t value) {
  if (op.imm3)
    warp.row64(op.dst[0])[lane] = value;
  else
    warp.row(op.dst[0])[lane] = value;
}

uint64_t addressAt(Warp &warp, const Op &op, unsigned lane) {
  return op.imm3 ? warp.row64(op.src[0])[lane] : warp.row(op.src[0])[lane];
}

constexpr uint32_t kMostAligned = 4096;

Step allocate(Warp &warp, const Op &op, uint32_t mask) {
  demandDefined(warp, op, mask, warp.poison[op.src[0]], "size");
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t bytes = addressAt(warp, op, lane);
    uint32_t at = warp.stack->extend(lane, bytes, op.aux);
    if (at == CallStack::kNoRoom) {
      warp.cta.cluster->fail(
          op, "the stack of a thread, " + std::to_string(CallStack::kLimit) +
                  " bytes, has no room for " + std::to_string(bytes) + ",");
      return Step::Next;
    }
    putAddress(warp, op, lane, at);
  }
  warp.setPoison(op.dst[0], mask, 0);
  return Step::Next;
}

Step saveStack(Warp &warp, const Op &op, uint32_t mask) {
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    putAddress(warp, op, lane, warp.stack->top(lane));
  }
  warp.setPoison(op.dst[0], mask, 0);
  return Step::Next;
}

Step restoreStack(Warp &warp, const Op &op, uint32_t mask) {
  demandDefined(warp, op, mask, warp.poison[op.src[0]], "address");
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t to = addressAt(warp, op, lane);
    if (to < warp.stack->base(lane) || to > warp.stack->top(lane))
      notAFunction(warp, op, 1u << lane,
                   "stackrestore to what is not on the stack");
    else
      warp.stack->cut(lane, static_cast<uint32_t>(to));
  }
  return Step::Next;
}

} // namespace

bool bindCall(const Match &match, Op &op) {
  if (match.sem() == Sem::Call)
    return setHandler(op, call);
  op.imm3 = match.type() == Type::U64;
  switch (match.sem()) {
  case Sem::Alloca:
    op.aux = op.aux ? op.aux : 8;
    return setHandler(op, op.aux & (op.aux - 1) || op.aux > kMostAligned
                              ? nullptr
                              : allocate);
  case Sem::Stacksave:
    return setHandler(op, saveStack);
  case Sem::Stackrestore:
    return setHandler(op, restoreStack);
  default:
    return false;
  }
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
