//===- RowMaps.h - Norms and rotations as host loops ------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOREFERENCE_ROWMAPS_H
#define ATTN_LIB_CONVERSION_ATTNTOREFERENCE_ROWMAPS_H

#include "HostLoops.h"
#include "attn/Dialect/Attn/IR/Attn.h"

namespace attn {

/// An operation on rows with the memrefs of its operands; null where it has
/// none. `length` is the number of rows of a head.
struct RowMap {
  mlir::Operation *op; // a `RowOp`
  mlir::Value length;
  mlir::Value positions, offsets; // of attn.rope
  mlir::Value weight, bias;       // of attn.norm
};

/// A memref with rows, and what is made of them, in this order.
struct RowChain {
  mlir::Value buffer;
  llvm::SmallVector<RowMap, 2> maps;
};

/// Which row of a tensor an operation works on.
struct RowPlace {
  mlir::Value batch, head, row;
};

/// The elements of a row before and after an operation, in the type of the
/// judge's numbers.
struct RowAccess {
  llvm::function_ref<mlir::Value(mlir::Value feature)> load;
  llvm::function_ref<void(mlir::Value feature, mlir::Value element)> store;
};

void buildRopeRow(mlir::OpBuilder &builder, const RowMap &map,
                  Numerics numerics, const RowPlace &row, RowAccess access);
void buildNormRow(mlir::OpBuilder &builder, const RowMap &map,
                  Numerics numerics, const RowPlace &row, RowAccess access);

/// Computes rows of a chain, which is not empty.
class ChainRows : HostLoops {
public:
  /// Allocates what a row takes.
  ChainRows(mlir::OpBuilder &builder, const RowChain &chain, Numerics numerics);

  /// Computes the row at these indices of the tensor.
  void build(llvm::ArrayRef<mlir::Value> indices,
             llvm::function_ref<void(mlir::Value, mlir::Value)> store);
  /// Writes the rows [begin, end) of the result, numbered (b * H + h) * S + s.
  void buildAll(mlir::Value output, mlir::Value begin, mlir::Value end);

private:
  const RowChain &chain;
  llvm::SmallVector<mlir::Value, 2>
      rows; // what an operation leaves to the next
};

/// Multiplications and additions of the last operation of a chain, as an f64.
mlir::Value buildRowFlops(mlir::OpBuilder &builder, const RowChain &chain);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOREFERENCE_ROWMAPS_H
