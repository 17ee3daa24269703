//===- Layouts.h - Which tiles products lay out -----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_DIALECT_TILE_ANALYSIS_LAYOUTS_H
#define ATTN_DIALECT_TILE_ANALYSIS_LAYOUTS_H

#include "attn/Dialect/Tile/IR/Tile.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/EquivalenceClasses.h"

namespace attn::tile {

/// Whether an operation can make its tile in any layout at no cost: a constant,
/// or one that counts.
bool isOfAnyLayout(mlir::Operation *op);

/// Finds tiles that are computed from one another, and therefore laid out
/// alike. Those that are computed from products, or together with them, are
/// laid out as products are; the others may be laid out as memory is read best.
/// What is of any layout belongs to no class.
class LayoutClasses {
public:
  explicit LayoutClasses(KernelOp kernel);

  /// True if a product decides on the layout of `tile`.
  bool isOfProduct(mlir::Value tile) const;
  /// True if `tile` is loaded, or computed from what is, and no product
  /// decides.
  bool isOfMemory(mlir::Value tile) const;

  /// True if both tiles are laid out alike.
  bool areAlike(mlir::Value a, mlir::Value b) const {
    return leaderOf(a) && leaderOf(a) == leaderOf(b);
  }

private:
  void join(mlir::Operation *op);
  const void *leaderOf(mlir::Value tile) const;

  llvm::EquivalenceClasses<const void *> classes;
  llvm::DenseSet<const void *> ofProducts, ofLoads; // leaders
};

} // namespace attn::tile

#endif // ATTN_DIALECT_TILE_ANALYSIS_LAYOUTS_H
