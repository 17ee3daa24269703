//===- GradSums.h - A gradient from sums over pairs -------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADSUMS_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADSUMS_H

#include "../KernelSignature.h"

#include "attn/Dialect/Attn/Transforms/TensorReads.h"

namespace attn {

/// The arguments of the kernel.
enum class GradSumsArgument {
  Sums,   // [batch, query head, entry, query, key or row of tiles] of f32, or
          // with the last two exchanged
  Blocks, // of a folded grid, as Heads
  Heads,
  Gradient // of the tensor
};

using GradSumsSignature = KernelSignature<GradSumsArgument>;

/// Fills `kernel` with the sums over what a tensor that is read like this has
/// no dimension for. Entries are the last dimension of the sums if
/// `endsInEntries`.
void emitGradSumsKernel(tile::KernelOp kernel, const TensorReads &reads,
                        const GradSumsSignature &signature, bool endsInEntries);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADSUMS_H
