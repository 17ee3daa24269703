//===- RopeRows.h - Rotary positions as host loops --------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOREFERENCE_ROPEROWS_H
#define ATTN_LIB_CONVERSION_ATTNTOREFERENCE_ROPEROWS_H

#include "HostLoops.h"
#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// One `attn.rope` with the memrefs of its operands; null where it has none.
struct RopeBuffers {
  RopeOp op;
  mlir::Value input, positions, offsets;
};

/// Computes row (batch, head, row) and hands each element, in the type of
/// `numerics`, to `store`.
void buildRopeRow(
    mlir::OpBuilder &builder, RopeBuffers buffers, Numerics numerics,
    mlir::Value batch, mlir::Value head, mlir::Value row,
    llvm::function_ref<void(mlir::Value feature, mlir::Value element)> store);

/// Writes the rows [begin, end) of the result, numbered (b * H + h) * S + s.
void buildRopeRows(mlir::OpBuilder &builder, RopeBuffers buffers,
                   mlir::Value output, Numerics numerics, mlir::Value begin,
                   mlir::Value end);

/// Multiplications and additions of all pairs, as an f64.
mlir::Value buildRopeFlops(mlir::OpBuilder &builder, RopeBuffers buffers);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOREFERENCE_ROPEROWS_H
