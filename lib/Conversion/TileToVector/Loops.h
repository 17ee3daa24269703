//===- Loops.h - Kernels, block by block ------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_CONVERSION_TILETOVECTOR_LOOPS_H
#define ATTN_LIB_CONVERSION_TILETOVECTOR_LOOPS_H

#include "Groups.h"

namespace attn::tile {

/// Lowers the body of a kernel into the frame's function: groups of operations
/// on tiles, and walks and loops around them, which carry tiles in memory.
class KernelLowering {
public:
  KernelLowering(Frame &frame, KernelOp kernel);
  llvm::LogicalResult lower();

private:
  /// Where what a step yields goes.
  using Destinations = llvm::DenseMap<mlir::Value, mlir::Value>;

  llvm::LogicalResult lowerBlock(mlir::Block &block,
                                 const std::vector<Step> &steps,
                                 const Destinations &destinations);
  llvm::LogicalResult lowerStep(mlir::Operation *op);
  llvm::LogicalResult lowerWalk(WalkOp walk);
  llvm::LogicalResult lowerNumbers(mlir::scf::ForOp loop);
  llvm::LogicalResult lowerFor(mlir::scf::ForOp loop);
  llvm::LogicalResult lowerIf(mlir::scf::IfOp choice);
  llvm::LogicalResult lowerBranch(mlir::Block &block,
                                  llvm::ArrayRef<mlir::Value> memrefs);
  llvm::SmallVector<mlir::Value> placeResults(mlir::scf::IfOp choice);
  void lowerAny(AnyOp any);
  llvm::LogicalResult lowerLoop(mlir::Block &block, mlir::Value first,
                                mlir::Value last, mlir::Value step,
                                llvm::ArrayRef<mlir::Value> memrefs);
  llvm::SmallVector<mlir::Value> startCarrying(mlir::ValueRange inits);
  mlir::Value anyOfRow(mlir::Value tile, RowScope &scope);
  mlir::Value loadElement(ElementOp op);
  void cloneScalar(mlir::Operation *op);
  void copyTile(mlir::Value from, mlir::Value to);
  void writeTile(mlir::Value tile, mlir::Value memref);
  mlir::Value countComputedRows(int64_t rows);
  mlir::Value countNeededRows();

  Frame &frame;
  mlir::ImplicitLocOpBuilder &b;
  KernelOp kernel;
  Values values;
  int64_t storedRows = 0; // of the tiles that `neededRows` is about
  mlir::Value neededRows; // null where all are
};

} // namespace attn::tile

#endif // ATTN_LIB_CONVERSION_TILETOVECTOR_LOOPS_H
