//===- Barriers.cpp - Arriving at the barriers of a CTA -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Barriers.h"

using namespace attnrt::sim;

static uint32_t lanesOf(const Barrier &barrier) {
  uint32_t warps = 0;
  for (unsigned w = 0; w < kMaxWarps; ++w)
    warps += barrier.arrived >> w & 1;
  return warps * 32;
}

static void giveResults(Cta &cta, const Barrier &barrier) {
  for (const Barrier::Reader &reader : barrier.readers) {
    Warp &warp = *cta.warps[reader.warp];
    const Op &op = *reader.op;
    if (op.aux == 2) {
      uint32_t *row = warp.row(op.dst[0]);
      for (unsigned lane = 0; lane < 32; ++lane)
        if (reader.lanes >> lane & 1)
          row[lane] = barrier.popc;
      warp.setPoison(op.dst[0], reader.lanes, 0);
      continue;
    }
    bool value = op.aux == 0 ? barrier.all : barrier.any;
    Predicate &pred = warp.preds[op.dst[0]];
    pred.value = (pred.value & ~reader.lanes) | (value ? reader.lanes : 0);
    pred.poison &= ~reader.lanes;
  }
}

static void complete(Cta &cta, uint32_t id) {
  Barrier done = std::move(cta.barriers[id]);
  cta.barriers[id] = Barrier();
  giveResults(cta, done);
  for (auto &warp : cta.warps) {
    if (done.lanes[warp->index])
      warp->asyncs.publish(done.landed[warp->index], cta.shared);
    for (Fragment &fragment : warp->fragments)
      if (fragment.state == Fragment::AtBarrier && fragment.barrier == id)
        fragment.state = Fragment::Ready;
  }
  Event event{EventKind::BarrierComplete};
  event.barrier = id;
  cta.emit(event);
}

static void mismatch(Warp &warp, const Op *op, uint32_t lanes, uint32_t id,
                     std::string detail) {
  Event event{EventKind::BarrierMismatch, &warp, op, lanes};
  event.barrier = id;
  event.detail = std::move(detail);
  warp.cta.emit(event);
}

/// The rules that the newcomer must keep.
static void checkArrival(Warp &warp, const Op &op, uint32_t lanes,
                         const Arrival &how, uint32_t expected) {
  const Barrier &barrier = warp.cta.barriers[how.id];
  if (how.aligned && lanes != warp.live) {
    Event event{EventKind::DivergentAligned, &warp, &op, lanes};
    warp.cta.emit(event);
  }
  if (warp.live != warp.existing)
    mismatch(warp, &op, warp.existing & ~warp.live, how.id,
             "these lanes have exited and cannot arrive");
  if (how.counted && (how.count % 32 || how.count == 0))
    mismatch(warp, &op, lanes, how.id,
             "expected a thread count that is a positive multiple of 32, got " +
                 std::to_string(how.count));
  if (barrier.use == Barrier::Use::None)
    return;
  if (barrier.expected != expected)
    mismatch(warp, &op, lanes, how.id,
             "this arrival expects " + std::to_string(expected) +
                 " threads, an earlier one of the same phase " +
                 std::to_string(barrier.expected));
  if (barrier.use != how.use)
    mismatch(warp, &op, lanes, how.id,
             "bar.red meets bar.sync or bar.arrive in one phase");
  if (barrier.lanes[warp.index] & lanes)
    mismatch(warp, &op, lanes, how.id,
             "the warp arrives twice before the barrier completes");
}

void attnrt::sim::arrive(Warp &warp, const Op &op, uint32_t lanes,
                         const Arrival &how) {
  Cta &cta = warp.cta;
  uint32_t all = static_cast<uint32_t>(cta.warps.size()) * 32;
  uint32_t expected = how.counted ? (how.count + 31) / 32 * 32 : all;
  checkArrival(warp, op, lanes, how, expected);
  Barrier &barrier = cta.barriers[how.id];
  if (barrier.use == Barrier::Use::None) {
    barrier.use = how.use;
    barrier.expected = expected;
    barrier.counted = how.counted;
  }
  barrier.lanes[warp.index] |= lanes;
  barrier.landed[warp.index] = warp.asyncs.landed();
  if (!(warp.live & ~barrier.lanes[warp.index]))
    barrier.arrived |= 1u << warp.index;
  if (how.waits) {
    Fragment &fragment = warp.fragment();
    fragment.state = Fragment::AtBarrier;
    fragment.barrier = how.id;
  }
  Event event{EventKind::BarrierArrive, &warp, &op, lanes};
  event.barrier = how.id;
  event.waits = how.waits;
  cta.emit(event);
  bool isLast = lanesOf(barrier) >= barrier.expected;
  BarrierCounts &counts = cta.counters.barriers[how.id];
  ++counts.arrivals;
  counts.waits += how.waits;
  counts.incomplete += how.waits && !isLast;
  if (isLast)
    complete(cta, how.id);
}

bool attnrt::sim::completeAbandoned(Cta &cta) {
  for (uint32_t id = 0; id < kBarriers; ++id) {
    Barrier &barrier = cta.barriers[id];
    if (barrier.use == Barrier::Use::None)
      continue;
    uint32_t exited = 0, first = 0;
    bool everyLiveWarp = true, partial = false;
    for (auto &warp : cta.warps) {
      uint32_t lanes = barrier.lanes[warp->index];
      if (!lanes && warp->finished()) {
        ++exited;
        first = warp->index;
      } else if (warp->live & ~lanes) {
        everyLiveWarp = false;
      } else if (!(barrier.arrived >> warp->index & 1)) {
        barrier.arrived |= 1u << warp->index;
        partial = true;
      }
    }
    if (partial && lanesOf(barrier) >= barrier.expected) {
      complete(cta, id);
      return true;
    }
    if (barrier.counted || !everyLiveWarp || !exited)
      continue;
    mismatch(*cta.warps[first], nullptr, 0, id,
             std::to_string(exited * 32) + " of " +
                 std::to_string(barrier.expected) +
                 " threads exited without arriving");
    complete(cta, id);
    return true;
  }
  return false;
}
