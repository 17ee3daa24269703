//===- RowMemory.h - Rows of tiles in the memory of tensors -----*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETOVECTOR_ROWMEMORY_H
#define ATTN_LIB_CONVERSION_TILETOVECTOR_ROWMEMORY_H

#include "Frame.h"

#include "mlir/IR/IRMapping.h"

namespace attn::tile {

/// Where a tile is loaded from or stored to: its rows, one at a time. Elements
/// outside the memref are zero, and are not written.
class RowMemory {
public:
  RowMemory(Frame &frame, LoadOp load, const mlir::IRMapping &scalars);
  RowMemory(Frame &frame, StoreOp store, const mlir::IRMapping &scalars);

  /// Elements of a row, as many as a vector has, from a column on. It is
  /// counted from that of the last `shiftColumns`.
  mlir::Value loadVector(mlir::Value row, int64_t column);
  mlir::Value loadScalar(mlir::Value row);
  /// Asks for all columns of a row, which may lie behind the last one.
  void prefetch(mlir::Value row);
  void storeVector(mlir::Value vector, mlir::Value row, int64_t column);
  void storeScalar(mlir::Value scalar, mlir::Value row);

  /// The rows of the tile from the first one to the last one that the memref
  /// has. Those behind it are outside, but some before it may be, too.
  mlir::Value countRows();
  /// A multiple of a vector's elements; null is 0.
  void shiftColumns(mlir::Value columns) { shift = columns; }
  /// Until this is undone, rows are known to be inside.
  void assumeInside(bool inside) { isKnownInside = inside; }

private:
  RowMemory(Frame &frame, mlir::Value memref, mlir::ValueRange indices,
            std::optional<llvm::ArrayRef<int64_t>> box,
            mlir::RankedTensorType tile, const mlir::IRMapping &scalars);
  /// Indices of a row's first element, and whether the memref has it.
  llvm::SmallVector<mlir::Value> locate(mlir::Value row);
  mlir::Value isInside(llvm::ArrayRef<mlir::Value> indices);
  /// Null where all columns of the vector are inside.
  mlir::Value columnMask(int64_t column);
  bool hasAllColumns(int64_t column) const;

  Frame &frame;
  mlir::ImplicitLocOpBuilder &b;
  mlir::Value memref;
  llvm::SmallVector<mlir::Value> first; // of each dimension of rows
  mlir::Value firstColumn, shift;       // null where they are 0
  llvm::SmallVector<int64_t> box;
  mlir::RankedTensorType tile;
  bool hasColumns, isKnownInside = false;
};

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETOVECTOR_ROWMEMORY_H
