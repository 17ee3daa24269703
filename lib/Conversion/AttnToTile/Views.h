//===- Views.h - Arguments as kernels see them ------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_VIEWS_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_VIEWS_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace attn {

/// The memref, which has `layout`, as [batch, head, length, features].
inline mlir::Value viewAsBHSD(mlir::OpBuilder &builder, mlir::Location loc,
                              mlir::Value memref, Layout layout) {
  if (layout == Layout::BHSD)
    return memref;
  auto permutation = mlir::AffineMap::getPermutationMap(
      llvm::ArrayRef<unsigned>{0, 2, 1, 3}, builder.getContext());
  return mlir::memref::TransposeOp::create(
      builder, loc, memref, mlir::AffineMapAttr::get(permutation));
}

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_VIEWS_H
