//===- Epilogue.h - From the state of a softmax to results ------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_EPILOGUE_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_EPILOGUE_H

#include "Softmax.h"

namespace attn {

/// Normalises the accumulators, for what dropout took from them, too, and
/// rounds them to the operation's elements; `total` is the sum of each row.
mlir::Value emitOutput(TileBuilder &b, SdpaOp op, const SoftmaxState &state,
                       mlir::Value total);

/// The natural logarithm of the sum of exp(s) of each row.
mlir::Value emitLogSumExp(TileBuilder &b, const ScoreScale &scale,
                          const SoftmaxState &state, mlir::Value total);

/// The state with one more score in each row, whose value is all zeros: that of
/// the row's head in `sinks`. Sums are one value. `heads` are i32, one or a
/// column of them.
SoftmaxState emitSinks(TileBuilder &b, const ScoreScale &scale,
                       const SoftmaxState &state, mlir::Value heads,
                       mlir::Value sinks);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_EPILOGUE_H
