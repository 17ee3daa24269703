//===- ScheduleTable.cpp - Default schedules ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Schedule/ScheduleTable.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <limits>

using namespace attn;
using namespace attn::tile;

static constexpr ScheduleFamily kWarps = ScheduleFamily::Warps,
                                kWarpgroups = ScheduleFamily::Warpgroups,
                                kProcessor = ScheduleFamily::Processor;

/// Whether types show that a row's last tile of keys is not full. Its step then
/// stands behind the loop, and ptxas mixes it with the one before.
static bool hasTail(const Workload &work, const AttentionKeys &keys) {
  bool isKnown = work.keys != std::numeric_limits<int64_t>::max();
  return isKnown && work.keys % keys.kv != 0;
}

namespace {
struct Row {
  ScheduleFamily family;
  HeadDims most;
  AttentionKeys keys;
  int64_t leastQueries = 0;
  bool acceptsMasks = true;  // … queries that the kernel computes, and tails
  bool isForRegions = false; // and for them alone
  int64_t mostKept = INT64_MAX;
  bool isForDropout = false; // and for it alone, with regions or without
  bool isForSingles = false; // for f32, whatever else is computed

  bool accepts(const TargetDesc &target, const Workload &work) const {
    return family == target.schedulesOf(work.type) && work.dims.qk <= most.qk &&
           work.dims.v <= most.v && work.queries >= leastQueries &&
           (acceptsMasks ||
            !(work.isMasked || work.computesQuery || hasTail(work, keys))) &&
           work.kept <= mostKept && (family == kProcessor || isForKindOf(work));
  }
  bool isForKindOf(const Workload &work) const {
    if (isForSingles || work.type == MmaType::TF32)
      return isForSingles && work.type == MmaType::TF32;
    bool fitsRegions =
        isForRegions ? work.hasRegions : work.hasDropout || !work.hasRegions;
    return isForDropout == work.hasDropout && fitsRegions;
  }
};
} // namespace

/// Schedules in which all warps do the same.
static constexpr AttentionKeys alike(int64_t q, int64_t kv, int64_t warps,
                                     int64_t stages) {
  AttentionKeys keys;
  keys.q = q;
  keys.kv = kv;
  keys.warps = warps;
  keys.stages = stages;
  return keys;
}

/// Schedules with warpgroups of consumers, of 64 query rows each, beside
/// producers. CTAs are persistent, and products overlap.
static constexpr AttentionKeys beside(int64_t warpgroups, int64_t kv) {
  AttentionKeys keys =
      alike(64 * warpgroups, kv, /*warps=*/4 * warpgroups, /*stages=*/2);
  keys.producers = 4;
  keys.persistent = Persistence::InOrder;
  keys.overlap = true;
  return keys;
}

/// The rest of the exponentials fills the time until the next scores, and with
/// them the conversions and the rescaling that need the values. Regions compute
/// more than exponentials, and have the wait behind them all.
static constexpr AttentionKeys waiting(int64_t percent, AttentionKeys keys) {
  keys.wait = percent;
  return keys;
}

/// Makes products start in turns, for head dimensions at which exponentials are
/// a large part.
static constexpr AttentionKeys inTurns(int64_t warpgroups, int64_t kv,
                                       bool prefetch) {
  AttentionKeys keys = beside(warpgroups, kv);
  keys.prefetch = prefetch;
  keys.turns = Turns::Products;
  return keys;
}

/// Omits turns and the next query: where exponentials are a small part, turns
/// do not pay, and shared memory has no room for a second query.
static constexpr AttentionKeys wide(int64_t kv) {
  return beside(/*warpgroups=*/2, kv);
}

/// CTAs take tiles from both ends of their order.
static constexpr AttentionKeys longestFirst(AttentionKeys keys) {
  keys.persistent = Persistence::LongestFirst;
  return keys;
}

static constexpr Row forRegions(Row row) {
  row.isForRegions = true;
  return row;
}

static constexpr Row forDropout(Row row) {
  row.isForDropout = true;
  return row;
}

static constexpr Row forSingles(Row row) {
  row.isForSingles = true;
  return row;
}

/// For windows of at most 256 keys.
static constexpr Row forNarrow(Row row) {
  row.mostKept = 256;
  return row;
}

