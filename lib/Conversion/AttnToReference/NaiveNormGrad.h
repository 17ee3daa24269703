//===- NaiveNormGrad.h - Gradients of norms as host loops -------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOREFERENCE_NAIVENORMGRAD_H
#define ATTN_LIB_CONVERSION_ATTNTOREFERENCE_NAIVENORMGRAD_H

#include "RowMaps.h"

namespace attn {

/// One `attn.norm_grad` with memrefs in place of its operands and results; null
/// for what it lacks and what nobody asks for.
struct NormGradBuffers {
  RowChain input; // the chain may be empty
  mlir::Value outputGrad, weight;
  mlir::Value inputGrad, weightGrad, biasGrad;
};

/// Computes the rows [begin, end) of each gradient, those of the input numbered
/// (b * H + h) * S + s. Those of weight and bias are one row each.
void buildNaiveNormGrad(mlir::OpBuilder &builder, NormGradOp op,
                        const NormGradBuffers &buffers, Numerics numerics,
                        mlir::Value begin, mlir::Value end);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOREFERENCE_NAIVENORMGRAD_H
