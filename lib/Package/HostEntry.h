//===- HostEntry.h - The entry and the shape function -----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_PACKAGE_HOSTENTRY_H
#define ATTN_LIB_PACKAGE_HOSTENTRY_H

#include "EntryWriter.h"

#include "attn/Dialect/Tile/IR/Tile.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace attn {

/// The entry or the shape function: what the host function does, on DLTensors.
class HostWriter : EntryWriter {
public:
  enum class Purpose { Launch, Shapes };
  HostWriter(mlir::func::FuncOp function, Purpose purpose);
  mlir::LogicalResult write();
  mlir::LLVM::LLVMFuncOp getEntry() { return entry; }

private:
  mlir::LogicalResult writeOp(mlir::Operation &op);
  llvm::SmallVector<mlir::Value> dimsOf(mlir::OpResult launched);
  void writeShape(mlir::OpResult launched);
  void checkResult(mlir::OpResult launched);
  void writeLaunch(tile::LaunchOp op);
  llvm::SmallVector<mlir::Value> launchParameters(tile::LaunchOp op);
  void findResults();

  mlir::func::FuncOp function;
  Purpose purpose;
  mlir::IRMapping mapping; // scalars, and tensors to their DLTensor
  llvm::DenseMap<mlir::Value, int>
      results; // which result of the function a launch fills
  llvm::DenseMap<int, int64_t> shapeOffsets;
};

} // namespace attn

#endif // ATTN_LIB_PACKAGE_HOSTENTRY_H
