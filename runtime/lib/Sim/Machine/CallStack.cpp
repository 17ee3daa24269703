//===- CallStack.cpp - Frames of the threads of one warp ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/CallStack.h"
#include "Machine/Cta.h"

#include <algorithm>
#include <cstring>

using namespace attnrt::sim;

/// What a call takes besides the variables: where to return to.
static constexpr uint32_t kReturn = 16;

void CallStack::reset(const Kernel &kernel) {
  for (auto &lane : frames)
    lane.clear();
  active.assign(kernel.callees.size() * 32, 0);
  std::fill(std::begin(bases), std::end(bases), 0);
  std::fill(std::begin(tops), std::end(tops), kernel.localBytes);
  savedBytes = 0;
}

static uint32_t aligned(uint32_t at, uint32_t align) {
  return (at + align - 1) & ~(align - 1);
}

uint32_t CallStack::highest(uint32_t lanes) const {
  uint32_t out = 0;
  for (; lanes; lanes &= lanes - 1)
    out = std::max(out, tops[__builtin_ctz(lanes)]);
  return out;
}

bool CallStack::enter(uint32_t lanes, int callee, const CallSite &site) {
  const Kernel &kernel = warp.cta.launch.kernel;
  uint64_t frame = kernel.callees[callee].frameBytes + kReturn;
  uint64_t needed = aligned(highest(lanes), 16) + frame;
  if (needed > std::max<uint64_t>(kLimit, kernel.localBytes))
    return false;
  warp.growLocal(static_cast<uint32_t>(needed));
  for (uint32_t rest = lanes; rest; rest &= rest - 1)
    enterLane(__builtin_ctz(rest), callee, site);
  return true;
}

void CallStack::enterLane(unsigned lane, int number, const CallSite &site) {
  const Callee &callee = warp.cta.launch.kernel.callees[number];
  uint32_t &depth = active[number * 32 + lane];
  Activation frame{number, &site, bases[lane], tops[lane], depth != 0, {}};
  if (depth++)
    save(lane, callee, frame.saved);
  bases[lane] = aligned(tops[lane], 16);
  tops[lane] = bases[lane] + callee.frameBytes + kReturn;
  copy(lane, frame.base, site.args, bases[lane], callee.params);
  frames[lane].push_back(std::move(frame));
  begin(lane, callee);
}

/// Registers as they are when a function begins.
void CallStack::begin(unsigned lane, const Callee &callee) {
  for (const FrameRow &row : callee.addresses) {
    uint64_t address = bases[lane] + row.offset;
    if (row.wide)
      warp.row64(row.row)[lane] = address;
    else
      warp.row(row.row)[lane] = static_cast<uint32_t>(address);
  }
  for (uint16_t row : callee.undefinedRows)
    warp.setPoison(row, 1u << lane, ~0u);
  for (uint16_t pred : callee.undefinedPreds)
    warp.preds[pred].poison |= 1u << lane;
}

void CallStack::leave(uint32_t lanes) {
  for (; lanes; lanes &= lanes - 1)
    leaveLane(__builtin_ctz(lanes));
}

void CallStack::leaveLane(unsigned lane) {
  Activation frame = std::move(frames[lane].back());
  frames[lane].pop_back();
  const Callee &callee = warp.cta.launch.kernel.callees[frame.callee];
  copy(lane, bases[lane], callee.results, frame.base, frame.site->results);
  cut(lane, frame.top);
  bases[lane] = frame.base;
  --active[frame.callee * 32 + lane];
  if (frame.hasSaved)
    restore(lane, callee, frame.saved);
}

void CallStack::copy(unsigned lane, uint32_t from,
                     const std::vector<FramePart> &given, uint32_t to,
                     const std::vector<FramePart> &taken) {
  size_t begin = size_t(lane) * warp.localBytes;
  for (size_t i = 0; i < given.size() && i < taken.size(); ++i) {
    size_t source = begin + from + given[i].offset;
    size_t target = begin + to + taken[i].offset;
    uint32_t bytes = std::min(given[i].bytes, taken[i].bytes);
    std::memcpy(&warp.local[target], &warp.local[source], bytes);
    std::memcpy(&warp.localState[target], &warp.localState[source], bytes);
  }
}

uint32_t CallStack::extend(unsigned lane, uint64_t bytes, uint32_t align) {
  uint64_t at = aligned(tops[lane], std::max(align, 16u));
  if (bytes > kLimit || at + bytes > kLimit)
    return kNoRoom;
  warp.growLocal(static_cast<uint32_t>(at + bytes));
  tops[lane] = static_cast<uint32_t>(at + bytes);
  return static_cast<uint32_t>(at);
}

/// What is left behind is as if never written.
void CallStack::cut(unsigned lane, uint32_t to) {
  if (to >= tops[lane])
    return;
  std::memset(&warp.localState[size_t(lane) * warp.localBytes + to],
              shadow::kFresh, tops[lane] - to);
  tops[lane] = to;
}

void CallStack::save(unsigned lane, const Callee &callee,
                     SavedRegisters &into) {
  for (uint32_t r = callee.narrowBegin; r < callee.narrowEnd; ++r) {
    into.narrow.push_back(warp.row(r)[lane]);
    into.narrowUndefined.push_back(warp.undefinedBits<uint32_t>(r, lane));
  }
  for (uint32_t r = callee.wideBegin; r < callee.wideEnd; r += 2) {
    into.wide.push_back(warp.row64(r)[lane]);
    into.wideUndefined.push_back(warp.undefinedBits<uint64_t>(r, lane));
  }
  for (uint32_t p = callee.predBegin; p < callee.predEnd; ++p)
    into.preds.push_back((warp.preds[p].value >> lane & 1) |
                         (warp.preds[p].poison >> lane & 1) << 1);
  savedBytes += 8 * into.narrow.size() + 16 * into.wide.size() +
                into.preds.size() + sizeof(Activation);
}

template <typename T>
static void putBack(Warp &warp, uint16_t row, unsigned lane, T undefined) {
  T bits[32] = {};
  bits[lane] = undefined;
  if (undefined)
    warp.setUndefinedBits(row, 1u << lane, bits);
  else
    warp.setPoison(row, 1u << lane, 0);
}

static void putBit(uint32_t &word, unsigned lane, uint32_t bit) {
  word = (word & ~(1u << lane)) | bit << lane;
}

void CallStack::restore(unsigned lane, const Callee &callee,
                        const SavedRegisters &from) {
  for (size_t i = 0; i < from.narrow.size(); ++i) {
    uint16_t row = static_cast<uint16_t>(callee.narrowBegin + i);
    warp.row(row)[lane] = from.narrow[i];
    putBack(warp, row, lane, from.narrowUndefined[i]);
  }
  for (size_t i = 0; i < from.wide.size(); ++i) {
    uint16_t row = static_cast<uint16_t>(callee.wideBegin + 2 * i);
    warp.row64(row)[lane] = from.wide[i];
    putBack(warp, row, lane, from.wideUndefined[i]);
  }
  for (size_t i = 0; i < from.preds.size(); ++i) {
    Predicate &pred = warp.preds[callee.predBegin + i];
    putBit(pred.value, lane, from.preds[i] & 1);
    putBit(pred.poison, lane, from.preds[i] >> 1);
  }
  savedBytes -= 8 * from.narrow.size() + 16 * from.wide.size() +
                from.preds.size() + sizeof(Activation);
}
