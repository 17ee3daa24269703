//===- RowRules.h - Rules of operations on rows -----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_DIALECT_ATTN_IR_ROWRULES_H
#define ATTN_LIB_DIALECT_ATTN_IR_ROWRULES_H

#include "AttnSyntax.h"

namespace attn {

/// The rules that `attn.rope` and `attn.norm` share: those of their input, and
/// of the elements of their result.
llvm::LogicalResult verifyRows(RowOp op);

/// The parts of these: rows of rank 4, and what they are mapped to.
llvm::LogicalResult verifyInputRows(mlir::Operation *op,
                                    mlir::RankedTensorType type,
                                    int64_t lengthDim);
llvm::LogicalResult verifyMappedRows(mlir::Operation *op, llvm::StringRef name,
                                     mlir::RankedTensorType input,
                                     mlir::RankedTensorType output);

/// The rules that `attn.norm` and its gradient share: those of a weight or a
/// bias, null for none, of rows with so many heads, and those of numbers.
llvm::LogicalResult verifyFactors(mlir::Operation *op, llvm::StringRef name,
                                  mlir::Value operand,
                                  mlir::RankedTensorType rows, int64_t headDim);
llvm::LogicalResult verifyNormNumbers(mlir::Operation *op, float eps,
                                      float scale);
float epsOrDefault(std::optional<llvm::APFloat> eps, NormKind kind);

/// Whether two dimensions may be equal at run time.
inline bool mayBeEqual(int64_t lhs, int64_t rhs) {
  return lhs == rhs || mlir::ShapedType::isDynamic(lhs) ||
         mlir::ShapedType::isDynamic(rhs);
}

} // namespace attn

#endif // ATTN_LIB_DIALECT_ATTN_IR_ROWRULES_H
