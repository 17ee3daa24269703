//===- JudgeBuffers.h - The memrefs of a judge ------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Values of a function are arguments of its judge, results that the caller
// reads, or what other operations need. Of the last kind the judge computes all
// rows first, unless who reads them computes what it needs.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOREFERENCE_JUDGEBUFFERS_H
#define ATTN_LIB_CONVERSION_ATTNTOREFERENCE_JUDGEBUFFERS_H

#include "NaiveGradients.h"
#include "NaiveNormGrad.h"
#include "NaiveSum.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

namespace attn {

/// The rotation that a gradient goes through and nothing else reads: it is
/// computed row by row with the gradient. Null where there is none.
RopeOp rotationOf(mlir::Value gradient);

/// Whether the judge computes all rows of a value first.
bool isComputedFirst(mlir::Value value);

/// Finds the memrefs of what the operations of a function read and make.
class JudgeBuffers {
protected:
  explicit JudgeBuffers(mlir::func::FuncOp function)
      : function(function), loc(function.getLoc()),
        builder(function.getContext()) {
    builder.setInsertionPointAfter(function);
  }

  mlir::Value getArgument(mlir::Value operand, mlir::ValueRange arguments);

  /// The memref of a value that is an argument or computed first.
  mlir::Value getValue(mlir::Value value, mlir::ValueRange arguments);

  llvm::SmallVector<mlir::Value> getValues(mlir::ValueRange values,
                                           mlir::ValueRange arguments);

  /// Where rows of a result go; null where nobody asks for them.
  mlir::Value getBuffer(mlir::Value result, mlir::ValueRange arguments);

  mlir::Value allocate(mlir::Value value, mlir::ValueRange arguments);

  /// A dimension of a value, of what it is computed from.
  mlir::Value getSize(mlir::Value value, int64_t dim,
                      mlir::ValueRange arguments);

  /// What a gradient belongs to.
  static mlir::Value getDifferentiated(mlir::Value gradient, SdpaGradOp op);

  RowMap getMap(RowOp op, mlir::Value buffer, mlir::ValueRange arguments);

  /// The memref that a chain starts from. A gradient that is not computed
  /// first has the shape of what it belongs to.
  mlir::Value getStart(mlir::Value tensor, mlir::ValueRange arguments);

  RowChain getChain(mlir::Value operand, mlir::ValueRange arguments);

  /// With the operation itself.
  RowChain getChainOf(RowOp op, mlir::ValueRange arguments);

  void addOperands(AttentionOp op, mlir::ValueRange arguments,
                   SdpaBuffers &buffers);

  SdpaBuffers getBuffers(SdpaOp op, mlir::ValueRange arguments);

  /// A gradient as it is, or rotated.
  GradientBuffer getGradient(mlir::Value gradient, mlir::ValueRange arguments);

  NormGradBuffers getBuffers(NormGradOp op, mlir::ValueRange arguments);

  SdpaGradBuffers getBuffers(SdpaGradOp op, mlir::ValueRange arguments);

  /// Null for what the function does not return, and in `f__flops`.
  mlir::Value getResultBuffer(mlir::Value result, mlir::ValueRange arguments);

  mlir::func::FuncOp function;
  mlir::Location loc;
  mlir::OpBuilder builder;
  /// What the judge in hand computes first, all rows, for other operations.
  llvm::MapVector<mlir::Value, mlir::Value> computed;
  /// Which results getBuffer() gives: those, or the ones that are returned.
  bool isForReaders = false;
};

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOREFERENCE_JUDGEBUFFERS_H
