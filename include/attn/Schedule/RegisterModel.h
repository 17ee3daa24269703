//===- RegisterModel.h - What fits a thread's registers ---------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Whoever builds a kernel asks here what it holds in registers; nothing decides
// it again.
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_SCHEDULE_REGISTERMODEL_H
#define ATTN_SCHEDULE_REGISTERMODEL_H

#include "attn/Dialect/Tile/IR/ScheduleKeys.h"
#include "attn/Target/TargetRegistry.h"

namespace attn {

/// Head dimensions as the kernel has them: padded to the MMA step.
struct HeadDims {
  int64_t qk, v;
  int64_t elementBits = 16; // of an operand
};

/// 32-bit registers a thread may have.
int64_t registerLimit(const TargetDesc &target,
                      const tile::AttentionKeys &keys);

/// 32-bit registers a thread needs at least: accumulators, scores,
/// probabilities, the query fragment and the addresses of a step.
int64_t estimateRegisters(const tile::AttentionKeys &keys, HeadDims dims);

/// Whether a thread keeps its part of the query, of 16 bits an element, in
/// registers for the whole walk over keys. Otherwise it reads the query from
/// shared memory again in every step.
bool holdsQueryInRegisters(const tile::AttentionKeys &keys, HeadDims dims);

} // namespace attn

#endif // ATTN_SCHEDULE_REGISTERMODEL_H
