//===- ScheduleTable.h - Default schedules ----------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_SCHEDULE_SCHEDULETABLE_H
#define ATTN_SCHEDULE_SCHEDULETABLE_H

#include "attn/Schedule/RegisterModel.h"

#include <cstdint>

namespace attn {

/// The facts that a default schedule depends on. Lengths are those of one head,
/// INT64_MAX where dynamic.
struct Workload {
  HeadDims dims;
  /// What products multiply.
  MmaType type = MmaType::BF16;
  int64_t queries, keys;
  bool isMasked; // whether rows may not keep all keys
  /// Whether scores have a region, or captured tensors are read.
  bool hasRegions = false;
  /// Whether the kernel computes the query from what it is given.
  bool computesQuery = false;
  /// Whether random bits are drawn for the weights.
  bool hasDropout = false;
  /// The most keys that a row keeps; INT64_MAX where types do not say.
  int64_t kept = INT64_MAX;
};

tile::AttentionKeys defaultSchedule(const TargetDesc &target,
                                    const Workload &work);

/// The schedule with half as many keys in a tile, and nothing that needs more
/// registers for speed.
tile::AttentionKeys relaxedSchedule(tile::AttentionKeys keys);

} // namespace attn

#endif // ATTN_SCHEDULE_SCHEDULETABLE_H
