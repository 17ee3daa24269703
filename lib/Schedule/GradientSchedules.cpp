//===- GradientSchedules.cpp - Default schedules of gradients -------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A thread of the kernel of keys holds the sums of both gradients, dqk/2 + dv/2
// registers for 16 rows a warp, and scores, their gradients and what both are
// rounded to, 3/2 of a step. Where the sums do not fit, each gradient has a
// kernel of its own, which computes the scores again.
//
//===----------------------------------------------------------------------===//
#include "attn/Schedule/GradientSchedules.h"

#include <algorithm>
#include <cassert>
#include <iterator>

using namespace attn;
using namespace attn::tile;

namespace {
struct Row {
  ScheduleFamily family;
  HeadDims most;
  GradientSchedules schedules;
  bool isForSingles = false; // for f32 on GPUs, and for nothing else there
};
} // namespace

static constexpr GradientKeys alike(int64_t rows, int64_t step, int64_t warps,
                                    int64_t stages) {
  GradientKeys keys;
  keys.rows = rows;
  keys.step = step;
  keys.warps = warps;
  keys.stages = stages;
  return keys;
}

static constexpr GradientKeys parted(GradientKeys keys) {
  keys.parted = true;
  return keys;
}

/// Warpgroups of consumers, of 64 rows each, beside producers.
static constexpr GradientKeys beside(int64_t warpgroups, int64_t step,
                                     int64_t stages) {
  GradientKeys keys =
      alike(64 * warpgroups, step, /*warps=*/4 * warpgroups, stages);
  keys.producers = 4;
  return keys;
}

static constexpr ScheduleFamily kWarps = ScheduleFamily::Warps,
                                kWarpgroups = ScheduleFamily::Warpgroups,
                                kProcessor = ScheduleFamily::Processor;

/// The first row whose head dims are large enough is used. Of f32, operands
/// have two parts and products sums of their own, so steps are short.
static constexpr Row kRows[] = {
    {kWarps, {64, 64}, {alike(64, 16, 4, 2), alike(64, 32, 4, 2)}, true},
    {kWarps,
     {128, 128},
     {parted(alike(64, 16, 4, 2)), alike(64, 16, 4, 2)},
     true},
    {kWarps,
     {256, 256},
     {parted(alike(32, 16, 2, 2)), alike(32, 16, 2, 1)},
     true},
    {kWarps, {64, 64}, {alike(128, 64, 8, 2), alike(128, 64, 8, 2)}},
    {kWarps, {128, 128}, {alike(128, 32, 8, 2), alike(128, 32, 8, 2)}},
    {kWarps, {256, 256}, {parted(alike(64, 32, 4, 2)), alike(64, 32, 4, 1)}},
    {kWarpgroups, {64, 64}, {beside(2, 64, 2), beside(2, 64, 2)}},
    {kWarpgroups, {128, 128}, {beside(2, 64, 2), beside(2, 64, 2)}},
    {kWarpgroups, {256, 256}, {parted(beside(1, 32, 2)), beside(1, 32, 2)}},
    {kProcessor, {128, 128}, {alike(128, 128, 0, 1), alike(128, 128, 0, 1)}},
    {kProcessor, {256, 256}, {alike(64, 64, 0, 1), alike(64, 64, 0, 1)}},
};

GradientSchedules attn::defaultGradientSchedules(const TargetDesc &target,
                                                 HeadDims dims, MmaType type) {
  const Row *row = std::find_if(
      std::begin(kRows), std::end(kRows), [&](const Row &candidate) {
        bool isSingle = !target.isProcessor() && bitsOf(type) == 32;
        return candidate.family == target.schedulesOf(type) &&
               candidate.isForSingles == isSingle &&
               dims.qk <= candidate.most.qk && dims.v <= candidate.most.v;
      });
  assert(row != std::end(kRows) && "every family has a row for every head dim");
  return row->schedules;
}

GradientKeys attn::relaxedSchedule(GradientKeys keys) {
  constexpr int64_t kStep = 16;
  keys.step = std::max(kStep, keys.step / 2 / kStep * kStep);
  keys.overlap = false;
  return keys;
}

/// What f32 computes beside scores takes registers of other sums.
static void fitSingles(GradientSchedules &schedules,
                       const GradientExtras &extras) {
  schedules.keys.parted |= extras.hasDropout || extras.hasRegions;
  if (extras.hasDropout && extras.hasRegions)
    schedules.keys.stages = 1;
  if (!extras.hasTensors)
    return;
  schedules.queries.rows /= 2;
  schedules.queries.warps /= 2;
}

/// Bits of dropout are computed beside the sums of both gradients, and so are
/// score regions, where warps that copy leave fewer registers.
void attn::fitExtras(GradientSchedules &schedules, HeadDims dims,
                     const GradientExtras &extras) {
  constexpr int64_t kNarrow = 64;
  bool isBeside = schedules.keys.producers && dims.qk > kNarrow;
  for (bool isShorter : {extras.hasDropout, extras.hasRegions && isBeside})
    if (isShorter)
      schedules.keys = relaxedSchedule(schedules.keys);
  if (extras.areSingles)
    fitSingles(schedules, extras);
}
