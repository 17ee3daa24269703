//===- Lowering.h - Shared pieces of the lowering to NVVM -------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One file per mechanism adds its patterns here; none names a chip.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_TILETONVVM_LOWERING_H
#define ATTN_LIB_CONVERSION_TILETONVVM_LOWERING_H

#include "attn/Conversion/Passes.h"
#include "attn/Target/TargetRegistry.h"
#include "mlir/Transforms/DialectConversion.h"

namespace attn::tile {

/// Tiles become registers, memrefs their parts, shared tiles pointers.
class TileTypeConverter : public mlir::TypeConverter {
public:
  explicit TileTypeConverter(mlir::MLIRContext *context);
};

/// Gives each operation of a kernel a location that says which line it is of the
/// module as printed now.
void nameOrigins(mlir::ModuleOp module);

/// Name of the array that stands for the CTA's dynamic shared memory.
inline constexpr char kSharedMemoryName[] = "attn_shared";

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

/// How the registers of a thread are ordered: by strip of 16 rows, then by
/// atom of 8 columns, then by row and column within the atom. In a blocked
/// layout a strip is a row of the thread, and its columns are one atom. A left operand has
/// atoms of 16 columns, whose four registers follow index(strip, atom, 0, 0) in
/// the order that the MMA takes them.
struct RegisterGrid {
  explicit RegisterGrid(mlir::RankedTensorType tile);

  int64_t strips = 1; // 1 for a column vector, too
  int64_t atoms = 1;  // 1 for a row vector, too
  int64_t rowStep = 16;      // rows from one strip to the next
  int64_t rowsOfAtom = 2;    // registers that differ in their row: 1 or 2
  int64_t columnsOfAtom = 2; // … in their column: 1 or 2
  mlir::Type registerType;

  int64_t size() const { return strips * atoms * rowsOfAtom * columnsOfAtom; }
  int64_t index(int64_t strip, int64_t atom, int64_t row, int64_t column) const {
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

mlir::Value emitThreadId(mlir::OpBuilder &builder, mlir::Location loc);
mlir::Value emitLaneId(mlir::OpBuilder &builder, mlir::Location loc);
mlir::Value emitI32(mlir::OpBuilder &builder, mlir::Location loc,
                    int64_t value);
mlir::Value emitI64(mlir::OpBuilder &builder, mlir::Location loc,
                    int64_t value);
/// `value`, an i32, as LLVM cannot see through it: what is computed from it is
/// computed where it is used, and is not kept through loops in registers that the
/// products need.
mlir::Value emitAnew(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::Value value);
/// Threads of the CTA that executes `op`.
int64_t threadsOf(mlir::Operation *op);
/// Schedule and target of the kernel that `op` is part of.
ScheduleAttr scheduleOf(mlir::Operation *op);
const TargetDesc &targetOf(mlir::Operation *op);
/// The thread's warp, as a value that is known to be the same in all lanes.
mlir::Value emitUniformWarpId(mlir::OpBuilder &builder, mlir::Operation *op);
mlir::Value emitWarpgroupId(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::Operation *op);

//===----------------------------------------------------------------------===//
// Assembly
//===----------------------------------------------------------------------===//

/// A statement with side effects. `tied` are the first results' registers before
/// it; its operands count from 0: results, tied ones, inputs.
llvm::SmallVector<mlir::Value>
emitAssembly(mlir::OpBuilder &builder, mlir::Location loc,
             const llvm::Twine &text, mlir::TypeRange results,
             mlir::ValueRange tied, mlir::ValueRange inputs = {});

/// The registers of tiles as they are behind `text`, unchanged. `inputs` are
/// operands behind twice those registers.
llvm::SmallVector<llvm::SmallVector<mlir::Value>>
emitPast(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef text,
         llvm::ArrayRef<mlir::ValueRange> tiles, mlir::ValueRange inputs = {});

/// Assembly that sets the predicate q from `count` operands from `first` on. It
/// never holds, but for all that ptxas knows it may.
std::string choosePredicate(size_t first, size_t count);

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

/// Where the rows of a tile lie in memory: one after the other in the last index,
/// or in all that a box says.
class RowPlaces {
public:
  RowPlaces(mlir::OpBuilder &builder, mlir::Location loc,
            mlir::ValueRange indices, std::optional<llvm::ArrayRef<int64_t>> box);
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

  static constexpr int64_t kChunkBytes = 16;

private:
  int64_t rows, chunks, panelChunks;
};

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

//===----------------------------------------------------------------------===//
// Patterns, by mechanism
//===----------------------------------------------------------------------===//

void populateKernelPatterns(const mlir::TypeConverter &converter,
                            mlir::RewritePatternSet &patterns);
void populateGlobalMemoryPatterns(const mlir::TypeConverter &converter,
                                  mlir::RewritePatternSet &patterns);
void populateBlockedTilePatterns(const mlir::TypeConverter &converter,
                                 mlir::RewritePatternSet &patterns);
void populateElementwisePatterns(const mlir::TypeConverter &converter,
                                 mlir::RewritePatternSet &patterns);
void populateRowReductionPatterns(const mlir::TypeConverter &converter,
                                  mlir::RewritePatternSet &patterns);
void populateCpAsyncPatterns(const mlir::TypeConverter &converter,
                             mlir::RewritePatternSet &patterns);
void populateSharedMemoryPatterns(const mlir::TypeConverter &converter,
                                  mlir::RewritePatternSet &patterns);
void populateStagedStorePatterns(const mlir::TypeConverter &converter,
                                 mlir::RewritePatternSet &patterns);
void populateMmaSyncPatterns(const mlir::TypeConverter &converter,
                             mlir::RewritePatternSet &patterns);
void populateMbarrierPatterns(const mlir::TypeConverter &converter,
                              mlir::RewritePatternSet &patterns);
void populateTmaPatterns(const mlir::TypeConverter &converter,
                         mlir::RewritePatternSet &patterns);
void populateWarpRolePatterns(const mlir::TypeConverter &converter,
                              mlir::RewritePatternSet &patterns);
void populateWgmmaPatterns(const mlir::TypeConverter &converter,
                           mlir::RewritePatternSet &patterns);

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETONVVM_LOWERING_H
