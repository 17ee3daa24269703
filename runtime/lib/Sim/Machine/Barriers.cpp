//===- Barriers.cpp - Arriving at the barriers of a CTA -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Barriers.h"

using namespace attnrt::sim;

/// A warp counts as a whole when all its living threads have come.
static uint32_t arrivedThreads(const Barrier &barrier) {
  return 32 * static_cast<uint32_t>(__builtin_popcount(barrier.arrived));
}

/// Without a count a barrier waits for the living threads of the CTA.
static bool isComplete(const Cta &cta, const Barrier &barrier) {
  if (barrier.counted || !barrier.arrived)
    return arrivedThreads(barrier) >= barrier.expected;
  for (const auto &warp : cta.warps)
    if (!warp->finished() && !(barrier.arrived >> warp->index & 1))
      return false;
  return true;
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
      warp.setPoison(op.dst[0], reader.lanes, barrier.undefined ? ~0u : 0);
      continue;
    }
    bool isAnd = op.aux == 0;
    bool value = isAnd ? barrier.all : barrier.any;
    bool isDecided = isAnd ? barrier.surelyFalse : barrier.surelyTrue;
    bool isUndefined = barrier.undefined && !isDecided;
    Predicate &pred = warp.preds[op.dst[0]];
    pred.value = (pred.value & ~reader.lanes) | (value ? reader.lanes : 0);
    pred.poison =
        (pred.poison & ~reader.lanes) | (isUndefined ? reader.lanes : 0);
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
  bool isLast = isComplete(cta, barrier);
  BarrierCounts &counts = cta.counters.barriers[how.id];
  ++counts.arrivals;
  counts.waits += how.waits;
  counts.incomplete += how.waits && !isLast;
  if (isLast)
    complete(cta, how.id);
}

/// Lanes of the warp came, and those that did not have exited.
static bool hasArrived(const Warp &warp, const Barrier &barrier) {
  uint32_t lanes = barrier.lanes[warp.index];
  return lanes && !(warp.live & ~lanes);
}

void attnrt::sim::noteExit(Warp &warp) {
  for (Fragment &fragment : warp.fragments)
    if (fragment.state == Fragment::WaitingLanes ||
        fragment.state == Fragment::AtAligned)
      fragment.state = Fragment::Ready;
  Cta &cta = warp.cta;
  for (uint32_t id = 0; id < kBarriers; ++id) {
    Barrier &barrier = cta.barriers[id];
    if (barrier.use == Barrier::Use::None)
      continue;
    if (hasArrived(warp, barrier))
      barrier.arrived |= 1u << warp.index;
    if (isComplete(cta, barrier))
      complete(cta, id);
  }
}
