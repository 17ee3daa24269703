//===- AttentionRules.h - What attention and gradients share ----*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_DIALECT_ATTN_IR_ATTENTIONRULES_H
#define ATTN_LIB_DIALECT_ATTN_IR_ATTENTIONRULES_H

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// Checks query, key, value and clauses: all rules but those of results and
/// regions.
llvm::LogicalResult verifyAttention(AttentionOp op);

/// Whether two dimensions may be equal at run time.
inline bool areCompatible(int64_t lhs, int64_t rhs) {
  return lhs == rhs || mlir::ShapedType::isDynamic(lhs) ||
         mlir::ShapedType::isDynamic(rhs);
}

/// The rules of clauses that have numbers or tensors.
llvm::LogicalResult verifyClauses(AttentionOp op);
llvm::LogicalResult verifyDropout(SdpaOp op);

/// Names the arguments of a region.
void nameArguments(AttentionOp op, mlir::Region &region,
                   mlir::OpAsmSetValueNameFn setNameFn);

} // namespace attn

#endif // ATTN_LIB_DIALECT_ATTN_IR_ATTENTIONRULES_H