/// The first row that accepts the workload is used. Shared memory is
/// 2 bytes * (q * dqk + stages * kv * (dqk + dv)). Up to 64, a warp has two
/// strips of 16 rows, which halves its reads of keys and values; beyond, ptxas
/// spills for some masks, and so it does for wide values beside a narrow query
/// with tiles of 64 keys. Above 192 there is room for one stage of 64 keys; two
/// of 32 would rescale the accumulators twice as often.
///
/// Three warpgroups have 160 registers a thread, enough up to 64, and tiles of
/// keys and values are copied for half as many rows again. With masks, 112 keys
/// leave the registers that ptxas needs where types show few tiles, and so they
/// do where the query is computed between two tiles and where types show a
/// tail. Without any of these, longer tiles are worth the place of the next
/// query above 112; at the edge of a mask, more of them is wasted. As few
/// queries as decoding has want short ones, to split.
///
/// Regions need registers for what they read, up to another tile of scores, and
/// for what they compute: they have one strip of rows a warp, and short tiles.
///
/// Dropout draws the bits of 8 keys at once where tiles are whole blocks of 32.
/// What a call computes needs registers beside the weights: one strip of rows a
/// warp, and short tiles above 192.
///
/// A row of a narrow window meets few keys beside its own: the fewer rows and
/// keys a tile has, the fewer keys are computed in vain. Warpgroups have 64
/// rows.
///
/// Tiles of f32 take twice the shared memory, and a step two parts of the
/// weights and sums beside the accumulators: they are short.
static constexpr Row kRows[] = {
    forSingles(forNarrow({kWarps,
                          {112, 112},
                          alike(/*q=*/32, /*kv=*/32, /*warps=*/2,
                                /*stages=*/2)})),
    forSingles({kWarps,
                {112, 112},
                alike(/*q=*/128, /*kv=*/32, /*warps=*/8, /*stages=*/2)}),
    forSingles({kWarps,
                {128, 128},
                alike(/*q=*/128, /*kv=*/16, /*warps=*/8, /*stages=*/2)}),
    forSingles({kWarps,
                {256, 256},
                alike(/*q=*/64, /*kv=*/16, /*warps=*/4, /*stages=*/2)}),
    forNarrow({kWarps,
               {128, 128},
               alike(/*q=*/32, /*kv=*/32, /*warps=*/2, /*stages=*/2)}),
    forRegions({kWarps,
                {64, 64},
                alike(/*q=*/128, /*kv=*/64, /*warps=*/8, /*stages=*/2)}),
    forRegions({kWarps,
                {192, 192},
                alike(/*q=*/128, /*kv=*/32, /*warps=*/8, /*stages=*/2)}),
    forRegions({kWarps,
                {256, 256},
                alike(/*q=*/128, /*kv=*/32, /*warps=*/8, /*stages=*/1)}),
    forRegions(
        {kWarpgroups, {64, 64}, inTurns(2, /*kv=*/96, /*prefetch=*/true)}),
    forRegions(
        {kWarpgroups, {128, 128}, inTurns(2, /*kv=*/64, /*prefetch=*/true)}),
    forRegions({kWarpgroups, {192, 192}, wide(/*kv=*/48)}),
    forRegions({kWarpgroups, {256, 256}, wide(/*kv=*/32)}),
    forDropout({kWarps,
                {64, 64},
                alike(/*q=*/128, /*kv=*/64, /*warps=*/8, /*stages=*/2)}),
    forDropout({kWarps,
                {192, 192},
                alike(/*q=*/128, /*kv=*/64, /*warps=*/8, /*stages=*/2)}),
    forDropout({kWarps,
                {256, 256},
                alike(/*q=*/128, /*kv=*/32, /*warps=*/8, /*stages=*/1)}),
    forDropout({kWarpgroups,
                {64, 64},
                inTurns(3, /*kv=*/96, /*prefetch=*/true),
                /*leastQueries=*/129}),
    forRegions(forDropout(
        {kWarpgroups, {128, 128}, inTurns(2, /*kv=*/64, /*prefetch=*/true)})),
    forDropout(
        {kWarpgroups, {128, 128}, inTurns(2, /*kv=*/128, /*prefetch=*/true)}),
    forDropout({kWarpgroups, {256, 256}, wide(/*kv=*/64)}),
    {kWarps, {64, 64}, alike(/*q=*/128, /*kv=*/64, /*warps=*/4, /*stages=*/2)},
    {kWarps,
     {192, 192},
     alike(/*q=*/128, /*kv=*/64, /*warps=*/8, /*stages=*/2)},
    {kWarps,
     {128, 256},
     alike(/*q=*/128, /*kv=*/32, /*warps=*/8, /*stages=*/2)},
    {kWarps,
     {256, 256},
     alike(/*q=*/128, /*kv=*/64, /*warps=*/8, /*stages=*/1)},
    {kWarpgroups,
     {64, 64},
     waiting(25, inTurns(3, /*kv=*/128, /*prefetch=*/true)),
     /*leastQueries=*/129,
     /*acceptsMasks=*/false},
    forNarrow(
        {kWarpgroups,
         {64, 64},
         longestFirst(waiting(60, inTurns(3, /*kv=*/112, /*prefetch=*/true))),
         /*leastQueries=*/129}),
    {kWarpgroups,
     {64, 64},
     waiting(40, inTurns(3, /*kv=*/112, /*prefetch=*/true)),
     /*leastQueries=*/129},
    {kWarpgroups,
     {112, 112},
     waiting(50, inTurns(2, /*kv=*/176, /*prefetch=*/true)),
     /*leastQueries=*/129,
     /*acceptsMasks=*/false},
    {kWarpgroups,
     {128, 128},
     waiting(50, inTurns(2, /*kv=*/176, /*prefetch=*/false)),
     /*leastQueries=*/129,
     /*acceptsMasks=*/false},
    {kWarpgroups,
     {128, 128},
     waiting(50, inTurns(2, /*kv=*/128, /*prefetch=*/true))},
    {kWarpgroups, {192, 128}, waiting(50, wide(/*kv=*/128))},
    {kWarpgroups, {192, 192}, waiting(50, wide(/*kv=*/112))},
    {kWarpgroups, {256, 256}, waiting(40, wide(/*kv=*/80))},
    // Panels of keys and values, scores and accumulators fit half of an L2 of
    // 1 MB.
    {kProcessor,
     {128, 128},
     alike(/*q=*/128, /*kv=*/128, /*warps=*/0, /*stages=*/1)},
    {kProcessor,
     {256, 256},
     alike(/*q=*/128, /*kv=*/64, /*warps=*/0, /*stages=*/1)},
};

