//===- InFlight.h - Products that run ---------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_DIALECT_TILE_TRANSFORMS_INFLIGHT_H
#define ATTN_LIB_DIALECT_TILE_TRANSFORMS_INFLIGHT_H

#include "attn/Dialect/Tile/IR/Tile.h"

namespace attn::tile {

/// Products that were started and not waited for.
class InFlight {
public:
  void start(DotOp original, DotOp started) {
    products.push_back({original, started, false});
  }
  bool isWaitedFor(DotOp original) const;
  /// Waits for the product, with those before it still to be named, behind
  /// percents of what is computed.
  mlir::Value
  wait(mlir::OpBuilder &builder, DotOp original,
       llvm::ArrayRef<std::pair<mlir::Value, int64_t>> computed = {});
  llvm::SmallVector<DotOp> notWaitedFor() const;

private:
  struct Product {
    DotOp original, started;
    bool isDone;
  };
  llvm::SmallVector<Product> products; // in the order in which they finish
};

} // namespace attn::tile

#endif // ATTN_LIB_DIALECT_TILE_TRANSFORMS_INFLIGHT_H
