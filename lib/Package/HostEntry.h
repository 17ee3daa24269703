//===- HostEntry.h - The entry and the shape function -----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_LIB_PACKAGE_HOSTENTRY_H
#define ATTN_LIB_PACKAGE_HOSTENTRY_H

#include "HostMemory.h"

namespace attn {

/// The entry or the shape function of a function: what the function does on the
/// host, on DLTensors, step by step.
class HostEntry {
public:
  enum class Purpose { Launch, Shapes };
  HostEntry(mlir::func::FuncOp function, Purpose purpose,
            mlir::SymbolTable &symbols);
  mlir::LogicalResult write();
  mlir::LLVM::LLVMFuncOp getEntry() const { return writer.getEntry(); }

  // Steps use what follows.

  EntryWriter &getWriter() { return writer; }
  HostMemory &getMemory() { return memory; }
  /// Whether work is queued, not only its shapes computed.
  bool isLaunching() const { return purpose == Purpose::Launch; }
  /// The caller's stream, and the device of its tensors, where work is queued.
  mlir::Value getStream() { return writer.getArgument(0); }
  mlir::Value getDevice() const { return device; }

  /// The entry's value of a scalar of the function.
  mlir::Value scalarOf(mlir::Value value) const {
    return scalars.lookup(value);
  }
  void setScalar(mlir::Value value, mlir::Value scalar) {
    scalars.map(value, scalar);
  }
  /// Emits a scalar operation as it is.
  void cloneScalar(mlir::Operation *op) {
    writer.getBuilder().clone(*op, scalars);
  }
  /// Provides the memory of the results, then queues the work.
  mlir::LogicalResult emitWork(HostWork work);
  /// A number for the next constant that an entry describes a box with.
  unsigned nextBox() { return numBoxes++; }

private:
  void findDevice();

  mlir::func::FuncOp function;
  Purpose purpose;
  EntryWriter writer;
  HostMemory memory;
  mlir::IRMapping scalars;
  mlir::Value device;
  unsigned numBoxes = 0;
};

} // namespace attn

#endif // ATTN_LIB_PACKAGE_HOSTENTRY_H