/// Whether types show a walk of three tiles. Where products overlap, no loop is
/// left of it, and ptxas takes so much of a step together with the one before
/// it that it spills; with fewer tiles there is less to take, unless scores
/// have regions, and with more a loop.
static bool hasThreeTiles(const Workload &work, const AttentionKeys &keys) {
  bool hasFewer = work.keys <= 2 * keys.kv;
  return work.keys <= 3 * keys.kv && (work.hasRegions || !hasFewer);
}

/// Whether types show a walk of which no loop is left. ptxas then mixes steps,
/// and spills if it may mix exponentials with what follows the wait as well.
static bool hasFewTiles(const Workload &work, const AttentionKeys &keys) {
  return work.keys <= 4 * keys.kv;
}

/// Whether the wait has to stand behind all exponentials: where no loop is
/// left, and where three warpgroups have a tail, for which they have no
/// registers beside the last tile of the loop.
static bool mustWaitForAll(const Workload &work, const AttentionKeys &keys) {
  constexpr int64_t kTwoWarpgroups = 8;
  bool hasThreeWarpgroups = keys.warps > kTwoWarpgroups;
  return hasFewTiles(work, keys) ||
         (hasThreeWarpgroups && !work.isMasked && hasTail(work, keys));
}

static AttentionKeys withoutOverlap(AttentionKeys keys) {
  keys.overlap = false;
  keys.wait = AttentionKeys().wait;
  keys.turns = std::min(keys.turns, Turns::Exponentials);
  return keys;
}

AttentionKeys attn::defaultSchedule(const TargetDesc &target,
                                    const Workload &work) {
  const Row *row = std::find_if(
      std::begin(kRows), std::end(kRows),
      [&](const Row &candidate) { return candidate.accepts(target, work); });
  assert(row != std::end(kRows) && "every family has a row for every head dim");
  AttentionKeys keys = row->keys;
  if (keys.producers && hasThreeTiles(work, keys))
    return withoutOverlap(keys);
  if (mustWaitForAll(work, keys))
    keys.wait = AttentionKeys().wait;
  return keys;
}

AttentionKeys attn::relaxedSchedule(AttentionKeys keys) {
  constexpr int64_t kStep = 16;
  if (keys.kv == kStep)
    keys.stages = 1;
  keys.kv = std::max(kStep, keys.kv / 2 / kStep * kStep);
  keys.overlap = false;
  keys.wait = AttentionKeys().wait;
  keys.prefetch = false;
  keys.turns = Turns::Nothing;
  constexpr int64_t kFewWarps = 4;
  if (!keys.producers && keys.warps > kFewWarps) {
    keys.q /= 2;
    keys.warps /= 2;
  }
  return keys;
}
