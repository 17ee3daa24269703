//===- MmaSync.h - Pieces of products by warps ------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETONVVM_MMASYNC_H
#define ATTN_LIB_CONVERSION_TILETONVVM_MMASYNC_H

#include "Memory.h"

namespace attn::tile {

/// Chunks of a step along k.
inline constexpr int64_t kStepChunks =
    WarpFragment::kStepBytes / SwizzledTile::kChunkBytes;

/// a * b + c.
llvm::SmallVector<mlir::Value>
emitMma(mlir::OpBuilder &builder, mlir::Location loc, const MmaAtom &atom,
        mlir::Type element, llvm::ArrayRef<mlir::Value> a,
        llvm::ArrayRef<mlir::Value> b, llvm::ArrayRef<mlir::Value> c);

/// The first row of the thread's warp in a left operand of so many rows.
mlir::Value emitFirstRow(mlir::OpBuilder &builder, mlir::Location loc,
                         int64_t rowsPerWarp);
/// The left operand of one k-step, for each strip; `firstRow` is the warp's.
llvm::SmallVector<llvm::SmallVector<mlir::Value>>
emitLeftFromShared(mlir::OpBuilder &builder, mlir::Location loc,
                   SharedType type, mlir::Value pointer, mlir::Value firstRow,
                   int64_t rowsPerWarp, int64_t step);
llvm::SmallVector<llvm::SmallVector<mlir::Value>>
leftFromRegisters(mlir::RankedTensorType type, mlir::ValueRange registers,
                  int64_t step);

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETONVVM_MMASYNC_H
