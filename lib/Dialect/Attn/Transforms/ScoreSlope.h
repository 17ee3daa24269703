//===- ScoreSlope.h - The derivative of a score region ----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_DIALECT_ATTN_TRANSFORMS_SCORESLOPE_H
#define ATTN_LIB_DIALECT_ATTN_TRANSFORMS_SCORESLOPE_H

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// Reports an operation of the score region that has no derivative by the
/// score.
llvm::LogicalResult checkDifferentiable(AttentionOp op);

/// Gives an op whose score region has a derivative the slope region with it.
void deriveSlope(SdpaGradOp op);

} // namespace attn

#endif // ATTN_LIB_DIALECT_ATTN_TRANSFORMS_SCORESLOPE_H
