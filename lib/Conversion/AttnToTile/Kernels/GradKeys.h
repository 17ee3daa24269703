//===- GradKeys.h - The gradients of keys and values ------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADKEYS_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADKEYS_H

#include "GradientKernel.h"

namespace attn {

/// Fills `kernel` with the gradients of keys and values of `op` that the
/// signature has.
void emitGradKeysKernel(tile::KernelOp kernel, SdpaGradOp op,
                        const GradientSignature &signature);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADKEYS_H
