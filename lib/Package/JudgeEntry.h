//===- JudgeEntry.h - The functions that judge, on DLTensors ----*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_PACKAGE_JUDGEENTRY_H
#define ATTN_LIB_PACKAGE_JUDGEENTRY_H

#include "EntryWriter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace attn {

/// Whether a function on memrefs can judge the results of `function`:
/// * it has a body, and takes a memref for each argument;
/// * reference and baseline take a memref of f64 for each result, and two
///   indices; the other returns the FLOP as f64.
llvm::LogicalResult checkJudge(mlir::func::FuncOp function,
                               mlir::func::FuncOp judge,
                               llvm::StringRef suffix);

/// A wrapper of a function on memrefs that runs on the host.
class JudgeWriter {
public:
  JudgeWriter(mlir::func::FuncOp function, mlir::func::FuncOp judge,
              llvm::StringRef suffix, llvm::ArrayRef<mlir::Type> trailing,
              mlir::SymbolTable &symbols);
  void writeRows();
  void writeFlops();

private:
  mlir::Value memrefOf(mlir::Value tensor, mlir::MemRefType type);
  /// The arguments as memrefs, checked; `alignment` is that of the elements,
  /// or 0 where only shapes are read.
  llvm::SmallVector<mlir::Value> arguments(bool readsData);

  mlir::func::FuncOp function, judge;
  EntryWriter writer;
};

} // namespace attn

#endif // ATTN_LIB_PACKAGE_JUDGEENTRY_H
