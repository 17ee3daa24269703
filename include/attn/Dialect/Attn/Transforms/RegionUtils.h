//===- RegionUtils.h - Inlining the regions of attn.sdpa --------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_TRANSFORMS_REGIONUTILS_H
#define ATTN_DIALECT_ATTN_TRANSFORMS_REGIONUTILS_H

#include "mlir/IR/Builders.h"

namespace attn {

/// Copies the body of a `keep` or `range` region to the builder's insertion
/// point, with `arguments` for its four arguments and the two lengths for
/// `attn.query_length` and `attn.key_length`. Returns what it yields.
llvm::SmallVector<mlir::Value> inlineMaskRegion(mlir::OpBuilder &builder,
                                                mlir::Region &region,
                                                mlir::ValueRange arguments,
                                                mlir::Value queryLength,
                                                mlir::Value keyLength);

} // namespace attn

#endif // ATTN_DIALECT_ATTN_TRANSFORMS_REGIONUTILS_H
