//===- EntryWriter.h - Writes functions of the C interface ------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_PACKAGE_ENTRYWRITER_H
#define ATTN_LIB_PACKAGE_ENTRYWRITER_H

#include "AbiTypes.h"

#include "attnrt/Abi.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinOps.h"

#include <functional>

namespace attn {

/// Writes one exported function of the C interface, from its start to its end.
class EntryWriter {
public:
  /// `symbols` are those of the module that the function is for.
  EntryWriter(mlir::SymbolTable &symbols, mlir::Location loc,
              const llvm::Twine &symbol, llvm::ArrayRef<mlir::Type> arguments);
  EntryWriter(const EntryWriter &) = delete;

  mlir::OpBuilder &getBuilder() { return builder; }
  mlir::Location getLoc() const { return loc; }
  mlir::LLVM::LLVMFuncOp getEntry() const { return entry; }
  mlir::Value getArgument(unsigned i) { return entry.getArgument(i); }
  mlir::Type getPointerType() const { return pointer; }

  /// Emits a call of a function of the runtime that returns a status, and
  /// returns from the entry where that is a failure.
  void callRuntime(llvm::StringRef name, mlir::ValueRange arguments);
  /// The same, where nobody can be told of a failure.
  void callRuntimeUnchecked(llvm::StringRef name, mlir::ValueRange arguments);
  /// Sets what is emitted before every return from now on, of success and of
  /// failure.
  void setCleanUp(std::function<void()> emit) { cleanUp = std::move(emit); }
  void returnOk();
  void failUnless(mlir::Value condition, llvm::StringRef message);

  mlir::Value constant(unsigned bits, int64_t value) {
    return abi::emitConstant(builder, loc, bits, value);
  }
  mlir::Value multiply(mlir::Value a, mlir::Value b) {
    return mlir::LLVM::MulOp::create(builder, loc, a, b);
  }
  mlir::Value toIndex(mlir::Value i64) {
    return mlir::arith::IndexCastOp::create(builder, loc,
                                            builder.getIndexType(), i64);
  }
  mlir::Value toI64(mlir::Value index) {
    return mlir::arith::IndexCastOp::create(builder, loc, builder.getI64Type(),
                                            index);
  }
  mlir::Value toI32(mlir::Value index) {
    return mlir::arith::IndexCastOp::create(builder, loc, builder.getI32Type(),
                                            index);
  }
  /// Uninitialised memory of the entry's frame.
  mlir::Value emitSlot(mlir::Type type, uint32_t alignment = 0);
  mlir::Value load(mlir::Type type, mlir::Value address);
  /// Element `i` of an array at `base`.
  void storeAt(mlir::Value value, mlir::Value base, int64_t i);
  /// The values one after the other in memory; all of one type.
  mlir::Value emitArray(mlir::ValueRange values);

  /// Element `i` of an array of DLTensor pointers.
  mlir::Value tensorAt(mlir::Value array, int64_t i) {
    return loadAt(array, i * sizeof(void *), pointer);
  }
  mlir::Value dimOf(mlir::Value tensor, int64_t dim);
  mlir::Value strideOf(mlir::Value tensor, int64_t dim);
  mlir::Value dataOf(mlir::Value tensor);
  /// An `alignment` of 0 says that the data is not read.
  void checkTensor(mlir::Value tensor, mlir::RankedTensorType type,
                   mlir::Type elementType, uint32_t alignment,
                   const llvm::Twine &name);

  /// The address of a constant that describes a tensor or a box of one: name,
  /// element type, rank, `number`, shape (-1 where dynamic).
  mlir::Value emitSpec(const llvm::Twine &symbol, const llvm::Twine &name,
                       mlir::Type elementType, llvm::ArrayRef<int64_t> shape,
                       uint32_t number);

private:
  mlir::LLVM::LLVMFuncOp runtimeFunction(llvm::StringRef name,
                                         mlir::Type result,
                                         llvm::ArrayRef<mlir::Type> arguments,
                                         bool isVarArg = false);
  mlir::Value emitCall(llvm::StringRef name, mlir::ValueRange arguments);
  /// Returns `status` from the function where `condition` holds.
  void returnIf(mlir::Value condition,
                llvm::function_ref<mlir::Value()> status);
  mlir::Value loadAt(mlir::Value pointer, int64_t byteOffset, mlir::Type type);

  mlir::OpBuilder atModule();

  mlir::SymbolTable &symbols;
  mlir::Location loc;
  mlir::Type pointer;
  mlir::LLVM::LLVMFuncOp entry;
  mlir::OpBuilder builder;
  std::function<void()> cleanUp = [] {};
};

} // namespace attn

#endif // ATTN_LIB_PACKAGE_ENTRYWRITER_H
