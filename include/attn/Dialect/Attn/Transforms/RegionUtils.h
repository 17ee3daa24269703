//===- RegionUtils.h - Inlining the regions of attn.sdpa --------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_TRANSFORMS_REGIONUTILS_H
#define ATTN_DIALECT_ATTN_TRANSFORMS_REGIONUTILS_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/IR/Builders.h"

namespace attn {

/// Makes the value of an `attn.capture` from the indices that it has where it
/// is copied to.
using CaptureReader =
    llvm::function_ref<mlir::Value(CaptureOp, mlir::ValueRange)>;

/// Copies the body of a region to the builder's insertion point, with
/// `arguments` for its arguments, the two lengths for `attn.query_length` and
/// `attn.key_length`, and what `readCapture` makes for `attn.capture`, which is
/// copied as it is without one. Constants that the region uses from above are
/// copied, too. Returns what it yields.
llvm::SmallVector<mlir::Value>
inlineMaskRegion(mlir::OpBuilder &builder, mlir::Region &region,
                 mlir::ValueRange arguments, mlir::Value queryLength,
                 mlir::Value keyLength, CaptureReader readCapture = {});

/// Puts 1 in the place of a divisor of 0 in front of `op`, if it divides
/// integers: regions divide by 1 where they would divide by 0.
void guardDivisor(mlir::OpBuilder &builder, mlir::Operation *op);

} // namespace attn

#endif // ATTN_DIALECT_ATTN_TRANSFORMS_REGIONUTILS_H
