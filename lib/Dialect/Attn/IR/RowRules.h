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

/// Whether two dimensions may be equal at run time.
inline bool mayBeEqual(int64_t lhs, int64_t rhs) {
  return lhs == rhs || mlir::ShapedType::isDynamic(lhs) ||
         mlir::ShapedType::isDynamic(rhs);
}

} // namespace attn

#endif // ATTN_LIB_DIALECT_ATTN_IR_ROWRULES_H
