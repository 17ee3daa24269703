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

inline mlir::Value transpose(mlir::OpBuilder &builder, mlir::Location loc,
                             mlir::Value memref,
                             llvm::ArrayRef<unsigned> permutation) {
  auto map =
      mlir::AffineMap::getPermutationMap(permutation, builder.getContext());
  return mlir::memref::TransposeOp::create(builder, loc, memref,
                                           mlir::AffineMapAttr::get(map));
}

/// The memref, which has `layout`, as [batch, head, length, features].
inline mlir::Value viewAsBHSD(mlir::OpBuilder &builder, mlir::Location loc,
                              mlir::Value memref, Layout layout) {
  if (layout == Layout::BHSD)
    return memref;
  return transpose(builder, loc, memref, {0, 2, 1, 3});
}

/// The memref, which has `layout` with two dimensions of heads, as [batch, key
/// head, length, head of the group], with features if it has any.
inline mlir::Value viewInGroups(mlir::OpBuilder &builder, mlir::Location loc,
                                mlir::Value memref, Layout layout) {
  if (mlir::cast<mlir::MemRefType>(memref.getType()).getRank() == 4)
    return transpose(builder, loc, memref, {0, 1, 3, 2});
  if (layout == Layout::BHSD)
    return transpose(builder, loc, memref, {0, 1, 3, 2, 4});
  return transpose(builder, loc, memref, {0, 2, 1, 3, 4});
}

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_VIEWS_H
