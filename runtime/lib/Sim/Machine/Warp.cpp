//===- Warp.cpp - The state of one warp -----------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Warp.h"
#include "Machine/Cta.h"

#include <algorithm>
#include <cstring>

using namespace attnrt::sim;

Warp::Warp(Cta &cta, unsigned index) : cta(cta), index(index), asyncs(index) {
  const Kernel &kernel = cta.launch.kernel;
  storage.reset(new uint32_t[size_t(kernel.rows) * 32 + 16]);
  uint64_t raw = reinterpret_cast<uint64_t>(storage.get());
  rows = reinterpret_cast<uint32_t *>((raw + 63) & ~uint64_t(63));
  poison.reset(new uint32_t[kernel.rows]);
  partial.reset(new uint32_t[kernel.rows]);
  preds.reset(new Predicate[kernel.preds]);
  if (kernel.usesStack)
    stack = std::make_unique<CallStack>(*this);
}

uint64_t Warp::bytesFor(const Kernel &kernel) {
  uint64_t row = 32 * sizeof(uint32_t) + 2 * sizeof(uint32_t); // definedness
  uint64_t wgmmaRows = kernel.hasWgmmas ? kernel.rows : 0;
  return sizeof(Warp) + kernel.rows * row + kernel.preds * sizeof(Predicate) +
         WgmmaRegisters::bytesFor(wgmmaRows) +
         uint64_t(kernel.localBytes) * 32 * 2;
}

uint64_t Warp::bitsBytes() const {
  return uint64_t(cta.launch.kernel.rows) * 32 * sizeof(uint32_t);
}

uint64_t Warp::grownBytes() const {
  uint64_t frames = localBytes - cta.launch.kernel.localBytes;
  return (undefined ? bitsBytes() : 0) + frames * 64 +
         (stack ? stack->bytes() : 0);
}

uint32_t Warp::localEnd(uint32_t lanes) const {
  return stack ? stack->highest(lanes) : localBytes;
}

/// Lanes of `bytes` each, with what they had.
static void widen(std::vector<uint8_t> &memory, uint32_t from, uint32_t to,
                  uint8_t fill) {
  std::vector<uint8_t> wider(size_t(to) * 32, fill);
  for (size_t lane = 0; lane < 32 && from; ++lane)
    std::memcpy(&wider[lane * to], &memory[lane * from], from);
  memory.swap(wider);
}

void Warp::growLocal(uint32_t bytes) {
  if (bytes <= localBytes)
    return;
  uint32_t wider = std::max(bytes, 2 * localBytes);
  wider = (wider + 63) & ~63u;
  widen(local, localBytes, wider, 0xff);
  widen(localState, localBytes, wider, shadow::kFresh);
  localBytes = wider;
}

void Warp::reset(uint32_t lanes) {
  const Kernel &kernel = cta.launch.kernel;
  existing = live = lanes;
  std::memset(rows, 0xff, size_t(kernel.rows) * 128);
  std::memset(poison.get(), 0, kernel.rows * sizeof(uint32_t));
  std::memset(partial.get(), 0, kernel.rows * sizeof(uint32_t));
  for (uint16_t row : kernel.undefinedRows)
    poison[row] = ~0u;
  for (uint32_t p = 0; p < kernel.preds; ++p)
    preds[p] = Predicate();
  preds[kTruePred].value = ~0u;
  for (uint16_t pred : kernel.undefinedPreds)
    preds[pred].poison = ~0u;
  fragments.assign(1, Fragment());
  fragments[0].mask = lanes;
  current = 0;
  meetings.clear();
  freeMeetings.clear();
  asyncs.clear();
  wgmma.reset(kernel.hasWgmmas ? kernel.rows : 0);
  std::fill(std::begin(clusterPhase), std::end(clusterPhase), 0);
  localBytes = kernel.localBytes;
  local.assign(size_t(localBytes) * 32, 0xff);
  localState.assign(size_t(localBytes) * 32, shadow::kFresh);
  if (stack)
    stack->reset(kernel);
  undefinedLoad = nullptr;
  instructions = 0;
  polled = Polled();
}

bool Warp::pickReady() {
  size_t count = fragments.size();
  for (size_t i = 1; i <= count; ++i) {
    size_t next = (current + i) % count;
    if (fragments[next].state != Fragment::Ready)
      continue;
    current = next;
    return true;
  }
  return false;
}

