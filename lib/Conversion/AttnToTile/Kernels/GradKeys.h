//===- GradKeys.h - The gradients of keys and values ------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADKEYS_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADKEYS_H

#include "../KernelSignature.h"

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// The arguments of the kernel. One that computes the gradient of the values
/// alone needs neither values nor deltas.
enum class GradKeysArgument {
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
  KeyGrad, // what the kernel computes: one of them, or both
  ValueGrad,
  FirstCapture // the captured tensors are this and the numbers behind
};

using GradKeysSignature = KernelSignature<GradKeysArgument>;

/// Fills `kernel` with the gradients of keys and values of `op` that the
/// signature has.
void emitGradKeysKernel(tile::KernelOp kernel, SdpaGradOp op,
                        const GradKeysSignature &signature);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADKEYS_H
