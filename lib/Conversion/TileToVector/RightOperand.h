//===- RightOperand.h - Rows of a product's right operand -------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The right operand of a product, in words of 32 bits: an element of f32, or a
// pair of 16-bit elements that are neighbours along the inner dimension. A step
// of a product takes one word of each column of the result.
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETOVECTOR_RIGHTOPERAND_H
#define ATTN_LIB_CONVERSION_TILETOVECTOR_RIGHTOPERAND_H

#include "Values.h"

namespace attn::tile {

/// Whether the product's steps take pairs.
bool multipliesPairs(DotOp op);

/// The words of two vectors of 16-bit elements.
mlir::Value emitWords(Frame &frame, mlir::Value low, mlir::Value high);

class RightOperand {
public:
  /// Builds what tells how many rows are inside of memory, where the operand is
  /// nothing but a load.
  RightOperand(Frame &frame, Values &values, DotOp op);

  mlir::Type wordType() const;
  int64_t steps() const; // of the product
  /// Rows that are inside; null where each row must be asked. Those behind them
  /// are zeros, and not to be read.
  mlir::Value getCount() const { return count; }
  /// Steps that have a row which is inside, where rows are steps.
  mlir::Value countSteps();
  /// Whether columns may be counted from one that is known at run time.
  bool areColumnsAlike() const { return values.areColumnsAlike(operand); }

  /// A row that is inside, in place of one behind those.
  mlir::Value rowAt(mlir::Value first, int64_t row);
  /// Zeros in the lanes of rows that are not inside. Lane i is of row
  /// `firstRow` + i.
  mlir::Value withoutRowsBehind(mlir::Value vector, mlir::Value firstRow);
  /// Asks memory for the rows of the tile behind this one that correspond to
  /// `row`, or to a step. They arrive while this one is worked on.
  void prefetchNextRow(mlir::Value row);
  void prefetchNextStep(mlir::Value step);
  /// Words [word, word + lanes) of a row, where columns are steps. They are
  /// counted from `firstWord`, which is a multiple of the lanes; null is 0.
  /// Those behind the last one are zeros.
  mlir::Value wordsOfRow(mlir::Value row, mlir::Value firstWord, int64_t word);
  /// A step's words of columns [column, column + lanes), where rows are steps.
  llvm::SmallVector<mlir::Value> wordsOfStep(mlir::Value step,
                                             llvm::ArrayRef<int64_t> columns);

private:
  LoadOp findLoad() const;
  mlir::Value read(int64_t column, RowScope &row);

  Frame &frame;
  mlir::ImplicitLocOpBuilder &b;
  Values &values;
  mlir::Value operand;
  bool isTransposed, hasPairs;
  int64_t lanes;
  LoadOp load; // null where the operand is something else
  mlir::Value count;
};

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETOVECTOR_RIGHTOPERAND_H
