//===- Memory.h - Global and shared memory as threads address it *- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETONVVM_MEMORY_H
#define ATTN_LIB_CONVERSION_TILETONVVM_MEMORY_H

#include "Context.h"

namespace attn::tile {

/// Name of the array that stands for the CTA's dynamic shared memory.
inline constexpr char kSharedMemoryName[] = "attn_shared";

//===----------------------------------------------------------------------===//
// Global memory
//===----------------------------------------------------------------------===//

/// A memref in the lowered program.
struct GlobalView {
  mlir::Value pointer;                    // !llvm.ptr<1>
  llvm::SmallVector<mlir::Value> dims;    // i32
  llvm::SmallVector<mlir::Value> strides; // i64, in elements
  mlir::Type elementType;

  static GlobalView unpack(mlir::OpBuilder &builder, mlir::Location loc,
                           mlir::MemRefType type, mlir::ValueRange parts);
  llvm::SmallVector<mlir::Value> pack(mlir::MemRefType type) const;
  /// The types of `pack`.
  static void partTypes(mlir::MemRefType type,
                        llvm::SmallVectorImpl<mlir::Type> &types);
  /// Address of the element at `indices` (of any integer type; the last is the
  /// column where the rank says so).
  mlir::Value address(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::ValueRange indices) const;
  /// Whether every row begins at a multiple of `bytes`, a power of two. Callers
  /// choose where results lie; only pairs of elements need be aligned.
  mlir::Value isAligned(mlir::OpBuilder &builder, mlir::Location loc,
                        int64_t bytes) const;
};

/// Maps the rows of a tile to indices of a memref: rows follow one another in
/// the last index, or in every index that a box spans.
class RowIndexer {
public:
  RowIndexer(mlir::OpBuilder &builder, mlir::Location loc,
             mlir::ValueRange indices,
             std::optional<llvm::ArrayRef<int64_t>> box);
  /// Indices of row `row + offset`, all i32.
  llvm::SmallVector<mlir::Value> at(mlir::OpBuilder &builder,
                                    mlir::Location loc, mlir::Value row,
                                    int64_t offset = 0) const;
  /// Whether `view` has the row at those indices.
  mlir::Value isInside(mlir::OpBuilder &builder, mlir::Location loc,
                       const GlobalView &view, mlir::ValueRange indices) const;
  bool hasBox() const { return !box.empty(); }

private:
  llvm::SmallVector<mlir::Value> first;
  llvm::SmallVector<int64_t> box; // empty where all rows are of the last index
};

/// One access to neighbouring elements.
void storeSegment(mlir::OpBuilder &builder, mlir::Location loc,
                  mlir::Value address, mlir::ValueRange columns,
                  int64_t alignment);

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

/// Byte offsets within a swizzled tile; see `!tile.shared`.
class SwizzledTile {
public:
  explicit SwizzledTile(SharedType type);

  int64_t chunksPerRow() const { return chunks; }
  int64_t chunksPerPanel() const { return panelChunks; }
  int64_t panelBytes() const { return rows * panelChunks * kChunkBytes; }

  /// Chunk `chunk + laneChunk` of row `row + laneRow`. `row` is a multiple of
  /// 8; `chunk` is a multiple of 2 and `laneChunk` 0 or 1, or `chunk` is 0 and
  /// `laneChunk` less than a panel's chunks.
  mlir::Value offset(mlir::OpBuilder &builder, mlir::Location loc, int64_t row,
                     mlir::Value laneRow, int64_t chunk,
                     mlir::Value laneChunk) const;

  /// Chunk `chunk` of row `row`, whatever they are.
  mlir::Value offset(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::Value row, mlir::Value chunk) const;

  static constexpr int64_t kChunkBytes = 16;
  /// Rows after which the swizzle's pattern repeats.
  static constexpr int64_t kPatternRows = 8;

private:
  int64_t rows, chunks, panelChunks;
};

/// Whether the rows of a memref are whole chunks, and known to be.
bool isInChunks(mlir::MemRefType type);

/// A place in the CTA's dynamic shared memory.
mlir::Value emitSharedAddress(mlir::OpBuilder &builder, mlir::Location loc,
                              int64_t offset);
/// pointer + bytes, in shared memory.
mlir::Value emitSharedOffset(mlir::OpBuilder &builder, mlir::Location loc,
                             mlir::Value pointer, mlir::Value bytes);

/// Four 8x8 matrices of 16-bit elements; `origin` as in the MMA fragments.
enum class MatrixOrder {
  /// Matrices 0, 1 are rows 0-7 and 8-15 of the first chunk, 2, 3 of the next:
  /// a left operand.
  RowsFirst,
  /// Matrices 0, 1 are the chunks of rows 0-7, 2, 3 of rows 8-15: two right
  /// operands that are stored transposed.
  ChunksFirst,
};
llvm::SmallVector<mlir::Value>
emitLdmatrix(mlir::OpBuilder &builder, mlir::Location loc,
             const SwizzledTile &tile, mlir::Value pointer, int64_t row,
             mlir::Value rowOffset, int64_t chunk, MatrixOrder order,
             bool transpose);

/// The barrier of use `use` of a ring; `base` is where its barriers lie.
mlir::Value emitBarrier(mlir::OpBuilder &builder, mlir::Location loc,
                        BarriersType type, mlir::Value base, mlir::Value use);

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETONVVM_MEMORY_H
