//===- RowTiles.h - Rows of an operand in pieces ----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_ROWTILES_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_ROWTILES_H

#include "TileBuilder.h"

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Schedule/RowSchedules.h"

namespace attn {

/// Which rows of a tensor a tile has.
struct RowIndices {
  mlir::Value batch;    // index
  mlir::Value first;    // the first row, index
  int64_t repeat = 1;   // tile rows for each row: heads that share a tile
  mlir::Value length;   // of a head, index
  mlir::Value head;     // of the first tile row, index
  mlir::Value numHeads; // index
};

/// Some rows of a tensor, on their way through operations on rows. A row lies
/// in pieces, each a tile, so that the elements of a pair are at the same place
/// of two tiles or beside each other in one.
class RowTiles {
public:
  RowTiles(TileBuilder &b, const RowTiling &tiling, int64_t rows,
           const RowIndices &indices)
      : b(b), tiling(tiling), rows(rows), indices(indices) {}

  void load(mlir::Value view, mlir::ValueRange place,
            mlir::DenseI64ArrayAttr box = nullptr);
  /// Applies an operation; `sides` are the memrefs of its other operands.
  void apply(RowOp op, std::pair<mlir::Value, mlir::Value> sides);
  void store(mlir::Value view, mlir::ValueRange place);
  /// Makes f32 of the elements.
  void widen();

  // The gradient of a norm, of rows of its input that were widened.

  /// The inverse of what a row is divided by, and the sum of its squares, both
  /// as columns. Rows are centred under `layer`.
  struct Divisor {
    mlir::Value inverse, squares;
  };
  Divisor divide(NormGradOp op);
  /// Makes the gradient of the input of the rows, which were divided, from the
  /// cotangents.
  void differentiate(NormGradOp op, const Divisor &divisor,
                     const RowTiles &cotangents, mlir::Value weight);
  /// What the rows, divided, contribute to the gradient of a weight, in place
  /// of them: products with the cotangents.
  void multiply(NormGradOp op, const Divisor &divisor,
                const RowTiles &cotangents);
  /// Adds tiles of the pieces; or, to one column, sums over the rows.
  llvm::SmallVector<mlir::Value> addTo(mlir::ValueRange sums);
  mlir::Value addToColumn(mlir::Value sum);

  /// Tiles of zeros, of f32.
  llvm::SmallVector<mlir::Value> zeros();
  void set(mlir::ValueRange values) {
    tiles.assign(values.begin(), values.end());
  }
  /// Puts the rows into a tile in shared memory, from `row` on where it is
  /// given. Columns behind the last one become zeros.
  void put(mlir::Value buffer, mlir::Value row);

private:
  using Piece = RowTiling::Piece;
  mlir::Value columnsOf(mlir::Value view, const Piece &piece);
  mlir::Value rowNumbers();
  mlir::Value rowHeads();
  mlir::Value positions(RopeOp op, mlir::Value given, mlir::Value offsets);
  void rotate(RopeOp op, mlir::Value positions);
  void normalise(NormOp op, mlir::Value weight, mlir::Value bias);
  Divisor divide(NormKind kind, float eps, int64_t features);
  void centre(int64_t features);
  mlir::Value sumOf(llvm::function_ref<mlir::Value(mlir::Value)> term);
  mlir::Value insideOf(const Piece &piece);
  mlir::Value factors(mlir::Value memref, const Piece &piece);
  mlir::Value column(float value) { return b.splat(value, rows, 1); }

  TileBuilder &b;
  const RowTiling &tiling;
  int64_t rows;
  RowIndices indices;
  llvm::SmallVector<mlir::Value> tiles; // of the pieces
};

/// `count` columns of a memref from `first` on.
mlir::Value columnsOf(TileBuilder &b, mlir::Value view, int64_t first,
                      int64_t count);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_ROWTILES_H
