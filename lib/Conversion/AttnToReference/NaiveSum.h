//===- NaiveSum.h - Sums of tensors as host loops ---------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOREFERENCE_NAIVESUM_H
#define ATTN_LIB_CONVERSION_ATTNTOREFERENCE_NAIVESUM_H

#include "HostLoops.h"
#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// Writes the rows [begin, end) of the sum, all dimensions but the last being
/// those of rows.
void buildNaiveSum(mlir::OpBuilder &builder, SumOp op,
                   llvm::ArrayRef<mlir::Value> addends, mlir::Value output,
                   Numerics numerics, mlir::Value begin, mlir::Value end);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOREFERENCE_NAIVESUM_H
