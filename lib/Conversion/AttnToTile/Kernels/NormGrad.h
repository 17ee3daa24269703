//===- NormGrad.h - Kernels of the gradient of a norm -----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_NORMGRAD_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_NORMGRAD_H

#include "../KernelSignature.h"

namespace attn {

/// The arguments of both kernels.
enum class NormGradArgument {
  Input,
  OutputGrad,
  Weight,
  Shares, // CTAs that share the rows of a head
  Blocks, // of a folded grid, as Heads
  Heads,
  // What is computed: the gradient of the input, or sums for those of weight
  // and bias of f32: [batch, head, row of tiles, column], or [batch, head, 1,
  // row of tiles] where there is one column.
  InputGrad,
  WeightSums,
  BiasSums
};

using NormGradSignature = KernelSignature<NormGradArgument>;

/// Fills `kernel` with the gradient of the input.
void emitNormGradKernel(tile::KernelOp kernel, NormGradOp op,
                        const NormGradSignature &signature);
/// Fills `kernel` with what rows contribute to the gradients of weight and
/// bias, as far as the signature has sums of them. Where these have one column,
/// they are sums over the columns.
void emitNormGradSumsKernel(tile::KernelOp kernel, NormGradOp op,
                            const NormGradSignature &signature);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_NORMGRAD_H
