//===- Forward.h - The forward pass of attention ----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_FORWARD_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_FORWARD_H

#include "../KernelSignature.h"

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// The arguments of the kernel: memrefs, and counts of type `index`. Where
/// heads share a tile, query and results have two dimensions of heads: key
/// heads, and the heads that share one.
enum class ForwardArgument {
  Query,
  Key,
  Value,
  TilesPerKeyHead, // tiles of query heads per key head
  // CTAs that share the keys of a query tile; only where keys may be split.
  Splits,
  // Tiles along the dimensions of a folded grid, or of all CTAs where each
  // computes several tiles.
  Blocks,
  Heads,
  // Only in the latter case; heads that are worked on at a time.
  Batches,
  Section,
  // The results that are used, unless keys are always split.
  Output,
  Lse,
  // Partial results, see MergeArgument; only where keys may be split.
  PartMax,
  PartSums,
  PartAcc,
  BlockLists, // the key tiles of each query tile, see BlockLists.h
  Sinks,      // of each head
  Seed,       // of the dropout
  Offset,
  FirstCapture // the captured tensors are this and the numbers behind
};

inline ForwardArgument captureArgument(size_t number) {
  return ForwardArgument(size_t(ForwardArgument::FirstCapture) + number);
}

using ForwardSignature = KernelSignature<ForwardArgument>;

/// Fills `kernel` with the forward pass of `op`.
void emitForwardKernel(tile::KernelOp kernel, SdpaOp op,
                       const ForwardSignature &signature);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_FORWARD_H
