//===- GradTensors.h - The gradient of a tensor of scores -------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADTENSORS_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADTENSORS_H

#include "../KernelSignature.h"

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/Transforms/TensorReads.h"

namespace attn {

/// The arguments of the kernel.
enum class GradTensorsArgument {
  Query,
  Key,
  Value,
  OutputGrad,
  Exponents, // see GradRowsArgument
  Deltas,
  HeadsPerKeyHead, // query heads that share a key head
  Shares,          // CTAs that share the queries of a head, of entries
  Blocks,          // of a folded grid, as Heads
  Heads,
  Seed, // of the dropout, as Offset
  Offset,
  Sums,        // [batch, head, entry, …] of f32, see GradSums.h, or
  Gradient,    // the gradient itself, of pairs
  FirstCapture // the captured tensors are this and the numbers behind
};

using GradTensorsSignature = KernelSignature<GradTensorsArgument>;

/// The elements of a tensor that only their indices tell and that one CTA sums.
constexpr int64_t kEntriesOfTile = 16;

/// Fills `kernel` with what the pairs of queries and keys contribute to the
/// gradient of `tensor`.
void emitGradTensorsKernel(tile::KernelOp kernel, SdpaGradOp op,
                           mlir::Value tensor,
                           const GradTensorsSignature &signature);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADTENSORS_H
