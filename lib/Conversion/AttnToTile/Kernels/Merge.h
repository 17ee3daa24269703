//===- Merge.h - From partial results to results ----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_MERGE_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_MERGE_H

#include "../KernelSignature.h"

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// The arguments of the kernel. Partial results are states of the softmax that
/// the CTAs sharing the keys of a query tile leave behind: memrefs of f32
/// indexed by [split * batches + batch, head, row]. `PartAcc` has columns, too.
enum class MergeArgument {
  Splits, // `index`
  PartMax,
  PartSums,
  PartAcc,
  // Tiles along the dimensions of a folded grid.
  Blocks,
  Heads,
  Output,
  Lse,
  Sinks // of each head
};
using MergeSignature = KernelSignature<MergeArgument>;

/// Fills `kernel` with the merging of partial results into the results of `op`.
void emitMergeKernel(tile::KernelOp kernel, SdpaOp op,
                     const MergeSignature &signature);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_MERGE_H
