//===- Products.h - Products of a block of rows -----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A product keeps a block of its result in registers: some rows of a few
// vectors each. The right operand is packed in panels that are as wide, so that
// each step of the inner dimension reads one run of memory:
//
//   panel p, step k   columns [p * width, (p + 1) * width) of row k, or of rows
//                     2k and 2k + 1 in pairs where pairs are multiplied
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETOVECTOR_PRODUCTS_H
#define ATTN_LIB_CONVERSION_TILETOVECTOR_PRODUCTS_H

#include "RegisterBlock.h"

namespace attn::tile {

/// A packed right operand: panels of one width, and a narrower one for the
/// columns that are left over.
struct PackedOperand {
  int64_t steps; // of the inner dimension
  int64_t panels;
  int64_t panelVectors; // of a row of a panel
  int64_t restVectors;  // of a row of the narrower one; 0 where there is none
  mlir::Value memref;   // panels x steps x elements of a row; null without any
  mlir::Value rest;     // 1 x steps x elements of a row
};

/// Vectors of a block's rows: the fewer rows, the more.
int64_t vectorsOfBlock(const ProcessorDesc &processor, int64_t rows);

/// Packs all rows of the right operand.
PackedOperand emitPacked(Frame &frame, Values &values, DotOp op,
                         int64_t blockRows);

/// What a block needs: columns of the result, or of its rows on the left.
struct Bounds {
  mlir::Value first, end; // inside of the tile
  bool areInner;
};

/// Multiplies a block of rows.
void emitProduct(Frame &frame, DotOp op, int64_t rows, const ProductRows &place,
                 const PackedOperand &right, std::optional<Bounds> bounds);

/// Rows for which packing a right operand takes about as long as it saves. They
/// are one block.
inline constexpr int64_t kFewRows = 8;

/// Whether a product of so few rows reads the right operand where it lies,
/// since packing it takes longer.
bool isReadInPlace(DotOp op, int64_t rows);

/// Multiplies all rows.
void emitProductInPlace(Frame &frame, Values &values, DotOp op,
                        const ProductRows &place, std::optional<Bounds> bounds);

/// The steps within the bounds.
Span stepsWithin(Frame &frame, DotOp op, int64_t steps,
                 const std::optional<Bounds> &bounds);

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETOVECTOR_PRODUCTS_H
