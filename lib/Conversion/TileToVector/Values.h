//===- Values.h - Elements of tiles, where they are needed ------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Nothing of a tile is computed until somebody needs it, except where it has a
// place in memory. A row is computed in vectors, and a vector of one element a
// row (a row vector) either as the scalar of one row or as the elements of a
// block of rows.
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETOVECTOR_VALUES_H
#define ATTN_LIB_CONVERSION_TILETOVECTOR_VALUES_H

#include "Frame.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

namespace attn::tile {

/// Whether the value is a tile.
bool isTile(mlir::Value value);
/// Whether the tile has one element in a row.
bool isRowVector(mlir::Value tile);
int64_t rowsOf(mlir::Value tile);
int64_t columnsOf(mlir::Value tile);
mlir::Type elementOf(mlir::Value tile);

/// Whether the operation computes each element from those at its place alone,
/// or moves them within a row: it can be computed where it is needed.
bool isElementwise(mlir::Operation *op);

/// Memory that holds a tile: all its rows, or those of one block.
struct TilePlace {
  mlir::Value memref;
  bool hasAllRows;
};

/// One row of a tile.
struct RowScope {
  mlir::Value row;        // in the tile
  mlir::Value rowOfBlock; // in the block
  /// Where columns are counted from, a multiple of a vector's elements; null is
  /// 0. Tiles whose columns differ have none of it.
  mlir::Value firstColumn;
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, mlir::Value> vectors;
  llvm::DenseMap<mlir::Value, mlir::Value> scalars;
};

/// A block of rows.
struct BlockScope {
  mlir::Value first;
  int64_t rows;
  llvm::DenseMap<mlir::Value, mlir::Value> vectors;
};

class Values {
public:
  Values(Frame &frame) : frame(frame), b(frame.b) {}

  // Operands that are no tiles, as one condition for all elements, are the
  // same anywhere.

  /// Elements [column, column + lanes) of the row.
  mlir::Value vectorAt(mlir::Value tile, int64_t column, RowScope &scope);
  /// The same, computed even where the tile has a place.
  mlir::Value computedAt(mlir::Value tile, int64_t column, RowScope &scope);
  /// The element of a row vector.
  mlir::Value scalarOf(mlir::Value tile, RowScope &scope);
  /// The elements of a row vector in a block.
  mlir::Value rowsIn(mlir::Value tile, BlockScope &scope);

  /// Elements that are loaded are known to be inside their memref.
  void assumeInside(bool inside) { isKnownInside = inside; }

  void setPlace(mlir::Value tile, TilePlace place) { places[tile] = place; }
  void clearPlace(mlir::Value tile) { places.erase(tile); }
  /// Null where the tile has none.
  const TilePlace *placeOf(mlir::Value tile) const;
  /// Whether any vector of columns is computed in the same way.
  bool areColumnsAlike(mlir::Value tile) const;
  /// Row vectors of floating-point numbers that computing `tile` needs, row by
  /// row.
  void collectRowVectors(mlir::Value tile,
                         llvm::SmallSetVector<mlir::Value, 8> &found) const;

  mlir::IRMapping scalars; // of the kernel

private:
  mlir::Value computeVector(mlir::Operation *op, mlir::Value tile,
                            int64_t column, RowScope &scope);
  mlir::Value shuffled(mlir::Operation *op, mlir::Value tile, int64_t column,
                       RowScope &scope);
  mlir::Value gathered(GatherOp op, int64_t column, RowScope &scope);
  mlir::Value randomAt(RandomOp op, int64_t column, RowScope &scope);
  mlir::Value randomOf(RandomOp op, mlir::ValueRange operands);
  mlir::Value gatheredRows(mlir::ValueRange operands, mlir::VectorType type);
  mlir::Value constantVector(mlir::DenseElementsAttr elements, int64_t column);
  mlir::Value computeScalar(mlir::Operation *op, RowScope &scope);
  mlir::Value computeRows(mlir::Operation *op, BlockScope &scope);
  mlir::Value cloned(mlir::Operation *op, mlir::ValueRange operands,
                     mlir::Type type);

  Frame &frame;
  mlir::ImplicitLocOpBuilder &b;
  llvm::DenseMap<mlir::Value, TilePlace> places;
  bool isKnownInside = false;
};

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETOVECTOR_VALUES_H
