//===- RowChain.h - Operations on rows that one kernel computes -*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_ROWCHAIN_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_ROWCHAIN_H

#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// A tensor, and the operations that make another one of its rows.
struct RowChain {
  mlir::Value source;
  llvm::SmallVector<RowOp, 2> ops; // in order, may be empty

  /// What makes a tensor that a kernel reads: the operations that are marked as
  /// fused.
  static RowChain of(mlir::Value tensor) {
    RowChain chain;
    chain.ops = fusedRowOps(tensor);
    chain.source = chain.ops.empty() ? tensor : chain.ops.front().getInput();
    return chain;
  }
};

/// The operands of an operation on rows beside the rows: two, either of which
/// may be null.
inline std::pair<mlir::Value, mlir::Value> sideOperands(RowOp op) {
  if (auto rope = llvm::dyn_cast<RopeOp>(op.getOperation()))
    return {rope.getPositions(), rope.getOffsets()};
  auto norm = llvm::cast<NormOp>(op.getOperation());
  return {norm.getWeight(), norm.getBias()};
}

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_ROWCHAIN_H
