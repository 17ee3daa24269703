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
};
} // namespace

/// Two warpgroups of consumers, of 64 query rows each, beside producers; CTAs
/// stay, and products overlap. There is room for the next query up to 128, where
/// taking turns pays, too: beyond, exponentials are a small part. Beyond 192
/// values, ptxas spills with more than 64 keys, for some masks and lengths.
static constexpr ScheduleKeys specialized(int64_t kv, bool isSmall) {
  return {/*q=*/128, kv, /*warps=*/8, /*stages=*/2, /*split=*/1,
          /*producers=*/4, /*persistent=*/1, /*prefetch=*/isSmall,
          /*turns=*/isSmall ? 2 : 0, /*overlap=*/1};
}

/// The first row that is large enough is taken. Shared memory is
/// 2 bytes * (q * dqk + stages * kv * (dqk + dv)). Up to 64, a warp has two
/// strips of 16 rows, which halves its reads of keys and values; beyond, ptxas
/// spills for some masks, and so it does for wide values beside a narrow query
/// with tiles of 64 keys. Above 192 there is room for one stage of 64 keys; two
/// of 32 would rescale the accumulators twice as often.
static constexpr Row kRows[] = {
    {"sm_80", {64, 64}, {/*q=*/128, /*kv=*/64, /*warps=*/4, /*stages=*/2}},
    {"sm_80", {192, 192}, {/*q=*/128, /*kv=*/64, /*warps=*/8, /*stages=*/2}},
    {"sm_80", {128, 256}, {/*q=*/128, /*kv=*/32, /*warps=*/8, /*stages=*/2}},
    {"sm_80", {256, 256}, {/*q=*/128, /*kv=*/64, /*warps=*/8, /*stages=*/1}},
    {"sm_90a", {128, 128}, specialized(/*kv=*/128, /*isSmall=*/true)},
    {"sm_90a", {192, 128}, specialized(/*kv=*/128, /*isSmall=*/false)},
    {"sm_90a", {192, 192}, specialized(/*kv=*/96, /*isSmall=*/false)},
    {"sm_90a", {256, 256}, specialized(/*kv=*/64, /*isSmall=*/false)},
};

ScheduleKeys attn::defaultSchedule(const TargetDesc &target, HeadDims dims) {
  const Row *row = std::find_if(
      std::begin(kRows), std::end(kRows), [&](const Row &candidate) {
        return candidate.target == target.name && dims.qk <= candidate.max.qk &&
               dims.v <= candidate.max.v;
      });
  assert(row != std::end(kRows) && "every target has a row for every head dim");
  return row->keys;
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
  constexpr int64_t kLanes = 32, kAddressing = 40, kMaxQueryFragment = 32;
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
  return accumulators + scores + probabilities + query + kAddressing;
}
