//===- Registers.h - Tiles as registers of a thread -------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETONVVM_REGISTERS_H
#define ATTN_LIB_CONVERSION_TILETONVVM_REGISTERS_H

#include "Context.h"

namespace attn::tile {

/// Tiles become registers, memrefs their parts, shared tiles pointers.
class TileTypeConverter : public mlir::TypeConverter {
public:
  explicit TileTypeConverter(mlir::MLIRContext *context);
};

/// Orders the registers of a thread: by strip of 16 rows, then by atom of 8
/// columns, then by row and column within the atom. In a blocked layout a strip
/// is a row of the thread, and its columns are one atom. A left operand's atoms
/// are as wide as a k-step, and their four registers follow index(strip, atom,
/// 0, 0) in the order in which the MMA takes them.
struct RegisterGrid {
  explicit RegisterGrid(mlir::RankedTensorType tile);

  int64_t strips = 1; // 1 for a column vector, too
  int64_t atoms = 1;  // 1 for a row vector, too
  /// Rows from one strip to the next.
  int64_t rowStep = WarpFragment::kRows;
  int64_t rowsOfAtom = 2;    // registers that differ in their row: 1 or 2
  int64_t columnsOfAtom = 2; // … in their column: 1 or 2
  mlir::Type registerType;

  /// Row and column of a register, from the first element of the thread on.
  int64_t rowOf(int64_t strip, int64_t row) const {
    return rowStep * strip + WarpFragment::kRowStep * row;
  }
  int64_t columnOf(int64_t atom, int64_t column) const {
    return WarpFragment::kColumns * atom + column;
  }
  int64_t size() const { return strips * atoms * rowsOfAtom * columnsOfAtom; }
  int64_t index(int64_t strip, int64_t atom, int64_t row,
                int64_t column) const {
    return ((strip * atoms + atom) * rowsOfAtom + row) * columnsOfAtom + column;
  }
};

/// The first element of a thread within a tile: of row 16 * strip + 8 * row and
/// column 8 * atom + column, the thread holds the one at this offset.
struct ThreadOrigin {
  mlir::Value row, column; // i32
};
ThreadOrigin emitThreadOrigin(mlir::OpBuilder &builder, mlir::Location loc,
                              mlir::RankedTensorType tile);
/// The same for an operation, hidden from LLVM where warps have roles and CTAs
/// loop over query tiles: LLVM would keep what follows from it in registers that
/// the products of a tile need.
ThreadOrigin emitThreadOriginFor(mlir::OpBuilder &builder, mlir::Operation *op,
                                 mlir::RankedTensorType tile);

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETONVVM_REGISTERS_H
