//===- GradTensors.h - The gradient of a tensor of scores -------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADTENSORS_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADTENSORS_H

#include "GradientKernel.h"

#include "attn/Dialect/Attn/Transforms/TensorReads.h"

namespace attn {

/// The elements of a tensor that only their indices tell and that one CTA sums.
constexpr int64_t kEntriesOfTile = 16;

/// Fills `kernel` with what the pairs of queries and keys contribute to the
/// gradient of `tensor`.
void emitGradTensorsKernel(tile::KernelOp kernel, SdpaGradOp op,
                           mlir::Value tensor,
                           const GradientSignature &signature);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADTENSORS_H
