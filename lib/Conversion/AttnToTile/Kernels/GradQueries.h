//===- GradQueries.h - The gradient of queries ------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADQUERIES_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADQUERIES_H

#include "../KernelSignature.h"

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// The arguments of the kernel.
enum class GradQueriesArgument {
  Query,
  Key,
  Value,
  OutputGrad,
  Exponents, // see GradRowsArgument
  Deltas,
  HeadsPerKeyHead, // query heads that share a key head
  Blocks,          // of a folded grid, as Heads
  Heads,
  Seed, // of the dropout, as Offset
  Offset,
  QueryGrad,
  FirstCapture // the captured tensors are this and the numbers behind
};

using GradQueriesSignature = KernelSignature<GradQueriesArgument>;

/// Fills `kernel` with the gradient of the queries of `op`.
void emitGradQueriesKernel(tile::KernelOp kernel, SdpaGradOp op,
                           const GradQueriesSignature &signature);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADQUERIES_H
