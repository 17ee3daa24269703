//===- ScheduleTable.cpp - Default schedules ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Target/ScheduleTable.h"

#include "llvm/ADT/StringRef.h"

#include <algorithm>
#include <cassert>
#include <iterator>

using namespace attn;

namespace {
struct Row {
  llvm::StringRef target;
  HeadDims max;
  ScheduleKeys keys;
  int64_t leastQueries = 0;
  bool takesMasks = true;

  bool takes(const TargetDesc &desc, const Workload &work) const {
    return target == desc.name && work.dims.qk <= max.qk &&
           work.dims.v <= max.v && work.queries >= leastQueries &&
           (takesMasks || !work.isMasked);
  }
};
} // namespace

/// Warpgroups of consumers, of 64 query rows each, beside producers; CTAs stay,
/// and products overlap, and start in turns.
static constexpr ScheduleKeys inTurns(int64_t warpgroups, int64_t kv,
                                      int64_t prefetch) {
  return {/*q=*/64 * warpgroups, kv, /*warps=*/4 * warpgroups, /*stages=*/2,
          /*split=*/1, /*producers=*/4, /*persistent=*/1, prefetch,
          /*turns=*/2, /*overlap=*/1};
}

/// The same where exponentials are a small part: turns do not pay there, and
/// there is no room for a second query.
static constexpr ScheduleKeys wide(int64_t kv) {
  return {/*q=*/128, kv, /*warps=*/8, /*stages=*/2, /*split=*/1,
          /*producers=*/4, /*persistent=*/1, /*prefetch=*/0, /*turns=*/0,
          /*overlap=*/1};
}

/// The first row that takes the work is its. Shared memory is
/// 2 bytes * (q * dqk + stages * kv * (dqk + dv)). Up to 64, a warp has two
/// strips of 16 rows, which halves its reads of keys and values; beyond, ptxas
/// spills for some masks, and so it does for wide values beside a narrow query
/// with tiles of 64 keys. Above 192 there is room for one stage of 64 keys; two
/// of 32 would rescale the accumulators twice as often.
///
/// Three warpgroups have 160 registers a thread, enough up to 64, and tiles of
/// keys and values are copied for half as many rows again. Without masks, longer
/// tiles are worth the place of the next query above 112; at the edge of a mask,
/// more of them is wasted. As few queries as decoding has want short ones, to
/// split.
static constexpr Row kRows[] = {
    {"sm_80", {64, 64}, {/*q=*/128, /*kv=*/64, /*warps=*/4, /*stages=*/2}},
    {"sm_80", {192, 192}, {/*q=*/128, /*kv=*/64, /*warps=*/8, /*stages=*/2}},
    {"sm_80", {128, 256}, {/*q=*/128, /*kv=*/32, /*warps=*/8, /*stages=*/2}},
    {"sm_80", {256, 256}, {/*q=*/128, /*kv=*/64, /*warps=*/8, /*stages=*/1}},
    {"sm_90a", {64, 64}, inTurns(3, /*kv=*/128, /*prefetch=*/1),
     /*leastQueries=*/129},
    {"sm_90a", {112, 112}, inTurns(2, /*kv=*/176, /*prefetch=*/1),
     /*leastQueries=*/129, /*takesMasks=*/false},
    {"sm_90a", {128, 128}, inTurns(2, /*kv=*/176, /*prefetch=*/0),
     /*leastQueries=*/129, /*takesMasks=*/false},
    {"sm_90a", {128, 128}, inTurns(2, /*kv=*/128, /*prefetch=*/1)},
    {"sm_90a", {192, 128}, wide(/*kv=*/128)},
    {"sm_90a", {192, 192}, wide(/*kv=*/112)},
    {"sm_90a", {256, 256}, wide(/*kv=*/80)},
};

/// Whether types show a walk of three tiles. Where products overlap, no loop is
/// left of it, and ptxas takes so much of a step together with the one before it
/// that it spills; with fewer tiles there is less to take, with more a loop.
static bool hasThreeTiles(const Workload &work, const ScheduleKeys &keys) {
  return work.keys > 2 * keys.kv && work.keys <= 3 * keys.kv;
}

static ScheduleKeys withoutOverlap(ScheduleKeys keys) {
  keys.overlap = 0;
  keys.turns = std::min<int64_t>(keys.turns, 1);
  return keys;
}

ScheduleKeys attn::defaultSchedule(const TargetDesc &target,
                                   const Workload &work) {
  const Row *row = std::find_if(
      std::begin(kRows), std::end(kRows),
      [&](const Row &candidate) { return candidate.takes(target, work); });
  assert(row != std::end(kRows) && "every target has a row for every head dim");
  return hasThreeTiles(work, row->keys) ? withoutOverlap(row->keys) : row->keys;
}

RegisterSplit attn::splitRegisters(const TargetDesc &target, int64_t warps) {
  constexpr int64_t kThreads = 128, kMostConsumer = 240, kLeastProducer = 24;
  int64_t groups = warps / 4;
  int64_t atEntry =
      target.registersPerBlock / ((groups + 1) * kThreads) / 8 * 8;
  if (atEntry >= kMostConsumer)
    return {0, 0};
  // No more than the CTA has got when it starts.
  int64_t all = (groups + 1) * atEntry;
  int64_t consumer = (all - kLeastProducer) / groups / 8 * 8;
  consumer = std::min(consumer, kMostConsumer);
  return {all - groups * consumer, consumer};
}

int64_t attn::registerLimit(const TargetDesc &target,
                            const ScheduleKeys &keys) {
  if (keys.producers == 0)
    return target.registersPerThread;
  int64_t consumer = splitRegisters(target, keys.warps).consumer;
  return consumer ? consumer : target.registersPerThread;
}

int64_t attn::estimateRegisters(const ScheduleKeys &keys, HeadDims dims) {
  constexpr int64_t kLanes = 32, kMaxQueryFragment = 32;
  constexpr int64_t kMaxHeld = 144; // with the accumulators
  int64_t rows = keys.q / keys.warps;
  int64_t accumulators = rows * dims.v / kLanes;
  int64_t scores = rows * keys.kv / kLanes;
  int64_t probabilities = scores / 2;
  int64_t query = rows * dims.qk / kLanes / 2;
  if (keys.producers)
    query = 0; // from shared memory
  else if (query > kMaxQueryFragment || query + accumulators > kMaxHeld || rows > 16)
    query = rows / 16 * 4; // read again in every step
  // Where others copy, a step has slots and descriptors, but no addresses.
  int64_t addressing = keys.producers ? 24 : 40;
  return accumulators + scores + probabilities + query + addressing;
}
