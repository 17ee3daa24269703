//===- RegisterModel.cpp - What fits a thread's registers -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Schedule/RegisterModel.h"

#include <algorithm>

using namespace attn;
using namespace attn::tile;

/// A warp's threads share the elements of a row: each 32 of 32 bits, or 64 of
/// 16 bits, take one register of each thread.
static constexpr int64_t kLanes = 32;

int64_t attn::registerLimit(const TargetDesc &target,
                            const AttentionKeys &keys) {
  if (keys.producers == 0)
    return target.registersPerThread;
  int64_t consumer = splitRegisters(target, keys.warps).consumer;
  return consumer ? consumer : target.registersPerThread;
}

/// Registers for a tile of the warp's rows and `columns` columns of f32.
static int64_t registersOfRows(const AttentionKeys &keys, int64_t columns) {
  return keys.q / keys.warps * columns / kLanes;
}

static int64_t queryRegisters(const AttentionKeys &keys, HeadDims dims) {
  return registersOfRows(keys, dims.qk) / 2;
}

static bool isSingle(HeadDims dims) { return dims.elementBits == 32; }

/// With more registers than these limits for the query, or for it and the
/// larger of scores and accumulators together, ptxas spills for some masks. A
/// warp with more than one strip of rows has as many times the accumulators and
/// scores, and no registers to spare. Where warpgroups multiply, wgmma reads A
/// from shared memory at the same rate. A query of f32 would take four times
/// the registers, in two parts.
bool attn::holdsQueryInRegisters(const AttentionKeys &keys, HeadDims dims) {
  constexpr int64_t kMostOfQuery = 32, kMostHeld = 144;
  if (keys.producers || isSingle(dims))
    return false;
  int64_t query = queryRegisters(keys, dims);
  int64_t result = registersOfRows(keys, std::max(keys.kv, dims.v));
  return query <= kMostOfQuery && query + result <= kMostHeld &&
         keys.q / keys.warps <= WarpFragment::kRows;
}

/// Registers of the query that a step needs at a time.
static int64_t queryOfStep(const AttentionKeys &keys, HeadDims dims) {
  if (keys.producers)
    return 0; // read from shared memory by the product itself
  if (holdsQueryInRegisters(keys, dims))
    return queryRegisters(keys, dims);
  int64_t strips = keys.q / keys.warps / WarpFragment::kRows;
  int64_t parts = isSingle(dims) ? 2 : 1;
  return strips * parts * WarpFragment::kLeftRegisters;
}

/// Weights as products take them, and sums beside the accumulators: f32 has two
/// parts of each, and sums of 32 columns at a time.
static int64_t registersOfWeights(const AttentionKeys &keys, HeadDims dims) {
  constexpr int64_t kColumns = 32, kParts = 2;
  int64_t scores = registersOfRows(keys, keys.kv);
  if (!isSingle(dims))
    return scores / 2;
  return (kParts - 1) * scores + kParts * registersOfRows(keys, kColumns);
}

int64_t attn::estimateRegisters(const AttentionKeys &keys, HeadDims dims) {
  int64_t accumulators = registersOfRows(keys, dims.v);
  int64_t scores = registersOfRows(keys, keys.kv);
  int64_t probabilities = registersOfWeights(keys, dims);
  // Where other warps copy, a step computes slots and descriptors, but no
  // addresses.
  int64_t addressing = keys.producers ? 24 : 40;
  return accumulators + scores + probabilities + queryOfStep(keys, dims) +
         addressing;
}