int32_t Warp::newMeeting(const Meeting &meeting) {
  if (freeMeetings.empty()) {
    meetings.push_back(meeting);
    return static_cast<int32_t>(meetings.size()) - 1;
  }
  int32_t at = freeMeetings.back();
  freeMeetings.pop_back();
  meetings[at] = meeting;
  return at;
}

void Warp::branch(const Op &op, uint32_t taken, uint32_t target) {
  Fragment &here = fragment();
  uint32_t rest = here.mask & ~taken;
  if (!taken) {
    ++here.pc;
    return;
  }
  if (!rest) {
    here.pc = target;
    return;
  }
  int32_t meeting = here.meeting;
  bool nested = op.reconverge != kNoTarget &&
                (meeting < 0 || meetings[meeting].isReturn ||
                 meetings[meeting].pc != op.reconverge);
  if (nested)
    meeting = newMeeting({op.reconverge, here.mask, 0, here.meeting, false});
  Fragment other = here;
  other.pc = target;
  other.mask = taken;
  other.meeting = meeting;
  here.mask = rest;
  here.meeting = meeting;
  ++here.pc;
  fragments.push_back(other);
}

void Warp::dropCurrent() {
  fragments.erase(fragments.begin() + current);
  current = 0;
}

void Warp::arriveAtMeeting() {
  Fragment here = fragment();
  meetings[here.meeting].waiting |= here.mask;
  dropCurrent();
  settle(here.meeting);
}

/// Ends the meeting when nobody is missing any more.
void Warp::settle(int32_t index) {
  while (index >= 0) {
    Meeting meeting = meetings[index];
    if (meeting.waiting != meeting.expected)
      return;
    freeMeetings.push_back(index);
    if (meeting.expected) {
      Fragment joined;
      joined.pc = meeting.pc;
      joined.mask = meeting.waiting;
      joined.meeting = meeting.parent;
      fragments.push_back(joined);
      return;
    }
    index = meeting.parent;
  }
}

void Warp::leave(uint32_t lanes) {
  Fragment &here = fragment();
  int32_t innermost = here.meeting;
  here.mask &= ~lanes;
  if (here.mask) {
    ++here.pc;
    return;
  }
  dropCurrent();
  settle(innermost);
}

void Warp::exitLanes(uint32_t lanes) {
  live &= ~lanes;
  for (int32_t m = fragment().meeting; m >= 0; m = meetings[m].parent)
    meetings[m].expected &= ~lanes;
  leave(lanes);
}

void Warp::call(uint32_t taken, uint32_t target) {
  uint32_t back = fragment().pc + 1;
  int32_t meeting = newMeeting({back, taken, 0, fragment().meeting, true});
  Fragment called = fragment();
  called.pc = target;
  called.mask = taken;
  called.meeting = meeting;
  if (called.mask == fragment().mask) {
    fragment() = called;
    return;
  }
  fragment().mask &= ~taken;
  fragment().pc = back;
  fragments.push_back(called);
}

/// The meeting behind the innermost call, or -1.
int32_t Warp::returnOf(const Fragment &fragment) const {
  int32_t back = fragment.meeting;
  while (back >= 0 && !meetings[back].isReturn)
    back = meetings[back].parent;
  return back;
}

void Warp::returnLanes(uint32_t lanes) {
  int32_t back = returnOf(fragment());
  for (int32_t m = fragment().meeting; m != back; m = meetings[m].parent)
    meetings[m].expected &= ~lanes;
  meetings[back].waiting |= lanes;
  leave(lanes);
}

bool Warp::releaseMeetings() {
  bool any = false;
  for (Meeting &meeting : meetings) {
    if (!meeting.waiting || meeting.waiting == meeting.expected)
      continue;
    for (Fragment &fragment : fragments)
      fragment.passed |=
          fragment.state == Fragment::WaitingLanes ? meeting.waiting : 0;
    Fragment alone;
    alone.pc = meeting.pc;
    alone.mask = meeting.waiting;
    alone.meeting = meeting.parent;
    meeting.expected &= ~meeting.waiting;
    meeting.waiting = 0;
    fragments.push_back(alone);
    any = true;
  }
  return any;
}

bool Warp::forceAligned() {
  Fragment *first = nullptr;
  for (Fragment &fragment : fragments) {
    if (fragment.state != Fragment::AtAligned)
      return false;
    first = first ? first : &fragment;
  }
  if (!first)
    return false;
  first->forced = true;
  first->state = Fragment::Ready;
  return true;
}
