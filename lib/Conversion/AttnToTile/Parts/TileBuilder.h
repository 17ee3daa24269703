//===- TileBuilder.h - Writes the values of a kernel ------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_TILEBUILDER_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_TILEBUILDER_H

#include "attn/Dialect/Tile/IR/Tile.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace attn {

/// Writes what kernels are made of: scalars of type `index`, and tiles.
class TileBuilder : public mlir::ImplicitLocOpBuilder {
public:
  explicit TileBuilder(tile::KernelOp kernel)
      : ImplicitLocOpBuilder(kernel.getLoc(),
                             OpBuilder::atBlockEnd(&kernel.getBody().front())) {
  }

  // Scalars.
  mlir::Value index(int64_t value);
  mlir::Value dim(mlir::Value memref, int64_t dimension);
  mlir::Value toI32(mlir::Value index);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, mlir::Value b);
  mlir::Value rem(mlir::Value a, mlir::Value b);
  mlir::Value min(mlir::Value a, mlir::Value b);
  mlir::Value max(mlir::Value a, mlir::Value b);
  mlir::Value clamp(mlir::Value value, mlir::Value low, mlir::Value high) {
    return min(max(value, low), high);
  }

  /// An element of memory that no one writes; floats of 16 bits as f32.
  mlir::Value element(mlir::Value memref, mlir::ValueRange indices);

  // Tiles. Rows and columns are those of the tile.
  mlir::RankedTensorType tileType(int64_t rows, int64_t columns,
                                  mlir::Type element) {
    return mlir::RankedTensorType::get({rows, columns}, element);
  }
  mlir::Value constant(mlir::RankedTensorType type, mlir::Attribute value);
  mlir::Value splat(float value, int64_t rows, int64_t columns);
  /// A column vector as a tile of several columns.
  mlir::Value broadcast(mlir::Value column, int64_t columns);
  /// A row vector as a tile of several rows.
  mlir::Value repeatRow(mlir::Value row, int64_t rows);
  /// Indices, i32 alone or in a tile, that are below `length`, or else the last
  /// one before it.
  mlir::Value clampBelow(mlir::Value indices, mlir::Value length);
  tile::LoadOp load(mlir::RankedTensorType type, mlir::Value view,
                    mlir::ValueRange indices,
                    mlir::DenseI64ArrayAttr box = nullptr);
  void store(mlir::Value tile, mlir::Value view, mlir::ValueRange indices,
             mlir::DenseI64ArrayAttr box = nullptr);
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  mlir::Value multiply(mlir::Value a, mlir::Value b);
  mlir::Value exp2(mlir::Value value);
  /// The tile with elements of another floating-point type, or as it is.
  mlir::Value convert(mlir::Value tile, mlir::Type element);
};

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_PARTS_TILEBUILDER_H
