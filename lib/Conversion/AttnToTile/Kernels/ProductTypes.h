//===- ProductTypes.h - What products multiply ------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_PRODUCTTYPES_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_PRODUCTTYPES_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Tile/IR/Tile.h"

namespace attn {

/// The types and widths of an attention's operands as products take them.
struct ProductTypes {
  explicit ProductTypes(AttentionOp op);

  mlir::Type element;    // in memory
  mlir::Type multiplied; // by products
  /// Head dimensions in whole steps of the products over them, and in whole
  /// vectors.
  int64_t dimQK, dimV;
};

/// Says of each product of a kernel how it multiplies f32 operands, where
/// matrix instructions do.
void setProductParts(tile::KernelOp kernel, AttentionOp op);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_KERNELS_PRODUCTTYPES_H
