//===- ScheduleTable.h - Default schedules ----------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_TARGET_SCHEDULETABLE_H
#define ATTN_TARGET_SCHEDULETABLE_H

#include "attn/Target/TargetRegistry.h"

#include <cstdint>

namespace attn {

/// The keys of `#tile.schedule`, as plain data.
struct ScheduleKeys {
  int64_t q, kv, warps, stages, split = 1;
  int64_t producers = 0, persistent = 0, prefetch = 0, turns = 0, overlap = 0;
  int64_t heads = 1;
};

/// Head dimensions as the kernel has them: padded to the MMA step.
struct HeadDims {
  int64_t qk, v;
};

/// What a default schedule depends on. Lengths are those of a head, and more than
/// any where types leave them open.
struct Workload {
  HeadDims dims;
  int64_t queries, keys;
  bool isMasked; // whether rows may not keep all keys
};

ScheduleKeys defaultSchedule(const TargetDesc &target, const Workload &work);

/// Registers of a thread, where warpgroups hand some to others.
struct RegisterSplit {
  int64_t producer, consumer;
};

/// What `warps` consumers and one warpgroup of producers share of the
/// registers, in eights; nothing is handed over where `consumer` is 0, as a
/// thread has what it can address from the start.
RegisterSplit splitRegisters(const TargetDesc &target, int64_t warps);

/// 32-bit registers a thread may have.
int64_t registerLimit(const TargetDesc &target, const ScheduleKeys &keys);

/// 32-bit registers a thread needs at least: accumulators, scores,
/// probabilities, the query fragment and the addresses of a step.
int64_t estimateRegisters(const ScheduleKeys &keys, HeadDims dims);

} // namespace attn

#endif // ATTN_TARGET_SCHEDULETABLE_H
