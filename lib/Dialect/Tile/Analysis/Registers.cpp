//===- Registers.cpp - What a thread's registers can hold -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Dialect/Tile/Analysis/Registers.h"

using namespace mlir;
using namespace attn::tile;

/// Registers a thread may spend on a left operand that it keeps for a walk, and
/// on it and the largest result of a product together: with more, ptxas spills
/// for some masks. A warp with more than one strip of 16 rows has as many times
/// the accumulators and scores, and none to spare.
static constexpr int64_t kMaxFragmentRegisters = 32, kMaxHeldRegisters = 144;
static constexpr int64_t kMaxFragmentRows = 16;

/// Of a thread, for its part of the tile.
static int64_t registersOf(CtaAttr cta, RankedTensorType tile) {
  return tile.getNumElements() * tile.getElementTypeBitWidth() / 32 /
         cta.getThreads();
}

/// Never where warpgroups multiply: wgmma reads it from shared memory at the
/// same rate.
bool attn::tile::fitsRegisters(CtaAttr cta, RankedTensorType operand,
                               RankedTensorType largestResult) {
  if (cta.isSpecialized())
    return false;
  int64_t registers = registersOf(cta, operand);
  return registers <= kMaxFragmentRegisters &&
         registers + registersOf(cta, largestResult) <= kMaxHeldRegisters &&
         operand.getDimSize(0) / cta.getWarps() <= kMaxFragmentRows;
}
