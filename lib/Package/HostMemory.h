//===- HostMemory.h - Tensors of an entry and the memory behind -*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_PACKAGE_HOSTMEMORY_H
#define ATTN_LIB_PACKAGE_HOSTMEMORY_H

#include "EntryWriter.h"

#include "attn/Package/HostSteps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"

namespace attn {

/// The tensor under the views that only change how its memory is seen.
mlir::Value withoutViews(mlir::Value tensor);
/// The operand that the work behind a result fills.
mlir::Value destinationOf(mlir::OpResult filled);
/// The memory of a tensor, by the name of its first owner: an argument of the
/// function, or the result of the work that fills it first.
mlir::Value memoryOf(mlir::Value tensor);

/// Knows where the tensors of an entry lie. An argument has a DLTensor. The
/// memory that work fills is either a result of the function, which the caller
/// allocated and which also has a DLTensor, or a workspace that lives until the
/// entry returns. The shape function has no results and no workspace, but knows
/// all dimensions.
class HostMemory {
public:
  HostMemory(HostEntry &entry, mlir::func::FuncOp function);

  /// Checks that an argument, or a result, is what its type says.
  void addArguments(mlir::Value args);
  void addResults(mlir::Value results);

  /// Finds the memory that work fills: checks what the caller allocated, or
  /// allocates. `filled` owns it.
  void provide(mlir::OpResult filled);

  TensorParts partsOf(mlir::Value tensor);
  mlir::Value dimOf(mlir::Value tensor, int64_t dim);
  /// The tensor's name in messages: that of an argument or a result, or of what
  /// lies between.
  std::string nameOf(mlir::Value tensor) const;

private:
  TensorParts partsOf(mlir::Value tensor, mlir::Value memory);
  TensorParts partsOfDescriptor(mlir::Value descriptor, int64_t rank);
  uint32_t alignmentOf(mlir::BlockArgument argument);
  uint32_t alignmentOfResult(mlir::Value returned);
  llvm::SmallVector<mlir::Value> dimsOf(mlir::OpResult memory);
  void writeShape(mlir::OpResult filled);
  void checkResult(mlir::OpResult filled);
  void allocate(mlir::OpResult filled);
  void release();

  HostEntry &entry;
  EntryWriter &writer;
  mlir::func::FuncOp function;
  // These are keyed by the owner of the memory.
  llvm::DenseMap<mlir::Value, mlir::Value> descriptors; // DLTensors
  llvm::MapVector<mlir::Value, TensorParts> workspace;
  llvm::DenseMap<mlir::Value, int> results; // of the function
  llvm::SmallVector<int64_t> shapeOffsets;  // by result
};

} // namespace attn

#endif // ATTN_LIB_PACKAGE_HOSTMEMORY_H
