//===- GradRows.h - What gradients need of each query -----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADROWS_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADROWS_H

#include "../KernelSignature.h"

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// The arguments of the kernel. `Exponents` and `Deltas` are [batch, head,
/// length] of f32, `SinkTerms` is [batch, head, 1, length].
enum class GradRowsArgument {
  Output,
  OutputGrad,
  Lse,
  LseGrad, // only where the op has it
  Blocks,  // of a folded grid, as Heads
  Heads,
  Sinks,     // where their gradient is asked for
  Exponents, // -lse in exponents of two; -inf for a row without a key
  Deltas,    // <output_grad, output> - lse_grad
  SinkTerms  // -exp(sink - lse) * delta
};

using GradRowsSignature = KernelSignature<GradRowsArgument>;

/// Fills `kernel` with the computation of these two vectors.
void emitGradRowsKernel(tile::KernelOp kernel, SdpaGradOp op,
                        const GradRowsSignature &signature);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADROWS_H
