//===- NaiveGradients.h - Gradients as host loops ---------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOREFERENCE_NAIVEGRADIENTS_H
#define ATTN_LIB_CONVERSION_ATTNTOREFERENCE_NAIVEGRADIENTS_H

#include "NaiveRows.h"

namespace attn {

/// Where a gradient goes: null for one that the function does not return, and
/// with the `attn.rope` that it goes through, whose `op` is null without one.
struct GradientBuffer {
  mlir::Value buffer;
  RowMap rope = {};
};

/// One `attn.sdpa_grad` with memrefs in place of its operands and results.
/// Output and LSE are null where the function computes them.
struct SdpaGradBuffers : SdpaBuffers {
  mlir::Value outputGrad, lseGrad;
  GradientBuffer queryGrad, keyGrad, valueGrad;
  /// Those of tensors that scores read, null likewise.
  llvm::SmallVector<mlir::Value, 2> tensorGrads;
};

/// Computes the rows of [begin, end) of each gradient that exist, numbered as
/// its result has them.
void buildNaiveGradients(mlir::OpBuilder &builder, SdpaGradBuffers buffers,
                         Numerics numerics, mlir::Value begin, mlir::Value end);
/// The same for the gradients of tensors that scores read.
void buildNaiveTensorGradients(mlir::OpBuilder &builder,
                               SdpaGradBuffers buffers, Numerics numerics,
                               mlir::Value begin, mlir::Value end);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOREFERENCE_NAIVEGRADIENTS_H
