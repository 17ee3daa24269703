//===- GradQueries.h - The gradient of queries ------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADQUERIES_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADQUERIES_H

#include "GradientKernel.h"

namespace attn {

/// Fills `kernel` with the gradient of the queries of `op`.
void emitGradQueriesKernel(tile::KernelOp kernel, SdpaGradOp op,
                           const GradientSignature &signature);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_GRADQUERIES_H
