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

namespace attn {

/// Writes one exported function of the C interface.
class EntryWriter {
public:
  EntryWriter(mlir::ModuleOp module, mlir::Location loc,
              const llvm::Twine &symbol, llvm::ArrayRef<mlir::Type> arguments);

  virtual ~EntryWriter() = default;

protected:
  mlir::LLVM::LLVMFuncOp runtimeFunction(llvm::StringRef name,
                                         llvm::ArrayRef<mlir::Type> arguments,
                                         bool isVarArg = false);
  mlir::Value callRuntime(llvm::StringRef name, mlir::ValueRange arguments);
  /// What runs before every return, of success and of failure.
  virtual void cleanUp() {}
  /// Returns `status` from the function where `condition` holds.
  void returnIf(mlir::Value condition,
                llvm::function_ref<mlir::Value()> status);
  void returnIfNonzero(mlir::Value status);
  void returnOk();
  void failUnless(mlir::Value condition, llvm::StringRef message);

  mlir::Value constant(unsigned bits, int64_t value) {
    return abi::emitConstant(builder, loc, bits, value);
  }
  mlir::Value loadAt(mlir::Value pointer, int64_t byteOffset, mlir::Type type);
  mlir::Value toIndex(mlir::Value i64) {
    return mlir::arith::IndexCastOp::create(builder, loc,
                                            builder.getIndexType(), i64);
  }
  mlir::Value toI64(mlir::Value index) {
    return mlir::arith::IndexCastOp::create(builder, loc, builder.getI64Type(),
                                            index);
  }
  /// Element `i` of an array of DLTensor pointers.
  mlir::Value tensorAt(mlir::Value array, int64_t i) {
    return loadAt(array, i * sizeof(void *), pointer);
  }
  mlir::Value dimOf(mlir::Value tensor, int64_t dim);
  mlir::Value strideOf(mlir::Value tensor, int64_t dim);
  mlir::Value dataOf(mlir::Value tensor);
  void checkTensor(mlir::Value tensor, mlir::RankedTensorType type,
                   mlir::Type elementType, uint32_t alignment,
                   const llvm::Twine &name);

  /// The address of a constant that describes a tensor or a box of one: name,
  /// element type, rank, `number`, shape (-1 where dynamic).
  mlir::Value emitSpec(const llvm::Twine &symbol, const llvm::Twine &name,
                       mlir::Type elementType, llvm::ArrayRef<int64_t> shape,
                       uint32_t number);

  mlir::ModuleOp module;
  mlir::Location loc;
  mlir::Type pointer;
  mlir::LLVM::LLVMFuncOp entry;
  mlir::OpBuilder builder;
};

} // namespace attn

#endif // ATTN_LIB_PACKAGE_ENTRYWRITER_H
