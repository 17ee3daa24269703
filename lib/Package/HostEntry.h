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
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"

namespace attn {

/// A tensor as a kernel takes it.
struct TensorParts {
  mlir::Value data;
  llvm::SmallVector<mlir::Value> dims, strides; // i64; no innermost stride
};

/// The tensor under those reshapes that only change how memory is seen.
mlir::Value withoutReshapes(mlir::Value tensor);
/// The memory of a tensor, by the name of its first owner: an argument of the
/// function, or the result of the launch that fills it first.
mlir::Value memoryOf(mlir::Value tensor);

/// The entry or the shape function: what the host function does, on DLTensors.
class HostWriter : EntryWriter {
public:
  enum class Purpose { Launch, Shapes };
  HostWriter(mlir::func::FuncOp function, Purpose purpose);
  mlir::LogicalResult write();
  mlir::LLVM::LLVMFuncOp getEntry() { return entry; }

private:
  mlir::LogicalResult takeArguments();
  void takeResults();
  mlir::LogicalResult writeOp(mlir::Operation &op);
  void writeLaunch(tile::LaunchOp op);
  void startKernel(tile::LaunchOp op);
  llvm::SmallVector<mlir::Value> launchParameters(tile::LaunchOp op);
  mlir::Value inMemory(mlir::Value parameter);
  mlir::Value emitTensorMap(tile::LaunchOp op, tile::TensorMapOp map);
  mlir::Value emitArray(mlir::ValueRange values);
  mlir::Value emitMultiprocessors();
  std::string nameOf(mlir::Value tensor);

  // What a launch fills is a result of the function, which the caller
  // allocated, or lies in a workspace until the function returns.
  llvm::SmallVector<mlir::Value> dimsOf(mlir::OpResult memory);
  void writeShape(mlir::OpResult launched);
  void checkResult(mlir::OpResult launched);
  void allocate(mlir::OpResult launched);
  void cleanUp() override;

  TensorParts partsOf(mlir::Value tensor);
  TensorParts partsOf(mlir::Value tensor, mlir::Value memory);
  TensorParts expanded(mlir::tensor::ExpandShapeOp op, TensorParts from);
  TensorParts collapsed(mlir::tensor::CollapseShapeOp op, TensorParts from);
  mlir::Value dimOf(mlir::Value tensor, int64_t dim);

  mlir::func::FuncOp function;
  Purpose purpose;
  mlir::IRMapping scalars;
  // By the memory's owner.
  llvm::DenseMap<mlir::Value, mlir::Value> descriptors; // DLTensors
  llvm::MapVector<mlir::Value, TensorParts> workspace;
  llvm::DenseMap<mlir::Value, int> results; // of the function
  llvm::DenseMap<int, int64_t> shapeOffsets;
  unsigned numBoxes = 0;
};

} // namespace attn

#endif // ATTN_LIB_PACKAGE_HOSTENTRY_H
